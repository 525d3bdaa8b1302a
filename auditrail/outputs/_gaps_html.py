"""A gaps report as the values of its HTML page: summary, tables, heat map, trend and findings.

The map and the tables are plain HTML that reads without any script; what the script needs to filter, to show the map of
one layer and to draw the trend stands in one block of JSON. All text is made harmless here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, NamedTuple

from auditrail.outputs import _gaps_heat as heats
from auditrail.outputs import _gaps_tables as tables
from auditrail.outputs._gaps_words import LAYERS, Words, rank, share, worst_first
from auditrail.outputs._header import SEVERITIES
from auditrail.outputs._html_run import script_json
from auditrail.outputs._view import View
from auditrail.outputs._when import iso
from auditrail.report.gap_types import CoverageDay, GapsReport, RuleCard
from auditrail.report.types import Gap

# Columns of the map that fit a screen, for each length of a stretch.
_ROOM = {"day": 95, "week": 60, "month": 60, "year": 60}
_RUNS_SHOWN = 8
_RUNS_LISTED = 500
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Heading(NamedTuple):
    """A heading over `span` columns of the map."""

    text: str
    span: int


class Cell(NamedTuple):
    """A cell of the map: its mark (all: a dot; else tenths; nothing: blank), its class, and what it says in words."""

    mark: str
    look: str
    words: str


class Finding(NamedTuple):
    """A finding, ready for the page."""

    severity: str
    cause: str
    agent: str
    rule: str
    title: str
    explanation: str
    facts: tuple[tuple[str, str], ...]
    places: tuple[tuple[str, str], ...]
    runs: tuple[str, ...]
    more_runs: tuple[str, ...]
    beyond: int
    change: str
    controls: str
    risk: str
    example: str
    known_severity: bool


def page(report: GapsReport, view: View) -> dict[str, Any]:
    """The values of `gaps.html`."""
    words = Words(report, replace(view, unicode=True))
    made = heats.fitting(report.days, _ROOM)
    layers = _layers(report.days)
    cards = {card.id: card for card in report.rules}
    gaps = worst_first(report.gaps)
    found = [finding(gap, words, cards.get(gap.rule)) for gap in gaps]
    trend = heats.trend(report.days)
    return {
        "title": f"What is missing, {words.period()}",
        "period": words.period(),
        "verdict": words.verdict(),
        "worst": min((gap.severity for gap in gaps), key=rank, default=""),
        "facts": (("held", words.held()), ("runs", words.runs()), ("told whole", words.complete())),
        "reasons": words.reasons(),
        "not_whole": tables.not_whole(words, _RUNS_LISTED),
        "steps": [
            (words.clean(step.remedy), ", ".join(words.clean(rule) for rule in step.rules), step.things, step.runs)
            for step in words.steps()
        ],
        "causes": tables.causes(words),
        "coverage": tables.coverage(words, None),
        "unit": made.unit,
        "headings": _headings(made),
        "heat": [
            (words.name(agent), _cells(dict(zip(made.columns, cells, strict=True)), made, words))
            for agent, cells in made.rows
        ],
        "layers": [words.clean(layer) for layer in layers],
        "trend_rows": [
            (words.clean(layer), start, f"{seen:,}", f"{expected:,}", share(seen, expected))
            for layer, points in trend.items()
            for start, expected, seen in points
        ],
        "findings": found,
        "severities": [name for name in SEVERITIES if any(each.severity == name for each in found)],
        "cause_names": sorted({each.cause for each in found}),
        "agent_names": sorted({each.agent for each in found if each.agent}),
        "estimates": [
            (words.estimate(row), words.clean(row.meaning), f"{words.clean(row.method)}: {words.clean(row.evidence)}")
            for row in report.estimates
        ],
        "retention": tables.retention(words),
        "fields": tables.fields(words),
        "deletions": tables.deletions(words),
        "expired": [words.waiver(row) for row in report.waived if row.expired],
        "waived": [words.waiver(row) for row in report.waived if not row.expired],
        "notes": words.footnotes(),
        "not_checked": [words.clean(sentence) for sentence in report.not_checked],
        "data": script_json(_data(report, made, layers, trend, gaps, words)),
    }


def _layers(days: Sequence[CoverageDay]) -> list[str]:
    known = {cell.layer for cell in days}
    return [*(layer for layer in LAYERS if layer in known), *sorted(known - set(LAYERS))]


def _data(
    report: GapsReport,
    made: heats.Heat,
    layers: list[str],
    trend: dict[str, list[tuple[str, int, int]]],
    gaps: list[Gap],
    words: Words,
) -> dict[str, Any]:
    """What the script needs: for each layer the cells of its map, the trend, and from when to when a finding is."""
    maps = {}
    for layer in layers:
        of_layer = heats.heat(report.days, made.unit, layer, filled=False)
        by_agent = {agent: dict(zip(of_layer.columns, cells, strict=True)) for agent, cells in of_layer.rows}
        # Two numbers a cell, expected and seen: the script makes marks and words of them.
        maps[words.clean(layer)] = [
            [n for start in made.columns for n in by_agent.get(agent, {}).get(start, heats.NOTHING)[:2]]
            for agent, _ in made.rows
        ]
    return {
        "unit": made.unit,
        "columns": made.columns,
        "maps": maps,
        "trend": [
            {"layer": words.clean(layer), "points": [(start, seen / expected) for start, expected, seen in points]}
            for layer, points in trend.items()
        ],
        "spans": [(_day(gap.first_ns), _day(gap.last_ns if gap.last_ns is not None else gap.first_ns)) for gap in gaps],
    }


def _day(ns: int | None) -> str | None:
    made = iso(ns)
    return None if made is None else made[:10]


def _cells(by_start: Mapping[str, heats.Cell], made: heats.Heat, words: Words) -> list[Cell]:
    """The cells of one row, for the columns of the map."""
    return [_cell(by_start.get(start, heats.NOTHING), start, made.unit, words) for start in made.columns]


def _cell(cell: heats.Cell, start: str, unit: str, words: Words) -> Cell:
    tenths = cell.tenths
    when = start if unit == "day" else f"{unit} from {start}" if unit != "year" else start[:4]
    if tenths is None:
        return Cell("", "hx", f"{when}: no run")
    said = f"{when}: {words.clean(cell.layer)} in {cell.seen:,} of {cell.expected:,} runs"
    return Cell("\u2022" if tenths == 10 else str(tenths), f"h{tenths}", said)


def _headings(made: heats.Heat) -> list[Heading]:
    """Months over days and weeks, years over months."""
    headings: list[Heading] = []
    for start in made.columns:
        moment = date.fromisoformat(start)
        name = start[:4] if made.unit in ("month", "year") else f"{_MONTHS[moment.month - 1]} {start[:4]}"
        if headings and headings[-1].text == name:
            headings[-1] = Heading(name, headings[-1].span + 1)
        else:
            headings.append(Heading(name, 1))
    # A month of which only a day or two is seen has no room for its name.
    least = {"day": 6, "week": 3, "month": 2, "year": 1}[made.unit]
    return [heading if heading.span >= least else Heading("", heading.span) for heading in headings]


def finding(gap: Gap, words: Words, card: RuleCard | None) -> Finding:
    """One finding as the page shows it; `card` is that of its rule."""
    clean = words.clean
    facts = [
        ("rule", clean(gap.rule)),
        ("cause", f"{clean(gap.cause)}, {clean(gap.confidence)}"),
        ("proof", words.proof(gap)),
        ("extent", words.extent(gap)),
        ("where", words.about(gap)),
    ]
    listed = tuple(clean(run) for run in gap.runs[:_RUNS_LISTED])
    return Finding(
        clean(gap.severity),
        clean(gap.cause),
        clean(gap.agent or ""),
        clean(gap.rule),
        clean(gap.title),
        clean(gap.explanation),
        tuple((name, value) for name, value in facts if value),
        (
            *((words.place(place.path, place.record), clean(place.note)) for place in gap.evidence),
            *((clean(f"{each.path}:{each.record}"), clean(f"set here: {each.note}")) for each in gap.set_at),
        ),
        listed[:_RUNS_SHOWN],
        listed[_RUNS_SHOWN:],
        max(len(gap.runs) - _RUNS_LISTED, 0),
        clean(gap.remedy),
        "; ".join(clean(control) for control in gap.controls),
        clean(card.risk) if card is not None else "",
        clean(card.example) if card is not None else "",
        gap.severity in SEVERITIES,
    )
