"""Markdown for a ticket: facts, what is missing, the timeline as a table, where it was read from.

Text from logs can bring in no markup, HTML, link, image or mention (`auditrail.text.markdown_cell`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from auditrail import __version__
from auditrail.outputs import _when
from auditrail.outputs._header import STATUS_WORDS, by_severity, by_verdict, clock_notes, layers_held, usage, when
from auditrail.outputs._select import hidden, shown
from auditrail.outputs._table import cell
from auditrail.outputs._view import View
from auditrail.outputs._wording import Words
from auditrail.report.types import (
    SECTIONED,
    Comparison,
    Gap,
    GapsReport,
    Listing,
    Reconstruction,
    Report,
    RunEventView,
    VerificationReport,
)
from auditrail.text import markdown_cell, shorten, terminal

NAME = "markdown"
EXTENSION = "md"

_DETAIL = 200


def render(report: Report, view: View) -> Iterator[str]:
    """Line after line."""
    if isinstance(report, GapsReport):
        from auditrail.outputs import _gaps_markdown

        lines = _gaps_markdown.lines(report, view)
    elif isinstance(report, VerificationReport):
        from auditrail.outputs import _verification

        lines = _verification.markdown(report)
    elif isinstance(report, SECTIONED):
        from auditrail.outputs import _sections

        lines = _sections.markdown(_sections.words(report).told(report, view))
    elif isinstance(report, Comparison):
        lines = _comparison(report, view)
    else:
        lines = _listing(report, view) if isinstance(report, Listing) else _reconstruction(report, view)
    for line in lines:
        yield line + "\n"


def _table(
    titles: Iterable[str], rows: Iterable[Iterable[str]], *, right: frozenset[int] = frozenset()
) -> Iterator[str]:
    titles = list(titles)
    yield f"| {' | '.join(titles)} |"
    yield f"|{'|'.join('---:' if i in right else '---' for i in range(len(titles)))}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _listing(report: Listing, view: View) -> Iterator[str]:
    report = report.brief()
    yield f"# {markdown_cell(report.title or report.kind)}"
    yield ""
    if report.rows:
        right = frozenset(i for i, c in enumerate(report.columns) if c.show in ("count", "bytes", "share"))
        titles = [markdown_cell(f"{c.title} ({view.tz})" if c.show == "time" else c.title) for c in report.columns]
        rows = (
            [markdown_cell(cell(value, column, view)) for value, column in zip(row, report.columns, strict=True)]
            for row in report.rows
        )
        yield from _table(titles, rows, right=right)
    else:
        yield "Nothing."
    for note in (*report.notes, *(f"Not checked: {sentence}" for sentence in report.not_checked)):
        yield ""
        yield markdown_cell(note)
    if report.verbatim:
        yield ""
        # Indented by four blanks it is code, whatever stands in it: a fence could be closed from inside.
        yield from (f"    {terminal(line)}" for line in report.verbatim.splitlines())


def _reconstruction(report: Reconstruction, view: View) -> Iterator[str]:
    words = Words(report, view)
    yield f"# Run {markdown_cell(report.id)}"
    yield ""
    yield from _table(("", ""), _facts(report, view))
    yield from _bullets("Completeness", report.completeness.reasons)
    if report.gaps:
        yield from ("", "## Missing or in doubt", "")
        yield from _table(
            ("severity", "what", "cause", "confidence", "count", "evidence"),
            (_gap(gap, words) for gap in by_severity(report.gaps)),
            right=frozenset({4}),
        )
    yield from ("", f"## Timeline ({view.tz})", "")
    yield from _table(
        ("time", "layer", "what", "detail", "status", "where"),
        (_event(event, view, words) for event in sorted(shown(report, view), key=_corrected)),
    )
    left_out = hidden(report, view)
    if left_out:
        yield ""
        yield f"{sum(left_out.values()):,} of {len(report.events):,} events are hidden by the options of this view."
    yield from ("", "## Read from", "")
    yield from _table(
        ("as", "file", "format", "records", "events", "exact", "linked", "inferred"),
        (
            (
                markdown_cell(words.labels[use.path]),
                markdown_cell(use.path),
                markdown_cell(use.format),
                *(f"{n:,}" for n in (use.records, use.events, use.exact, use.linked, use.inferred)),
            )
            for use in report.streams
        ),
        right=frozenset(range(3, 8)),
    )
    notes = [
        *clock_notes(report),
        *report.remarks,
        *(f"Integrity: {verdict}: {', '.join(paths)}" for verdict, paths in by_verdict(report).items()),
    ]
    yield from _bullets("Notes", notes)
    yield from _bullets("Not checked", report.not_checked)
    yield ""
    yield f"Made by auditrail {__version__}."


def _comparison(report: Comparison, view: View) -> Iterator[str]:
    from auditrail.outputs._compare import MARKS, Comparing

    made = Comparing(report, view)
    yield "# Two runs compared"
    yield ""
    yield from _table(("", "A", "B"), ([markdown_cell(cell) for cell in row] for row in made.head()))
    yield ""
    for sentence in made.verdict():
        yield markdown_cell(sentence)
        yield ""
    yield markdown_cell(made.summary())
    yield ""
    rows = []
    for line in made.lines():
        phrase = "".join(part for part, _ in line.phrase)
        changes = [f"{what}: {one} \u2192 {two}" for what, one, two in line.changes]
        told = "<br>".join(markdown_cell(part) for part in (phrase, *changes))
        mark = markdown_cell(MARKS[line.mark]) if line.mark != "same" else ""
        rows.append((mark, line.number_a, line.number_b, markdown_cell(line.layer), told, markdown_cell(line.where)))
    yield from _table(("", "A", "B", "layer", "what", "where"), rows)
    yield from _bullets("Not compared", (*report.notes, *report.not_checked))
    yield ""
    yield f"Made by auditrail {__version__}."


def _bullets(title: str, lines: Iterable[str]) -> Iterator[str]:
    lines = list(lines)
    if lines:
        yield from ("", f"## {title}", "")
        yield from (f"- {markdown_cell(line)}" for line in lines)


def _facts(report: Reconstruction, view: View) -> Iterator[tuple[str, str]]:
    yield "status", STATUS_WORDS.get(report.status, markdown_cell(report.status))
    yield "agent", markdown_cell(report.agent or "not known")
    if report.principal:
        yield "on behalf of", markdown_cell(report.principal)
    yield "when", markdown_cell(when(report, view))
    yield "completeness", f"{markdown_cell(report.completeness.grade)} (score {report.completeness.score:.2f})"
    if report.usage:
        yield "tokens", markdown_cell(usage(report.usage))
    yield "layers held", markdown_cell(layers_held(report))
    if report.asked != report.id:
        yield "asked for", markdown_cell(report.asked)
    if report.parent_run:
        yield "spawned by", markdown_cell(f"run {report.parent_run}")
    for child in report.children:
        yield "spawned", markdown_cell(f"run {child.id} ({child.agent or 'agent not known'}, {child.events:,} events)")
    for kind, value in report.aliases:
        if value != report.id:
            yield markdown_cell(kind), markdown_cell(value)


def _gap(gap: Gap, words: Words) -> tuple[str, ...]:
    places = [
        f"{words.labels.get(e.path, e.path)}{f':{e.record}' if e.record is not None else ''} {e.note}".strip()
        for e in gap.evidence
    ]
    return (
        markdown_cell(gap.severity),
        markdown_cell(f"{gap.title}. {gap.explanation}" if gap.explanation else gap.title),
        markdown_cell(gap.cause),
        markdown_cell(gap.confidence),
        f"{gap.count:,}",
        "<br>".join(markdown_cell(place) for place in places),
    )


def _corrected(event: RunEventView) -> tuple[bool, int, int]:
    """Order by the time that is shown; an event without one stands beside its neighbours in the file."""
    return event.order


def _event(event: RunEventView, view: View, words: Words) -> tuple[str, ...]:
    phrase = "".join(text for text, _ in words.phrase(event))
    facts = "; ".join(text for text, _ in words.facts(event))
    join = words.join(event)
    told = "; ".join(part for part in (facts, join[0] if join else "") if part)
    if view.content == "whole":
        contents = [("arguments", event.args), ("result", event.result)]
        if event.args is None and event.result is None:
            contents.append(("attributes", event.attributes))
        wholes = [f"{label}: {value}" for label, value in contents if value and not words.inline(value)]
        told = "; ".join([*([told] if told else []), *wholes])
    else:
        phrase, told = shorten(phrase, _DETAIL), shorten(told, _DETAIL)
    when_shown = "" if event.ts_ns is None else _when.clock(event.ts_ns + event.skew_ns, view.tz)
    return (
        markdown_cell(f"{'~' if event.skew_ns else ''}{when_shown}"),
        markdown_cell(event.layer),
        markdown_cell(phrase),
        markdown_cell(told),
        markdown_cell("" if event.status == "unknown" else event.status),
        markdown_cell(words.where(event)),
    )
