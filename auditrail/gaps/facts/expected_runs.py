"""`expected_runs`: the runs that an inventory from outside of the evidence lists; empty where none was given.

The report fills it before the rules run (`report.inventory.load`), because an inventory is not evidence of the case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAME = "expected_runs"
NEEDS: tuple[str, ...] = ()
COLUMNS = {
    "id": "the id in the inventory, of whatever kind",
    "agent": "the agent that the inventory names, or NULL",
    "ts_ns": "when the run began, by the inventory, or NULL",
    "record": "line or row of the inventory, 1-based",
    "run": "runs.run of the run that carries the id, or NULL",
    "held": "some record carries the id",
}


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table, without rows."""
    connection.execute(
        "CREATE TEMP TABLE expected_runs "
        "(id VARCHAR, agent VARCHAR, ts_ns BIGINT, record BIGINT, run BIGINT, held BOOLEAN)"
    )
