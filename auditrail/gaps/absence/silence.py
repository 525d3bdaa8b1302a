"""Times without a record of a stream, while runs that should have written to it went on.

A night in which nobody speaks is no silence: a gap between two records of a stream is weighed by the runs in it that
should have records of the stream and have none (each as unlikely as the streaks of such runs make it), and by the runs
that it cuts: whose records of the stream stop at its begin, or start at its end, while other streams of the run go on.
A gap is a silence if that has a chance below one in fifty among all the places where it might have happened, in all the
streams and agents that were looked at beside it: of fifty streams that lose single records, one would fall silent.
"""

from __future__ import annotations

from math import lgamma, log
from typing import NamedTuple

import numpy as np

from auditrail.gaps.absence.expect import Expected
from auditrail.gaps.absence.grid import SLACK_NS, Bools, Grid, Ints

_CHANCE = log(0.02)
# Gaps that no missing run lies in, the longest first, show how often a run is cut by chance.
_USUAL_GAPS = 100
# So much of a run lies in a gap that cuts it.
_CUT_SHARE = 0.25
FOREVER = 1 << 62
_LEAST = 1e-12
# Gaps looked at, those with most missing runs first.
_LOOKED_AT = 400


class Member(NamedTuple):
    """What runs show, in order of their begin: begin, end, whether they have records, the first and the last of them.

    longest: ns that the longest of them took.
    """

    start: Ints
    end: Ints
    present: Bools
    first: Ints
    last: Ints
    longest: int


