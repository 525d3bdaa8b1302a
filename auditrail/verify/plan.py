"""A profile compiled: record -> which chain, which link, which pre-image, which hash; and what no hash covers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from auditrail.verify import canon
from auditrail.verify.parts import part_of
from auditrail.verify.paths import get, has, lookup
from auditrail.verify.profile import Body, Digest, Profile
from auditrail.verify.selecting import selector

_FRACTION = re.compile(r"(\d{2}:\d{2}:\d{2})(?:\.(\d{1,7}))?(Z|[+-]\d{2}:\d{2})")

Raw2Hash = Callable[[bytes], bytes]


class Context(NamedTuple):
    """What parts of a pre-image may ask for."""

    value: Any
    raw: bytes
    prev: str | None
    own: str | None


Part = Callable[[Context], bytes | None]


def text_of(value: Any) -> str | None:
    """A field as it stands in a pre-image that is no JSON: text as it is, numbers as Python and most others print."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return repr(value) if isinstance(value, float) else None


def _printed(value: Any) -> str | None:
    """A field as Python's f-strings print it."""
    return str(value) if value is None or isinstance(value, bool) else text_of(value)


def round_trip(value: str) -> str:
    """A time as .NET prints it with the format `O`: always seven digits behind the second."""
    return _FRACTION.sub(lambda m: f"{m[1]}.{(m[2] or '').ljust(7, '0')}{'+00:00' if m[3] == 'Z' else m[3]}", value)


def hasher(algorithm: str, key: bytes | None = None) -> Raw2Hash:
    """The function from bytes to the hash's bytes."""
    if algorithm == "blake3":
        from blake3 import blake3

        return lambda data: blake3(data).digest()
    if algorithm.startswith("hmac-"):
        name = algorithm.removeprefix("hmac-")
        secret = key or b""
        return lambda data: hmac.digest(secret, data, name)
    make = getattr(hashlib, algorithm)
    return lambda data: make(data, usedforsecurity=False).digest()


def encoder(digest: Digest) -> Callable[[bytes], str]:
    """The function from a hash's bytes to its text in the log."""
    prefix, length = digest.prefix, digest.length

    def encode(data: bytes) -> str:
        if digest.encoding == "hex":
            text = data.hex()
        elif digest.encoding == "base64":
            text = base64.b64encode(data).decode()
        else:
            text = base64.urlsafe_b64encode(data).rstrip(b"=").decode()
        return prefix + (text if length is None else text[:length])

    return encode


def writer(body: Body) -> Callable[[Context], bytes]:
    """The function from a record to the bytes of its body."""
    if body.canon == "raw":
        return lambda context: context.raw
    select, write = selector(body), canon.form(body.canon, sort=body.sort and body.select != "ordered")
    return lambda context: write(select(context.value))


def joiner(parts: Sequence[str], body: Body, preimage: Part | None = None, digest: Digest | None = None) -> Part:
    """The function from a record to the bytes that are hashed or signed; None: something they need is not there."""
    body_of = writer(body)
    made: list[Part] = []
    for part in parts:
        kind, argument = part_of(part, "preimage")
        made.append(_part(kind, argument, body_of, preimage, digest))
    if len(made) == 1:
        return made[0]

    def join(context: Context) -> bytes | None:
        pieces = [piece(context) for piece in made]
        return None if None in pieces else b"".join(pieces)  # type: ignore[arg-type]

    return join


def _part(
    kind: str,
    argument: str,
    body_of: Callable[[Context], bytes],
    preimage: Part | None,
    digest: Digest | None,
) -> Part:
    if kind == "text":
        literal = argument.encode()
        return lambda _context: literal
    if kind == "hex":
        fixed = bytes.fromhex(argument)
        return lambda _context: fixed
    if kind == "body":
        return body_of
    if kind == "raw":
        return lambda context: context.raw
    if kind == "prev":
        return lambda context: None if context.prev is None else _bytes(context.prev)
    if kind == "hash":
        return lambda context: None if context.own is None else _bytes(context.own)
    if kind == "hash-bytes":
        return lambda context: None if context.own is None else decode(context.own, digest or Digest())
    if kind == "preimage":
        return preimage or body_of
    if kind == "len32":
        return lambda context: _framed(_argument(context, argument))
    if kind == "py":
        return lambda context: _bytes(_printed(get(context.value, argument)))
    if kind == "o":
        return lambda context: _bytes(round_trip(_argument(context, argument) or ""))
    return lambda context: _bytes(_argument(context, argument))


