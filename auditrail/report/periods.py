"""Periods: which time a question is about, in UTC, from inclusive to exclusive, with a name that can be read later.

A run belongs to the period in which it began; a finding to every period that it touches.

A quarter starts on the first day of a month. Where the fiscal year does not start in January, a quarter is named after
the fiscal year, `FY2027Q1`, and the year after the calendar year in which it ends (or begins: `fiscal_year_named_by`).
Without a name the quarter is the latest one in which a run began, so that the same evidence gives the same answer on
every day. Only `current` and `last` look at the clock, and say so.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from auditrail import case, times
from auditrail.errors import UsageError
from auditrail.report.gap_types import Period

if TYPE_CHECKING:
    import duckdb

# What `--quarter` without a value becomes.
LATEST = "latest"
_QUARTER = re.compile(r"(FY)?\s*(\d{4})[\s-]*Q([1-4])\Z|Q([1-4])[\s/-]*(FY)?\s*(\d{4})\Z", re.IGNORECASE)
_AGO = re.compile(r"(\d{1,5})([hdw])\Z")
_UNITS = {"h": 3600, "d": 86_400, "w": 604_800}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HINT = "write --quarter 2026Q3, last, current, or nothing for the latest quarter held"


class Fiscal(NamedTuple):
    """The fiscal year: the month (1 to 12) in which it starts, and whether it is named by the year of its `end`."""

    start: int = 1
    named_by: str = "end"


CALENDAR = Fiscal()


class Reach(NamedTuple):
    """How far the evidence reaches: first and last time of any record, and when the last run began."""

    first_ns: int | None
    last_ns: int | None
    last_run_ns: int | None


def reach(connection: duckdb.DuckDBPyConnection) -> Reach:
    """How far the evidence of a case reaches."""
    first, last = case.one(connection, "SELECT min(first_ts), max(last_ts) FROM sources") or (None, None)
    run = case.one(connection, "SELECT max(started_ns) FROM runs WHERE id_kind IN ('run', 'trace')")
    if run is None or run[0] is None:
        run = case.one(connection, "SELECT max(started_ns) FROM runs")
    return Reach(first, last, run[0] if run else None)


def quarter(text: str | None, held: Reach, fiscal: Fiscal = CALENDAR, *, now_ns: int | None = None) -> Period:
    """The quarter that a text names.

    Args:
        text: `2026Q3`, `FY2026Q3`, `last`, `current`; None or `latest`: the latest quarter in which a run began.
        held: how far the evidence reaches.
        fiscal: the fiscal year.
        now_ns: today, for `last` and `current`; None reads the clock.

    Raises:
        UsageError: the text is no quarter, or no record has a time.
    """
    word = (text or LATEST).strip()
    if word.lower() in ("last", "current"):
        return _of_today(word.lower(), fiscal, time.time_ns() if now_ns is None else now_ns)
    if word.lower() != LATEST:
        return _named(word, fiscal)
    end = held.last_run_ns if held.last_run_ns is not None else held.last_ns
    if end is None:
        raise UsageError("no record has a time: there is no latest quarter", hint=_HINT)
    moment = _date(end)
    made = _period(*_place(moment, fiscal), fiscal)
    why = "the latest quarter in which a run began" if held.last_run_ns is not None else "the latest quarter held"
    return made._replace(note=f"{why} ({moment:%Y-%m-%d})")


def span(since: str | None, until: str | None, held: Reach) -> Period:
    """A period by its edges, each ISO 8601 or how long before the end of what is held (`12h`, `7d`, `2w`); None: open.

    Raises:
        UsageError: an edge is no time, or the period ends before it begins.
    """
    from_ns, to_ns = moment(since, held, "--since"), moment(until, held, "--until")
    if from_ns is not None and to_ns is not None and to_ns <= from_ns:
        raise UsageError("--until is not after --since", hint="times are UTC unless they carry a zone")
    if from_ns is None and to_ns is None:
        return Period(None, None, "all")
    ago = [edge for edge in (since, until) if edge and _AGO.match(edge.strip())]
    note = f"counted back from the last record held ({times.iso(held.last_ns, digits=0)})" if ago else ""
    label = f"{times.iso(from_ns, digits=0) or 'the first record'} to {times.iso(to_ns, digits=0) or 'the last record'}"
    return Period(from_ns, to_ns, label, note)


def moment(text: str | None, held: Reach, option: str) -> int | None:
    """One edge of a period, ns since the epoch; None stays None.

    Raises:
        UsageError: it is no time.
    """
    if text is None:
        return None
    ago = _AGO.match(text.strip())
    if ago:
        if held.last_ns is None:
            raise UsageError(f"{option}: no record has a time to count back from")
        return held.last_ns - int(ago.group(1)) * _UNITS[ago.group(2)] * times.NS
    parsed = times.parse(text)
    if parsed is None:
        raise UsageError(f"{option}: {text!r} is no time", hint="for example 2026-09-17, 2026-09-17T10:00:00Z or 7d")
    return parsed.ns


def _of_today(word: str, fiscal: Fiscal, now_ns: int) -> Period:
    today = _date(now_ns)
    year, number = _place(today, fiscal)
    if word == "last":
        year, number = (year, number - 1) if number > 1 else (year - 1, 4)
    which = "the quarter before that of today" if word == "last" else "the quarter of today"
    return _period(year, number, fiscal)._replace(note=f"{which}, {today:%Y-%m-%d}")


def _named(text: str, fiscal: Fiscal) -> Period:
    match = _QUARTER.match(text)
    if match is None:
        raise UsageError(f"{text!r} is no quarter", hint=_HINT)
    year = int(match.group(2) or match.group(6))
    if not 1970 <= year <= 2261:  # what nanoseconds in 64 bits can hold
        raise UsageError(f"{text!r}: the year must lie between 1970 and 2261", hint=_HINT)
    return _period(year, int(match.group(3) or match.group(4)), fiscal)


def _place(moment: datetime, fiscal: Fiscal) -> tuple[int, int]:
    """Name of the fiscal year of a moment, and the number of the quarter."""
    months = (moment.month - fiscal.start) % 12
    begun = moment.year if moment.month >= fiscal.start else moment.year - 1
    return begun + (1 if fiscal.start > 1 and fiscal.named_by == "end" else 0), months // 3 + 1


def _period(year: int, number: int, fiscal: Fiscal) -> Period:
    begun = year - (1 if fiscal.start > 1 and fiscal.named_by == "end" else 0)
    month = fiscal.start - 1 + (number - 1) * 3
    edges = [_ns(begun + at // 12, at % 12 + 1) for at in (month, month + 3)]
    return Period(edges[0], edges[1], f"{'FY' if fiscal.start > 1 else ''}{year}Q{number}")


def _ns(year: int, month: int) -> int:
    delta = datetime(year, month, 1, tzinfo=UTC) - _EPOCH
    return delta.days * 86_400 * times.NS


def _date(ns: int) -> datetime:
    return _EPOCH + timedelta(seconds=ns // times.NS)