class Silence(NamedTuple):
    """A silence from the last record before it to the first after it (`FOREVER` and its negative: none).

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
        return self.from_ns > -FOREVER

    @property
    def ends(self) -> bool:
        """Whether a record stands after it."""
        return self.to_ns < FOREVER


def member(grid: Grid, parts: list[Expected]) -> tuple[Member, Ints]:
    """What the runs of these expectations show together, and their places in the grid; a run is told once.

    Left out are runs that only the stream itself tells of (`Expected.shown`).
    """
    told = np.zeros(len(grid.run), np.bool_)
    for part in parts:
        told[part.at[part.counts]] = True
    at = np.flatnonzero(told)
    places = np.full(len(grid.run), -1, np.int64)
    places[at] = np.arange(len(at))
    first = np.full(len(at), FOREVER, np.int64)
    last = np.full(len(at), -FOREVER, np.int64)
    present = np.zeros(len(at), np.bool_)
    for part in parts:
        stream = part.stream
        mine = grid.agent[stream.at] == part.agent
        place = places[stream.at[mine]]
        known = place >= 0
        place = place[known]
        first[place] = np.minimum(first[place], stream.first[mine][known])
        last[place] = np.maximum(last[place], stream.last[mine][known])
        present[place] = True
    start, end = grid.start[at], grid.end[at]
    longest = int((end - start).max(initial=0))
    return Member(start, end, present, first, last, longest), at


def silences(seen: Member, times: Ints, kept: float = 1.0, looked_at: int = 1) -> list[Silence]:
    """The silences of a stream (or of several that fall silent together).

    Args:
        seen: the runs that should have it.
        times: when its records were written, sorted.
        kept: the probability that its records declare: so many runs are missing by chance, whatever the streaks say.
        looked_at: streams, or streams of agents, that are looked at in this way and lack runs.
    """
    if seen.present.all() or not len(times):
        return []
    here = int(seen.present.sum())
    starts = int((seen.present[:-1] & ~seen.present[1:]).sum()) + (not seen.present[0])
    candidates = _candidates(seen, times)
    cut = log(min(1.0, _usual_cuts(seen, times, candidates) + 0.02)) if candidates else 0.0
    found = []
    for one in candidates:
        streak = _streak(len(one.whole) - 1, starts, here, kept)
        sure = streak + len(one.cut) * cut + log(max(starts, 1)) + log(looked_at)
        if sure < _CHANCE:
            found.append(one._replace(sure=sure))
    return found


def _streak(more: int, starts: int, here: int, kept: float) -> float:
    """The logarithm of the chance that so many more runs are missing after a missing one.

    How often a run that has records is followed by one that has none tells how likely a missing run is: by chance, as
    likely after a missing one; in an outage, streaks are long and their starts are rare. What few runs tell is not
    sure, and a long streak would multiply the error: the chance is the mean over all likelihoods that fit what was seen
    beside this streak (the predictive distribution of the posterior of Jeffreys' prior), and never less than what the
    records declare.
    """
    a, total = max(starts - 1, 0) + 0.5, here + 1
    chance = lgamma(a + more) - lgamma(a) - lgamma(total + more) + lgamma(total)
    return max(chance, more * log(1 - kept)) if kept < 1 else chance


def _candidates(seen: Member, times: Ints) -> list[Silence]:
    """The gaps that hold runs without a record, each with what it holds and cuts."""
    absent = np.flatnonzero(~seen.present)
    middle = (seen.start[absent] + seen.end[absent]) // 2
    gap = np.searchsorted(times, middle)
    numbers, counts = np.unique(gap, return_counts=True)
    looked = np.sort(np.argsort(-counts, kind="stable")[:_LOOKED_AT])
    by_gap, stops = absent[np.argsort(gap, kind="stable")], np.cumsum(counts)
    made = []
    for place in looked.tolist():
        number = int(numbers[place])
        from_ns = int(times[number - 1]) if number > 0 else -FOREVER
        to_ns = int(times[number]) if number < len(times) else FOREVER
        inside = by_gap[stops[place] - counts[place] : stops[place]]
        fits = (seen.start[inside] >= _less(from_ns, SLACK_NS)) & (seen.end[inside] <= _more(to_ns, SLACK_NS))
        overlap = np.minimum(seen.end[inside], to_ns) - np.maximum(seen.start[inside], from_ns)
        fits |= overlap * 2 >= seen.end[inside] - seen.start[inside]
        whole = inside[fits]
        if len(whole):
            made.append(Silence(from_ns, to_ns, whole, _cut(seen, from_ns, to_ns), 0.0))
    return made


def _usual_cuts(seen: Member, times: Ints, candidates: list[Silence]) -> float:
    """How many runs a gap cuts by chance, among long gaps that hold no missing run."""
    taken = {one.from_ns for one in candidates}
    longest = np.argsort(-np.diff(times), kind="stable")[: _USUAL_GAPS + len(taken)]
    usual = [(int(times[place]), int(times[place + 1])) for place in longest if int(times[place]) not in taken]
    counts = [len(_cut(seen, from_ns, to_ns)) for from_ns, to_ns in usual[:_USUAL_GAPS]]
    return sum(counts) / len(counts) if counts else 0.0


def _cut(seen: Member, from_ns: int, to_ns: int) -> Ints:
    """Runs whose records stop where the gap begins, or start where it ends, though the run went on inside."""
    at = _around(seen, from_ns, to_ns)
    start, end, first, last = seen.start[at], seen.end[at], seen.first[at], seen.last[at]
    length = np.maximum(end - start, 1)
    stops = (first <= from_ns) & (last <= from_ns) & (np.minimum(end, to_ns) - from_ns > length * _CUT_SHARE)
    starts = (first >= to_ns) & (first < FOREVER) & (to_ns - np.maximum(start, from_ns) > length * _CUT_SHARE)
    near = (stops & (start < from_ns)) | (starts & (end > to_ns))
    return np.asarray(at[seen.present[at] & near], np.int64)


def _around(seen: Member, from_ns: int, to_ns: int) -> Ints:
    """Places of the runs that may go on over an edge of the gap: the longest run says how far before it they begin."""
    low, stop, after, high = np.searchsorted(
        seen.start, [from_ns - seen.longest, from_ns, to_ns - seen.longest, to_ns]
    ).tolist()
    if after <= stop:
        return np.arange(low, high)
    return np.concatenate([np.arange(low, stop), np.arange(after, high)])


def _less(value: int, by: int) -> int:
    return max(value - by, -FOREVER)


def _more(value: int, by: int) -> int:
    return min(value + by, FOREVER)
