"""When a generic record happened: begin, end, and the zone of times without one."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from auditrail.readers._jsonl_values import DURATIONS
from auditrail.times import INT64_MAX, NS, Moment

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall clock, to which a zone is added
_SLOTS = ("ts", "start", "end", "observed")


class When(NamedTuple):
    """The times of a record; `refused` names slots whose value is not used after all."""

    begin: int | None
    end: int | None
    assumed: bool
    refused: tuple[str, ...] = ()


def when(got: dict[str, Any], zone: str | None) -> When:
    """The times of a record from its usable values by slot (`got`); times without a zone are of `zone`, if given."""
    if zone:
        for slot in _SLOTS:
            if slot in got and got[slot].tz_assumed:
                got[slot] = _in_zone(got[slot], zone)
    ts: Moment | None = got.get("ts")
    start: Moment | None = got.get("start")
    end: Moment | None = got.get("end")
    if start is None and end is None:
        if ts is not None:
            return When(ts.ns, None, ts.tz_assumed)
        observed = got.get("observed")
        return When(None, None, observed is not None and observed.tz_assumed)
    length = next((round(got[slot] * unit) for slot, unit in DURATIONS.items() if slot in got), None)
    if end is not None and start is not None and end.ns < start.ns:
        return _without_end(ts, start)
    if start is not None and (end is not None or ts is None or length is not None):
        refused = ("ts",) if ts else ()
        if end is not None:
            return When(start.ns, end.ns, start.tz_assumed, refused)
        fits = length is not None and start.ns + length <= INT64_MAX
        return When(start.ns, start.ns + length if fits and length is not None else None, start.tz_assumed, refused)
    if ts is None:  # only an end: the record speaks of that moment
        return When(end.ns, None, end.tz_assumed) if end else When(None, None, False)
    if end is not None and end.ns >= ts.ns:
        return When(ts.ns, end.ns, ts.tz_assumed)
    return When(ts.ns, None, ts.tz_assumed, tuple(s for s in ("start", "end") if s in got))


def _without_end(ts: Moment | None, start: Moment) -> When:
    """An end before its begin is no end."""
    if ts is None:
        return When(start.ns, None, start.tz_assumed, ("end",))
    return When(ts.ns, None, ts.tz_assumed, ("start", "end"))


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _in_zone(moment: Moment, name: str) -> Moment:
    """A time without a zone as the wall clock of a zone; the first pass where a clock change repeats an hour."""
    seconds, rest = divmod(moment.ns, NS)
    try:
        wall = _EPOCH + timedelta(seconds=seconds)
        offset = wall.replace(tzinfo=_zone(name)).utcoffset() or timedelta()
    except (OverflowError, ValueError):
        return moment
    ns = (seconds - int(offset.total_seconds())) * NS + rest
    return Moment(ns, False) if abs(ns) <= INT64_MAX else moment
