"""The records: every table of the scope as Parquet and as text, and the events in further forms where asked for.

Parquet is written first and read again for the text: so both hold the same rows in the same order, and rows are sorted
once. In CSV, text is made harmless for spreadsheets (`text.csv_cell`): the engine finds the few cells that need it, and
only those go through Python; columns that were cleared while they were written (`slices`) are not searched at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditrail import case, discover, text
from auditrail.bundle import slices, tables
from auditrail.bundle.context import Context
from auditrail.errors import UsageError

if TYPE_CHECKING:
    import duckdb

NAME = "records"
ORDER = 10
FORMS = "auditrail.bundle.records"
_PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, ROW_GROUP_SIZE 30720"


def make(context: Context) -> Iterator[tuple[str, Path]]:
    """`records/<table>.parquet` and `.csv` or `.jsonl`, and `records/events.<form>...`."""
    tables.register(context.connection, context.overview)
    with case.open_converter(context.folder) as converter:
        safe: Any = _safe  # columns of Arrow, for which the engine has no type
        converter.create_function("csv_safe", safe, ["VARCHAR"], "VARCHAR", type="arrow")  # type: ignore[call-overload]
        for table in tables.tables():
            columnar = context.new(f"{table.name}.parquet")
            clean = slices.write(context.connection, columnar) if table.name == "events" else None
            if clean is None:
                context.connection.execute(f"COPY ({table.select}) TO {case.literal(str(columnar))} ({_PARQUET})")
            yield f"{tables.FOLDER}/{table.name}.parquet", columnar
            if table.name == "events":
                for name in context.wishes.forms:
                    yield from form(name).write(context, converter, columnar)
            plain = context.new(f"{table.name}.{context.wishes.text}")
            _text(converter, table, (columnar, plain), context.wishes.text, clean or frozenset())
            yield f"{tables.FOLDER}/{table.name}.{context.wishes.text}", plain


def form(name: str) -> Any:
    """The module of a further form of the events.

    Raises:
        UsageError: there is none of that name.
    """
    module = discover.module(FORMS, name)
    if module is None:
        raise UsageError(f"there is no form of records {name!r}", hint=f"forms: {', '.join(discover.names(FORMS))}")
    return module


def _text(
    converter: duckdb.DuckDBPyConnection,
    table: tables.Table,
    files: tuple[Path, Path],
    wanted: str,
    clean: AbstractSet[str],
) -> None:
    """Writes the second file from the first; `clean`: columns without a value that a cell of CSV changes."""
    source, goal = (case.literal(str(file)) for file in files)
    if wanted == "jsonl":
        converter.execute(f"COPY (FROM read_parquet({source})) TO {goal} (FORMAT json)")
        return
    pattern = case.literal(text.csv_pattern())
    cells = ", ".join(
        f"CASE WHEN regexp_matches({field.name}, {pattern}) THEN csv_safe({field.name}) ELSE {field.name} END "
        f"AS {field.name}"
        if field.sql_type == "VARCHAR" and field.name not in clean
        else field.name
        for field in table.fields
    )
    converter.execute(f"COPY (SELECT {cells} FROM read_parquet({source})) TO {goal} (FORMAT csv, HEADER)")


def _safe(values: Any) -> Any:
    import pyarrow as pa

    return pa.array([None if value is None else text.csv_cell(value) for value in values.to_pylist()], pa.string())
