r"""Canonical forms: a value written as its producer wrote it before hashing. Exact, or the hash is another one.

    jcs        RFC 8785, by the library `rfc8785` (Trail of Bits). Keys by UTF-16 code units, numbers as ECMAScript.
    py         Python's json.dumps: `, ` and `: `, beyond ASCII as \uXXXX.      py-u8    the same, raw UTF-8
    py-c       compact separators, \uXXXX.                                      py-c-u8  compact, raw UTF-8
    js         JavaScript's JSON.stringify (ECMA-262, 25.5.2): integer-like keys first, halves of pairs escaped.
    js-sorted  the same numbers and text, joined by hand in the order of the keys: no integer-like keys first (Aegis,
               json-stable-stringify).
    dcp        py-c-u8 with whole floats as integers, and no other floats (dcp-jcs-v1 of dcp-ai).
    orjson     orjson's bytes: floats by its own rules (1e-5 is 0.00001).
    serde      Rust's serde_json: floats as the crate `ryu` prints them (1e16, 1e-7).

`sort` orders the keys (Python, orjson and serde by code points, jcs and js by UTF-16 code units); without it they stand
as in the record. What many call "JCS" is `py-c-u8`: it differs in numbers and in the order of keys beyond the BMP.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

import orjson

Form = Callable[[Any], bytes]

_INDEX = re.compile(r"0|[1-9]\d{0,9}")
_HALF = re.compile("[\ud800-\udfff]")
_SAFE = (1 << 53) - 1


class NotWritableError(ValueError):
    """The form has no text for the value: its producer can't have written it."""


def form(name: str, *, sort: bool) -> Form:
    """The writer of a form.

    Raises:
        KeyError: no such form.
    """
    return FORMS[name](sort)


def _python(ascii_only: bool, compact: bool) -> Callable[[bool], Form]:
    def make(sort: bool) -> Form:
        encoder = json.JSONEncoder(
            ensure_ascii=ascii_only,
            check_circular=False,
            sort_keys=sort,
            separators=(",", ":") if compact else (", ", ": "),
        )

        def write(value: Any) -> bytes:
            return encoder.encode(value).encode("utf-8", "surrogatepass")

        return write

    return make


def _orjson(sort: bool) -> Form:
    option = orjson.OPT_SORT_KEYS if sort else 0

    def write(value: Any) -> bytes:
        try:
            return orjson.dumps(value, option=option)
        except TypeError as error:  # an integer beyond 64 bits, half a character
            raise NotWritableError(str(error)) from None

    return write


def _jcs(_sort: bool) -> Form:
    def write(value: Any) -> bytes:
        import rfc8785

        try:
            return rfc8785.dumps(value)
        except rfc8785.IntegerDomainError:
            return rfc8785.dumps(_doubles(value))
        except (rfc8785.CanonicalizationError, UnicodeError) as error:
            raise NotWritableError(str(error)) from None

    return write


