"""Runs the six steps in one transaction: a case shows either the runs from before, or all of the new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail import case
from auditrail.correlate import copies, inference, naming, runs, spawns, ties

if TYPE_CHECKING:
    import duckdb


def settle(connection: duckdb.DuckDBPyConnection) -> None:
    """Puts all runs of the case together anew, from all of its events."""
    events = case.count(connection, "SELECT count(*) FROM events")
    connection.execute(f"SET memory_limit = '{case.settle_memory(events)}'")
    # No step depends on the order of rows: keeping one would leave half of the cores idle.
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("BEGIN")
    try:
        connection.execute("DELETE FROM conflicts")
        copies.find(connection)
        naming.name(connection)
        ties.tie(connection)
        inference.infer(connection)
        runs.write(connection)
        spawns.link(connection)
        case.mark_settled(connection, True)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    finally:
        for kind, name in connection.execute(
            "SELECT 'VIEW', view_name FROM duckdb_views() WHERE temporary AND NOT internal "
            "UNION ALL SELECT 'TABLE', table_name FROM duckdb_tables() WHERE temporary"
        ).fetchall():
            connection.execute(f"DROP {kind} IF EXISTS temp.{name}")
