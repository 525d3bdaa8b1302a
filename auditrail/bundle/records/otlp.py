"""OTLP/JSON of every run of the scope, as `reconstruct --format otlp` gives it: `records/events.otlp.jsonl`.

Events that no key joins to a run are not in it, nor are copies: they stand in `records/events.parquet`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from auditrail.bundle.context import Context

if TYPE_CHECKING:
    import duckdb

NAME = "otlp"


def write(context: Context, _converter: duckdb.DuckDBPyConnection, _events: Path) -> Iterator[tuple[str, Path]]:
    """The one file; runs as they began."""
    from auditrail.outputs import otlp
    from auditrail.outputs._view import View
    from auditrail.report.reconstruction import reconstruct

    target = context.new("events.otlp.jsonl")
    runs = context.connection.execute(
        "SELECT r.id FROM scope_runs s JOIN runs r ON r.run = s.run ORDER BY r.started_ns NULLS LAST, r.run NULLS LAST"
    ).fetchall()
    with target.open("w", encoding="utf-8", errors="backslashreplace", newline="") as out:
        for (name,) in runs:
            out.writelines(otlp.render(reconstruct(context.connection, name), View(content="whole")))
    yield "records/events.otlp.jsonl", target
