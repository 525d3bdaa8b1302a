r"""Signed notes, checkpoints and keys as C2SP writes them (signed-note, tlog-checkpoint, tlog-cosignature).

A note is text and signature lines:

    example.com/log            the text, lines that each end in a newline
    3
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
                               one empty line, the last of the note
    — example.com/log Az3grl…  em dash, name of the key, base64 of a key id of 4 bytes and the signature

Two types of keys are known: 0x01, Ed25519 over the text, and 0x04, an Ed25519 cosignature of a checkpoint, over
`cosignature/v1\ntime <seconds since the epoch>\n` and the text. Public keys are written `name+id+base64` and private
ones `PRIVATE+KEY+name+id+base64`, as by Go's golang.org/x/mod/sumdb/note and the tools that grew from it.

`cryptography` does the arithmetic, and is imported when a signature is made or checked.
"""

from __future__ import annotations

import base64
import binascii
import re
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from auditrail.errors import NoteError

if TYPE_CHECKING:
    from collections.abc import Iterable

ED25519 = 0x01
COSIGNATURE = 0x04
_KEY_BYTES = 32
_MARK = "\u2014 "
# Far above what witnesses need, and a bound on what a hostile note makes a verifier do (16 is the least by the rules).
MOST_SIGNATURES = 64
MOST_BYTES = 1 << 20
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
# Key names hold no Unicode space and no plus.
_NAME = re.compile(r"[^\s+]+\Z")
_SIZE = re.compile(r"(?:0|[1-9][0-9]{0,18})\Z")


class Signature(NamedTuple):
    """One signature line: the name of the key, its id (4 bytes), and the signature behind it."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        return f"{_MARK}{self.name} {_encode(self.key_id + self.signature)}\n"


class Note(NamedTuple):
    """Text (with its last newline) and its signatures, in order."""

    text: str
    signatures: tuple[Signature, ...]

    def render(self) -> str:
        """The note as it is stored."""
        return self.text + "\n" + "".join(one.line() for one in self.signatures)


class Checkpoint(NamedTuple):
    """The head of a log: its origin, how many leaves its tree has, their root, and extension lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """The text of its note."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, _encode(self.root), *self.extensions))


class Verifier(NamedTuple):
    """A public key: what a signature of its name and id is checked with."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """SHA-256(name || 0x0A || type || public key), first four bytes."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def render(self) -> str:
        """The key as one word, for a configuration."""
        return f"{self.name}+{self.key_id.hex()}+{_encode(bytes([self.kind]) + self.public)}"

    def cosigner(self) -> Verifier:
        """The same key, for its cosignatures."""
        return self._replace(kind=COSIGNATURE)


class Verified(NamedTuple):
    """A signature that holds; `time` is that of a cosignature (seconds since the epoch), as its signer says."""

    verifier: Verifier
    time: int | None = None


class Signer(NamedTuple):
    """A private key (32 bytes, RFC 8032) with its name. It is never shown: `repr` tells the name alone."""

    name: str
    seed: bytes

    def __repr__(self) -> str:
        return f"Signer({self.name!r})"

    @property
    def verifier(self) -> Verifier:
        """Its public half."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key()
        return Verifier(self.name, ED25519, public.public_bytes_raw())

    def render(self) -> str:
        """The key as one word: for a file that only its owner can read."""
        verifier = self.verifier
        return f"PRIVATE+KEY+{self.name}+{verifier.key_id.hex()}+{_encode(bytes([ED25519]) + self.seed)}"

    def sign(self, text: str) -> Signature:
        """The signature of a note's text."""
        _check_text(text)
        return Signature(self.name, self.verifier.key_id, self._signature(text.encode()))

    def cosign(self, text: str, time: int) -> Signature:
        """The cosignature of a checkpoint's text, at a time in seconds since the epoch."""
        checkpoint(text)
        signed = self._signature(_cosigned(text, time))
        return Signature(self.name, self.verifier.cosigner().key_id, time.to_bytes(8, "big") + signed)

    def _signature(self, message: bytes) -> bytes:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)


