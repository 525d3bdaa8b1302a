"""Runs the rules over a case, step by step.

1. The facts that the rules need are built.
2. A rule whose layers or columns the case lacks cannot judge, and that is said.
3. Every other rule's SELECT adds its rows to `findings`; a rule that fails becomes a row that names it.
4. `resolve` keeps one row for each missing thing and drops what a missing stream explains.
5. Rows outside of the question (period, run, agent, layer) are dropped: rules always see the whole case, because the
   rhythm of a stream, or what an agent's runs have, cannot be told from a part of it.
6. Rows that a waiver covers are marked with its number; `waivers` says how.
7. `fold` groups the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from auditrail import case
from auditrail.gaps import build, fold, resolve, settings, terms, waivers
from auditrail.gaps.rule import Rule
from auditrail.gaps.settings import Waiver

if TYPE_CHECKING:
    import duckdb

FAILED = "rule-failed"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a period (ns since the epoch, from inclusive, to exclusive), and what to look at; None: all."""

    from_ns: int | None = None
    to_ns: int | None = None
    runs: tuple[int, ...] | None = None
    agent: str | None = None
    layer: str | None = None


@dataclass(slots=True)
class Found:
    """What the rules found: folded rows, rule -> why it could not judge, and rule -> error of those that failed."""

    groups: list[fold.Group]
    not_judged: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def find(
    connection: duckdb.DuckDBPyConnection,
    rules: tuple[Rule, ...],
    question: Question,
    params: Mapping[str, int] | None = None,
    waived: tuple[Waiver, ...] = (),
) -> Found:
    """Runs the rules; `findings` stays behind as a temporary table, resolved, for whoever counts on.

    Args:
        connection: to the case; only temporary tables are made.
        rules: the rules to run.
        question: which rows are wanted.
        params: `<rule>.<name>` -> value, before the rules' own defaults.
        waived: what is accepted; the first that covers a row marks it.
    """
    settings.write(connection, rules, params or {})
    _table(connection)
    found = Found([])
    runnable = []
    layers = {row[0] for row in connection.execute("SELECT DISTINCT layer FROM events").fetchall()}
    for rule in rules:
        lacking = _lacking(connection, rule, layers)
        if lacking:
            found.not_judged[rule.id] = lacking
        else:
            runnable.append(rule)
    build.build(connection, dict.fromkeys(fact for rule in runnable for fact in rule.facts))
    for rule in runnable:
        try:
            run(connection, rule)
        except Exception as error:  # noqa: BLE001 - a rule that fails is a finding of its own
            found.failed[rule.id] = str(error).splitlines()[0]
    resolve.resolve(connection)
    _restrict(connection, question)
    waivers.mark(connection, waived)
    found.groups = fold.fold(connection)
    return found


def columns_of(connection: duckdb.DuckDBPyConnection, rule: Rule) -> dict[str, str]:
    """The columns that a rule's SELECT gives, with their types; its facts must stand.

    Raises:
        ValueError: it is not one SELECT, or gives a column that findings do not have.
    """
    statements = connection.extract_statements(rule.sql)
    if len(statements) != 1 or "SELECT" not in str(statements[0].type):
        raise ValueError(f"rule {rule.id} is not one SELECT")
    made = {row[0]: row[1] for row in connection.execute(f"DESCRIBE {rule.sql}").fetchall()}
    unknown = sorted(set(made) - set(terms.FINDING))
    if unknown or "what" not in made:
        raise ValueError(f"rule {rule.id}: unknown columns {', '.join(unknown) or 'none'}; `what` must be one")
    return made


def run(connection: duckdb.DuckDBPyConnection, rule: Rule) -> None:
    """Adds the rows of one rule to `findings`, with the header's values where a row has none."""
    given = columns_of(connection, rule)
    values = []
    for name, column in terms.FINDING.items():
        default = (
            _literal(getattr(rule, name))
            if name in ("scope", "cause", "evidence", "severity", "confidence")
            else ("1" if name == "count" else "NULL")
        )
        value = f"coalesce(q.{name}, {default})" if name in given else default
        values.append(f"CAST({value} AS {column.sql_type}) AS {name}")
    connection.execute(
        f"INSERT INTO findings SELECT {_literal(rule.id)} AS rule, {', '.join(values)}, NULL AS waiver "
        f"FROM ({rule.sql}) q"
    )


def _table(connection: duckdb.DuckDBPyConnection) -> None:
    columns = ", ".join(f"{name} {column.sql_type}" for name, column in terms.FINDING.items())
    connection.execute(f"CREATE TEMP TABLE findings (rule VARCHAR, {columns}, waiver BIGINT)")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _lacking(connection: duckdb.DuckDBPyConnection, rule: Rule, layers: set[Any]) -> str:
    """Why a rule cannot judge this case, or a blank text."""
    missing = [layer for layer in rule.layers if layer not in layers]
    if missing:
        return f"no record of layer {' or '.join(missing)} is held"
    if rule.columns:
        some = " OR ".join(f"{column} IS NOT NULL" for column in rule.columns)
        if case.one(connection, f"SELECT 1 FROM events WHERE {some} LIMIT 1") is None:
            return f"no record says anything of {', '.join(rule.columns)}"
    return ""


def _restrict(connection: duckdb.DuckDBPyConnection, question: Question) -> None:
    """Drops rows outside of the question; a row without a time concerns every period."""
    connection.execute(
        """
        UPDATE findings SET
            agent = coalesce(findings.agent, r.agent),
            first_ns = coalesce(findings.first_ns, findings.last_ns, r.started_ns),
            last_ns = coalesce(findings.last_ns, findings.first_ns, r.ended_ns)
        FROM runs r WHERE r.run = findings.run
        """
    )
    connection.execute(
        "UPDATE findings SET first_ns = coalesce(first_ns, last_ns), last_ns = coalesce(last_ns, first_ns) "
        "WHERE run IS NULL"
    )
    wanted: list[str] = []
    values: list[int | str] = []
    if question.from_ns is not None:
        wanted.append("(last_ns IS NULL OR last_ns >= ?)")
        values.append(question.from_ns)
    if question.to_ns is not None:
        wanted.append("(first_ns IS NULL OR first_ns < ?)")
        values.append(question.to_ns)
    if question.runs is not None:
        wanted.append(f"run IN ({', '.join(str(int(run)) for run in question.runs) or 'NULL'})")
    if question.agent is not None:
        wanted.append("agent = ?")
        values.append(question.agent)
    if question.layer is not None:
        wanted.append("layer = ?")
        values.append(question.layer)
    if wanted:
        connection.execute(f"DELETE FROM findings WHERE NOT ({' AND '.join(wanted)}) IS TRUE", values)
