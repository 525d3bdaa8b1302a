"""`cut_runs`: runs of which a silence of a stream cuts off a part.

They have records of the stream, but none from the part inside the silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail.gaps.absence.keep import keep

if TYPE_CHECKING:
    import duckdb

NAME = "cut_runs"
NEEDS = ("acts", "run_facts", "held_streams", "cuts")
COLUMNS = {
    "run": "runs.run",
    "agent": "the run's agent",
    "format": "format of the stream",
    "stream": "the stream",
    "event": "an event of the run",
    "from_ns": "begin of the part inside the silence",
    "to_ns": "its end",
    "cause": "as in `silences`",
    "evidence": "what that rests on",
    "confidence": "how sure it is",
    "detail": "the evidence in words",
}


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    keep(connection)
    connection.execute(f"CREATE TEMP TABLE cut_runs AS SELECT DISTINCT {', '.join(COLUMNS)} FROM absence_cuts")
