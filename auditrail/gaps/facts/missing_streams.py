"""`missing_streams`: streams of which a run should have records, and has none, without asking why.

What a run should have is told by the agent's other runs and by what the run itself did. Rules about sampling, outages,
retention, cut dumps and unjoined records each report the rows that they have evidence for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAME = "missing_streams"
NEEDS = ("acts", "run_facts")
COLUMNS = {
    "run": "runs.run",
    "agent": "the run's agent",
    "format": "format of the stream that is missing",
    "stream": "the stream",
    "layers": "layers of its records, comma-separated",
    "has_spans": "it holds spans",
    "runs": "runs of the agent that have it",
    "of_runs": "runs of the agent that should",
    "from_ns": "begin of the run",
    "to_ns": "end of the run",
    "event": "an event of the run that shows it",
    "lacks": "as `lacks` of findings: its layers, its name, and `spans`",
}


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(
        """
        CREATE TEMP TABLE missing_streams AS
        WITH held AS (
            SELECT format, stream, string_agg(DISTINCT layer, ',' ORDER BY layer) AS layers,
                   bool_or(kind = 'span') AS has_spans
            FROM acts WHERE run IS NOT NULL GROUP BY format, stream
        ), present AS (SELECT DISTINCT run, format, stream FROM acts WHERE run IS NOT NULL),
        expected AS (
            SELECT agent, format, stream, runs, of_runs FROM agent_streams
            WHERE of_runs >= 4 AND runs * 5 >= of_runs * 4
        )
        SELECT r.run, r.agent, e.format, e.stream, h.layers, h.has_spans, e.runs, e.of_runs,
               r.started_ns AS from_ns, r.ended_ns AS to_ns, r.first_event AS event,
               h.layers || ',' || e.format || '/' || e.stream
               || CASE WHEN h.has_spans THEN ',spans' ELSE '' END AS lacks
        FROM run_facts r
        JOIN expected e ON e.agent = r.agent
        JOIN held h ON h.format = e.format AND h.stream = e.stream
        LEFT JOIN present p ON p.run = r.run AND p.format = e.format AND p.stream = e.stream
        WHERE r.named AND p.run IS NULL
        """
    )
