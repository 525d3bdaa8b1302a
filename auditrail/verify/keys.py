"""Keys that were given with `--key`: secrets of HMAC and public keys. Their values never leave this module as text.

What `--key` takes:

    FILE               PEM, DER, JWK or JWKS, a line of hex or base64, or raw bytes
    env:NAME           an environment variable that holds one of these as text
    hex:…  base64:…  text:…   the value itself (it stands in the shell's history and in the list of processes)
    NAME=…             one of the above, for one key id only (`kid`, `key_id` or name of the record)

A line such as `a1b2…` may be hex, base64 or a passphrase. All readings are kept, and the one that verifies is the
key: a wrong one verifies nothing. Public keys of 32 bytes are Ed25519.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auditrail.errors import UsageError

_HEX = re.compile(rb"(?:[0-9a-fA-F]{2})+")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]+={0,2}")
_NAMED = re.compile(r"([A-Za-z0-9_.:@-]{1,128})=(.+)", re.DOTALL)
_SCHEMES = ("env:", "hex:", "base64:", "text:")
# Larger files are no keys; a log given by mistake must not be read whole.
_LARGEST = 1 << 20


@dataclass(frozen=True)
class Key:
    """One key. `label` is what messages call it: where it came from, never its value.

    Attributes:
        kid: the key id it is for, None: for any.
        readings: the bytes that it may stand for.
        public: objects of `cryptography` that it holds.
    """

    label: str
    kid: str | None = None
    readings: tuple[bytes, ...] = field(default=(), repr=False)
    public: tuple[Any, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Keyring:
    """The keys of a call."""

    keys: tuple[Key, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.keys)

    def secrets(self, kid: str | None = None) -> list[bytes]:
        """Every reading of every key that may be the secret of this key id."""
        return [reading for key in self._fitting(kid) for reading in key.readings]

    def publics(self, kid: str | None = None) -> list[Any]:
        """Public keys: those of PEM, DER and JWK, and 32 bytes as Ed25519."""
        return [public for key in self._fitting(kid) for public in key.public]

    def _fitting(self, kid: str | None) -> list[Key]:
        named = [key for key in self.keys if key.kid is not None and key.kid == kid]
        return named or [key for key in self.keys if key.kid is None or kid is None]


def load(given: list[str]) -> Keyring:
    """The keys of the command line.

    Raises:
        UsageError: a key can't be read, or is none. The message names the source and never the value.
    """
    keys: list[Key] = []
    for number, word in enumerate(given, 1):
        keys.extend(_load(word, number))
    return Keyring(tuple(keys))


def certificates(paths: list[Path]) -> tuple[Any, ...]:
    """The certificates of PEM files.

    Raises:
        UsageError: one can't be read, or holds none.
    """
    if not paths:
        return ()
    from cryptography.x509 import load_pem_x509_certificates

    made: list[Any] = []
    for path in paths:
        try:
            made += load_pem_x509_certificates(path.read_bytes())
        except (OSError, ValueError):
            raise UsageError(f"{path} holds no certificate in PEM form that can be read") from None
    return tuple(made)


def _load(word: str, number: int) -> list[Key]:
    kid = None
    named = _NAMED.fullmatch(word)
    if named and not word.startswith(_SCHEMES) and not Path(word).is_file():
        kid, word = named[1], named[2]
    if word.startswith("env:"):
        name = word[4:]
        text = os.environ.get(name)
        if not text:
            raise UsageError(f"--key env:{name}: no such variable, or it is empty")
        return parse(os.fsencode(text), f"${name}", kid)
    for scheme in _SCHEMES[1:]:
        if word.startswith(scheme):
            return [_value(scheme, word[len(scheme) :].encode(), f"--key {number}", kid)]
    path = Path(word)
    try:
        if path.is_file() and path.stat().st_size > _LARGEST:
            raise UsageError(f"--key {number}: the file is too large to be a key")
        data = path.read_bytes()
    except (OSError, ValueError):
        # The word may be a key pasted by mistake: it is not repeated.
        raise UsageError(
            f"--key {number} names no file that can be read",
            hint="give a file, or env:NAME; a value itself as hex:…, base64:… or text:…",
        ) from None
    return parse(data, path.name, kid)


def _value(scheme: str, data: bytes, label: str, kid: str | None) -> Key:
    try:
        made = {
            "hex:": lambda: binascii.unhexlify(data),
            "base64:": lambda: _base64(data),
            "text:": lambda: data,
        }[scheme]()
    except (ValueError, binascii.Error):
        raise UsageError(f"{label}: the value is not {scheme.rstrip(':')}") from None
    return _key(label, kid, (made,))


def parse(data: bytes, label: str, kid: str | None = None) -> list[Key]:
    """The keys that a file's bytes hold.

    Raises:
        UsageError: nothing, or a PEM or JWK that can't be read.
    """
    text = data.strip()
    if not text:
        raise UsageError(f"the key {label} is empty")
    if text.startswith(b"-----BEGIN"):
        return [Key(label, kid, (), (_pem(text, label),))]
    if (
        text.startswith(b"{") and b'"PublicKeyList"' in text
    ):  # an answer of list-public-keys: CloudTrail's kind reads it
        return [Key(label, kid, (text,))]
    if text.startswith(b"{"):
        return _jwks(text, label, kid)
    readings = [text, data] if text != data else [text]
    if _HEX.fullmatch(text):
        readings.insert(0, binascii.unhexlify(text))
    if _BASE64.fullmatch(text.removeprefix(b"ed25519:")):
        with contextlib.suppress(ValueError, binascii.Error):
            readings.append(_base64(text.removeprefix(b"ed25519:")))
    return [_key(label, kid, tuple(dict.fromkeys(readings)))]


def _key(label: str, kid: str | None, readings: tuple[bytes, ...]) -> Key:
    publics = [made for reading in readings if (made := public_of(reading)) is not None]
    return Key(label, kid, readings, tuple(publics))


def public_of(data: bytes) -> Any:
    """The public key that these bytes are: 32 bytes of Ed25519, 65 or 33 of P-256, or DER; None if they are none."""
    try:
        if len(data) == 32:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

            return Ed25519PublicKey.from_public_bytes(data)
        if len(data) in (33, 65) and data[:1] in (b"\x02", b"\x03", b"\x04"):
            from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

            return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), data)
        if data[:1] == b"\x30" and len(data) > 40:
            from cryptography.hazmat.primitives.serialization import load_der_public_key

            return load_der_public_key(data)
    except Exception:  # noqa: BLE001 - the library raises several types of its own on hostile bytes
        return None
    return None


def _pem(text: bytes, label: str) -> Any:
    from cryptography.hazmat.primitives import serialization
    from cryptography.x509 import load_pem_x509_certificate

    try:
        if b"CERTIFICATE" in text[:40]:
            return load_pem_x509_certificate(text).public_key()
        if b"PRIVATE" in text[:40]:
            return serialization.load_pem_private_key(text, None).public_key()
        return serialization.load_pem_public_key(text)
    except Exception:  # noqa: BLE001 - as above; what it says may quote the key
        raise UsageError(f"the key {label} is no PEM that can be read") from None


def _jwks(text: bytes, label: str, kid: str | None) -> list[Key]:
    try:
        value = json.loads(text)
    except ValueError:
        raise UsageError(f"the key {label} is no JSON that can be read") from None
    entries = value.get("keys") if isinstance(value.get("keys"), list) else [value]
    made = []
    for entry in entries:
        public = jwk(entry) if isinstance(entry, dict) else None
        if public is None:
            continue
        own = entry.get("kid")
        made.append(Key(label, kid or (own if isinstance(own, str) else None), (), (public,)))
    if not made:
        raise UsageError(f"the key {label} holds no Ed25519, P-256 or RSA key in JWK form")
    return made


def jwk(entry: dict[str, Any]) -> Any:
    """The public key of a JWK (RFC 7517, 8037); None if it is of no type that is known here."""
    try:
        if entry.get("kty") == "OKP" and entry.get("crv") == "Ed25519":
            return public_of(_base64(entry["x"].encode()))
        if entry.get("kty") == "EC" and entry.get("crv") == "P-256":
            return public_of(b"\x04" + _base64(entry["x"].encode()) + _base64(entry["y"].encode()))
        if entry.get("kty") == "RSA":
            from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

            numbers = (int.from_bytes(_base64(entry[name].encode()), "big") for name in ("e", "n"))
            return RSAPublicNumbers(*numbers).public_key()
    except Exception:  # noqa: BLE001 - hostile input, and the library's own types
        return None
    return None


def _base64(data: bytes) -> bytes:
    """Base64 of either alphabet, with or without padding."""
    text = data.strip().translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    return base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)


def decode_base64(text: str) -> bytes | None:
    """As `_base64` for text from a log; None if it is none."""
    try:
        return _base64(text.encode())
    except (ValueError, binascii.Error):
        return None
