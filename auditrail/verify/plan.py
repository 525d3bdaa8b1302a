"""A profile compiled: record -> which chain, which link, which pre-image, which hash; and what no hash covers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from auditrail.verify import canon
from auditrail.verify.profile import Body, Digest, Profile, part_of

ABSENT = object()
_FRACTION = re.compile(r"(\d{2}:\d{2}:\d{2})(?:\.(\d{1,7}))?(Z|[+-]\d{2}:\d{2})")

Raw2Hash = Callable[[bytes], bytes]


class Context(NamedTuple):
    """What parts of a pre-image may ask for."""

    value: Any
    raw: bytes
    prev: str | None
    own: str | None


Part = Callable[[Context], bytes | None]


def get(value: Any, path: str | None) -> Any:
    """The value at a dotted path; None if it is not there (a key that holds dots is found, too)."""
    found = lookup(value, path)
    return None if found is ABSENT else found


def has(value: Any, path: str) -> bool:
    """Whether there is anything at a dotted path, be it null."""
    return lookup(value, path) is not ABSENT


def lookup(value: Any, path: str | None) -> Any:
    """The value at a dotted path, or `ABSENT`."""
    if path is None:
        return ABSENT
    if not isinstance(value, dict):
        return ABSENT
    if path in value:
        return value[path]
    head, dot, rest = path.partition(".")
    if not dot or head not in value:
        return ABSENT
    return lookup(value[head], rest)


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


def selector(body: Body) -> Callable[[Any], Any]:
    """The function from a record to the value that is written in canonical form."""
    steps: list[Callable[[Any], Any]] = []
    if body.root:
        root = body.root
        steps.append(lambda value: get(value, root))
    if body.replace:
        steps.append(lambda value: _replaced(value, body.replace))
    if body.rename:
        null = body.missing == "null"
        steps.append(
            lambda value: {
                new: found
                for new, old in body.rename
                if (found := lookup(value, old)) is not ABSENT or (null and (found := None) is None)
            }
        )
    elif body.select == "all-minus":
        if body.fields:
            steps.append(lambda value: _minus(value, body.fields))
    else:
        null = body.missing == "null"
        steps.append(lambda value: _only(value, body.fields, null))
    if body.drop_nulls:
        keep = frozenset(body.keep_null)
        steps.append(lambda value: _without_nulls(value, keep, ""))
    if body.exclude_deep:
        deep = frozenset(body.exclude_deep)
        steps.append(lambda value: _without_keys(value, deep))
    if body.orders:
        steps.append(lambda value: _ordered(value, dict(body.orders)))

    def select(value: Any) -> Any:
        for step in steps:
            value = step(value)
        return value

    return select


def _minus(value: Any, paths: Sequence[str]) -> Any:
    if not isinstance(value, dict):
        return value
    made = dict(value)
    for path in paths:
        if path in made:
            del made[path]
            continue
        head, dot, rest = path.partition(".")
        if dot and isinstance(made.get(head), dict):
            made[head] = _minus(made[head], (rest,))
    return made


def _only(value: Any, paths: Sequence[str], null: bool) -> Any:
    made = {}
    for path in paths:
        found = lookup(value, path)
        if found is not ABSENT:
            made[path] = found
        elif null:
            made[path] = None
    return made


def _replaced(value: Any, pairs: Sequence[tuple[str, tuple[str, str]]]) -> Any:
    made = dict(value) if isinstance(value, dict) else value
    for path, (old, new) in pairs:
        text = get(made, path)
        if isinstance(text, str) and text.endswith(old) and path in made:
            made[path] = text[: len(text) - len(old)] + new
    return made


def _without_nulls(value: Any, keep: frozenset[str], at: str) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_nulls(item, keep, f"{at}{key}.")
            for key, item in value.items()
            if item is not None or f"{at}{key}" in keep
        }
    if isinstance(value, list):
        return [_without_nulls(item, keep, at) for item in value]
    return value


def _without_keys(value: Any, keys: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without_keys(item, keys) for key, item in value.items() if key not in keys}
    if isinstance(value, list):
        return [_without_keys(item, keys) for item in value]
    return value


def _ordered(value: Any, orders: dict[str, tuple[str, ...]]) -> Any:
    """Inner objects with their members in the order that is named; an object without an order is left out."""
    made = {}
    for key, item in value.items():
        if isinstance(item, dict):
            if key in orders:
                made[key] = {name: item[name] for name in orders[key] if item.get(name) is not None}
        else:
            made[key] = item
    return made


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
    """A profile, ready to compute."""

    def __init__(self, profile: Profile, secret: bytes | None = None) -> None:
        self.profile = profile
        self.secret = secret
        self.computable = profile.verifiable and (secret is not None or not profile.keyed)
        self.preimage = joiner(profile.digest.preimage, profile.body)
        self._hash = hasher(profile.digest.algorithm, secret)
        self._encode = encoder(profile.digest)
        self._checks = [
            (item.field, joiner(item.digest.preimage, item.body), hasher(item.digest.algorithm), encoder(item.digest))
            for item in profile.checks
        ]

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
        return None if data is None else self._encode(self._hash(data))

    def checks(self, context: Context) -> list[tuple[str, str | None, str | None]]:
        """Further hashes of a record that do not fit: (field, as stored, as computed)."""
        made = []
        for field, join, digest, encode in self._checks:
            stored = get(context.value, field)
            try:
                data = join(context)
            except (canon.NotWritableError, RecursionError, ValueError, TypeError, AttributeError):
                data = None
            found = None if data is None else encode(digest(data))
            if stored != found:
                made.append((field, stored if isinstance(stored, str) else None, found))
        return made

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
