"""Builds the facts that are asked for, each after those that it needs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING

from auditrail import discover
from auditrail.gaps import settings
from auditrail.gaps.rule import select

if TYPE_CHECKING:
    import duckdb

_PACKAGE = "auditrail.gaps.facts"
# A redacted case keeps the facts that were drawn from its contents as tables of its own (`auditrail.redact.keep`).
KEPT = "kept_"
_WORD = re.compile(r"[A-Za-z_]+")
_LITERAL = re.compile(r"'[^']*'")


def order(names: Iterable[str]) -> list[ModuleType]:
    """The modules of these facts and of all that they need, so that each stands behind those it needs.

    Raises:
        KeyError: a fact is unknown, or two need each other.
    """
    made: dict[str, ModuleType] = {}
    open_names: set[str] = set()

    def visit(name: str) -> None:
        if name in made:
            return
        module = discover.module(_PACKAGE, name)
        if module is None or name in open_names:
            raise KeyError(name)
        open_names.add(name)
        for needed in module.NEEDS:
            visit(needed)
        made[name] = module

    for name in names:
        visit(name)
    return list(made.values())


def build(connection: duckdb.DuckDBPyConnection, names: Iterable[str]) -> None:
    """Makes the temporary tables of these facts; those that stand already stay."""
    names = tuple(names)
    if not names:
        return
    held = {row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall()}
    kept = {
        row[0] for row in connection.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary").fetchall()
    }
    if "params" not in held:
        settings.write(connection, select(), {})
    for module in order(name for name in names if name != "params"):
        if module.NAME in held:
            continue
        if KEPT + module.NAME in kept:
            connection.execute(f"CREATE TEMP TABLE {module.NAME} AS FROM {KEPT}{module.NAME}")
        else:
            module.build(connection)


def named_in(sql: str) -> tuple[str, ...]:
    """The facts whose names stand in a statement, `params` included."""
    known = (*discover.names(_PACKAGE), "params")
    words = set(_WORD.findall(_LITERAL.sub("", sql)))
    return tuple(name for name in known if name in words)
