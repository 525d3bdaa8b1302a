"""The report of an incident as incident.pdf: the sections of `_incident`, set for paper, with the ledger's verdict.

Lists are bounded, and say how many more there are; the whole stands in `auditrail incident report --format json`.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail import __version__, text
from auditrail.outputs import _incident, _sections
from auditrail.outputs._pdf.blocks import (
    Block,
    Bullets,
    Column,
    Document,
    Facts,
    Heading,
    Kind,
    Moment,
    Table,
    Text,
    Timeline,
)
from auditrail.outputs._pdf.setting import compiled
from auditrail.outputs._view import View
from auditrail.report.incident_types import IncidentReport

ROWS_SHOWN, MOMENTS_SHOWN = 120, 400
_WHOLE = "auditrail incident report --format json"
_WHAT = (
    "This report says what the ledger of the incident and the records of the agent's runs show. Deadlines are reading "
    "aids from a dated file; nothing here is legal advice."
)
# Of the timeline: time, side, who, where, what (see `_incident`).
_TIMELINE = "Timeline"
_WIDTHS = {"what": 3.4, "why": 3.0, "change": 3.4, "sha256": 3.2, "file": 1.8, "seen at": 1.8, "severity": 1.1}
_GRAVE = ("error", "denied")


def render(report: IncidentReport, view: View) -> bytes:
    """The PDF; the same report and view give the same bytes. Contents are shortened, or digests where they are hidden.

    Args:
        report: from `incident.report`.
        view: its zone is used for shown times, its `content` for what agents wrote.
    """
    return compiled(document(report, view))


def document(report: IncidentReport, view: View) -> Document:
    """What the PDF says, before it is set."""
    told = _incident.told(report, view)
    sections = list(told.told())
    glance, rest = sections[0], sections[1:]
    facts = [(name, value) for name, value in (glance.table.rows if glance.table else ()) if value]
    number = text.shorten(text.one_line(report.id), 40)
    return Document(
        title="Incident report",
        subtitle=f"{report.id}: {report.title}",
        verdict=told.verdict,
        facts=Facts([("incident", report.id), *facts]),
        notes=(_WHAT,),
        running=f"Incident report: {number}",
        foot=_head(report),
        blocks=tuple(_blocks(report, rest)),
        author=f"auditrail {__version__}",
    )


def _head(report: IncidentReport) -> str:
    """The head of the ledger's chain names what the report was made from."""
    heads = [result.head for result in report.ledger.results if result.head]
    return f"ledger {heads[0][:32]}" if heads else ""


def _blocks(report: IncidentReport, sections: list[_sections.Section]) -> Iterator[Block]:
    last = ("Notes", "Not checked")
    for section in sections:
        if section.title not in last:
            yield from _section(section, report)
    yield from _ledger(report)
    for section in sections:
        if section.title in last:
            yield from _section(section, report)


def _section(section: _sections.Section, report: IncidentReport) -> Iterator[Block]:
    yield Heading(section.title)
    yield from (Text(paragraph) for paragraph in section.paragraphs)
    if section.bullets:
        yield Bullets(section.bullets[:ROWS_SHOWN])
        yield from _more(len(section.bullets) - ROWS_SHOWN)
    if section.table is not None and section.table.rows:
        timeline = section.title.startswith(_TIMELINE)
        yield _timeline(section.table, report) if timeline else _table(section.table)
        yield from _more(len(section.table.rows) - (MOMENTS_SHOWN if timeline else ROWS_SHOWN))
    if section.note:
        yield Text(section.note, quiet=True)


def _more(count: int) -> tuple[Block, ...]:
    return (Text(f"and {count:,} more: {_WHOLE}", quiet=True),) if count > 0 else ()


def _table(table: _sections.Table) -> Table:
    def kind(at: int, title: str) -> Kind:
        if title == "severity":
            return "severity"
        return "number" if at in table.right else "mono" if at in table.mono else "text"

    columns = [Column(title, _WIDTHS.get(title, 1.4), kind(at, title)) for at, title in enumerate(table.titles)]
    return Table(columns, table.rows[:ROWS_SHOWN])


def _timeline(table: _sections.Table, report: IncidentReport) -> Timeline:
    """One axis: the rows of the section and the moments that they were made from stand in the same order."""
    pairs = zip(table.rows[:MOMENTS_SHOWN], report.timeline, strict=False)
    return Timeline(
        [
            Moment(when, f"{side}: {text.shorten(text.one_line(who), 30)}", what, where, moment.status in _GRAVE)
            for (when, side, who, where, what), moment in pairs
        ]
    )


def _ledger(report: IncidentReport) -> Iterator[Block]:
    """What verification says of the ledger itself: who wrote what, and whether it is as it was written."""
    yield Heading("Integrity of the ledger")
    unread = f"; {report.unread:,} of its lines are no record" if report.unread else ""
    verdicts = ", ".join(result.verdict for result in report.ledger.results) or "nothing was verified"
    yield Text(f"Verdict: {verdicts}{unread}.")
    yield Table(
        (
            Column("verdict", 1.5, "verdict"), Column("ledger", 2.2, "mono"), Column("checked", 1, "number"),
            Column("defects, and what the verdict leaves open", 3.4),
        ),
        [
            (
                result.verdict, result.path, f"{result.checked:,} of {result.records:,}",
                "; ".join((*(f"{d.kind}: {d.note}" for d in result.defects[:3]), *result.not_checked[:3])),
            )
            for result in report.ledger.results[:ROWS_SHOWN]
        ],
    )  # fmt: skip
