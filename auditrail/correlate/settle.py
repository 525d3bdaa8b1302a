"""Runs the five steps in one transaction: a case shows either the runs from before, or all of the new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail import case
from auditrail.correlate import copies, inference, naming, runs, ties

if TYPE_CHECKING:
    import duckdb

_TEMPORARY = (
    "pairs", "owners", "parents", "claims", "claimed", "named", "vals", "occ", "degrees", "labels", "speaking",
    "agreed", "gained", "nearer", "jumped", "merged", "alone", "loose", "edges", "parts", "placed", "leftover", "inferred", "grouped", "waiting", "anchors",
    "members", "run_names", "facts", "run_agents", "spawned", "c_dups",
)  # fmt: skip


def settle(connection: duckdb.DuckDBPyConnection) -> None:
    """Puts all runs of the case together anew, from all of its events."""
    connection.execute("BEGIN")
    try:
        copies.find(connection)
        naming.name(connection)
        ties.tie(connection)
        inference.infer(connection)
        runs.write(connection)
        case.mark_settled(connection, True)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    finally:
        connection.execute("DROP VIEW IF EXISTS live")
        for table in _TEMPORARY:
            connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
