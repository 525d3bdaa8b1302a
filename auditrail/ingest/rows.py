"""Events -> rows of the tables -> Arrow batches, the only way into the case (row by row is ~2,500 times slower)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditrail import jsontext, model, schema
from auditrail.model import Event

if TYPE_CHECKING:
    import duckdb

# event = source * 2^44 + byte offset + part: unique, since a record of n bytes gives fewer than n events, and in
# the order of the evidence. 2^44 bytes are 16 TiB of one source; 2^19 sources fit.
SOURCE_SHIFT = 44

_ID_INDEX = {kind: index for index, kind in enumerate(model.ID_COLUMNS)}
_ID_WIDTH = len(model.ID_COLUMNS)
_EVENT_FIELDS = len(Event._fields) - 1  # without `ids`
_NO_IDS = (None,) * _ID_WIDTH
_INT64 = range(-(1 << 63), 1 << 63)


def event_key(source: int, offset: int, part: int) -> int:
    """The key of an event."""
    return (source << SOURCE_SHIFT) + offset + part


def event_row(place: tuple[Any, ...], event: Event, more: list[tuple[int, str, str]]) -> tuple[Any, ...]:
    """One row of `events`; further ids of a kind that has its column already are appended to `more`.

    `place` is a `model.Provenance` as a tuple.
    """
    if not event.ids:
        return place + event[:_EVENT_FIELDS] + _NO_IDS
    values: list[str | None] = [None] * _ID_WIDTH
    for kind, value in event.ids:
        index = _ID_INDEX.get(kind)
        if index is not None and values[index] is None:
            values[index] = value
        else:
            more.append((place[0], kind, value))
    return place + event[:_EVENT_FIELDS] + tuple(values)


def insert(connection: duckdb.DuckDBPyConnection, name: str, arrow_rows: Any) -> None:  # noqa: ARG001 - the engine
    """Inserts Arrow rows into a table.

    The engine finds them under the name of their variable. Rows that are registered with it instead are kept in memory
    until the transaction ends.
    """
    connection.execute(f"INSERT INTO {name} SELECT * FROM arrow_rows")


def table(name: str, rows: list[tuple[Any, ...]]) -> Any:
    """The rows as a `pyarrow.Table` with the schema of a table of the case."""
    import pyarrow as pa

    kinds = schema.arrow(name)
    columns: list[Any] = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in kinds]
    try:
        arrays = [pa.array(column, type=field.type) for column, field in zip(columns, kinds, strict=True)]
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError, OverflowError):
        arrays = [
            pa.array([_fit(value, field.type) for value in column], type=field.type)
            for column, field in zip(columns, kinds, strict=True)
        ]
    return pa.Table.from_arrays(arrays, schema=kinds)


def _fit(value: Any, kind: Any) -> Any:
    """A value as its column can hold it: the last line of defence behind readers that let something odd through."""
    import pyarrow as pa

    if value is None:
        return None
    if kind == pa.int64():
        if isinstance(value, float) and abs(value) < 1 << 63:
            return int(value)  # as Arrow does: a row must not depend on what is odd in the rows beside it
        return int(value) if isinstance(value, int) and value in _INT64 else None
    if kind == pa.float64():
        return float(value) if isinstance(value, (int, float)) and abs(value) < 1e308 else None
    if kind == pa.bool_():
        return bool(value)
    if kind == pa.string():
        text = value if isinstance(value, str) else jsontext.dumps(value)
        return text.encode("utf-8", "backslashreplace").decode()
    return value
