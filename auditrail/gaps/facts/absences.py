"""`absences`: each run and stream that is missing with the one cause that the strongest evidence names.

The order of evidence, and what each cause rests on, is told in `gaps.absence.decide`. Beside the rows of
`missing_streams` it has those of streams that no run of the agent has, where records that stand loose, or sampled
trace ids, prove them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail.gaps.absence.keep import keep

if TYPE_CHECKING:
    import duckdb

NAME = "absences"
NEEDS = ("acts", "run_facts", "held_streams", "cuts")
COLUMNS = {
    "run": "runs.run",
    "agent": "the run's agent",
    "format": "format of the stream that is missing",
    "stream": "the stream",
    "layers": "layers of its records, comma-separated",
    "layer": "the one layer of its records, or NULL: there are several",
    "has_spans": "it holds spans",
    "what": "as `what` of findings",
    "runs": "runs of the agent that have it, of those that should",
    "of_runs": "runs of the agent that should",
    "from_ns": "begin of the run",
    "to_ns": "end of the run",
    "event": "an event of the run that shows it",
    "lacks": "as `lacks` of findings",
    "records": "records that the run should have in it",
    "failed": "the run ended with an error, or something in it was denied",
    "cause": "why",
    "evidence": "what that rests on",
    "confidence": "how sure it is",
    "detail": "the evidence in words",
    "witness": "a record of the stream that stands loose in the time of the run, or NULL",
}


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    keep(connection)
    connection.execute(
        """
        CREATE TEMP TABLE absences AS
        SELECT m.run, m.agent, m.format, m.stream, m.layers,
               CASE WHEN NOT contains(m.layers, ',') THEN m.layers END AS layer, m.has_spans,
               'stream:' || m.signal || '/' || m.stream AS what, m.runs, m.of_runs,
               m.from_ns, m.to_ns, m.event, m.lacks, m.records,
               coalesce(f.failed OR r.denials > 0, false) AS failed, m.cause, m.evidence, m.confidence,
               nullif(m.detail, '') AS detail, nullif(m.witness, -1) AS witness
        FROM absence_rows m
        JOIN run_facts f ON f.run = m.run
        JOIN runs r ON r.run = m.run
        WHERE m.cause <> ''
        """
    )
