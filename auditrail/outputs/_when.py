"""Times and durations for people, in the zone of the view."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import cache

from auditrail import times

_UNITS = ((86_400, "d", 3_600, "h"), (3_600, "h", 60, "min"), (60, "min", 1, "s"))


@cache
def zone(name: str) -> tzinfo:
    """The zone of that IANA name.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: there is none; the command line checks names before.
    """
    if name.upper() in ("UTC", "Z"):
        return UTC
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


def _moment(ns: int, tz: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(ns // times.NS, tz=UTC).astimezone(zone(tz))
    except (OverflowError, ValueError, OSError):
        return None


def clock(ns: int, tz: str) -> str:
    """Time of day to the millisecond, cut and not rounded: `10:06:02.147`."""
    moment = _moment(ns, tz)
    return f"{moment:%H:%M:%S}.{ns % times.NS // 1_000_000:03d}" if moment else f"{ns} ns"


def day(ns: int, tz: str) -> str:
    """The date there, with its weekday: `Thu 2026-09-17`."""
    moment = _moment(ns, tz)
    return f"{('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')[moment.weekday()]} {moment:%Y-%m-%d}" if moment else ""


def stamp(ns: int, tz: str) -> str:
    """Date and time to the second: `2026-09-17 10:06:02`."""
    moment = _moment(ns, tz)
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else f"{ns} ns"


def duration(ns: int) -> str:
    """A length of time in two units at most: `85 ms`, `1.7 s`, `3 min 4 s`, `2 d 5 h`; may be negative."""
    if ns < 0:
        return f"-{duration(-ns)}"
    if ns < 1_000_000:
        return f"{ns / 1_000_000:.2f} ms" if ns else "0 ms"
    if ns < times.NS:
        return f"{ns // 1_000_000} ms"
    if ns < 60 * times.NS:
        return f"{ns // 100_000_000 / 10:.1f} s"
    seconds = ns // times.NS
    for size, unit, lesser, lesser_unit in _UNITS:
        if seconds >= size:
            rest = seconds % size // lesser
            return f"{seconds // size} {unit} {rest} {lesser_unit}" if rest else f"{seconds // size} {unit}"
    return f"{seconds} s"


def iso(ns: int | None) -> str | None:
    """ISO 8601 in UTC for programs: six digits of the second, nine where a time is finer; None stays None."""
    if ns is None:
        return None
    return times.iso(ns, digits=9 if ns % 1_000 else 6)
