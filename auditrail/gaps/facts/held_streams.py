"""`held_streams`: how much each run has of each stream, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAME = "held_streams"
NEEDS = ("acts",)
COLUMNS = {
    "run": "runs.run",
    "format": "format of the stream",
    "stream": "the stream",
    "events": "events of the run in it",
    "calls": "of them, those about a tool",
    "llm": "of them, those of the layer llm",
    "edges": "of them, those that are the run's own begin or end: a root span, or kind start or end",
    "inferred": "of them, those whose place in the run is a guess",
    "first_ns": "its first time in the run",
    "last_ns": "its last time in the run",
    "event": "its first event in the run",
}


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(f"CREATE TEMP TABLE held_streams AS {select('acts')}")


def select(acts: str) -> str:
    """The query, over `acts` or a table like it."""
    return f"""
        SELECT run, format, stream, count(*) AS events, count(*) FILTER (WHERE tool IS NOT NULL) AS calls,
               count(*) FILTER (WHERE layer = 'llm') AS llm,
               count(*) FILTER (WHERE (kind = 'span' AND span IS NOT NULL AND parent IS NULL)
                                OR (kind IN ('start', 'end') AND layer IN ('agent', 'other'))) AS edges,
               count(*) FILTER (WHERE inferred) AS inferred,
               min(ts_ns) AS first_ns, max(greatest(ts_ns, coalesce(end_ns, ts_ns))) AS last_ns, min(event) AS event
        FROM {acts} WHERE run IS NOT NULL GROUP BY run, format, stream
        """
