"""HTML: a run or a table as one file that opens from disk, needs no network, and runs nothing that a log says.

Pages are Jinja2 templates with autoescaping (`_html/`); the timeline is drawn by D3 (`_vendor/`), inlined. D3 was
chosen over ECharts (1 MB, a chart that has to be restyled for each theme) and vis-timeline (0.5 MB, builds items out of
HTML text, slow at thousands of items): it has the axis, the scales and the zoom that are hard to get right, is one
published file of 0.28 MB under a licence of one paragraph, and leaves the drawing to SVG and the page's own colours.

How a value from a log is kept a text:

1. `text.one_line` or `text.terminal` makes control, format and invisible characters visible; then autoescaping.
2. What the script shows stands in one block of `application/json`, with `<`, `>` and `&` as escapes; the script writes
   to the page through `textContent` alone, and builds no address, style or name from it.
3. The page's own policy (a `Content-Security-Policy` in it) allows exactly the style and the scripts of these
   templates, by hash, and nothing else: no address, image, font, form or event handler, and (trusted types) no text
   that becomes markup.

The page is a plain list of events before any script runs: it reads, and prints, without one. Contents are cut at
4,000 characters unless `--show-content` is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from auditrail import text
from auditrail.outputs._page import D3, page
from auditrail.outputs._table import cell
from auditrail.outputs._view import View
from auditrail.report.types import (
    SECTIONED,
    Comparison,
    GapsReport,
    LintReport,
    Listing,
    Reconstruction,
    Report,
    VerificationReport,
)

NAME = "html"
EXTENSION = "html"
RAW = True


def render(report: Report, view: View) -> Iterator[str]:
    """The page; the same report and view give the same bytes."""
    if isinstance(report, GapsReport):
        from auditrail.outputs import _gaps_html

        values = _gaps_html.page(report, view)
        return page("gaps.html", values, library=D3, scripts=("gaps.js",), styles=("style.css", "gaps.css"))
    if isinstance(report, Reconstruction):
        from auditrail.outputs import _html_run

        return page("run.html", _html_run.page(report, view), library=D3, scripts=("run.js",))
    if isinstance(report, Comparison):
        return page("diff.html", _comparison(report, view))
    if isinstance(report, SECTIONED):
        from auditrail.outputs import _sections

        told = _sections.page(_sections.words(report).told(report, view))
        return page("sections.html", told, styles=("style.css", "sections.css"))
    if isinstance(report, LintReport):
        from auditrail.outputs import _lint

        report = _lint.listing(report)
    if isinstance(report, VerificationReport):
        from auditrail.outputs import _verification

        report = _verification.listing(report)
    return page("listing.html", _listing(report, view))


def _comparison(report: Comparison, view: View) -> dict[str, object]:
    from auditrail.outputs._compare import MARKS, Comparing

    made = Comparing(report, replace(view, unicode=True))
    return {
        "title": text.one_line(f"{report.a.id} and {report.b.id} compared"),
        "head": made.head(),
        "verdict": made.verdict(),
        "summary": made.summary(),
        "lines": list(made.lines()),
        "marks": MARKS,
        "notes": [text.one_line(note) for note in report.notes],
        "not_checked": [text.one_line(sentence) for sentence in report.not_checked],
    }


def _listing(report: Listing, view: View) -> dict[str, object]:
    report = report.brief()
    numbers = ("count", "bytes", "share")
    return {
        "title": text.one_line(report.title or report.kind),
        "columns": [
            (text.one_line(f"{c.title} ({view.tz})" if c.show == "time" else c.title), _looks(c.show, numbers))
            for c in report.columns
        ],
        "rows": [
            [
                (cell(value, column, view), _looks(column.show, numbers))
                for value, column in zip(row, report.columns, strict=True)
            ]
            for row in report.rows
        ],
        "notes": [text.one_line(note) for note in report.notes],
        "not_checked": [text.one_line(sentence) for sentence in report.not_checked],
        "verbatim": "\n".join(text.terminal(line) for line in report.verbatim.splitlines()),
    }


def _looks(show: str, numbers: tuple[str, ...]) -> str:
    return "number" if show in numbers else "mono" if show in ("id", "time") else ""
