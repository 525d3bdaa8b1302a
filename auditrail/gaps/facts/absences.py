"""`absences`: each run and stream of `missing_streams` with the one cause that the strongest evidence names.

The order of evidence, and what each cause rests on, is told in `gaps.absence.decide`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail.gaps.absence import decide, expect, grid
from auditrail.gaps.absence.tables import insert

if TYPE_CHECKING:
    import duckdb

NAME = "absences"
NEEDS = ("missing_streams", "cuts")
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
    "lacks": "as `lacks` of findings",
    "habit": "nearly all runs have it",
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
    connection.execute(
        "CREATE TEMP TABLE reasons (run BIGINT, format VARCHAR, stream VARCHAR, cause VARCHAR, evidence VARCHAR, "
        "confidence VARCHAR, detail VARCHAR, witness BIGINT)"
    )
    held = grid.load(connection)
    found = decide.study(connection, held, expect.expected(connection, held))
    for part, whys in zip(found.parts, found.whys, strict=False):
        places = sorted(whys)
        insert(
            connection,
            "reasons",
            {
                "run": [int(held.run[place]) for place in places],
                "format": part.stream.format,
                "stream": part.stream.stream,
                **{
                    name: [getattr(whys[place], name) for place in places]
                    for name in ("cause", "evidence", "confidence", "detail")
                },
                "witness": [-1 if (event := whys[place].witness) is None else event for place in places],
            },
        )
    connection.execute(
        """
        CREATE TEMP TABLE absences AS
        SELECT m.*, coalesce(f.failed OR r.denials > 0, false) AS failed, w.cause, w.evidence, w.confidence,
               nullif(w.detail, '') AS detail, nullif(w.witness, -1) AS witness
        FROM missing_streams m
        JOIN reasons w ON w.run = m.run AND w.format = m.format AND w.stream = m.stream
        JOIN run_facts f ON f.run = m.run
        JOIN runs r ON r.run = m.run
        """
    )
    connection.execute("DROP TABLE reasons")
