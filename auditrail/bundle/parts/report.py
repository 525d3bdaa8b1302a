"""The report for people: `report.html`, one page that opens from disk, and `report.pdf`, the same on paper."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from auditrail.bundle.context import Context

NAME = "report"
ORDER = 60


def make(context: Context) -> Iterator[tuple[str, bytes | Path]]:
    """Both files; contents of records stand in neither whole."""
    from auditrail.outputs import report_page
    from auditrail.outputs._pdf import report
    from auditrail.outputs._view import View

    view = View(width=100)
    page = context.new("report.html")
    with page.open("w", encoding="utf-8", errors="backslashreplace", newline="") as out:
        out.writelines(report_page.render(context.overview, view))
    yield "report.html", page
    beside = report.Beside(
        table=f"records/{{name}}.{context.wishes.text}",
        operator=context.wishes.operator or "",
        generated_at=context.wishes.generated_at or "",
        withheld=_withheld(context),
        redacted=_policy(context),
    )
    yield "report.pdf", report.render(context.overview, view, beside)


def _policy(context: Context) -> str:
    return str(context.redaction["policy"]["name"]) if context.redaction is not None else ""


def _withheld(context: Context) -> tuple[Any, ...]:
    """How many values each rule withheld of each field."""
    from auditrail.outputs._pdf.report import Withheld

    rules = context.redaction["rules"] if context.redaction is not None else ()
    return tuple(Withheld(field, rule["id"], count) for rule in rules for field, count in rule["withheld"].items())
