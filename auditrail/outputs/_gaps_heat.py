"""The heat map of a gaps report: how much of an agent's runs is held, day by day, or by the week, month or year.

A cell tells of the layer that is held least: an agent whose gateway was silent for a day is not at three quarters, it
has a day on which nothing tells what the model was asked. Layers of which an agent never has a record are not in it:
whether they should be there is a question for the rules, not for a colour.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, timedelta
from typing import NamedTuple

from auditrail.report.gap_types import CoverageDay

UNITS = ("day", "week", "month", "year")
_DAYS = (1, 7, 31, 366)


class Cell(NamedTuple):
    """Runs of an agent in one column: how many there should be, and how many have the layer that is held least."""

    expected: int
    seen: int
    layer: str

    @property
    def share(self) -> float | None:
        """0..1, None where there should be no run."""
        return min(self.seen / self.expected, 1.0) if self.expected > 0 else None

    @property
    def tenths(self) -> int | None:
        """The share in tenths, cut and not rounded: 10 is all, and nothing else is."""
        return None if self.share is None else math.floor(self.share * 10)


class Heat(NamedTuple):
    """The map: `columns` are the first days (YYYY-MM-DD) of each stretch, `rows` agents with a cell for each."""

    unit: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, tuple[Cell, ...]], ...]


NOTHING = Cell(0, 0, "")


def heat(days: Iterable[CoverageDay], unit: str, layer: str | None = None, *, filled: bool = True) -> Heat:
    """The map of these days in one of `UNITS`, of all layers or of one; rows are sorted by name, unnamed agents last.

    `filled`: whether stretches without any run have a column, too.
    """
    counts: dict[tuple[str | None, str], dict[str, list[int]]] = {}
    for cell in days:
        if layer is not None and cell.layer != layer:
            continue
        place = (cell.agent, _start(cell.day, unit))
        of_layer = counts.setdefault(place, {}).setdefault(cell.layer, [0, 0])
        of_layer[0] += cell.runs_expected
        of_layer[1] += cell.runs_seen
    held = _held(counts) if layer is None else None
    starts = {start for _, start in counts}
    columns = _filled(starts, unit) if filled else tuple(sorted(starts))
    agents = sorted({agent for agent, _ in counts}, key=lambda name: (name is None, name or ""))
    return Heat(
        unit,
        columns,
        tuple(
            (agent, tuple(_cell(counts.get((agent, c)), held[agent] if held else None) for c in columns))
            for agent in agents
        ),
    )


def fitting(days: Iterable[CoverageDay], room: dict[str, int], layer: str | None = None) -> Heat:
    """The finest map whose columns are not more than `room` says for their unit; else the last years that occur."""
    days = tuple(days)
    if not days:
        return Heat("day", (), ())
    first, last = (date.fromisoformat(edge(cell.day for cell in days)) for edge in (min, max))
    span = (last - first).days
    for unit, length in zip(UNITS, _DAYS, strict=True):
        if span // length < room[unit]:  # a clock that is centuries off makes no map of a hundred thousand days
            made = heat(days, unit, layer)
            if len(made.columns) <= room[unit]:
                return made
    return latest(heat(days, "year", layer, filled=False), room["year"])


def latest(made: Heat, columns: int) -> Heat:
    """The map with its last columns only."""
    if len(made.columns) <= columns:
        return made
    return Heat(made.unit, made.columns[-columns:], tuple((agent, cells[-columns:]) for agent, cells in made.rows))


def trend(days: Iterable[CoverageDay], unit: str = "week") -> dict[str, list[tuple[str, int, int]]]:
    """Layer -> (first day of the stretch, runs expected, runs seen) over all agents that ever have the layer."""
    days = tuple(days)
    ever = {(cell.agent, cell.layer) for cell in days if cell.runs_seen}
    made: dict[str, dict[str, list[int]]] = {}
    for cell in days:
        if (cell.agent, cell.layer) in ever:
            counts = made.setdefault(cell.layer, {}).setdefault(_start(cell.day, unit), [0, 0])
            counts[0] += cell.runs_expected
            counts[1] += cell.runs_seen
    return {
        layer: [(start, expected, seen) for start, (expected, seen) in sorted(of_layer.items()) if expected]
        for layer, of_layer in sorted(made.items())
    }


def _held(counts: dict[tuple[str | None, str], dict[str, list[int]]]) -> dict[str | None, set[str]]:
    """Agent -> layers of which it ever has a record."""
    made: dict[str | None, set[str]] = {}
    for (agent, _), of_layer in counts.items():
        made.setdefault(agent, set()).update(name for name, (_, seen) in of_layer.items() if seen)
    return made


def _cell(of_layer: dict[str, list[int]] | None, held: set[str] | None) -> Cell:
    cells = [
        Cell(expected, seen, name)
        for name, (expected, seen) in sorted((of_layer or {}).items())
        if expected and (held is None or not held or name in held)
    ]
    return min(cells, key=lambda cell: (cell.share or 0.0, cell.layer), default=NOTHING)


def _start(day: str, unit: str) -> str:
    """The first day of the stretch that holds a day; weeks begin on Monday (ISO 8601)."""
    if unit == "day":
        return day
    if unit == "month":
        return f"{day[:7]}-01"
    if unit == "year":
        return f"{day[:4]}-01-01"
    moment = date.fromisoformat(day)
    return date.fromordinal(max(moment.toordinal() - moment.weekday(), 1)).isoformat()


def _filled(starts: set[str], unit: str) -> tuple[str, ...]:
    """Every stretch from the first to the last."""
    if not starts:
        return ()
    at, last = date.fromisoformat(min(starts)), date.fromisoformat(max(starts))
    made = [at.isoformat()]
    while at < last:
        at = _next(at, unit)
        made.append(at.isoformat())
    return tuple(made)


def _next(at: date, unit: str) -> date:
    if unit in ("day", "week"):
        return at + timedelta(days=1 if unit == "day" else 7)
    if unit == "month":
        return date(at.year + at.month // 12, at.month % 12 + 1, 1)
    return date(at.year + 1, 1, 1)