def _argument(context: Context, argument: str) -> str | None:
    return context.prev if argument == "@prev" else text_of(get(context.value, argument))


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode("utf-8", "surrogatepass")


def _framed(text: str | None) -> bytes | None:
    data = _bytes(text)
    return None if data is None else len(data).to_bytes(4, "big") + data


def decode(text: str, digest: Digest) -> bytes | None:
    """The bytes of a hash's text; None if it is none."""
    if not text.startswith(digest.prefix):
        return None
    return decode_text(text[len(digest.prefix) :], digest.encoding)


def decode_text(text: str, encoding: str) -> bytes | None:
    """The bytes of a text in that encoding; None if it is none, or not the one text that stands for its bytes."""
    if encoding == "hex":
        try:
            data = bytes.fromhex(text)
        except ValueError:
            return None
        return data if data.hex() == text else None
    from auditrail.verify.keys import decode_base64

    made = decode_base64(text)
    if made is None:
        return None
    # One text for one signature: bits behind the end and missing padding would be changes that nobody sees.
    again = base64.b64encode(made) if encoding == "base64" else base64.urlsafe_b64encode(made).rstrip(b"=")
    return made if again.decode() == text else None


class Plan:
    """A profile, ready to compute.

    `seals` gives the secret of each key id, None for one that no given key is for; without it, all have `secret`.
    """

    def __init__(
        self, profile: Profile, secret: bytes | None = None, seals: Mapping[str | None, bytes | None] | None = None
    ) -> None:
        self.profile = profile
        self.secret = secret
        self._seals = seals
        self.computable = profile.verifiable and (secret is not None or not profile.keyed)
        self.preimage = joiner(profile.digest.preimage, profile.body)
        self._hash = hasher(profile.digest.algorithm, secret)
        self._encode = encoder(profile.digest)
        self._checks = [
            (
                item.field,
                joiner(item.digest.preimage, item.body),
                hasher(item.digest.algorithm),
                encoder(item.digest),
                item.optional,
            )
            for item in profile.checks
        ]
        self._optional = [item.field for item in profile.checks if item.optional]

    def object_of(self, value: Any) -> Any:
        """The chained object inside a record."""
        return get(value, self.profile.root) if self.profile.root else value

    def compute(self, context: Context) -> str | None:
        """The hash of a record as the log would write it; None if it can't be computed."""
        if not self.computable:
            return None
        try:
            data = self.preimage(context)
        except (canon.NotWritableError, RecursionError, ValueError, TypeError, AttributeError):
            return None
        if data is None:
            return None
        if self._seals is None:
            return self._encode(self._hash(data))
        secret = self._seals.get(self.key_id(context.value))
        return None if secret is None else self._encode(hasher(self.profile.digest.algorithm, secret)(data))

    def key_id(self, value: Any) -> str | None:
        """The id of the key that a record is sealed with."""
        found = get(value, self.profile.digest.kid)
        return found if isinstance(found, str) else None

    def locked(self, value: Any) -> bool:
        """Whether a record is sealed with a key that was not given, though others were."""
        return self._seals is not None and self._seals.get(self.key_id(value)) is None

    def checks(self, context: Context) -> list[tuple[str, str | None, str | None]]:
        """Further hashes of a record that do not fit: (field, as stored, as computed)."""
        made = []
        for field, join, digest, encode, optional in self._checks:
            stored = get(context.value, field)
            if optional and stored is None:
                continue
            try:
                data = join(context)
            except (canon.NotWritableError, RecursionError, ValueError, TypeError, AttributeError):
                data = None
            found = None if data is None else encode(digest(data))
            if stored != found:
                made.append((field, stored if isinstance(stored, str) else None, found))
        return made

    def unguarded(self, value: Any) -> list[str]:
        """Further hashes that a record may have and has not."""
        return [field for field in self._optional if get(value, field) is None]

    def is_genesis(self, value: Any, link: str | None) -> bool:
        """Whether a link is one that the first record of a chain has."""
        for word in self.profile.genesis:
            if word == "@any":
                return True
            if word == "@absent":
                if self.profile.prev is not None and not has(value, self.profile.prev):
                    return True
            elif word == "@null":
                if self.profile.prev is not None and lookup(value, self.profile.prev) is None:
                    return True
            elif link == word:
                return True
        return False

    @property
    def genesis_text(self) -> str | None:
        """What stands for the link of the first record in a pre-image, where the record holds none."""
        return next((word for word in self.profile.genesis if not word.startswith("@")), None)
