"""Finds when something that was always written stopped being written, and when it came back.

The input is a series of units in order of time, mostly runs: each with how many records have the thing and how many
lack it. The series is cut where a few levels of presence explain it best:

1. A unit counts as having it if at least half of its records do: a run in which the switch fell is one or the other.
2. The cut into stretches with one level each (98, 75, 50, 25 or 2 % of units have it) that is most likely, where each
   further stretch costs `_COST` nats of likelihood (the Viterbi path of a hidden Markov model). A thing that is there
   by chance is one stretch of a middle level, however long the holes in it.
3. A stretch is off if it is long enough (`_OFF_RECORDS`, `_OFF_UNITS`), at most a tenth of its records have the thing,
   the stretch before or behind it is on, all stretches that are on hold `_ON_UNITS` units and at least nine tenths of
   their records, and chance would make such a stretch anywhere in the series once in `1 / _CHANCE` series: the
   probability of so many lacking units in a row at the rate of lacking units while on, times the number of units.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

_LEVELS = (0.98, 0.75, 0.5, 0.25, 0.02)
_ON, _OFF = 0, len(_LEVELS) - 1
_COST = 6.0
_HAS = tuple(math.log(level) for level in _LEVELS)
_LACKS = tuple(math.log(1 - level) for level in _LEVELS)
_OFF_RECORDS = 5
_OFF_UNITS = 3
_ON_UNITS = 5
_SHARE = 0.9
_CHANCE = 1e-3
# A series that changes more often than this is no switch, and would take long.
_MOST_CHANGES = 20_000


class Unit(NamedTuple):
    """Records of one run: how many have the thing, how many lack it, and the first and last time of those that lack."""

    has: int
    lacks: int
    lacks_from: int | None
    lacks_to: int | None


class Off(NamedTuple):
    """A stretch that is off.

    Attributes:
        from_ns: first time of a record that lacks the thing; None: the series begins so.
        to_ns: the last such time; None: the series ends so.
        records, units: what lacks it in the stretch.
        on_records, of_records: while on, how many of how many records have it.
        first, last: indexes of the units.
    """

    from_ns: int | None
    to_ns: int | None
    records: int
    units: int
    on_records: int
    of_records: int
    first: int
    last: int


class _Island(NamedTuple):
    on: bool
    first: int
    last: int


class _Stretch(NamedTuple):
    level: int
    first: int
    last: int


def offs(units: Sequence[Unit]) -> list[Off]:
    """The stretches of a series that are off, in order."""
    islands = _islands(units)
    if not 2 <= len(islands) <= _MOST_CHANGES:
        return []
    stretches = _cut(islands)
    on = [unit for each in stretches if each.level == _ON for unit in units[each.first : each.last + 1]]
    has, lacks = sum(unit.has for unit in on), sum(unit.lacks for unit in on)
    if len(on) < _ON_UNITS or has < _OFF_RECORDS or has < _SHARE * (has + lacks):
        return []
    # Laplace's rule of succession: units that lacked it while on, none seen is not never.
    rate = (sum(unit.has == 0 for unit in on) + 1) / (len(on) + 2)
    made = []
    for place, each in enumerate(stretches):
        beside = [stretches[index].level for index in (place - 1, place + 1) if 0 <= index < len(stretches)]
        if each.level == _OFF and _ON in beside:
            found = _off(units, each, place, len(stretches))
            if found and len(units) * rate**found.units < _CHANCE:
                made.append(found._replace(on_records=has, of_records=has + lacks))
    return made


def _off(units: Sequence[Unit], stretch: _Stretch, place: int, stretches: int) -> Off | None:
    inside = units[stretch.first : stretch.last + 1]
    has, lacks = sum(unit.has for unit in inside), sum(unit.lacks for unit in inside)
    lacking = sum(unit.lacks > unit.has for unit in inside)
    if lacks < _OFF_RECORDS or lacking < _OFF_UNITS or lacks < _SHARE * (has + lacks):
        return None
    froms = [unit.lacks_from for unit in inside if unit.lacks_from is not None]
    tos = [unit.lacks_to for unit in inside if unit.lacks_to is not None]
    return Off(
        from_ns=min(froms) if froms and place > 0 else None,
        to_ns=max(tos) if tos and place < stretches - 1 else None,
        records=lacks,
        units=lacking,
        on_records=0,
        of_records=0,
        first=stretch.first,
        last=stretch.last,
    )


def _islands(units: Sequence[Unit]) -> list[_Island]:
    made: list[_Island] = []
    for index, unit in enumerate(units):
        on = unit.has >= unit.lacks
        if made and made[-1].on == on:
            made[-1] = made[-1]._replace(last=index)
        else:
            made.append(_Island(on, index, index))
    return made


def _cut(islands: Sequence[_Island]) -> list[_Stretch]:
    """The most likely cut; equal levels side by side are one stretch."""
    score = [0.0] * len(_LEVELS)
    came: list[list[int]] = []
    for island in islands:
        size = island.last - island.first + 1
        best = max(range(len(score)), key=score.__getitem__)
        entered = score[best] - _COST
        back = [level if score[level] >= entered else best for level in range(len(score))]
        gain = _HAS if island.on else _LACKS
        score = [max(score[level], entered) + size * gain[level] for level in range(len(score))]
        came.append(back)
    level = max(range(len(score)), key=score.__getitem__)
    made: list[_Stretch] = []
    for island, back in zip(reversed(islands), reversed(came), strict=True):
        if made and made[-1].level == level:
            made[-1] = made[-1]._replace(first=island.first)
        else:
            made.append(_Stretch(level, island.first, island.last))
        level = back[level]
    return made[::-1]
