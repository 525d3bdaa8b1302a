"""Rows from arrays into a temporary table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import duckdb


def insert(connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, Any]) -> None:
    """Adds rows: columns are arrays or lists of one length, or one value for all of them."""
    arrays = {name: value for name, value in columns.items() if isinstance(value, np.ndarray | list)}
    if not arrays or not len(next(iter(arrays.values()))):
        return
    values = [f"rows.{name}" if name in arrays else "?" for name in columns]
    bound = [value for name, value in columns.items() if name not in arrays]
    given = {
        name: value
        if isinstance(value, np.ndarray)
        else np.array(value, dtype=np.int64 if isinstance(value[0], int) else object)
        for name, value in arrays.items()
    }
    connection.register("rows", given)
    try:
        connection.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM rows", bound)
    finally:
        connection.unregister("rows")


@contextmanager
def numbered(connection: duckdb.DuckDBPyConnection, streams: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The name of a table (format, stream, number) that stands inside the block: numbers cost less than names."""
    places = list(dict.fromkeys(streams))
    connection.execute("CREATE OR REPLACE TEMP TABLE numbered (format VARCHAR, stream VARCHAR, number BIGINT)")
    insert(
        connection,
        "numbered",
        {
            "format": [place[0] for place in places],
            "stream": [place[1] for place in places],
            "number": list(range(len(places))),
        },
    )
    yield "numbered"
    connection.execute("DROP TABLE numbered")
