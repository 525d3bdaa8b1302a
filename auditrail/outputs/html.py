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

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from auditrail import __version__, text
from auditrail.outputs._table import cell
from auditrail.outputs._view import View
from auditrail.report.types import (
    SECTIONED,
    Comparison,
    GapsReport,
    Listing,
    Reconstruction,
    Report,
    VerificationReport,
)

if TYPE_CHECKING:
    import jinja2

NAME = "html"
EXTENSION = "html"
RAW = True

_HERE = Path(__file__).parent
_TEMPLATES = _HERE / "_html"
_LIBRARY = _HERE / "_vendor" / "d3.min.js"
_LICENCE = _HERE / "_vendor" / "d3.LICENSE"
# Jinja hands its text on in small pieces: so many are joined to one.
_PIECES = 200


def render(report: Report, view: View) -> Iterator[str]:
    """The page; the same report and view give the same bytes."""
    if isinstance(report, GapsReport):
        from auditrail.outputs import _gaps_html

        scripts = (_library(), _own("gaps.js"))
        return _page("gaps.html", _gaps_html.page(report, view), scripts=scripts, styles=("style.css", "gaps.css"))
    if isinstance(report, Reconstruction):
        from auditrail.outputs import _html_run

        return _page("run.html", _html_run.page(report, view), scripts=(_library(), _own("run.js")))
    if isinstance(report, Comparison):
        return _page("diff.html", _comparison(report, view), scripts=())
    if isinstance(report, SECTIONED):
        from auditrail.outputs import _sections

        told = _sections.page(_sections.words(report).told(report, view))
        return _page("sections.html", told, scripts=(), styles=("style.css", "sections.css"))
    if isinstance(report, VerificationReport):
        from auditrail.outputs import _verification

        report = _verification.listing(report)
    return _page("listing.html", _listing(report, view), scripts=())


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


def _page(
    template: str, values: dict[str, object], *, scripts: tuple[str, ...], styles: tuple[str, ...] = ("style.css",)
) -> Iterator[str]:
    from markupsafe import Markup

    style = "".join(_own(name) for name in styles)
    stream = (
        _templates()
        .get_template(template)
        .stream(
            **values,
            policy=_policy(style, scripts),
            style=Markup(style),  # noqa: S704 - our own file
            scripts=[Markup(script) for script in scripts],  # noqa: S704 - our own files
            # It asks to stand in all copies, and each page with scripts is one.
            licence=_LICENCE.read_text("utf-8").strip() if scripts else "",
            version=__version__,
        )
    )
    stream.enable_buffering(_PIECES)
    yield from stream
    yield "\n"


def _policy(style: str, scripts: tuple[str, ...]) -> str:
    """Nothing from anywhere but the style and the scripts that stand in the page, named by their hashes."""
    allowed = " ".join(_hash(script) for script in scripts) or "'none'"
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {allowed}; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _hash(source: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


@cache
def _own(name: str) -> str:
    return (_TEMPLATES / name).read_text("utf-8")


@cache
def _library() -> str:
    return _LIBRARY.read_text("utf-8")


@cache
def _templates() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
