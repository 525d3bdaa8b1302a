"""Lines of JSON, one for each row of `records/events.parquet`, in its order; members without a value are left out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from auditrail import case
from auditrail.bundle.context import Context

if TYPE_CHECKING:
    import duckdb

_ROWS = 20_000


def write(context: Context, converter: duckdb.DuckDBPyConnection, events: Path, expression: str, name: str) -> Path:
    """Writes the file.

    Args:
        context: gives the place.
        converter: an engine that may read `events`.
        events: the Parquet file; in the expression it is called `e`.
        expression: SQL that gives a struct or JSON for each row.
        name: of the file.
    """
    target = context.new(name)
    source = case.literal(str(events))
    rows = converter.sql(
        f"SELECT json_merge_patch('{{}}', to_json({expression}))::VARCHAR FROM read_parquet({source}) e"
    )
    with target.open("w", encoding="utf-8", newline="") as out:
        for batch in rows.to_arrow_reader(_ROWS):
            if batch.num_rows:
                out.write("\n".join(batch.column(0).to_pylist()) + "\n")
    return target
