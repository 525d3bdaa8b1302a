"""How far back each stream reaches against what clauses ask for, which fields its records hold, and what goes when.

Facts only: "oldest held", "required since". Whether anybody complies is not for a program to say: a stream may be
young, or the export a part of it.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from auditrail import case, times
from auditrail.gaps import build
from auditrail.gaps.frameworks import Clause, Framework
from auditrail.report.gap_types import Deletion, FieldHeld, Retention

if TYPE_CHECKING:
    import duckdb

    from auditrail.gaps.engine import Question

_DAY = 86_400 * times.NS
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Field -> which rows of `acts` should have it, and which have it.
_CALLS = "tool IS NOT NULL AND kind IN ('call', 'span')"
_RESULTS = "tool IS NOT NULL AND kind IN ('result', 'span')"
FIELDS = {
    "time": ("true", "ts_ns IS NOT NULL AND NOT tz_assumed"),
    "type": ("true", "name IS NOT NULL OR kind <> 'log'"),
    "where": ("true", "stream IS NOT NULL"),
    "source": ("true", "agent IS NOT NULL OR tool IS NOT NULL"),
    "outcome": ("kind IN ('span', 'end', 'result', 'decision')", "status <> 'unknown' OR decision IS NOT NULL"),
    "identity": ("true", "agent IS NOT NULL"),
    "agent": ("true", "agent IS NOT NULL"),
    "run": ("true", "run IS NOT NULL"),
    "tool": ("layer = 'tool'", "tool IS NOT NULL"),
    "arguments": (_CALLS, "args_state IN ('present', 'empty')"),
    "results": (_RESULTS, "result_state IN ('present', 'empty')"),
    "decision": ("kind = 'decision'", "decision IS NOT NULL"),
}
# Fields that `acts` does not have, counted by decisions and by runs.
_POLICY, _PRINCIPAL = "policy", "principal"


def required_days(frameworks: Iterable[Framework], end_ns: int | None) -> int:
    """The most days that any clause of these frameworks asks for, counted back from a moment; 0 without a number."""
    clauses = [clause for each in frameworks for clause in each.clauses if clause.months is not None]
    return max((_days(clause, end_ns or 0) for clause in clauses), default=0)


def retention(
    connection: duckdb.DuckDBPyConnection, frameworks: Iterable[Framework], end_ns: int | None, *, numberless: bool
) -> tuple[Retention, ...]:
    """Every clause against every stream.

    Args:
        connection: to the case.
        frameworks: whose clauses.
        end_ns: required times are counted back from here; None: no record has a time.
        numberless: list clauses without a number, too.
    """
    build.build(connection, ["acts"])
    streams = connection.execute(
        "SELECT stream, min(ts_ns) FROM acts GROUP BY stream ORDER BY stream NULLS LAST"
    ).fetchall()
    return tuple(
        _row(framework, clause, stream, oldest, end_ns)
        for framework in frameworks
        for clause in framework.clauses
        if clause.months is not None or (numberless and not clause.fields)
        for stream, oldest in streams
    )


def _row(framework: Framework, clause: Clause, stream: str, oldest: int | None, end_ns: int | None) -> Retention:
    held = (end_ns - oldest) // _DAY if end_ns is not None and oldest is not None else None
    if clause.months is None or end_ns is None:
        return Retention(framework.name, clause.clause, None, stream, oldest, held, "not-judged")
    days = _days(clause, end_ns)
    since = end_ns - days * _DAY
    status = "not-judged" if oldest is None else "held" if oldest <= since else "shorter"
    return Retention(framework.name, clause.clause, days, stream, oldest, held, status, since)


def _days(clause: Clause, end_ns: int) -> int:
    """Days from so many months before a moment to it: six months are 181 to 184 days."""
    end = _EPOCH + timedelta(seconds=end_ns // times.NS)
    months = end.year * 12 + end.month - 1 - (clause.months or 0)
    year, month = divmod(months, 12)
    day = min(end.day, calendar.monthrange(year, month + 1)[1])
    return (end - end.replace(year=year, month=month + 1, day=day)).days


def fields(
    connection: duckdb.DuckDBPyConnection, frameworks: Iterable[Framework], question: Question
) -> tuple[FieldHeld, ...]:
    """How many of the records of the period carry each field that a clause asks for."""
    wanted = [
        (each.name, clause.clause, name) for each in frameworks for clause in each.clauses for name in clause.fields
    ]
    if not wanted:
        return ()
    build.build(connection, ["acts"])
    where, values = _restriction(question, "ts_ns", "agent")
    names = sorted({name for *_, name in wanted} & set(FIELDS))
    counted: dict[str, tuple[int, int]] = {}
    if names:
        sums = ", ".join(
            f"count(*) FILTER (WHERE ({FIELDS[name][0]}) AND ({FIELDS[name][1]})), "
            f"count(*) FILTER (WHERE {FIELDS[name][0]})"
            for name in names
        )
        row = case.one(connection, f"SELECT {sums} FROM acts WHERE {where}", values) or ()
        counted = {name: (row[2 * place], row[2 * place + 1]) for place, name in enumerate(names)}
    asked = {name for *_, name in wanted}
    if _POLICY in asked:
        counted[_POLICY] = _pair(
            connection,
            "SELECT count(e.policy), count(*) FROM acts a JOIN events e ON e.event = a.event "
            f"WHERE a.kind = 'decision' AND {_restriction(question, 'a.ts_ns', 'a.agent')[0]}",
            values,
        )
    if _PRINCIPAL in asked:
        runs, of_runs = _restriction(question, "r.started_ns", "r.agent")
        counted[_PRINCIPAL] = _pair(
            connection,
            "SELECT count(p.run), count(*) FROM runs r LEFT JOIN (SELECT DISTINCT m.run FROM events e "
            f"JOIN run_members m ON m.event = e.event WHERE e.principal IS NOT NULL) p ON p.run = r.run WHERE {runs}",
            of_runs,
        )
    return tuple(FieldHeld(framework, clause, name, *counted[name]) for framework, clause, name in wanted)


def _pair(connection: duckdb.DuckDBPyConnection, sql: str, values: list[int | str]) -> tuple[int, int]:
    row = case.one(connection, sql, values)
    return (int(row[0]), int(row[1])) if row else (0, 0)


def _restriction(question: Question, time: str, agent: str) -> tuple[str, list[int | str]]:
    tests, values = ["true"], list[int | str]()
    for test, value in (
        (f"{time} >= ?", question.from_ns), (f"{time} < ?", question.to_ns), (f"{agent} = ?", question.agent),
    ):  # fmt: skip
        if value is not None:
            tests.append(test)
            values.append(value)
    return " AND ".join(tests), values


def deletions(connection: duckdb.DuckDBPyConnection) -> tuple[Deletion, ...]:
    """What log groups delete, by their own settings and the oldest and newest records that are held of them."""
    build.build(connection, ["log_groups"])
    rows = connection.execute(
        "SELECT log_group, days, stream, oldest_ns, newest_ns FROM log_groups ORDER BY log_group NULLS LAST"
    ).fetchall()
    return tuple(_deletion(*row) for row in rows)


def _deletion(group: str, days: int | None, stream: str | None, oldest: int | None, newest: int | None) -> Deletion:
    if days is None:
        return Deletion(group, None, None, "never deletes anything")
    if stream is None or oldest is None or newest is None:
        return Deletion(group, days, None, f"keeps {days} days; no record of it with a time is loaded")
    first, last = oldest + days * _DAY, newest + days * _DAY
    return Deletion(
        group,
        days,
        first,
        f"keeps {days} days: of the records held here, the oldest ({times.iso(oldest)[:10]}) leaves the group on "
        f"{times.iso(first)[:10]}, the newest ({times.iso(newest)[:10]}) on {times.iso(last)[:10]}",
    )