def _doubles(value: Any) -> Any:
    """The value with integers beyond 2^53 as doubles: what a reader that knows no integers made of them (RFC 8785)."""
    if isinstance(value, dict):
        return {key: _doubles(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_doubles(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _SAFE:
        try:
            return float(value)
        except OverflowError:
            raise NotWritableError("an integer beyond a double") from None
    return value


def _recursive(number: Callable[[Any], str], text: Callable[[str], str], order: Callable[[Any], Any]) -> Form:
    def write(value: Any) -> str:
        if isinstance(value, str):
            return text(value)
        if isinstance(value, dict):
            return "{" + ",".join(f"{text(key)}:{write(item)}" for key, item in order(value.items())) + "}"
        if isinstance(value, list):
            return "[" + ",".join(map(write, value)) + "]"
        if value is None or isinstance(value, bool):
            return {None: "null", True: "true", False: "false"}[value]
        return number(value)

    def encoded(value: Any) -> bytes:
        return write(value).encode("utf-8", "surrogatepass")

    return encoded


_encode_text = json.JSONEncoder(ensure_ascii=False).encode


def _js_text(value: str) -> str:
    return _HALF.sub(lambda half: f"\\u{ord(half.group()):04x}", _encode_text(value))


def utf16(key: str) -> bytes:
    """What sorts as JavaScript sorts: the UTF-16 code units."""
    return key.encode("utf-16-be", "surrogatepass")


def _js(sort: bool) -> Form:
    def order(items: Any) -> Any:
        pairs = sorted(items, key=lambda item: utf16(item[0])) if sort else list(items)
        # An object's integer-like keys come first and by value, however they were put in (OrdinaryOwnPropertyKeys).
        first = [pair for pair in pairs if _INDEX.fullmatch(pair[0]) and int(pair[0]) < (1 << 32) - 1]
        if not first:
            return pairs
        names = {pair[0] for pair in first}
        return [*sorted(first, key=lambda pair: int(pair[0])), *(pair for pair in pairs if pair[0] not in names)]

    return _recursive(js_number, _js_text, order)


def _js_sorted(sort: bool) -> Form:
    def order(items: Any) -> Any:
        return sorted(items, key=lambda item: utf16(item[0])) if sort else items

    return _recursive(js_number, _js_text, order)


def js_number(value: float) -> str:
    """A number as ECMAScript's Number::toString writes it (ECMA-262, 6.1.6.1.20)."""
    try:
        number = float(value)
    except OverflowError:
        return "null"
    if not math.isfinite(number):
        return "null"
    if number == 0:
        return "0"
    digits, n = _digits(abs(number))
    k = len(digits)
    if k <= n <= 21:
        made = digits + "0" * (n - k)
    elif 0 < n <= 21:
        made = f"{digits[:n]}.{digits[n:]}"
    elif -6 < n <= 0:
        made = f"0.{'0' * -n}{digits}"
    else:
        e = n - 1
        made = f"{digits[0]}{'.' if k > 1 else ''}{digits[1:]}e{'+' if e >= 0 else '-'}{abs(e)}"
    return f"-{made}" if number < 0 else made


def _digits(number: float) -> tuple[str, int]:
    """The shortest digits that give the number back, and where the point stands: 0.digits times ten to that."""
    mantissa, _, exponent = repr(number).partition("e")
    whole, _, part = mantissa.partition(".")
    part = "" if part == "0" else part
    digits = (whole + part).lstrip("0")
    n = len(whole) + int(exponent or 0) - (len(whole + part) - len(digits))
    if whole != "0":
        n = len(whole) + int(exponent or 0)
    return digits.rstrip("0") or "0", n


def _dcp(sort: bool) -> Form:
    def number(value: Any) -> str:
        if isinstance(value, float) and not value.is_integer():
            raise NotWritableError("a number that is no integer")
        return str(int(value))

    return _recursive(number, _encode_text, lambda items: sorted(items) if sort else items)


def _serde(sort: bool) -> Form:
    def order(items: Any) -> Any:
        # Rust orders by the bytes of UTF-8, which is by code points.
        return sorted(items) if sort else items

    return _recursive(_ryu, _encode_text, order)


def _ryu(value: float) -> str:
    """A number as serde_json writes it: integers as they are, floats as `ryu::Buffer::format_finite`."""
    if isinstance(value, int):
        if not -(1 << 63) <= value < 1 << 64:
            raise NotWritableError("an integer beyond 64 bits")
        return str(value)
    if not math.isfinite(value):
        return "null"
    if value == 0:
        return "-0.0" if math.copysign(1, value) < 0 else "0.0"
    digits, kk = _digits(abs(value))
    length = len(digits)
    if length <= kk <= 16:
        made = digits + "0" * (kk - length) + ".0"
    elif 0 < kk <= 16:
        made = f"{digits[:kk]}.{digits[kk:]}"
    elif -5 < kk <= 0:
        made = f"0.{'0' * -kk}{digits}"
    else:
        made = f"{digits[0]}{'.' if length > 1 else ''}{digits[1:]}e{kk - 1}"
    return f"-{made}" if value < 0 else made


FORMS: dict[str, Callable[[bool], Form]] = {
    "jcs": _jcs,
    "py": _python(ascii_only=True, compact=False),
    "py-u8": _python(ascii_only=False, compact=False),
    "py-c": _python(ascii_only=True, compact=True),
    "py-c-u8": _python(ascii_only=False, compact=True),
    "js": _js,
    "js-sorted": _js_sorted,
    "dcp": _dcp,
    "orjson": _orjson,
    "serde": _serde,
}
