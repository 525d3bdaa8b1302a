"""`missing_streams`: streams of which a run should have records, and has none, without asking why.

What a run should have is told by the agent's other runs and by what the run itself did (`gaps.absence.expect`). Why it
has none is told by `absences`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail.gaps.absence.keep import keep

if TYPE_CHECKING:
    import duckdb

NAME = "missing_streams"
NEEDS = ("acts", "run_facts", "held_streams", "cuts")
COLUMNS = {
    "run": "runs.run",
    "agent": "the run's agent",
    "format": "format of the stream that is missing",
    "stream": "the stream",
    "layers": "layers of its records, comma-separated",
    "has_spans": "it holds spans",
    "signal": "the format, or of log records beside spans in a stream of this name: the format and `logs`",
    "runs": "runs of the agent that have it, of those that should",
    "of_runs": "runs of the agent that should",
    "from_ns": "begin of the run",
    "to_ns": "end of the run",
    "event": "an event of the run that shows it",
    "lacks": "as `lacks` of findings: its layers, its name, and `spans`",
    "habit": "nearly all runs have it; else it is thinned out, and what a run does makes no difference",
    "records": "records that the run should have in it, by the usual share",
}


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    keep(connection)
    connection.execute(
        f"CREATE TEMP TABLE missing_streams AS SELECT {', '.join(COLUMNS)} FROM absence_rows WHERE NOT thin"
    )
