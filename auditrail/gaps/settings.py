"""What a user may set for the rules, and how the values reach them: the one table `params`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditrail.gaps.rule import Rule

if TYPE_CHECKING:
    import duckdb


# What a waiver can be narrowed to; each is a glob on the column of `findings` of that name.
SELECTORS = ("rule", "agent", "stream", "tool", "run")


@dataclass(frozen=True, slots=True)
class Waiver:
    """A finding that somebody takes responsibility for, until a day.

    Attributes:
        reason: why it is accepted.
        until: the last day on which it is, YYYY-MM-DD.
        where: selector (`SELECTORS`) -> glob; all of them must fit, and there is at least one.
    """

    reason: str
    until: str
    where: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class GapSettings:
    """The table `[gaps]` of `auditrail.toml`.

    Attributes:
        fiscal_year_start: month (1 to 12) in which the fiscal year starts.
        fiscal_year_named_by: `end` or `start`: the calendar year that names a fiscal year.
        require: names of frameworks, as `--require` takes them.
        params: `<rule>.<name>` -> value.
        waivers: in the order of the file.
    """

    fiscal_year_start: int = 1
    fiscal_year_named_by: str = "end"
    require: tuple[str, ...] = ()
    params: tuple[tuple[str, int], ...] = ()
    waivers: tuple[Waiver, ...] = ()


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
