"""`missing_streams`: streams of which a run should have records, and has none, without asking why.

What a run should have is told by the agent's other runs and by what the run itself did (`gaps.absence.expect`). Why it has
none is told by `absences`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail.gaps.absence import expect, grid
from auditrail.gaps.absence.tables import insert

if TYPE_CHECKING:
    import duckdb

NAME = "missing_streams"
NEEDS = ("acts", "run_facts", "run_streams")
COLUMNS = {
    "run": "runs.run",
    "agent": "the run's agent",
    "format": "format of the stream that is missing",
    "stream": "the stream",
    "layers": "layers of its records, comma-separated",
    "has_spans": "it holds spans",
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
    connection.execute(
        "CREATE TEMP TABLE missing_streams (run BIGINT, agent VARCHAR, format VARCHAR, stream VARCHAR, layers VARCHAR, "
        "has_spans BOOLEAN, runs BIGINT, of_runs BIGINT, from_ns BIGINT, to_ns BIGINT, event BIGINT, lacks VARCHAR, "
        "habit BOOLEAN, records BIGINT)"
    )
    held = grid.load(connection)
    for part in expect.expected(connection, held):
        absent = part.at[~part.present]
        if not len(absent):
            continue
        name = held.agents[part.agent]
        stream = part.stream
        lacks = ",".join((*stream.layers, f"{stream.format}/{stream.stream}", *(("spans",) if stream.has_spans else ())))
        insert(
            connection,
            "missing_streams",
            {
                "run": held.run[absent],
                "agent": None if name.startswith("/") else name,
                "format": stream.format,
                "stream": stream.stream,
                "layers": ",".join(stream.layers),
                "has_spans": stream.has_spans,
                "runs": int(part.present.sum()),
                "of_runs": len(part.at),
                "from_ns": held.start[absent],
                "to_ns": held.end[absent],
                "event": held.first_event[absent],
                "lacks": lacks,
                "habit": part.habit,
                "records": part.records(held),
            },
        )
