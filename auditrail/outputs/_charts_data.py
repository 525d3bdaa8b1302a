"""What the charts of an overview are drawn from: rows of numbers, the same in a sentence, and the table behind.

All text is harmless and short here. What there is too much of for one chart is left out from the end where least is
missing, and counted in a note.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from auditrail import text, times
from auditrail.outputs import _gaps_heat as heats
from auditrail.outputs import _when
from auditrail.outputs._gaps_words import CAUSE_WORDS, LAYERS, rank, share
from auditrail.outputs._header import SEVERITIES
from auditrail.outputs._view import View
from auditrail.report.gap_types import Retention
from auditrail.report.overview_types import Overview, Week

AGENTS, STREAMS, WEEKS, ROWS = 12, 16, 105, 400
_ROOM = {"day": 95, "week": 105, "month": 60, "year": 60}
_GRADES = ("complete", "partial", "fragment")
_NAME = 32
_TICKS = 9
_NO_NAME = "(no name)"


class Made(NamedTuple):
    """Data of a chart: see `_charts.Chart` for `words`, `rows` and `notes`; the rest is what its axes need."""

    cells: list[dict[str, Any]]
    words: str
    rows: Sequence[tuple[str, ...]]
    notes: tuple[str, ...] = ()
    unit: str = ""
    columns: tuple[str, ...] = ()
    ticks: tuple[Any, ...] = ()


def _short(value: str | None) -> str:
    return _NO_NAME if value is None else text.shorten(text.one_line(value), _NAME)


class _Names:
    """Short names that stay apart: two that are cut to the same text get a number."""

    def __init__(self) -> None:
        self._of: dict[str | None, str] = {}
        self._taken: set[str] = set()

    def __call__(self, value: str | None) -> str:
        if value not in self._of:
            name, number = _short(value), 1
            made = name
            while made in self._taken:
                number += 1
                made = f"{name} ({number})"
            self._taken.add(made)
            self._of[value] = made
        return self._of[value]


def _more(total: int, shown: int, what: str, where: str) -> tuple[str, ...]:
    return (f"{total - shown:,} more {what} are left out here: {where}",) if total > shown else ()


# --- coverage -------------------------------------------------------------------------------------------------------


def coverage(report: Overview, shares: tuple[str, ...]) -> Made | None:
    """The heat map, agent x layer x day (or week, month, year); the agents held least come first."""
    days = report.gaps.days
    made = heats.fitting(days, _ROOM)
    if not made.rows:
        return None
    place = {start: number for number, start in enumerate(made.columns)}
    agents = [agent for agent, _ in sorted(made.rows, key=heats.least)]
    name = _Names()
    chosen = {agent: name(agent) for agent in agents[:AGENTS]}
    cells: list[dict[str, Any]] = []
    rows: list[tuple[str, ...]] = []
    lacking = 0
    for layer in (layer for layer in LAYERS if any(cell.layer == layer for cell in days)):
        of_layer = heats.heat(days, made.unit, layer, filled=False)
        for agent, row in of_layer.rows:
            held = [(start, cell) for start, cell in zip(of_layer.columns, row, strict=True) if cell.expected > 0]
            short = [(start, cell) for start, cell in held if cell.seen < cell.expected]
            lacking += len(short)
            rows += [
                (name(agent), layer, start, f"{cell.seen:,}", f"{cell.expected:,}", share(cell.seen, cell.expected))
                for start, cell in short[: max(ROWS - len(rows), 0)]
            ]
            if agent in chosen:
                of_row = {"agent": chosen[agent], "layer": layer}
                order = {"at": LAYERS.index(layer), "agent_at": agents.index(agent)}
                cells += _stretches(((place[s], c) for s, c in held if s in place), of_row | order, shares)
    sums = (sum(row.runs_seen for row in report.gaps.coverage), sum(row.runs_expected for row in report.gaps.coverage))
    words = (
        f"Of each agent's runs, the share that has records of a layer, by the {made.unit}. Over all agents and layers "
        f"{share(*sums)} is held; in {lacking:,} cells at least one run lacks the layer."
    )
    notes = (
        *_more(len(agents), AGENTS, "agents, of which more is held,", "the table of coverage has all"),
        *_more(lacking, len(rows), "cells in which something is missing", "auditrail report --format json has all"),
    )
    ticks = [number for number, start in enumerate(made.columns) if _first(made, number, start)]
    return Made(cells, words, rows, notes, made.unit, made.columns, tuple(_thin(ticks)))


def _first(made: heats.Heat, number: int, start: str) -> bool:
    """Whether a column is where a month (of days and weeks) or a year begins."""
    length = 7 if made.unit in ("day", "week") else 4
    return number == 0 or start[:length] != made.columns[number - 1][:length]


def _thin(ticks: list[int]) -> list[int]:
    """The ticks, or so many of them as have room, without one that stands too near to the first."""
    step = -(-len(ticks) // _TICKS) if ticks else 1
    return ticks[::step]


def _stretches(
    held: Iterable[tuple[int, heats.Cell]], row: dict[str, Any], shares: tuple[str, ...]
) -> list[dict[str, Any]]:
    """Neighbouring cells of one look as one: what is whole for a quarter is one rectangle, not ninety."""
    made: list[dict[str, Any]] = []
    for place, cell in held:
        look = shares[_step(cell)]
        if made and made[-1]["to"] == place and made[-1]["share"] == look:
            made[-1]["to"] = place + 1
        else:
            made.append({**row, "from": place, "to": place + 1, "share": look})
    return made


def _step(cell: heats.Cell) -> int:
    if cell.seen >= cell.expected:
        return 0
    if cell.seen * 10 >= cell.expected * 9:
        return 1
    if cell.seen * 2 >= cell.expected:
        return 2
    return 3 if cell.seen else 4


# --- the others -----------------------------------------------------------------------------------------------------


def completeness(report: Overview) -> Made | None:
    """Shares of runs by grade: all agents first, then those of which the smallest share is complete."""
    if not report.runs:
        return None
    name = _Names()
    agents = sorted(report.agents, key=lambda row: (row.complete / row.runs, -row.runs, row.agent or ""))
    listed = [("all agents", report.totals.runs, *(getattr(report.totals, grade) for grade in _GRADES))]
    listed += [(name(row.agent), row.runs, row.complete, row.partial, row.fragment) for row in agents]
    cells = [
        {"agent": agent, "at": at, "grade": grade, "share": number / runs, "place": place}
        for at, (agent, runs, *numbers) in enumerate(listed[: AGENTS + 1])
        for place, (grade, number) in enumerate(zip(_GRADES, numbers, strict=True))
    ]
    total = report.totals
    words = (
        f"Of {total.runs:,} runs {total.complete:,} ({share(total.complete, total.runs)}) are complete, "
        f"{total.partial:,} are held in part and {total.fragment:,} are fragments."
    )
    rows = [(agent, *(f"{number:,}" for number in numbers)) for agent, *numbers in listed[: ROWS + 1]]
    notes = _more(len(agents), AGENTS, "agents, of which more runs are complete,", "the table behind has them")
    return Made(cells, words, rows, notes)


def trend(report: Overview) -> Made | None:
    """Runs by grade and findings by severity, week by week."""
    weeks = [week for week in report.weeks if week.start is not None]
    if not weeks:
        return None
    shown = weeks[-WEEKS:]
    cells = [
        {"what": what, "week": week.start, "kind": kind, "number": getattr(week, kind), "place": place}
        for week in shown
        for what, kinds in (("runs", _GRADES), ("findings", SEVERITIES))
        for place, kind in enumerate(kinds)
        if getattr(week, kind) or kind == kinds[0]
    ]
    busiest = max(weeks, key=lambda week: (_grave(week), week.start or ""))
    words = (
        f"{len(weeks):,} {'week' if len(weeks) == 1 else 'weeks'} from {weeks[0].start} to {weeks[-1].start}: "
        f"{sum(week.runs for week in weeks):,} runs, of which {sum(week.complete for week in weeks):,} are complete. "
    )
    words += (
        f"Most findings of high or critical severity begin in the week from {busiest.start}: {_grave(busiest):,}."
        if _grave(busiest)
        else "No finding of high or critical severity begins in them."
    )
    names = ("runs", *_GRADES, *SEVERITIES)
    rows = [(week.start or "no time", *(f"{getattr(week, n):,}" for n in names)) for week in report.weeks[-ROWS:]]
    order = [week.start or "" for week in shown]
    ticks = order[:: max(-(-len(order) // _TICKS), 1)]
    notes = (
        *(("Only the last weeks are drawn.",) if len(weeks) > WEEKS else ()),
        "Runs count in the week in which they began, findings in the one in which they begin.",
        "Findings are counted one by one here, before alike ones are told as one.",
    )
    return Made(cells, words, rows, notes, ticks=tuple(ticks))


def _grave(week: Week) -> int:
    return week.critical + week.high


def causes(report: Overview) -> Made | None:
    """Causes, the worst first, with the number of runs that each touches."""
    if not report.causes:
        return None
    listed = sorted(report.causes, key=lambda row: (rank(row.severity), -row.runs, -row.things, row.cause))
    cells = [
        {
            "cause": text.one_line(row.cause),
            "at": at,
            "severity": row.severity,
            "runs": row.runs,
            "label": f"{row.severity}; {_many(row.runs, 'run')}, {row.things:,} missing",
        }
        for at, row in enumerate(listed)
    ]
    rows = [
        (
            row.cause,
            row.severity,
            f"{row.findings:,}",
            f"{row.things:,}",
            f"{row.runs:,}",
            CAUSE_WORDS.get(row.cause, ""),
        )
        for row in listed
    ]
    widest = max(listed, key=lambda row: (row.runs, row.things))
    words = (
        f"{_many(len(listed), 'cause')} of what is missing, the worst severity first. "
        f"Most runs are touched by {text.one_line(widest.cause)}: {_many(widest.runs, 'run')}."
    )
    return Made(cells, words, rows)


def retention(report: Overview, view: View) -> Made | None:
    """How far back each stream reaches, and since when clauses ask for records."""
    rows = [row for row in report.gaps.retention if row.oldest_ns is not None]
    last = report.gaps.held[1]
    if not rows or last is None:
        return None
    to_ns = min(last, report.gaps.period.to_ns) if report.gaps.period.to_ns is not None else last
    oldest: dict[str, int] = {}
    for row in rows:
        oldest[row.stream] = min(oldest.get(row.stream, row.oldest_ns or 0), row.oldest_ns or 0)
    streams = sorted(oldest, key=lambda stream: (-oldest[stream], stream))
    name = _Names()
    cells: list[dict[str, Any]] = [
        {"what": "held", "stream": name(stream), "at": at, "from": times.iso(oldest[stream]), "to": times.iso(to_ns)}
        for at, stream in enumerate(streams[:STREAMS])
    ]
    required: dict[int, int] = {}
    for row in rows:
        if row.required_since_ns is not None and row.required_days is not None:
            required.setdefault(row.required_days, row.required_since_ns)
    cells += [
        {"what": "required", "from": times.iso(since), "label": f"{days:,} days"}
        for days, since in sorted(required.items())
    ]
    judged = [row for row in rows if row.status in ("held", "shorter")]
    held = sum(row.status == "held" for row in judged)
    words = (
        f"How far back {_many(len(streams), 'stream')} reach. Of {len(judged):,} pairs of a stream and a clause that "
        f"asks for a number of days, {held:,} reach back far enough; this is no statement on law."
    )
    has_all = "auditrail report --format json has all"
    notes = (
        *_more(len(streams), STREAMS, "streams, which reach back farther,", has_all),
        *_more(len(rows), ROWS, "rows of the table", has_all),
    )
    return Made(cells, words, list(_rows(rows, view)), notes)


def _rows(rows: list[Retention], view: View) -> Iterable[tuple[str, ...]]:
    ordered = sorted(rows, key=lambda row: (row.status != "shorter", row.framework, row.clause, row.stream))
    for row in ordered[:ROWS]:
        yield (
            text.one_line(row.framework),
            text.one_line(row.clause),
            text.one_line(row.stream),
            _day(row.oldest_ns, view),
            _day(row.required_since_ns, view),
            "no number" if row.required_days is None else f"{row.required_days:,}",
            "-" if row.held_days is None else f"{row.held_days:,}",
            text.one_line(row.status),
        )


def _day(ns: int | None, view: View) -> str:
    return "-" if ns is None else _when.stamp(ns, view.tz)[:10]


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
