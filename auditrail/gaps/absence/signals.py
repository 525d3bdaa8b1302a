"""Spans and log records that share a stream's name are two streams: one can be sampled, cut or gone without the other.

OpenTelemetry names both by the service that wrote them, and sends them on ways of their own. The study reads
`signal_acts` and `signal_streams` instead of `acts` and `held_streams`: the log records of such a stream have a format
of their own there, `<format> logs`, and so have single records where they are looked for (`units`). Events inside a
span's record are of the span.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail.gaps.facts import held_streams

if TYPE_CHECKING:
    import duckdb

LOGS = " logs"


def split(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes `signal_acts` and `signal_streams`, if they do not stand; `acts` and `held_streams` must."""
    if connection.execute("SELECT 1 FROM duckdb_views() WHERE temporary AND view_name = 'signal_acts'").fetchone():
        return
    mixed = connection.execute(
        """
        SELECT format, stream FROM acts WHERE contains(format, 'otlp') GROUP BY format, stream
        HAVING bool_or(kind = 'span') AND bool_or(kind <> 'span') ORDER BY ALL
        """
    ).fetchall()
    if mixed:
        connection.execute(
            """
            CREATE OR REPLACE TEMP TABLE log_events AS
            WITH mixed AS (
                SELECT format, stream FROM acts WHERE contains(format, 'otlp') GROUP BY format, stream
                HAVING bool_or(kind = 'span') AND bool_or(kind <> 'span')
            ), theirs AS (
                SELECT a.event, a.kind, e.source, e.record FROM acts a
                JOIN mixed x ON x.format = a.format AND x.stream = a.stream
                JOIN events e ON e.event = a.event
            )
            SELECT event FROM theirs t WHERE kind <> 'span' AND NOT EXISTS (
                SELECT 1 FROM theirs s WHERE s.kind = 'span' AND s.source = t.source AND s.record = t.record
            )
            """
        )
        mixed = connection.execute("SELECT 1 FROM log_events LIMIT 1").fetchall()
    if not mixed:
        connection.execute("CREATE OR REPLACE TEMP VIEW signal_acts AS SELECT * FROM acts")
        connection.execute("CREATE OR REPLACE TEMP VIEW signal_streams AS SELECT * FROM held_streams")
        return
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP VIEW signal_acts AS
        SELECT * REPLACE (CASE WHEN kind <> 'span' AND event IN (SELECT event FROM log_events)
                          THEN format || '{LOGS}' ELSE format END AS format)
        FROM acts
        """
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE signal_streams AS {held_streams.select('signal_acts')}")


def format_of(name: str) -> str:
    """The format as the case knows it."""
    return name.removesuffix(LOGS)
