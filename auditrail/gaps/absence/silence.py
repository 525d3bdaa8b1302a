"""Times without a record of a stream, while runs that should have written to it went on.

A night in which nobody speaks is no silence: a gap between two records of a stream is weighed by the runs in it that should
have records of the stream and have none (each as unlikely as one such run is outside of gaps), and by the runs that it cuts:
whose records of the stream stop at its begin, or start at its end, while other streams of the run go on.
A gap is a silence if that has a chance below one in fifty among all the places where it might have happened.
"""

from __future__ import annotations

from math import log
from typing import NamedTuple

import numpy as np

from auditrail.gaps.absence.expect import Expected
from auditrail.gaps.absence.grid import Bools, Grid, Ints

_CHANCE = log(0.02)
# A run that a gap cuts may have been slow just then.
_CUT = log(0.2)
# Clocks of two streams differ by so much; records of a run are written so much late.
_SLACK_NS = 5_000_000_000
# So much of a run lies in a gap that cuts it.
_CUT_SHARE = 0.25
_FOREVER = 1 << 62
# Gaps looked at, those with most missing runs first.
_LOOKED_AT = 400


class Member(NamedTuple):
    """What one run shows: begin, end, whether it has records, and when the first and the last of them is."""

    start: Ints
    end: Ints
    present: Bools
    first: Ints
    last: Ints


class Silence(NamedTuple):
    """A silence from the last record before it to the first after it (`_FOREVER` and its negative: none).

    whole: places in the members of runs that lie in it and have nothing; cut: those that it cuts.
    """

    from_ns: int
    to_ns: int
    whole: Ints
    cut: Ints
    sure: float

    @property
    def begins(self) -> bool:
        """Whether a record stands before it."""
        return self.from_ns > -_FOREVER

    @property
    def ends(self) -> bool:
        """Whether a record stands after it."""
        return self.to_ns < _FOREVER


def member(grid: Grid, parts: list[Expected]) -> tuple[Member, Ints]:
    """What the runs of these expectations show together, and their places in the grid; a run is told once."""
    at = np.unique(np.concatenate([part.at for part in parts]))
    first = np.full(len(at), _FOREVER, np.int64)
    last = np.full(len(at), -_FOREVER, np.int64)
    present = np.zeros(len(at), np.bool_)
    for part in parts:
        stream = part.stream
        place = np.searchsorted(at, stream.at)
        place[place == len(at)] = 0
        known = at[place] == stream.at
        np.minimum.at(first, place[known], stream.first[known])
        np.maximum.at(last, place[known], stream.last[known])
        present[place[known]] = True
    return Member(grid.start[at], grid.end[at], present, first, last), at


def silences(seen: Member, times: Ints) -> list[Silence]:
    """The silences of a stream (or of several that fall silent together).

    Args:
        seen: the runs that should have it.
        times: when its records were written, sorted.
    """
    if seen.present.all() or not len(times):
        return []
    here = int(seen.present.sum())
    # How often a run that has records is followed by one that has none: by chance, a missing run is as likely after a
    # missing one, and a streak of w has a chance of q^(w - 1); in an outage, streaks are long and their starts are rare.
    starts = int((seen.present[:-1] & ~seen.present[1:]).sum()) + (not seen.present[0])
    chance = log(max(starts, 1) / (here + 2))
    found = []
    for one in _candidates(seen, times):
        sure = (len(one.whole) - 1) * chance + len(one.cut) * _CUT + log(max(starts, 1))
        if sure < _CHANCE:
            found.append(one._replace(sure=sure))
    return found


def _candidates(seen: Member, times: Ints) -> list[Silence]:
    """The gaps that hold runs without a record, each with what it holds and cuts."""
    absent = np.flatnonzero(~seen.present)
    middle = (seen.start[absent] + seen.end[absent]) // 2
    gap = np.searchsorted(times, middle)
    numbers, counts = np.unique(gap, return_counts=True)
    looked = numbers[np.argsort(-counts, kind="stable")[:_LOOKED_AT]]
    made = []
    for number in sorted(int(number) for number in looked):
        from_ns = int(times[number - 1]) if number > 0 else -_FOREVER
        to_ns = int(times[number]) if number < len(times) else _FOREVER
        inside = absent[gap == number]
        fits = (seen.start[inside] >= _less(from_ns, _SLACK_NS)) & (seen.end[inside] <= _more(to_ns, _SLACK_NS))
        overlap = np.minimum(seen.end[inside], to_ns) - np.maximum(seen.start[inside], from_ns)
        fits |= overlap * 2 >= seen.end[inside] - seen.start[inside]
        whole = inside[fits]
        if len(whole):
            made.append(Silence(from_ns, to_ns, whole, _cut(seen, from_ns, to_ns), 0.0))
    return made


def _cut(seen: Member, from_ns: int, to_ns: int) -> Ints:
    """Runs whose records stop where the gap begins, or start where it ends, though the run went on inside."""
    length = np.maximum(seen.end - seen.start, 1)
    stops = (seen.first <= from_ns) & (seen.last <= from_ns) & (np.minimum(seen.end, to_ns) - from_ns > length * _CUT_SHARE)
    starts = (seen.first >= to_ns) & (seen.first < _FOREVER) & (to_ns - np.maximum(seen.start, from_ns) > length * _CUT_SHARE)
    near = (stops & (seen.start < from_ns)) | (starts & (seen.end > to_ns))
    return np.asarray(np.flatnonzero(seen.present & near), np.int64)


def _less(value: int, by: int) -> int:
    return max(value - by, -_FOREVER)


def _more(value: int, by: int) -> int:
    return min(value + by, _FOREVER)
