"""Reads one JSON record for hashing: exactly, and with what could be read in two ways.

orjson reads what it reads exactly. The rest goes to Python's `json`: integers beyond 64 bits stay integers, halves of
surrogate pairs stay halves, NaN and Infinity (which Python writes) are numbers. Not `jsontext.parse`, which makes text
storable: a hash needs the text as it is.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import orjson

_LONG = b"0" * 20
_LONG_NEGATIVE = b"-" + b"0" * 19
_TO_DIGITS = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x2D if byte == 0x2D else 0x20 for byte in range(256))
# Python refuses to convert longer integers; no producer writes them.
_DIGITS = 4000


class ParseError(ValueError):
    """A record is no JSON. `torn`: it could be the beginning of one."""

    def __init__(self, reason: str, *, torn: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.torn = torn


class Parsed(NamedTuple):
    """A value, and the keys that an object names twice (the last value counts, as for every common reader)."""

    value: Any
    duplicates: tuple[str, ...] = ()


def parse(raw: bytes) -> Parsed:
    """Reads one record.

    Raises:
        ParseError: it is no JSON, or nested too deep.
    """
    try:
        value = orjson.loads(raw)
        if _is_exact(value, raw):
            return Parsed(value)
    except (orjson.JSONDecodeError, RecursionError):
        pass
    return _exactly(raw)


def _is_exact(value: Any, raw: bytes) -> bool:
    """Whether the parser lost nothing; a dropped member takes its quotes along (see `jsontext`)."""
    if b"\\u0022" in raw:
        return False
    digits = raw.translate(_TO_DIGITS)
    if _LONG in digits or _LONG_NEGATIVE in digits:
        return False
    try:
        return raw.count(b'"') == orjson.dumps(value).count(b'"')
    except (TypeError, ValueError):
        return False


def _exactly(raw: bytes) -> Parsed:
    twice: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(items)
        if len(made) != len(items):
            seen: set[str] = set()
            twice.extend(key for key, _ in items if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        return made

    def integer(text: str) -> int:
        if len(text) > _DIGITS:
            raise ParseError("an integer of too many digits")
        return int(text)

    try:
        text = raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        # Bytes that end in the middle of a character are what a crash leaves.
        raise ParseError(f"not UTF-8 at byte {error.start}", torn=error.end >= len(raw) > 0) from None
    try:
        value = json.JSONDecoder(object_pairs_hook=pairs, parse_int=integer, strict=True).decode(text)
    except RecursionError:
        raise ParseError("nested too deep") from None
    except json.JSONDecodeError as error:
        raise ParseError(f"{error.msg.removesuffix(' at')} at character {error.pos}", torn=_torn(text, error)) from None
    return Parsed(value, tuple(dict.fromkeys(twice)))


def _torn(text: str, error: json.JSONDecodeError) -> bool:
    """Whether the text is the beginning of a JSON value: the parser wanted more at its very end."""
    if error.msg.startswith("Unterminated string"):
        return True
    rest = text[error.pos :].strip()
    if not rest:
        return True
    begun = ("true", "false", "null", "NaN", "Infinity", "-Infinity")
    if error.msg.startswith("Expecting value"):
        return any(word.startswith(rest) for word in begun) or rest == "-"
    # `1.` and `1e` are read as 1 with something behind it; `\u12` as an escape that is not whole.
    if error.msg.startswith("Expecting ',' delimiter"):
        return rest in (".", "e", "E", "e-", "E-", "e+", "E+")
    return error.msg.startswith("Invalid \\uXXXX") and len(text) - error.pos < 8
