"""`stream_habits`: what each stream is used to write, learnt from all runs that it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAME = "stream_habits"
NEEDS = ("acts",)
COLUMNS = {
    "format": "format of the stream",
    "stream": "the stream",
    "events": "its events",
    "runs": "runs that it has records of",
    "runs_with_start": "runs whose begin it holds",
    "runs_with_end": "runs whose end it holds",
    "spans": "its spans",
    "first_ns": "its first time",
    "last_ns": "its last time",
}


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(
        """
        CREATE TEMP TABLE stream_habits AS
        SELECT format, stream, count(*) AS events, count(DISTINCT run) AS runs,
               count(DISTINCT run) FILTER (WHERE kind = 'start' AND layer IN ('agent', 'other')) AS runs_with_start,
               count(DISTINCT run) FILTER (WHERE kind = 'end' AND layer IN ('agent', 'other')) AS runs_with_end,
               count(*) FILTER (WHERE kind = 'span') AS spans, min(ts_ns) AS first_ns, max(ts_ns) AS last_ns
        FROM acts GROUP BY format, stream
        """
    )