def generate(name: str) -> Signer:
    """A new key.

    Raises:
        NoteError: it cannot have that name.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Signer(_name(name), Ed25519PrivateKey.generate().private_bytes_raw())


def signer(text: str) -> Signer:
    """Reads a private key.

    Raises:
        NoteError: it is none; the message holds nothing of it.
    """
    parts = text.strip().split("+", 4)
    if len(parts) != 5 or parts[:2] != ["PRIVATE", "KEY"]:
        raise NoteError("this is no private key: it does not begin with PRIVATE+KEY+")
    try:
        data = _decode(parts[4])
    except NoteError:
        data = b""
    if len(data) != 1 + _KEY_BYTES or data[0] != ED25519:
        raise NoteError("this is no Ed25519 key, or a part of it is missing")
    made = Signer(_name(parts[2]), data[1:])
    if made.verifier.key_id.hex() != parts[3]:
        raise NoteError("the key does not fit its own id: a part of it was changed")
    return made


def verifier(text: str) -> Verifier:
    """Reads a public key.

    Raises:
        NoteError: it is none, or of a type that is not known here.
    """
    parts = text.strip().split("+", 2)
    if len(parts) != 3:
        raise NoteError("a public key is written name+id+base64")
    data = _decode(parts[2])
    if len(data) != 1 + _KEY_BYTES or data[0] not in (ED25519, COSIGNATURE):
        raise NoteError("this is no Ed25519 key: other types of keys are not known here")
    made = Verifier(_name(parts[0]), data[0], data[1:])
    if made.key_id.hex() != parts[1]:
        raise NoteError("the key does not fit its own id: a part of it was changed")
    return made


def verifiers(text: str) -> list[Verifier]:
    """The public keys of a file: one per line, blank lines and lines that begin with # left out.

    Raises:
        NoteError: a line is no key.
    """
    lines = (line.strip() for line in text.splitlines())
    return [verifier(line) for line in lines if line and not line.startswith("#")]


def parse(data: bytes) -> Note:
    """Reads a note; its signatures are not checked.

    Raises:
        NoteError: it is none.
    """
    if len(data) > MOST_BYTES:
        raise NoteError(f"a note of {len(data)} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise NoteError("a note is UTF-8") from None
    if _CONTROL.search(text):
        raise NoteError("a note holds no control characters")
    # The text ends at the last empty line: an earlier one may be part of it.
    at = text.rfind("\n\n")
    if at < 0 or not text.endswith("\n"):
        raise NoteError("a note ends in an empty line and signatures, each with a newline")
    body, rest = text[: at + 1], text[at + 2 :]
    lines = rest.split("\n")[:-1]
    if not lines:
        raise NoteError("nobody signed this note")
    if len(lines) > MOST_SIGNATURES:
        raise NoteError(f"a note with {len(lines)} signatures")
    return Note(body, tuple(_signature(line) for line in lines))


def checkpoint(text: str) -> Checkpoint:
    """Reads the text of a checkpoint's note.

    Raises:
        NoteError: it is none.
    """
    _check_text(text)
    lines = text.split("\n")[:-1]
    if len(lines) < 3 or not all(lines):
        raise NoteError("a checkpoint has three lines or more, and none is empty")
    if not _SIZE.match(lines[1]) or int(lines[1]) >= 1 << 63:
        raise NoteError("the second line of a checkpoint is the size of the tree")
    root = _decode(lines[2])
    if len(root) != 32:
        raise NoteError("the third line of a checkpoint is a hash of 32 bytes")
    return Checkpoint(lines[0], int(lines[1]), root, tuple(lines[3:]))


def verify(note: Note, keys: Iterable[Verifier]) -> list[Verified]:
    """Which of the keys signed the note; signatures of other keys are left alone, as the rules say.

    Raises:
        NoteError: a signature by one of the keys fails: then the whole note is refused.
    """
    known = {(key.name, key.key_id): key for key in keys}
    found: list[Verified] = []
    for one in note.signatures:
        key = known.get((one.name, one.key_id))
        if key is None:
            continue
        made = Verified(key, _checked(note.text, one, key))
        if made not in found:
            found.append(made)
    return found


def _checked(text: str, one: Signature, key: Verifier) -> int | None:
    """The time of a cosignature, None for any other signature.

    Raises:
        NoteError: the signature fails.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    time: int | None = None
    signed, message = one.signature, text.encode()
    if key.kind == COSIGNATURE:
        time, signed = int.from_bytes(one.signature[:8], "big"), one.signature[8:]
        checkpoint(text)
        if time >= 1 << 63:
            raise NoteError(f"the cosignature by {key.name} has a time that cannot be")
        message = _cosigned(text, time)
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signed, message)
    except (InvalidSignature, ValueError):
        raise NoteError(f"the signature by {key.name} (key id {key.key_id.hex()}) does not hold") from None
    return time


def _cosigned(text: str, time: int) -> bytes:
    if not 0 <= time < 1 << 63:
        raise NoteError("a time before 1970, or after the end of time")
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _signature(line: str) -> Signature:
    name, gap, encoded = line.removeprefix(_MARK).partition(" ")
    if not line.startswith(_MARK) or not gap or not _NAME.match(name):
        raise NoteError("a signature line is an em dash, the name of a key, and the signature")
    data = _decode(encoded)
    if len(data) < 5:
        raise NoteError("a signature is longer than the id of its key")
    return Signature(name, data[:4], data[4:])


def _check_text(text: str) -> None:
    if not text.endswith("\n") or _CONTROL.search(text):
        raise NoteError("the text of a note ends in a newline and holds no control characters")


def _name(name: str) -> str:
    if not _NAME.match(name) or _CONTROL.search(name):
        raise NoteError("the name of a key has at least one character, no space and no plus")
    return name


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decode(text: str) -> bytes:
    """Strict base64: no other text stands for the same bytes."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data or _encode(data) != text:
        raise NoteError("this is no base64")
    return data
