"""What a bundle is about: a period, runs, an agent; and which rows of the case belong to it.

A run belongs to the period in which it began, as in `gaps`. Events belong with their run; a copy belongs with what it
is a copy of. Events without a run belong to the period by their own time, and to an agent by their own name; one
without a time belongs to every period, since nothing says that it does not. Where runs are named, only their events
belong. Sources, verdicts and quarantine are always whole: which run a record in quarantine is of, nobody knows.

`select` leaves two temporary tables behind, from which every part of a bundle is made:

    scope_runs(run)             keys of the runs
    scope_events(event, run)    keys of the events, each with its run or NULL
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from auditrail import case, times
from auditrail.errors import NothingReadableError, RunNotFoundError, UsageError
from auditrail.report import lookup, periods
from auditrail.report.gap_types import Period

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from auditrail.gaps.engine import Question

_LISTED = 10


class Asked(NamedTuple):
    """The scope as it stands on the command line; `runs` are any ids of runs, or beginnings of them."""

    quarter: str | None = None
    since: str | None = None
    until: str | None = None
    runs: tuple[str, ...] = ()
    agent: str | None = None
    incident: str | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope that was looked up in a case.

    Attributes:
        period: times in ns since the epoch, from inclusive to exclusive.
        runs: keys of the runs that were named; None: all of the period.
        names: their ids, in the order of `runs`.
        agent: None: all. incident: id of the incident that named the runs, or None.
    """

    period: Period
    runs: tuple[int, ...] | None = None
    names: tuple[str, ...] = ()
    agent: str | None = None
    incident: str | None = None

    @property
    def bounded(self) -> bool:
        """Whether the period has an edge."""
        return self.period.from_ns is not None or self.period.to_ns is not None

    @property
    def whole(self) -> bool:
        """Whether it is the whole case."""
        return not self.bounded and self.runs is None and self.agent is None

    def question(self) -> Question:
        """The same as a question to the rules of gaps; its period goes with `Judging`."""
        from auditrail.gaps.engine import Question

        return Question(runs=self.runs, agent=self.agent)

    def document(self) -> dict[str, Any]:
        """The scope as the manifest tells it."""
        return {
            "period": self.period.label,
            "runs": list(self.names) if self.runs is not None else None,
            "agent": self.agent,
            "incident": self.incident,
        }

    def words(self) -> str:
        """The scope in words for a person, one line."""
        said = ["the whole case" if self.whole else f"period {self.period.label}"]
        if self.agent is not None:
            said.append(f"agent {self.agent}")
        if self.incident is not None:
            said.append(f"incident {self.incident}")
        if self.runs is not None:
            shown = ", ".join(self.names[:_LISTED])
            more = f" and {len(self.names) - _LISTED:,} more" if len(self.names) > _LISTED else ""
            said.append(f"{'run' if len(self.names) == 1 else 'runs'} {shown}{more}")
        return ", ".join(said)


class Selection(NamedTuple):
    """How much belongs to a scope: runs, events, and those of the events that no run has."""

    runs: int
    events: int
    unplaced: int


def resolve(connection: duckdb.DuckDBPyConnection, asked: Asked, fiscal: periods.Fiscal = periods.CALENDAR) -> Scope:
    """Looks a scope up in a case.

    Raises:
        UsageError: the period is none, or given twice. RunNotFoundError, AmbiguousRunError: a run is not there.
        NothingReadableError: no record names that agent.
    """
    if asked.quarter is not None and (asked.since is not None or asked.until is not None):
        raise UsageError("--quarter excludes --since and --until")
    held = periods.reach(connection)
    if asked.quarter is not None:
        period = periods.quarter(asked.quarter, held, fiscal)
    else:
        period = periods.span(asked.since, asked.until, held)
    if asked.agent is not None:
        _check_agent(connection, asked.agent)
    runs = _runs(connection, asked.runs) if asked.runs or asked.incident is not None else None
    names = _names(connection, runs) if runs is not None else ()
    return Scope(period, runs, names, asked.agent, asked.incident)


