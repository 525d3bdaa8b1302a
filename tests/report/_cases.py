"""Small cases in memory: events made by hand, with their sources, correlated."""

from __future__ import annotations

from typing import Any

from auditrail import __version__, case, schema
from auditrail.correlate.settle import settle
from auditrail.ingest import rows
from auditrail.model import Event


def insert(connection: Any, table: str, made: list[Any]) -> None:
    if made:
        connection.register("arrow_rows", rows.table(table, made))
        connection.execute(f"INSERT INTO {table} SELECT * FROM arrow_rows")
        connection.unregister("arrow_rows")


def source_row(number: int, path: str, **more: Any) -> tuple[Any, ...]:
    """A row of `sources` with counters of zero."""
    values: dict[str, Any] = {
        column.name: None if column.nullable else (0 if column.sql_type == "BIGINT" else "")
        for column in schema.columns("sources")
    }
    values.update(source=number, path=path, format="jsonl", status="new", stream=path, loaded_by=__version__)
    return tuple({**values, **more}.values())


def held(**files: list[Event | list[Event]]) -> Any:
    """A correlated case: one source per name, one record per event, or per list of events."""
    connection = case.memory_case()
    made: list[Any] = []
    more: list[Any] = []
    listed = []
    for number, (path, records) in enumerate(files.items(), 1):
        listed.append(source_row(number, path, records=len(records)))
        for record, item in enumerate(records, 1):
            for part, event in enumerate(item if isinstance(item, list) else [item]):
                digest = (number * 1_000_000 + record).to_bytes(32, "big")
                place = (rows.event_key(number, record * 1000, part), number, record, part, record * 1000, 99, digest)
                made.append(rows.event_row(place, event, more))
    insert(connection, "sources", listed)
    insert(connection, "events", made)
    insert(connection, "ids_more", more)
    settle(connection)
    return connection
