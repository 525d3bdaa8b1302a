"""`profiles/<name>.json` and `.html`: what a framework asks for, where it stands in the bundle, and who holds it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from auditrail import times
from auditrail.bundle import profile, profile_fields, scope
from auditrail.bundle.context import Context
from auditrail.report import retention

NAME = "profiles"
# Behind the tables, whose files it names.
ORDER = 70
_FOLDER = "profiles"


def wanted(context: Context) -> bool:
    """Only where profiles were asked for."""
    return bool(context.wishes.profiles)


def make(context: Context) -> Iterator[tuple[str, bytes | Path]]:
    """Two files for each profile.

    Raises:
        UsageError: there is no such profile.
    """
    from auditrail.outputs import html
    from auditrail.outputs._view import View

    chosen = profile.select(context.wishes.profiles)
    fields = [field for each in chosen for ask in each.asks for field in ask.fields]
    counts = profile_fields.count(context.connection, fields, redacted=context.redaction is not None)
    ends = [edge for edge in (context.scope.period.to_ns, context.held[1]) if edge is not None]
    reach = retention.retention(
        context.connection, [each.framework for each in chosen], min(ends) if ends else None, numberless=True
    )
    files = _files(context)
    for each in chosen:
        judged = profile.Judged(
            each,
            counts,
            tuple(row for row in reach if row.framework == each.framework.name),
            files,
            context.scope.document(),
            {"asked": scope.edges(context.scope.period), "held": _held(context)},
        )
        text = json.dumps(profile.document(judged), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        yield f"{_FOLDER}/{each.name}.json", text.encode("utf-8", "backslashreplace")
        page = "".join(html.render(profile.listing(judged), View()))
        yield f"{_FOLDER}/{each.name}.html", page.encode("utf-8", "backslashreplace")


def _held(context: Context) -> dict[str, str | None]:
    first, last = context.held
    return {"from": times.iso(first) or None, "to": times.iso(last) or None}


def _files(context: Context) -> dict[str, list[str]]:
    """Table -> the files of the bundle that hold it."""
    made: dict[str, list[str]] = {}
    for path in context.made:
        folder, _, name = path.rpartition("/")
        if folder == "records":
            made.setdefault(name.partition(".")[0], []).append(path)
    return {table: sorted(paths) for table, paths in made.items()}
