"""Salted commitments: what stands in place of a withheld value, and how a disclosed one is proven against it.

1. The key is 32 random bytes; it stays with whoever withholds (`make_key`, `read_key`).
2. PRK = HKDF-Extract(SHA-256, salt = `EXTRACT`, key) (RFC 5869).
3. The salt of a value is HKDF-Expand(PRK, info, 32), where info names the one place that the value stands at
   (`Place.info`), or, where equal values are to stay equal, their family alone (`family_info`). A salt of its own for
   each place: two equal amounts cannot be seen to be equal, and a disclosed salt opens nothing else.
4. The commitment is HMAC-SHA256(salt, value). The salt always has 32 bytes: HMAC pads shorter keys with zeros, so salts
   of several lengths would let one commitment open to several values. Without the salt, a guess cannot be tried.
5. A disclosure hands over salt and value, and step 4 is done again.

Standard library alone: whoever checks a disclosure needs neither key nor case.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import stat
from pathlib import Path
from typing import Any, NamedTuple

from auditrail.errors import UsageError
from auditrail.redact.errors import DisclosureError, RedactionKeyError

EXTRACT = b"auditrail redaction key v1"
SCHEMA = "auditrail.disclosure/1"
KEY_BYTES = 32
_KEY_PREFIX = "auditrail-redaction-key+v1+"
# Larger files are no key.
_MOST_KEY_BYTES = 4096
# Digits of a pseudonym: 160 bits, so that names stay readable in tables; two values that share one take 2^80 tries.
PSEUDONYM_DIGITS = 40
WITHHELD = "withheld"
PSEUDONYM = "pseudonym"
# What may stand in place of a value, anywhere in a text.
TOKEN = re.compile(r"(?:withheld:[a-z0-9][a-z0-9.-]{0,39}:[0-9a-f]{64}|pseudonym:[a-z0-9_.-]{1,40}:[0-9a-f]{40})")

_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))
_INNER_PAD = b"\x36" * 32
_OUTER_PAD = b"\x5c" * 32


class Place(NamedTuple):
    """Where a value stands: nothing of it may hold a blank byte, and table, row and field hold no `/`."""

    table: str
    row: str
    field: str
    path: str = ""  # JSON pointer (RFC 6901) inside of the field, or blank: all of it
    part: int | None = None  # the n-th match inside of that text, from 0; None: the whole text

    def info(self) -> bytes:
        """The bytes that the salt is derived from."""
        part = "" if self.part is None else str(self.part)
        return f"place/{self.table}/{self.row}/{self.field}/{part}/{self.path}".encode("utf-8", "surrogatepass")


def family_info(family: str) -> bytes:
    """The bytes that the salt of a family is derived from: equal values of it give equal commitments."""
    return f"family/{family}".encode()


class Committer:
    """Salts and commitments under one key."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise RedactionKeyError(f"a redaction key has {KEY_BYTES} bytes, not {len(key)}")
        prk = hmac.digest(EXTRACT, key, "sha256")
        # HMAC with one key for millions of salts: its first block is hashed once (RFC 2104, section 4).
        self._inner = hashlib.sha256(prk.translate(_INNER) + _INNER_PAD)
        self._outer = hashlib.sha256(prk.translate(_OUTER) + _OUTER_PAD)

    def salt(self, info: bytes) -> bytes:
        """The salt for a place or family, 32 bytes."""
        inner = self._inner.copy()
        inner.update(info + b"\x01")
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()

    def withheld(self, rule: str, info: bytes, value: bytes) -> str:
        """The text that stands in place of a withheld value: `commitment` under `salt`, by the shortest way."""
        sha256 = hashlib.sha256
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(info + b"\x01")
        outer.update(inner.digest())
        salt = outer.digest()
        digest = sha256(salt.translate(_INNER) + _INNER_PAD + value).digest()
        return f"{WITHHELD}:{rule}:{sha256(salt.translate(_OUTER) + _OUTER_PAD + digest).hexdigest()}"

    def pseudonym(self, family: str, value: bytes) -> str:
        """The text that stands in place of all equal values of a family."""
        digits = commitment(self.salt(family_info(family)), value)[:PSEUDONYM_DIGITS]
        return f"{PSEUDONYM}:{family}:{digits}"


def commitment(salt: bytes, value: bytes) -> str:
    """HMAC-SHA256(salt, value), hex.

    Raises:
        DisclosureError: the salt has not 32 bytes.
    """
    if len(salt) != KEY_BYTES:
        raise DisclosureError(f"a salt has {KEY_BYTES} bytes, not {len(salt)}")
    inner = hashlib.sha256(salt.translate(_INNER) + _INNER_PAD + value).digest()
    return hashlib.sha256(salt.translate(_OUTER) + _OUTER_PAD + inner).hexdigest()


