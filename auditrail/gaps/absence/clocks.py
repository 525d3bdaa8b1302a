"""Whose clock is off: estimated over all runs, from records of two streams that must lie inside one another.

A call brackets what it causes: what another stream tells of the same tool call, request or span lies between its begin
and its end, and all that a run does lies between its begin and its end. Each run says between which bounds the one
clock may be shifted against the other. A shift that nearly all runs of a time agree on is the clock's; a single late
record is none, and where no shift is needed, none is claimed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from auditrail.gaps.absence import signals
from auditrail.gaps.absence.grid import Bools, Ints

if TYPE_CHECKING:
    import duckdb

# Of the runs of a time, so many must agree on a shift; with so many less, none is claimed.
_AGREE = 0.8
_QUIET = 0.95
_FEWEST = 4
# Runs that are looked at: a clock is told by a part of them.
_LOOKED_AT = 20_000

_Place = tuple[str, str]
_Bounds = tuple[Ints, Ints, Ints]  # of the shift: lowest, highest; begin of the run


class Shift(NamedTuple):
    """The second clock has to be shifted by so much to fit the first, in runs that begin in this time; None: always."""

    one: _Place
    other: _Place
    ns: int
    from_ns: int | None
    to_ns: int | None
    runs: int


class Offset(NamedTuple):
    """A clock that is ahead (positive) or behind by so many ns, in runs that begin in this time; None: always."""

    format: str
    stream: str
    ns: int
    from_ns: int | None
    to_ns: int | None
    runs: int


_BRACKETS = """
WITH looked AS (SELECT run, started_ns FROM run_facts WHERE named AND run % $every = 0),
keyed AS (
    SELECT a.run, 'call ' || a.call AS key, a.format, a.stream, a.ts_ns, a.end_ns
    FROM signal_acts a JOIN looked USING (run)
    WHERE a.call IS NOT NULL AND a.layer NOT IN ('llm', 'policy') AND NOT a.inferred
    UNION ALL
    SELECT a.run, 'request ' || a.request, a.format, a.stream, a.ts_ns, a.end_ns
    FROM signal_acts a JOIN looked USING (run) WHERE a.request IS NOT NULL AND NOT a.inferred
    UNION ALL
    SELECT a.run, 'response ' || a.response, a.format, a.stream, a.ts_ns, a.end_ns
    FROM signal_acts a JOIN looked USING (run) WHERE a.response IS NOT NULL AND NOT a.inferred
    UNION ALL
    SELECT a.run, 'span ' || a.span, a.format, a.stream, a.ts_ns, a.end_ns
    FROM signal_acts a JOIN looked USING (run) WHERE a.span IS NOT NULL AND a.kind = 'span'
    UNION ALL
    SELECT a.run, 'span ' || coalesce(CASE WHEN a.kind <> 'span' THEN a.span END, a.parent), a.format, a.stream,
           a.ts_ns, a.end_ns
    FROM signal_acts a JOIN looked USING (run)
    WHERE coalesce(CASE WHEN a.kind <> 'span' THEN a.span END, a.parent) IS NOT NULL
), halves AS (
    SELECT run, key, format, stream, min(ts_ns) AS first_ns, max(greatest(ts_ns, coalesce(end_ns, ts_ns))) AS last_ns
    FROM keyed WHERE ts_ns IS NOT NULL GROUP BY ALL
    UNION ALL
    SELECT s.run, 'run', s.format, s.stream, s.first_ns, s.last_ns FROM signal_streams s JOIN looked USING (run)
    WHERE s.first_ns IS NOT NULL
), whole AS (
    SELECT run, format, stream FROM signal_streams WHERE edges > 0
), pairs AS (
    SELECT o.run, o.format AS of_f, o.stream AS of_s, i.format AS in_f, i.stream AS in_s,
           o.first_ns - i.first_ns AS low, o.last_ns - i.last_ns AS high
    FROM halves o JOIN halves i ON i.run = o.run AND i.key = o.key AND (i.format, i.stream) <> (o.format, o.stream)
        AND o.last_ns > o.first_ns AND i.last_ns - i.first_ns <= o.last_ns - o.first_ns
    WHERE o.key <> 'run' OR (o.run, o.format, o.stream) IN (SELECT (run, format, stream) FROM whole)
), turned AS (
    SELECT run, of_f, of_s, in_f, in_s, low, high FROM pairs WHERE (of_f, of_s) < (in_f, in_s)
    UNION ALL
    SELECT run, in_f, in_s, of_f, of_s, -high, -low FROM pairs WHERE (of_f, of_s) > (in_f, in_s)
)
SELECT t.of_f, t.of_s, t.in_f, t.in_s, max(t.low) AS low, min(t.high) AS high, any_value(l.started_ns) AS at, t.run
FROM turned t JOIN looked l ON l.run = t.run GROUP BY t.run, t.of_f, t.of_s, t.in_f, t.in_s ORDER BY ALL
"""


def in_words(ns: int) -> str:
    """An offset for a person; whole quarters of an hour are named as such."""
    seconds = abs(ns) / 1e9
    hours = round(seconds / 900) / 4
    whole = f", about {hours:g} h" if hours and abs(seconds - hours * 3600) < 60 else ""
    return (
        f"{'ahead' if ns > 0 else 'behind'} by {seconds:.0f} s{whole}"
        if seconds >= 60
        else (f"{'ahead' if ns > 0 else 'behind'} by {seconds:.1f} s")
    )


def offsets(connection: duckdb.DuckDBPyConnection, bound: int) -> list[Offset]:
    """The clocks that are off by more than `bound` ns; `acts`, `run_facts` and `held_streams` must stand.

    Two records of one thing bound the shift from both sides, so closely that rounded times and the delay of writing
    make bounds contradict each other: they hold to a tenth of `bound`, and turned ones stand for the range between.
    """
    signals.split(connection)
    (runs,) = connection.execute("SELECT count(*) FROM run_facts WHERE named").fetchone() or (0,)
    rows = connection.execute(_BRACKETS, {"every": max(1, runs // _LOOKED_AT)}).fetchnumpy()
    by_pair: dict[tuple[_Place, _Place], list[int]] = defaultdict(list)
    for number, place in enumerate(zip(rows["of_f"], rows["of_s"], rows["in_f"], rows["in_s"], strict=True)):
        by_pair[(place[0], place[1]), (place[2], place[3])].append(number)
    pairs: dict[tuple[_Place, _Place], _Bounds] = {}
    found: list[Shift] = []
    for (one, other), numbers in sorted(by_pair.items()):
        low, high, at = (np.asarray(rows[name], np.int64)[numbers] for name in ("low", "high", "at"))
        rounded = (low > high) & (low - high <= bound)
        low, high = np.where(rounded, high, low) - bound // 10, np.where(rounded, low, high) + bound // 10
        order = np.argsort(at, kind="stable")
        pairs[one, other] = low[order], high[order], at[order]
        found += _shifts(one, other, pairs[one, other], bound)
    spans = {
        row[0] for row in connection.execute("SELECT DISTINCT format FROM signal_acts WHERE kind = 'span'").fetchall()
    }
    return _Blame(found, pairs, spans, bound).offsets()


def _shifts(one: _Place, other: _Place, bounds: _Bounds, bound: int) -> list[Shift]:
    low, high, at = bounds
    off = (low > bound) | (high < -bound)
    if off.sum() < _FEWEST:
        return []
    shift, holding = _best(low, high)
    if abs(shift) > bound and holding.sum() >= _AGREE * len(low):
        return [Shift(one, other, shift, None, None, int(holding.sum()))]
    found = []
    for sign in (1, -1):
        mine = np.flatnonzero((low > bound) if sign > 0 else (high < -bound))
        if len(mine) < _FEWEST:
            continue
        inside = slice(int(mine[0]), int(mine[-1]) + 1)
        shift, holding = _best(low[inside], high[inside])
        if abs(shift) > bound and holding.sum() >= _AGREE * len(holding):
            found.append(Shift(one, other, shift, int(at[mine[0]]), int(at[mine[-1]]), int(holding.sum())))
    return found


def _best(low: Ints, high: Ints) -> tuple[int, Bools]:
    """The shift inside most bounds that is nearest to zero, and the runs that it fits."""
    edges = np.unique(np.concatenate([low, high, np.zeros(1, np.int64)]))
    count = np.searchsorted(np.sort(low), edges, side="right") - np.searchsorted(np.sort(high), edges)
    most = edges[count == count.max()]
    shift = int(most[np.argmin(np.abs(most))])
    holding = (low <= shift) & (high >= shift)
    if holding.any():
        shift = (int(low[holding].max()) + int(high[holding].min())) // 2 if shift else 0
    return shift, np.asarray(holding)


class _Blame:
    """Each shift is the fault of one of two parties: that which more of its partners say it of.

    A partner says so if it is shifted against the party by as much, at that time; it denies it if its runs of that time
    show the party in time; who heard nothing of it then has no voice. One clock that is off explains more than several
    that are off alike. The streams of spans of one format are one party where none of them disagrees with another: that
    each of several logs is off by the same, at the same time, takes more chance than that whoever stamps the spans is.

    Args:
        found: the shifts.
        pairs: what bounds the shift between two streams.
        spans: formats of spans.
        bound: ns that shifts may differ by and be the same.
    """

    def __init__(
        self, found: list[Shift], pairs: dict[tuple[_Place, _Place], _Bounds], spans: Collection[str], bound: int
    ) -> None:
        self._found = found
        self._pairs = pairs
        self._bound = bound
        self._spans = set(spans) - {shift.one[0] for shift in found if shift.one[0] == shift.other[0]}

    def offsets(self) -> list[Offset]:
        made: list[Offset] = []
        left = list(self._found)
        while left:
            suspects = [(self._party(place), shift) for shift in left for place in (shift.one, shift.other)]
            weights = [(*self._voices(party, shift, left), party, shift.ns) for party, shift in suspects]
            blamed, shift = suspects[weights.index(max(weights))]
            mine = self._alike(blamed, shift, left)
            left = [one for one in left if one not in mine]
            places = {place for one in mine for place in (one.one, one.other) if self._party(place) == blamed}
            made += [_offset(place, [one for one in mine if place in (one.one, one.other)]) for place in sorted(places)]
        return made

    def _party(self, place: _Place) -> _Place:
        return (place[0], "") if place[0] in self._spans else place

    def _is_of(self, party: _Place, shift: Shift) -> bool:
        return party in (self._party(shift.one), self._party(shift.other))

    def _ahead(self, party: _Place, shift: Shift) -> int:
        """By how much the party's clock is ahead, if it is the one that is off."""
        return shift.ns if party == self._party(shift.one) else -shift.ns

    def _alike(self, party: _Place, shift: Shift, found: list[Shift]) -> list[Shift]:
        """The shifts of this party by as much as in this one, at the same time."""
        ns = self._ahead(party, shift)
        return [
            other
            for other in found
            if self._is_of(party, other)
            and abs(self._ahead(party, other) - ns) <= self._bound
            and (other.to_ns is None or shift.from_ns is None or other.to_ns >= shift.from_ns)
            and (shift.to_ns is None or other.from_ns is None or shift.to_ns >= other.from_ns)
        ]

    def _voices(self, party: _Place, shift: Shift, found: list[Shift]) -> tuple[int, int]:
        """How many more partners say so than deny it, and how many say so.

        Not a share: a stream that only one other can be compared with would always have all voices.
        """
        mine = self._alike(party, shift, found)
        told = {(one.one, one.other) for one in mine}
        denying: set[_Place] = set()
        for (one, other), (low, high, at) in self._pairs.items():
            mine_first, mine_last = (self._party(place) == party for place in (one, other))
            if mine_first == mine_last or (one, other) in told:
                continue
            ns = self._ahead(party, shift) if mine_first else -self._ahead(party, shift)
            inside = np.ones(len(at), np.bool_)
            if shift.from_ns is not None and shift.to_ns is not None:
                inside = (at >= shift.from_ns) & (at <= shift.to_ns)
            denied = ((low > ns) | (high < ns)) & inside
            if denied.any() and int(denied.sum()) * 2 >= int(inside.sum()):
                denying.add(self._party(other if mine_first else one))
        saying = {
            place for one in mine for place in (self._party(one.one), self._party(one.other)) if place != party
        } - denying
        return len(saying) - len(denying), len(saying)


def _offset(place: _Place, shifts: list[Shift]) -> Offset:
    """What these shifts say together of the clock of a stream."""
    ns = sorted(shift.ns if place == shift.one else -shift.ns for shift in shifts)[len(shifts) // 2]
    always = any(shift.from_ns is None for shift in shifts)
    return Offset(
        signals.format_of(place[0]),
        place[1],
        ns,
        None if always else min(shift.from_ns or 0 for shift in shifts),
        None if always else max(shift.to_ns or 0 for shift in shifts),
        max(shift.runs for shift in shifts),
    )