def select(connection: duckdb.DuckDBPyConnection, scope: Scope) -> Selection:
    """Makes `scope_runs` and `scope_events`, and counts them."""
    period = [scope.period.from_ns, scope.period.to_ns]
    named = "true" if scope.runs is None else f"run IN ({', '.join(str(int(run)) for run in scope.runs) or 'NULL'})"
    # As `report.coverage` has it: a run without a time began in no period.
    edges = "started_ns >= coalesce(?, started_ns) AND started_ns < coalesce(?, 9223372036854775807)"
    began = edges if scope.bounded else "true"
    mine = "true" if scope.agent is None else "agent = ?"
    who = [] if scope.agent is None else [scope.agent]
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE scope_runs AS SELECT run FROM runs WHERE {named} AND {mine} AND {began}",
        [*who, *(period if scope.bounded else ())],
    )
    loose = "SELECT event, NULL::BIGINT AS run FROM events WHERE false"
    values: list[Any] = []
    if scope.runs is None:
        loose = (
            "SELECT e.event, NULL::BIGINT AS run FROM events e ANTI JOIN placed p ON p.event = e.event "
            f"WHERE (e.ts_ns >= ?::BIGINT) IS NOT FALSE AND (e.ts_ns < ?::BIGINT) IS NOT FALSE AND {mine}"
        )
        values = [*period, *who]
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE scope_events AS
        WITH placed AS (
            SELECT event, run FROM run_members
            UNION ALL
            SELECT c.event, m.run FROM copies c JOIN run_members m ON m.event = c.of
            WHERE NOT EXISTS (SELECT 1 FROM run_members n WHERE n.event = c.event)
        )
        SELECT p.event, p.run FROM placed p SEMI JOIN scope_runs s ON s.run = p.run
        UNION ALL
        {loose}
        """,
        values,
    )
    row = case.one(
        connection,
        "SELECT (SELECT count(*) FROM scope_runs), count(*), count(*) FILTER (WHERE run IS NULL) FROM scope_events",
    )
    return Selection(*(row or (0, 0, 0)))


def held(connection: duckdb.DuckDBPyConnection) -> tuple[int | None, int | None]:
    """First and last time of the selected events; `select` has run."""
    row = case.one(
        connection, "SELECT min(e.ts_ns), max(e.ts_ns) FROM scope_events s JOIN events e ON e.event = s.event"
    )
    return (row[0], row[1]) if row else (None, None)


def witness(connection: duckdb.DuckDBPyConnection, scope: Scope) -> int | None:
    """An event that carries the scope's agent: what stands there after a redaction is what the agent is called now."""
    if scope.agent is None:
        return None
    row = case.one(connection, "SELECT min(event) FROM events WHERE agent = ?", [scope.agent])
    return row[0] if row else None


def renamed(connection: duckdb.DuckDBPyConnection, scope: Scope, seen: int | None) -> Scope:
    """The same scope in a redacted case, in which runs and agents may have other names.

    Args:
        connection: to the redacted case; keys of runs and events are the same there.
        scope: as it was looked up in the case that was redacted.
        seen: what `witness` gave there.
    """
    names = _names(connection, scope.runs) if scope.runs is not None else ()
    agent = scope.agent
    if seen is not None:
        row = case.one(connection, "SELECT agent FROM events WHERE event = ?", [seen])
        agent = row[0] if row else None
    return replace(scope, names=names, agent=agent)


def edges(period: Period) -> dict[str, str | None]:
    """A period as times of ISO 8601."""
    return {"from": times.iso(period.from_ns) or None, "to": times.iso(period.to_ns) or None}


def _runs(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> tuple[int, ...]:
    found: set[int] = set()
    for name in names:
        run = lookup.find(connection, name).run
        if run is None:
            raise RunNotFoundError(
                f"{name!r} is an id of events that no key joins to a run",
                hint="export the period that they lie in, with --since and --until",
            )
        found.add(run)
    return tuple(sorted(found))


def _names(connection: duckdb.DuckDBPyConnection, runs: Sequence[int]) -> tuple[str, ...]:
    listed = ", ".join(str(int(run)) for run in runs) or "NULL"
    rows = connection.execute(f"SELECT run, id FROM runs WHERE run IN ({listed})").fetchall()
    ids = dict(rows)
    return tuple(ids[run] for run in runs)


def _check_agent(connection: duckdb.DuckDBPyConnection, agent: str) -> None:
    if case.one(connection, "SELECT 1 FROM events WHERE agent = ? LIMIT 1", [agent]) is not None:
        return
    if case.one(connection, "SELECT 1 FROM runs WHERE agent = ? LIMIT 1", [agent]) is not None:
        return
    known = connection.execute(
        "SELECT agent FROM runs WHERE agent IS NOT NULL GROUP BY agent "
        f"ORDER BY count(*) DESC NULLS LAST, agent NULLS LAST LIMIT {_LISTED}"
    ).fetchall()
    listed = ", ".join(row[0] for row in known) or "none is named in any record"
    raise NothingReadableError(f"no record names the agent {agent!r}", hint=f"agents held: {listed}")