def make_key(path: Path) -> bytes:
    """Makes a key and writes it to a new file that its owner alone can read (mode 0600).

    Raises:
        UsageError: the file is there, or cannot be made.
    """
    key = os.urandom(KEY_BYTES)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(render_key(key) + "\n")
    except OSError as error:
        raise UsageError(f"the key {path} can't be made: {(error.strerror or str(error)).lower()}") from error
    return key


def render_key(key: bytes) -> str:
    """A key as its file has it."""
    return _KEY_PREFIX + base64.b64encode(key).decode()


def read_key(path: Path) -> bytes:
    """Reads a key.

    Raises:
        UsageError: there is no such file. RedactionKeyError: it is no key, or others can read it.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(_MOST_KEY_BYTES + 1)
    except OSError as error:
        raise UsageError(f"the redaction key {path} can't be read: {(error.strerror or str(error)).lower()}") from error
    text = data.decode("ascii", "replace").strip()
    try:
        key = base64.b64decode(text.removeprefix(_KEY_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(_KEY_PREFIX) or len(key) != KEY_BYTES:
        raise RedactionKeyError(f"{path} is no redaction key", hint="export --redact makes one where none is named")
    if stat.S_ISREG(mode) and mode & 0o077:
        # Who has the key can open every commitment by trying values.
        raise RedactionKeyError(f"the redaction key {path} is open to others", hint=f"close it with: chmod 600 {path}")
    return key


class Disclosure(NamedTuple):
    """One withheld value with its salt: enough to prove it, and no more."""

    place: Place
    rule: str
    salt: bytes
    value: bytes
    token: str  # what stands in place of the value
    joined: bool  # the salt is that of a family: it opens every equal value

    def document(self) -> dict[str, Any]:
        """The record as JSON."""
        try:
            value, encoding = self.value.decode(), "utf-8"
        except UnicodeDecodeError:
            value, encoding = base64.b64encode(self.value).decode(), "base64"
        return {
            "schema": SCHEMA,
            "table": self.place.table,
            "event" if self.place.table == "events" else "row": self.place.row,
            "field": self.place.field,
            "path": self.place.path,
            "part": self.place.part,
            "rule": self.rule,
            "salt": self.salt.hex(),
            "joined": self.joined,
            "encoding": encoding,
            "value": value,
            "token": self.token,
        }


def read_disclosure(document: Any) -> Disclosure:
    """Reads a record; nothing is proven by that.

    Raises:
        DisclosureError: it is none, or one that this version does not know.
    """
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise DisclosureError(f"this is no disclosure of schema {SCHEMA}")
    table = document.get("table")
    texts = {}
    for name in ("table", "event" if table == "events" else "row", "field", "path", "rule", "salt", "value", "token"):
        if not isinstance(document.get(name), str):
            raise DisclosureError(f"the disclosure has no text {name!r}")
        texts[name] = document[name]
    part = document.get("part")
    if part is not None and (isinstance(part, bool) or not isinstance(part, int) or part < 0):
        raise DisclosureError("`part` of a disclosure is a number from 0, or null")
    try:
        salt = bytes.fromhex(texts["salt"])
        encoding = document.get("encoding")
        if encoding == "base64":
            value = base64.b64decode(texts["value"], validate=True)
        elif encoding == "utf-8":
            value = texts["value"].encode()
        else:
            raise DisclosureError(f"unknown encoding {encoding!r}; known: utf-8, base64")
    except (ValueError, binascii.Error) as error:
        raise DisclosureError("the disclosure's salt or value is damaged") from error
    if not TOKEN.fullmatch(texts["token"]):
        raise DisclosureError("the disclosure does not say what stands in place of the value")
    row = texts["event" if table == "events" else "row"]
    place = Place(texts["table"], row, texts["field"], texts["path"], part)
    return Disclosure(place, texts["rule"], salt, value, texts["token"], document.get("joined") is True)


def check(disclosure: Disclosure, held: str) -> None:
    """Proves a value against the text that a bundle holds at its place.

    1. The token stands in that text.
    2. The commitment of the token is made again of salt and value.

    Args:
        disclosure: the record.
        held: the text of the field in the bundle, whole.

    Raises:
        DisclosureError: it does not prove the value; the message says which step failed.
    """
    if disclosure.token not in TOKEN.findall(held):
        raise DisclosureError("the commitment does not stand at that place of the bundle")
    digits = disclosure.token.rpartition(":")[2]
    made = commitment(disclosure.salt, disclosure.value)
    if not hmac.compare_digest(made[: len(digits)], digits):
        raise DisclosureError("salt and value do not give the commitment: this is not the value that was withheld")
