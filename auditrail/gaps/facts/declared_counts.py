"""`declared_counts`: records that say how many others there are, where fewer are held.

MLflow's trace declares its spans (`mlflow.trace.sizeStats`, mlflow-skinny 3.17.2); its reader keeps the number beside
how many the export holds. Spans of the trace that other sources hold count, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAME = "declared_counts"
NEEDS = ("acts",)
COLUMNS = {
    "event": "events.event that declares",
    "run": "its run, or NULL",
    "format": "its format",
    "stream": "its stream",
    "agent": "its agent",
    "ts_ns": "its time",
    "declared": "how many it declares",
    "held": "how many are held",
}


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(
        """
        CREATE TEMP TABLE declared_counts AS
        WITH said AS (
            SELECT event, TRY_CAST(json_extract_string(attributes, '$.spansDeclared') AS BIGINT) AS declared,
                   coalesce(TRY_CAST(json_extract_string(attributes, '$.spansHeld') AS BIGINT), 0) AS held
            FROM events WHERE contains(attributes, '"spansDeclared"') AND json_valid(attributes)
        ), spans AS (
            SELECT a.run, count(DISTINCT coalesce(a.span, CAST(a.event AS VARCHAR))) AS spans
            FROM acts a WHERE a.kind = 'span' AND a.run IN (
                SELECT b.run FROM acts b JOIN said s ON s.event = b.event
            ) GROUP BY a.run
        )
        SELECT a.event, a.run, a.format, a.stream, a.agent, a.ts_ns, s.declared,
               greatest(s.held, coalesce(p.spans, 0)) AS held
        FROM said s JOIN acts a ON a.event = s.event LEFT JOIN spans p ON p.run = a.run
        WHERE s.declared > greatest(s.held, coalesce(p.spans, 0))
        """
    )
