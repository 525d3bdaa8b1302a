"""Marks the rows of `findings` that a waiver covers: of a folded finding, only the covered part is waived."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail.gaps.settings import Waiver

if TYPE_CHECKING:
    import duckdb

# A glob of the configuration is the engine's GLOB: `*`, `?` and `[...]`, and upper case differs from lower case.
_COLUMN = {"run": "coalesce((SELECT id FROM runs r WHERE r.run = findings.run), run_id)"}


def mark(connection: duckdb.DuckDBPyConnection, waived: tuple[Waiver, ...]) -> None:
    """Writes the number of the first waiver that covers a row into `findings.waiver`; the others stay NULL."""
    for number, waiver in enumerate(waived):
        tests = " AND ".join(f"{_COLUMN.get(name, name)} GLOB ?" for name, _ in waiver.where)
        connection.execute(
            f"UPDATE findings SET waiver = {number} WHERE waiver IS NULL AND ({tests}) IS TRUE",
            [glob for _, glob in waiver.where],
        )
