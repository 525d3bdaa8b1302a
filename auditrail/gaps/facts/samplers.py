"""`samplers`: how each sampled stream of each agent is thinned out.

As declared, and as its trace ids or the share of its runs betray.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail.gaps.absence.keep import keep

if TYPE_CHECKING:
    import duckdb

NAME = "samplers"
NEEDS = ("acts", "run_facts", "held_streams", "cuts")
COLUMNS = {
    "agent": "the agent",
    "format": "format of the stream",
    "stream": "the stream",
    "declared": "the probability that its records declare, or NULL",
    "rate": "the share that is kept, as inferred",
    "low": "its interval: from",
    "high": "until",
    "kept": "runs that have the stream",
    "dropped": "runs that were sampled out",
    "method": "trace-ids: a threshold on them; share-of-runs: of the runs outside of silences",
    "bits": "what of the trace id is compared with the threshold, or NULL",
    "kept_above": "kept is what lies above the threshold, else below; or NULL",
    "bound": "the threshold, as a share of all ids, or NULL",
}


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    keep(connection)
    connection.execute("CREATE TEMP TABLE samplers AS SELECT * FROM absence_samplers")
