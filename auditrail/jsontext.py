"""The one JSON parser: it alone decides what a record says.

orjson reads every record. What it cannot say exactly is read again with Python's `json`, and flagged:

- `duplicate-keys`: an object names a key twice. The last value counts, as in orjson, Python and JavaScript.
- `big-integer`: an integer beyond 64 bits. orjson would make it a float; here it stays exact.
- `not-a-number`: NaN, Infinity or a number beyond a double. Kept as the text that stands in the record.
- `lone-surrogate`: an escape of half a character. Kept as the six characters of the escape.
- `nul`: the escape of U+0000. Kept as the six characters of the escape, which no store or terminal cuts at.
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from auditrail.containers.limits import MAX_DEPTH
from auditrail.errors import RecordError

# An integer beyond 64 bits has 20 digits, or a sign and 19; translating first is ten times faster than a pattern.
# 19 digits alone are most often a time in nanoseconds, as text.
_LONG = b"0" * 20
_LONG_NEGATIVE = b"-" + b"0" * 19
_TO_DIGITS = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x2D if byte == 0x2D else 0x20 for byte in range(256))
# orjson writes values of up to so many levels, and no more (its README, on `JSONEncodeError`).
_ORJSON_DEPTH = 254
_BOM = b"\xef\xbb\xbf"
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse(raw: bytes | bytearray | memoryview) -> tuple[Any, tuple[str, ...]]:
    """Reads one JSON record.

    Returns:
        The value, and flags (see the module docstring), empty for all but odd records.

    Raises:
        RecordError: `invalid-json`, `invalid-utf8`, `control-character` or `too-deep`.
    """
    data = bytes(raw)
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        return _parse_odd(data, str(error))
    if is_exact(value, data):
        return value, ()
    if _too_deep(value, data):
        raise _deep()
    return _parse_exact(data, value)


def is_exact(value: Any, data: bytes) -> bool:
    """Whether `parse` would return just this value, which orjson made of the data, and no flags.

    False may also mean that it takes a closer look.
    """
    if b"\\u0000" in data:
        return False
    digits = data.translate(_TO_DIGITS)
    return _LONG not in digits and _LONG_NEGATIVE not in digits and not _keys_lost(value, data)


def _wrapped(value: Any) -> Any:
    """The value inside so many arrays that orjson refuses to write it just where it is nested beyond `MAX_DEPTH`."""
    for _ in range(_ORJSON_DEPTH - MAX_DEPTH):
        value = [value]
    return value


def _keys_lost(value: Any, data: bytes) -> bool:
    r"""Whether the parser may have dropped a member (a key that stands twice), or the value is nested too deep.

    A dropped member takes its quotes along, so the value written again has fewer of them. Nothing can hide that
    but a quote written as `\u0022`, which is written again as one more quote: then the slow parser decides.
    """
    if b"\\u0022" in data:
        return True
    try:
        return data.count(b'"') != orjson.dumps(_wrapped(value)).count(b'"')
    except (TypeError, ValueError, RecursionError):
        return True


class _Exact:
    """Hooks for Python's json: notes what orjson would have lost."""

    def __init__(self) -> None:
        self.flags: set[str] = set()

    def pairs(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            self.flags.add("duplicate-keys")
        return made

    def integer(self, text: str) -> int | str:
        if len(text) > 4000:  # Python refuses to convert more than 4,300 digits
            self.flags.add("big-integer")
            return text
        number = int(text)
        if not -(1 << 63) <= number < 1 << 64:
            self.flags.add("big-integer")
        return number

    def floating(self, text: str) -> float | str:
        number = float(text)
        if number in (float("inf"), float("-inf")):
            self.flags.add("not-a-number")
            return text
        return number

    def constant(self, text: str) -> str:
        self.flags.add("not-a-number")
        return text


def _decode(data: bytes) -> tuple[Any, _Exact]:
    exact = _Exact()
    decoder = json.JSONDecoder(
        object_pairs_hook=exact.pairs,
        parse_int=exact.integer,
        parse_float=exact.floating,
        parse_constant=exact.constant,
        strict=True,
    )
    try:
        value = decoder.decode(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise RecordError("invalid-utf8", f"not UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise _deep() from None
    except ValueError as error:
        if _CONTROL.search(data):
            raise RecordError("control-character", "a raw NUL or control character stands in the record") from None
        raise RecordError("invalid-json", _reason(error)) from None
    return value, exact


def _deep() -> RecordError:
    return RecordError("too-deep", f"nested deeper than {MAX_DEPTH} levels")


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        early = "; the record ends early" if _cut(error) else ""
        return f"{error.msg.removesuffix(' at')} at character {error.pos}{early}"
    return str(error)


def _cut(error: json.JSONDecodeError) -> bool:
    """Whether more text could have made it JSON: it was cut, and is not broken in itself."""
    rest = error.doc[error.pos :].strip()
    if error.doc.lstrip()[:1] not in ("{", "[", '"'):
        return False
    if error.msg.startswith("Unterminated"):
        return True
    if "escape" in error.msg:
        return len(rest) < len(r"\uD83D\uDE00")
    return any(word.startswith(rest) for word in ("true", "false", "null", "-"))


def _parse_odd(data: bytes, reason: str) -> tuple[Any, tuple[str, ...]]:
    """What orjson refused: exact where Python's json can read it, else a reason."""
    if data[:3] == _BOM and data[3:6] != _BOM:  # one mark is a habit of some writers; a row of them is no JSON
        return parse(data[3:])
    if "recursion" in reason.lower():
        raise _deep()
    value, exact = _decode(data)
    if _too_deep(value, data):
        raise _deep()
    value = _clean(value, exact)
    return value, tuple(sorted(exact.flags))


def _parse_exact(data: bytes, value: Any) -> tuple[Any, tuple[str, ...]]:
    """What orjson read but may have read inexactly."""
    try:
        again, exact = _decode(data)
    except RecordError:  # the caller stands so deep that Python's json gives up before orjson: keep what was read
        again, exact = value, _Exact()
    again = _clean(again, exact)
    return again, tuple(sorted(exact.flags))


def _clean(value: Any, exact: _Exact) -> Any:
    """Makes every text storable, in place: lone surrogates and NUL become the text of their escapes."""
    root = [value]
    stack: list[Any] = [root]
    while stack:  # no recursion: how deep a record may be must not depend on how deep the caller stands
        holder = stack.pop()
        if isinstance(holder, dict):
            _clean_keys(holder, exact)
        for key, item in list(holder.items() if isinstance(holder, dict) else enumerate(holder)):
            if isinstance(item, str):
                holder[key] = _clean_text(item, exact)
            elif isinstance(item, (dict, list)):
                stack.append(item)
    return root[0]


def _clean_keys(value: dict[str, Any], exact: _Exact) -> None:
    cleaned = [(_clean_text(key, exact), item) for key, item in value.items()]
    if any(new is not old for (new, _), old in zip(cleaned, value, strict=True)):
        value.clear()
        value.update(cleaned)
        if len(value) != len(cleaned):
            exact.flags.add("duplicate-keys")


def _too_deep(value: Any, data: bytes) -> bool:
    """Whether the value is nested beyond `MAX_DEPTH`; looked at only where the text has brackets enough for it."""
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return False
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            item
            for holder in level
            for item in (holder.values() if isinstance(holder, dict) else holder if isinstance(holder, list) else ())
            if isinstance(item, (dict, list))
        ]
        if not level:
            return False
    return True


def _clean_text(text: str, exact: _Exact) -> str:
    if "\x00" in text:
        exact.flags.add("nul")
        text = text.replace("\x00", "\\u0000")
    if _SURROGATE.search(text):
        exact.flags.add("lone-surrogate")
        text = _SURROGATE.sub(lambda m: f"\\u{ord(m.group()):04x}", text)
    return text


def dumps(value: Any) -> str:
    """Compact JSON text of a parsed value: orjson's form, and Python's for integers beyond 64 bits."""
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    except (TypeError, ValueError, RecursionError):
        try:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
        except RecursionError:
            raise RecordError("too-deep", "nested deeper than the writer can follow") from None


def content(value: Any) -> str | None:
    """Arguments or results as a column: None stays None, text stays text, anything else is compact JSON."""
    if value is None or isinstance(value, str):
        return value
    return dumps(value)
