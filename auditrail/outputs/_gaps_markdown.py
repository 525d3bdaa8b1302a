"""A gaps report as Markdown for a ticket or a report: summary, causes, coverage, findings, what was not checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditrail import __version__
from auditrail.outputs import _gaps_heat as heats
from auditrail.outputs import _gaps_tables as tables
from auditrail.outputs._gaps import place_of
from auditrail.outputs._gaps_words import Words, worst_first
from auditrail.outputs._view import View
from auditrail.report.gap_types import GapsReport
from auditrail.report.types import Gap
from auditrail.text import markdown_cell

# A quarter by the week; longer periods by the month.
_ROOM = {"day": 0, "week": 14, "month": 24, "year": 40}
_RUNS = 10


def lines(report: GapsReport, view: View) -> Iterator[str]:
    """The report, line after line."""
    words = Words(report, view)
    yield f"# What is missing: {markdown_cell(words.period())}"
    yield ""
    yield markdown_cell(words.verdict())
    yield ""
    facts = (("held", words.held()), ("runs", words.runs()), ("told whole", words.complete()))
    yield from _table(tables.Table(("", ""), facts))
    yield from _bullets("Why runs are not told whole", words.reasons())
    yield from _section("Why", tables.causes(words))
    steps = [
        f"{step.remedy} ({', '.join(step.rules)}: {step.things:,} missing, {step.runs:,} runs)"
        for step in words.steps()
    ]
    if steps:
        yield from ("", "## Do first", "")
        yield from (f"{number}. {markdown_cell(step)}" for number, step in enumerate(steps, 1))
    yield from _section("Coverage", tables.coverage(words), "Share of an agent's runs with records of a layer.")
    yield from _section(
        "Runs held",
        _heat(report, words),
        "Per cent of the runs; of the layers that an agent usually has, the one held least.",
    )
    if report.gaps:
        yield from ("", "## Findings")
    for gap in worst_first(report.gaps):
        yield from _finding(gap, words)
    estimates = [f"{words.estimate(row)}. {row.meaning} ({row.method}: {row.evidence})" for row in report.estimates]
    yield from _bullets("Estimates", estimates)
    yield from _section("Retention", tables.retention(words), "How far back the streams reach; no statement on law.")
    yield from _section("Fields asked for", tables.fields(words), "Records that carry what a clause asks for.")
    yield from _section("Will be deleted", tables.deletions(words))
    yield from _bullets("Expired waivers", (words.waiver(row) for row in report.waived if row.expired))
    yield from _bullets("Waived", (words.waiver(row) for row in report.waived if not row.expired))
    yield from _bullets("Notes", words.footnotes())
    yield from _bullets("Not checked", report.not_checked)
    yield ""
    yield f"Made by auditrail {__version__}."


def _finding(gap: Gap, words: Words) -> Iterator[str]:
    yield ""
    yield f"### {markdown_cell(gap.severity)}: {markdown_cell(gap.title)}"
    yield ""
    if gap.explanation:
        yield f"{markdown_cell(gap.explanation)}"
        yield ""
    facts = [
        ("rule", gap.rule),
        ("cause", f"{gap.cause}, {gap.confidence}"),
        ("proof", words.proof(gap)),
        ("extent", words.extent(gap)),
        ("where", words.about(gap)),
        ("runs", words.runs_of(gap, _RUNS)),
        ("change", gap.remedy),
        ("asked for by", "; ".join(gap.controls)),
    ]
    yield from (f"- **{name}** {markdown_cell(value)}" for name, value in facts if value)
    yield from (f"- **seen at** {markdown_cell(place_of(place))}" for place in gap.evidence)
    yield from (f"- **set at** {markdown_cell(f'{each.path}:{each.record} {each.note}')}" for each in gap.set_at)


def _heat(report: GapsReport, words: Words) -> tables.Table:
    made = heats.fitting(report.days, _ROOM)
    width = {"day": 10, "week": 10, "month": 7, "year": 4}[made.unit]
    titles = ("agent", *(start[:width] for start in made.columns))
    rows = [
        (words.name(agent), *("" if cell.share is None else f"{int(cell.share * 100)}" for cell in cells))
        for agent, cells in sorted(made.rows, key=heats.least)[: tables.AGENTS_SHOWN]
    ]
    more = len(made.rows) - len(rows)
    notes = (f"{more:,} more agents that are held better: --format json or html",) if more else ()
    return tables.Table(titles, rows, frozenset(range(1, len(titles))), notes)


def _section(title: str, made: tables.Table, note: str = "") -> Iterator[str]:
    if not made.rows:
        return
    yield from ("", f"## {title}", "")
    if note:
        yield from (note, "")
    yield from _table(made)
    for line in made.notes:
        yield from ("", markdown_cell(line))


def _table(made: tables.Table) -> Iterator[str]:
    yield f"| {' | '.join(markdown_cell(title) for title in made.titles)} |"
    yield f"|{'|'.join('---:' if index in made.right else '---' for index in range(len(made.titles)))}|"
    for row in made.rows:
        yield f"| {' | '.join(markdown_cell(value) for value in row)} |"


def _bullets(title: str, items: Iterable[str]) -> Iterator[str]:
    items = list(items)
    if items:
        yield from ("", f"## {title}", "")
        yield from (f"- {markdown_cell(item)}" for item in items)
