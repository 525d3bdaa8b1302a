"""`clock_offsets`: streams whose clock is off, always or for a time.

How that is told is said in `gaps.absence.clocks`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail import case
from auditrail.gaps.absence import clocks

if TYPE_CHECKING:
    import duckdb

NAME = "clock_offsets"
NEEDS = ("acts", "run_facts", "held_streams")
COLUMNS = {
    "format": "format of the stream",
    "stream": "the stream",
    "offset_ns": "its clock is ahead by so much (behind: negative)",
    "from_ns": "in runs that begin from here on, by the other streams' clocks; NULL: always",
    "to_ns": "until here",
    "runs": "runs that agree on it, of those looked at",
    "detail": "the offset in words",
}
_DEFAULT_BOUND = 1_000_000_000


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(
        "CREATE TEMP TABLE clock_offsets (format VARCHAR, stream VARCHAR, offset_ns BIGINT, from_ns BIGINT, "
        "to_ns BIGINT, runs BIGINT, detail VARCHAR)"
    )
    given = case.one(connection, "SELECT value FROM params WHERE name = 'clock-offset.bound_ns'")
    for one in clocks.offsets(connection, int(given[0]) if given else _DEFAULT_BOUND):
        connection.execute("INSERT INTO clock_offsets VALUES (?, ?, ?, ?, ?, ?, ?)", [*one, clocks.in_words(one.ns)])
