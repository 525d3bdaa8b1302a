"""Arrow schema, DuckDB tables and JSON Schema, all derived from `model`: nothing is written down twice.

`pyarrow` is imported only where a schema of its is asked for, so that reading commands start fast.
"""

from __future__ import annotations

import types
from functools import cache
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin, get_type_hints

from auditrail import model, terms

VERSION = terms.SCHEMA_VERSION

_SQL = {int: "BIGINT", str: "VARCHAR", bool: "BOOLEAN", float: "DOUBLE", bytes: "BLOB"}
_JSON = {int: "integer", str: "string", bool: "boolean", float: "number", bytes: "string"}

# Table name -> the class that describes its row. `events` is composed of three parts.
_TABLES: dict[str, type] = {
    "sources": model.Source,
    "quarantine": model.Quarantined,
    "remarks": model.Remark,
    "runs": model.RunRow,
    "run_members": model.RunMember,
    "join_keys": model.JoinKey,
    "run_ids": model.RunId,
    "agent_streams": model.AgentStream,
    "conflicts": model.Conflict,
    "copies": model.Copy,
    "ids_more": model.EventId,
    "verdicts": model.Verdict,
    "verdict_defects": model.VerdictDefect,
}
# How the engine is to store a column, where its own choice is worse: the text of `attributes` repeats itself from row
# to row, but not within one. That makes a case a quarter smaller, and loads faster than trying all methods.
_COMPRESSION = {("events", "attributes"): "zstd"}
# Views, and the row that describes each.
_VIEWS: dict[str, type] = {"ids": model.EventId, "run_events": model.RunEvent}


class Column(NamedTuple):
    """One column: its SQL type, whether it may be NULL, and what it means."""

    name: str
    sql_type: str
    nullable: bool
    doc: str
    json_type: str


def _columns_of(row: type) -> tuple[Column, ...]:
    columns = []
    for name, hint in get_type_hints(row, include_extras=True).items():
        if get_origin(hint) is not Annotated:  # `ids` of an event: rows and columns of their own
            continue
        base, doc = get_args(hint)
        nullable = get_origin(base) in (Union, types.UnionType)
        kinds = [arg for arg in (get_args(base) if nullable else (base,)) if arg is not type(None)]
        columns.append(Column(name, _SQL[kinds[0]], nullable, doc, _JSON[kinds[0]]))
    return tuple(columns)


@cache
def columns(table: str) -> tuple[Column, ...]:
    """The columns of a table or view of the case, in order.

    Raises:
        KeyError: no such table or view.
    """
    if table == "events":
        ids = tuple(
            Column(f"{kind}_id", "VARCHAR", True, f"the event's first id of kind {kind}", "string")
            for kind in model.ID_COLUMNS
        )
        return (*_columns_of(model.Provenance), *_columns_of(model.Event), *ids)
    return _columns_of(_TABLES.get(table) or _VIEWS[table])


def tables() -> tuple[str, ...]:
    """Names of all tables of the case."""
    return ("sources", "events", *(name for name in _TABLES if name != "sources"))


def views() -> tuple[str, ...]:
    """Names of the views over them."""
    return tuple(_VIEWS)


@cache
def ddl() -> tuple[str, ...]:
    """The statements that make an empty case."""
    made = [
        "CREATE TABLE case_info (schema_version BIGINT NOT NULL, made_by VARCHAR NOT NULL, settled BOOLEAN NOT NULL)"
    ]
    for table in tables():
        body = ", ".join(_definition(table, column) for column in columns(table))
        made.append(f"CREATE TABLE {table} ({body})")
    branches = [
        f"SELECT event, '{kind}' AS kind, {kind}_id AS value FROM events WHERE {kind}_id IS NOT NULL"
        for kind in model.ID_COLUMNS
    ]
    branches.append("SELECT event, kind, value FROM ids_more")
    made.append(f"CREATE VIEW ids AS {' UNION ALL '.join(branches)}")
    made.append(
        "CREATE VIEW run_events AS SELECT m.run, m.event, k.kind AS via_kind, k.value AS via_value, "
        "m.confidence, m.via_event FROM run_members m JOIN join_keys k ON k.key = m.key"
    )
    return tuple(made)


def _definition(table: str, column: Column) -> str:
    compression = _COMPRESSION.get((table, column.name))
    stored = f" USING COMPRESSION {compression}" if compression else ""
    return f"{column.name} {column.sql_type}{'' if column.nullable else ' NOT NULL'}{stored}"


@cache
def arrow(table: str) -> Any:
    """The `pyarrow.Schema` of a table."""
    import pyarrow as pa

    kinds = {
        "BIGINT": pa.int64(),
        "VARCHAR": pa.string(),
        "BOOLEAN": pa.bool_(),
        "DOUBLE": pa.float64(),
        "BLOB": pa.binary(),
    }
    return pa.schema([pa.field(c.name, kinds[c.sql_type], nullable=c.nullable) for c in columns(table)])


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the rows of every table, as `auditrail query --format json` and exports show them."""
    definitions = {}
    for table in (*tables(), *views()):
        properties = {}
        for column in columns(table):
            kind: Any = [column.json_type, "null"] if column.nullable else column.json_type
            properties[column.name] = {"type": kind, "description": column.doc}
        definitions[table] = {"type": "object", "properties": properties, "required": list(properties)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The tables of an auditrail case",
        "version": VERSION,
        "$defs": definitions,
    }
