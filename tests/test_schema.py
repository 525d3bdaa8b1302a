"""The schema is what was reviewed, and all its forms agree.

`make golden` (AUDITRAIL_UPDATE_GOLDEN=1) writes `golden/schema.json` anew.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import duckdb
import pyarrow as pa
import pytest

from auditrail import case, model, schema

GOLDEN = Path(__file__).parent / "golden" / "schema.json"
ROWS = [
    row for row in vars(model).values() if isinstance(row, type) and issubclass(row, tuple) and hasattr(row, "_fields")
]  # fmt: skip
tables = pytest.mark.parametrize("table", schema.tables())


def test_a_change_of_the_schema_shows_in_review() -> None:
    shown = {"json_schema": schema.json_schema(), "ddl": list(schema.ddl())}
    if os.environ.get("AUDITRAIL_UPDATE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(json.dumps(shown, indent=1) + "\n", encoding="utf-8")
    assert shown == json.loads(GOLDEN.read_text("utf-8"))


@tables
def test_the_engine_makes_the_tables_as_they_are_described(table: str) -> None:
    with case.memory_case() as connection:
        found = connection.execute(
            "SELECT column_name, data_type, is_nullable = 'YES' FROM information_schema.columns WHERE table_name = ? "
            "ORDER BY ordinal_position", [table],
        ).fetchall()  # fmt: skip
    assert found == [(column.name, column.sql_type, column.nullable) for column in schema.columns(table)]


@tables
def test_arrow_agrees(table: str) -> None:
    kinds = {"BIGINT": pa.int64(), "VARCHAR": pa.string(), "BOOLEAN": pa.bool_(), "DOUBLE": pa.float64(),
             "BLOB": pa.binary()}  # fmt: skip
    assert [(field.name, field.type, field.nullable) for field in schema.arrow(table)] == [
        (column.name, kinds[column.sql_type], column.nullable) for column in schema.columns(table)
    ]


@tables
def test_only_types_that_every_engine_has(table: str) -> None:
    assert {column.sql_type for column in schema.columns(table)} <= {"BIGINT", "VARCHAR", "BOOLEAN", "DOUBLE", "BLOB"}
    assert len({column.name for column in schema.columns(table)}) == len(schema.columns(table))


@pytest.mark.parametrize("row", [row for row in ROWS if row is not model.Id], ids=lambda row: row.__name__)
def test_every_field_is_documented(row: Any) -> None:
    assert row.__doc__
    for name, hint in get_type_hints(row, include_extras=True).items():
        if (row, name) == (model.Event, "ids"):
            continue
        assert get_origin(hint) is Annotated, name
        assert len(get_args(hint)[1]) > 2, name


def test_events_are_place_event_and_ids() -> None:
    names = [column.name for column in schema.columns("events")]
    assert names == [
        *model.Provenance._fields, *(n for n in model.Event._fields if n != "ids"),
        *(f"{k}_id" for k in model.ID_COLUMNS)
    ]  # fmt: skip


def test_words_of_the_model_stand_in_its_types() -> None:
    for words, name in [
        (model.LAYERS, "Layer"), (model.KINDS, "Kind"), (model.STATES, "State"), (model.STATUSES, "Status"),
        (model.TS_SOURCES, "TsSource"), (model.DECISIONS, "Decision"),
    ]:  # fmt: skip
        assert get_args(getattr(model, name)) == words


def test_the_view_of_ids_has_every_id() -> None:
    from auditrail.ingest import rows
    from auditrail.model import Event, Id

    ids = (*(Id(kind, f"{kind}-1") for kind in model.ID_KINDS), Id("request", "request-2"))
    more: list[Any] = []
    row = rows.event_row((7, 1, 1, 0, 0, 9, b"\0" * 32), Event(ids=ids), more)
    with case.memory_case() as connection:
        for table, values in (("events", [row]), ("ids_more", more)):
            connection.register("arrow_rows", rows.table(table, values))
            connection.execute(f"INSERT INTO {table} SELECT * FROM arrow_rows")
            connection.unregister("arrow_rows")
        found = connection.execute("SELECT event, kind, value FROM ids").fetchall()
    assert sorted(found) == sorted((7, kind, value) for kind, value in ids)


def test_an_unknown_table_is_an_error() -> None:
    with pytest.raises(KeyError):
        schema.columns("nothing")


def test_a_case_of_another_version_is_refused(tmp_path: Path) -> None:
    from auditrail.errors import CaseDamagedError

    path = tmp_path / "old.duckdb"
    with case.open_write(path) as connection:
        connection.execute("UPDATE case_info SET schema_version = schema_version + 1")
    with pytest.raises(CaseDamagedError, match="schema"):
        case.open_read(path)


def test_a_foreign_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    from auditrail.errors import CaseDamagedError

    path = tmp_path / "foreign.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE mine (x INTEGER)")
    with pytest.raises(CaseDamagedError), case.open_write(path):
        pass
    with duckdb.connect(str(path)) as connection:
        assert [row[0] for row in connection.execute("SHOW TABLES").fetchall()] == ["mine"]
