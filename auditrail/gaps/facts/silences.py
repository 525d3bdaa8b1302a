"""`silences`: times without a record of a stream, while runs that should have written to it went on; with their causes.

How a silence is told from a night in which nobody speaks is said in `gaps.absence.silence`, what it means in
`gaps.absence.edges`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail.gaps.absence.keep import keep

if TYPE_CHECKING:
    import duckdb

NAME = "silences"
NEEDS = ("acts", "run_facts", "held_streams", "cuts")
COLUMNS = {
    "format": "format of the stream",
    "stream": "the stream",
    "agent": "the agent for whom alone it is silent, or NULL: for all",
    "from_ns": "its last record before, or NULL: nothing is older",
    "to_ns": "its first record after, or NULL: it never came back",
    "runs": "runs that lie in it and should have records",
    "cause": "outage, retention, logging-disabled or export-cut",
    "evidence": "what that rests on",
    "confidence": "how sure it is",
    "detail": "the evidence in words",
}


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    keep(connection)
    connection.execute(
        "CREATE TEMP TABLE silences AS SELECT DISTINCT format, stream, agent, from_ns, to_ns, "
        "CAST(sum(runs) AS BIGINT) AS runs, cause, evidence, confidence, detail FROM absence_silences "
        "GROUP BY ALL"
    )
