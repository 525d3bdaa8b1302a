"""What a user may set for the rules, and how the values reach them: the one table `params`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from auditrail.gaps.rule import Rule

if TYPE_CHECKING:
    import duckdb


def write(connection: duckdb.DuckDBPyConnection, rules: Iterable[Rule], given: Mapping[str, int]) -> None:
    """Makes `params`: every parameter of the rules, with what was given (`<rule>.<name>` -> value) before defaults."""
    connection.execute("CREATE TEMP TABLE params (name VARCHAR, value BIGINT)")
    rows = [
        [f"{rule.id}.{name}", given.get(f"{rule.id}.{name}", default)]
        for rule in rules
        for name, default in rule.params.items()
    ]
    for row in rows:  # a handful
        connection.execute("INSERT INTO params VALUES (?, ?)", row)
