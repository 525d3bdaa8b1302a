"""Times of any writer -> nanoseconds since the epoch, UTC, in integers (a float64 loses nanoseconds).

A time without a zone is taken as UTC and marked, never silently.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, NamedTuple

_ISO = re.compile(
    r"\s*(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9})\d*)?)?)?"
    r"\s*(Z|z|UTC|[+-]\d{2}(?::?\d{2})?(?::?\d{2})?)?Z?\s*\Z"
)
_NUMBER = re.compile(r"\s*([+-]?\d+)(?:\.(\d+))?\s*\Z")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NS = 1_000_000_000
INT64_MAX = (1 << 63) - 1

# An integer is seconds, milliseconds, microseconds or nanoseconds by its size: each band spans the years
# 2001 to 2286, and the bands do not overlap. What lies outside all bands is no time.
_BANDS = ((10**9, 10**10, NS), (10**12, 10**13, 10**6), (10**15, 10**16, 10**3), (10**18, 10**19, 1))


class Moment(NamedTuple):
    """A time as ns since the epoch, and whether its zone had to be assumed."""

    ns: int
    tz_assumed: bool


def parse(value: Any) -> Moment | None:
    """Reads an ISO 8601 text or a number of seconds to nanoseconds since the epoch.

    Accepts a comma before the fraction, a space for the `T`, a date alone (midnight), fractions of up to nine
    digits (further ones are cut), offsets with or without colon, and numbers as text. Returns None for
    anything else, and for what does not fit 64 bits.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int):
        return _from_number(value, "")
    if isinstance(value, float):
        # The shortest text that reads back as the same float is what the writer wrote: 0.52 and not 0.519999981.
        text = repr(value) if abs(value) < 1e15 else f"{value:.9f}"
        return _from_number_text(text) if abs(value) < 1e19 else None
    if not isinstance(value, str) or len(value) > 64:
        return None
    return _from_iso(value) or _from_number_text(value)


def _from_iso(text: str) -> Moment | None:
    match = _ISO.match(text)
    if not match:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        # 60 is a leap second: the second before it is the nearest there is.
        seconds = 59 if second == "60" else int(second or 0)
        whole = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), seconds, tzinfo=UTC)
    except ValueError:
        return None
    delta = whole - _EPOCH
    ns = (delta.days * 86400 + delta.seconds) * NS + int((fraction or "").ljust(9, "0"))
    if zone and zone[0] in "+-":
        digits = zone[1:].replace(":", "").ljust(6, "0")
        hours, minutes, rest = int(digits[:2]), int(digits[2:4]), int(digits[4:6])
        if hours > 23 or minutes > 59 or rest > 59:
            return None
        offset = hours * 3600 + minutes * 60 + rest
        ns -= (offset if zone[0] == "+" else -offset) * NS
    return Moment(ns, not zone) if abs(ns) <= INT64_MAX else None


def _from_number_text(text: str) -> Moment | None:
    match = _NUMBER.match(text)
    return _from_number(int(match.group(1)), match.group(2) or "") if match else None


def _from_number(whole: int, fraction: str) -> Moment | None:
    for low, high, unit in _BANDS:
        if low <= whole < high:
            digits = len(str(unit)) - 1
            ns = whole * unit + (int(fraction[:digits].ljust(digits, "0")) if digits and fraction else 0)
            return Moment(ns, False) if ns <= INT64_MAX else None
    return None


def nanos(value: Any) -> int | None:
    """A protobuf-JSON 64-bit nanosecond field: number or decimal text; 0, blank and what does not fit are None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        if not text.isdecimal() or len(text) > 20:  # isdigit is true of superscripts, too, which int refuses
            return None
        value = int(text)
    elif isinstance(value, float):
        value = int(value) if value == value and abs(value) < 1e19 else 0
    return value if isinstance(value, int) and 0 < value <= INT64_MAX else None


def iso(ns: int | None, *, digits: int = 3) -> str:
    """ISO 8601 in UTC with `digits` of the second (0 to 9), cut and not rounded; blank for None."""
    if ns is None:
        return ""
    seconds, rest = divmod(ns, NS)
    try:
        moment = datetime.fromtimestamp(seconds, tz=UTC)
    except (OverflowError, ValueError, OSError):
        return f"{ns} ns"
    fraction = f".{rest:09d}"[: digits + 1] if digits else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"
