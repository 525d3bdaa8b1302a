"""The events of a bundle as Parquet, written slice by slice of their order.

The engine sorts whole rows, and rows of events are wide: a sort of two million of them spills twice their size, and
takes three times as long as writing them. So:

1. `bundle_order` holds the keys of the events alone, in the order of the table, cut into slices of `_BYTES`; and
   how each joined its run, since the engine would look that up the wrong way round, in a table of wide rows.
2. The rows of a slice are fetched from where they lie: a case holds events as they were loaded, so that a slice of runs
   that follow each other lies in a few places of each source. Then they are sorted, which a slice's memory holds.
3. One slice becomes one row group, written beside the fetching of the next.

Where slices lie so scattered that fetching them would read the case more than `_MOST_READ` times, or all is one slice,
there is nothing to gain, and the engine sorts whole rows after all. The rows and their order are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditrail import case, text
from auditrail.bundle import tables

if TYPE_CHECKING:
    import duckdb

# Of the records that a slice's events were read from, and what a row takes besides.
_BYTES, _ROW = 64 << 20, 1024
# Rows that the engine reads together; so many ranges of them are named in a statement.
_BLOCK, _MOST_RANGES = 2048, 64
_MOST_READ = 4


def write(connection: duckdb.DuckDBPyConnection, target: Path) -> frozenset[str] | None:
    """Writes the table of events (`tables.events`) of a scope, or leaves it to be written whole.

    Returns:
        The columns of text of which no value needs a change to be harmless in CSV; None: nothing was written.
    """
    selects = list(_selects(connection))
    return _written(connection, selects, target) if len(selects) > 1 else None


def _selects(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """The SELECT of each slice, in their order; none where it does not pay."""
    window = f"(ORDER BY {tables.EVENT_ORDER} ROWS UNBOUNDED PRECEDING)"
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE bundle_order AS
        SELECT s.event, s.run, m.key, m.confidence, m.via_event, e.rowid AS place, row_number() OVER {window} AS number,
               CAST(sum(least(e.byte_length, {_BYTES}) + {_ROW}) OVER {window} AS BIGINT) // {_BYTES} AS slice
        FROM scope_events s JOIN events e ON e.event = s.event LEFT JOIN runs r ON r.run = s.run
        LEFT JOIN run_members m ON m.event = s.event
        ORDER BY number
        """
    )
    blocks = f"SELECT DISTINCT slice, place // {_BLOCK} AS block FROM bundle_order"
    rows, read = case.one(connection, f"SELECT (SELECT count(*) FROM bundle_order), count(*) FROM ({blocks})") or (0, 0)
    if read * _BLOCK > _MOST_READ * rows:
        return
    held: dict[int, list[int]] = {}
    for number, block in connection.execute(f"{blocks} ORDER BY slice, block").fetchall():
        held.setdefault(number, []).append(block)
    edges = connection.execute("SELECT slice, min(run), max(run) FROM bundle_order GROUP BY slice").fetchall()
    runs = {number: f"run BETWEEN {low} AND {high}" for number, low, high in edges if low is not None}
    for number, places in held.items():
        yield tables.events(
            f"(SELECT * EXCLUDE (place) FROM bundle_order WHERE slice = {number})",
            f"(SELECT * FROM events WHERE {_within(places)})",
            f"(SELECT * FROM runs WHERE {runs.get(number, 'false')})",
            "s",
            "s.number",
        ).select


def _within(blocks: Iterable[int]) -> str:
    """SQL: whether a row lies in one of these blocks, which are sorted; where they are too many, in between as well."""
    ranges = [(block, block) for block in blocks]
    reach = 1
    while reach == 1 or len(ranges) > _MOST_RANGES:
        joined = ranges[:1]
        for low, high in ranges[1:]:
            if low - joined[-1][1] <= reach:
                joined[-1] = (joined[-1][0], high)
            else:
                joined.append((low, high))
        ranges, reach = joined, 2 * reach
    return " OR ".join(f"rowid BETWEEN {low * _BLOCK} AND {(high + 1) * _BLOCK - 1}" for low, high in ranges)


def _written(connection: duckdb.DuckDBPyConnection, selects: Iterable[str], target: Path) -> frozenset[str]:
    import pyarrow as pa
    from pyarrow import parquet

    names = [field.name for field in tables.events().fields]
    clean = {field.name for field in tables.events().fields if field.sql_type == "VARCHAR"}
    writer: Any = None

    def put(rows: Any) -> None:
        nonlocal writer
        if writer is None:
            writer = parquet.ParquetWriter(
                target, rows.schema, compression="zstd", compression_level=1, store_schema=False
            )
        writer.write_table(rows, row_group_size=max(rows.num_rows, 1))
        clean.difference_update([name for name in clean if not _harmless(rows.column(name), pa.string())])

    waiting: Future[None] | None = None
    with ThreadPoolExecutor(1) as pool:
        try:
            for select in selects:
                rows = connection.sql(select).to_arrow_table().select(names)
                if waiting is not None:
                    waiting.result()
                waiting = pool.submit(put, rows)
            if waiting is not None:
                waiting.result()
        finally:
            pool.shutdown()
            if writer is not None:
                writer.close()
    return frozenset(clean)


def _harmless(column: Any, of_text: Any) -> bool:
    """Whether the bytes of a column of text clear all of its values (`text.csv_bytes`)."""
    import numpy as np

    anywhere, first = (np.isin(np.arange(256), list(found)) for found in text.csv_bytes())
    for chunk in column.chunks:
        if chunk.type != of_text:
            return False
        _, ends, data = chunk.buffers()
        if data is None or not len(chunk):
            continue
        bounds = np.frombuffer(ends, np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
        found = np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]]
        begins = bounds[:-1][bounds[1:] > bounds[:-1]] - bounds[0]
        if not found.size:
            continue
        # Most columns are printable ASCII, which two quick looks tell; only others are looked up byte by byte.
        plain = found.min() >= 0x20 and found.max() < 0x7F
        if (not plain and anywhere[found].any()) or first[found[begins]].any():
            return False
    return True
