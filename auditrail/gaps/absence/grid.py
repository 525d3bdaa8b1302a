"""Runs and streams as arrays: the whole case, small enough to reason over (a few numbers for each run and stream)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from auditrail.gaps.absence import names
from auditrail.gaps.absence.tables import insert

if TYPE_CHECKING:
    import duckdb

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# Clocks of two streams differ by so much; records of a run are written so much late.
SLACK_NS = 5_000_000_000
# A case may hold a stream for each file; streams of so few runs tell nothing of a habit.
_FEWEST_RUNS = 3


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream: the places (in `Grid.run`) of the runs that it has records of, sorted, and what it has of each.

    loose: agents that its records outside of these runs name (None: no agent), where there are such records.
    """

    format: str
    stream: str
    layers: tuple[str, ...]
    has_spans: bool
    at: Ints
    events: Ints
    calls: Ints
    llm: Ints
    edges: Ints
    first: Ints
    last: Ints
    loose: tuple[str | None, ...]

    def of_another(self, stream: str) -> Stream:
        """A stream of the same kind without a record."""
        none = np.zeros(0, np.int64)
        return Stream(self.format, stream, self.layers, self.has_spans, none, none, none, none, none, none, none, ())


@dataclass(frozen=True, slots=True)
class Grid:
    """All runs that count as runs of an agent, in order of their begin.

    agent: a number for each agent (or, where nothing tells one, for each stream that runs begin in).
    unbegun, unended: nothing tells its begin, or its end, though most runs of the agent have one.
    events: of the run, over all streams.
    """

    run: Ints
    agent: Ints
    agents: tuple[str, ...]
    start: Ints
    end: Ints
    failed: Bools
    unbegun: Bools
    unended: Bools
    events: Ints
    first_event: Ints
    streams: tuple[Stream, ...]


def load(connection: duckdb.DuckDBPyConnection) -> Grid:
    """The grid of a case; `run_facts` and `held_streams` must stand.

    Left out are runs that may only be a piece of another run, those that no run id names though the agent's runs have
    one: where no record of a begin or an end shows them to be a run, where a run of the agent at the same time lacks
    what they have, and where they carry an id of a call or request that one named run has, too.
    """
    names.told(connection)
    runs = connection.execute(
        """
        WITH homes AS (
            SELECT run, arg_max(format || '/' || stream, (edges, events, format, stream)) AS home,
                   sum(edges) AS edges, sum(events) AS events
            FROM signal_streams GROUP BY run
        ), told AS (
            SELECT f.run, coalesce(f.agent, w.agent, '/' || h.home) AS agent, f.started_ns, f.ended_ns, f.failed,
                   h.events, f.first_event, h.home, f.end_event IS NOT NULL AS has_end,
                   f.start_event IS NOT NULL AS has_start, r.id_kind,
                   coalesce(f.agent, w.agent) IS NOT NULL AND h.edges > 0 AS edged
            FROM run_facts f JOIN homes h ON h.run = f.run JOIN runs r ON r.run = f.run
            LEFT JOIN told_names w ON w.run = f.run
            WHERE f.named AND f.started_ns IS NOT NULL AND f.first_event IS NOT NULL
        ), named AS (
            SELECT agent, count(*) FILTER (WHERE id_kind = 'run') * 2 >= count(*) AS by_run,
                   count(*) FILTER (WHERE has_end) * 2 >= count(*) AS by_end,
                   count(*) FILTER (WHERE has_start) * 2 >= count(*) AS by_start
            FROM told GROUP BY agent
        ), pieces AS (
            SELECT DISTINCT p.run FROM told p JOIN told r ON r.agent = p.agent AND r.id_kind = 'run'
                AND p.id_kind <> 'run' AND r.started_ns <= p.ended_ns + $slack AND r.ended_ns >= p.started_ns - $slack
            WHERE NOT EXISTS (
                SELECT 1 FROM signal_streams s WHERE s.run = r.run AND s.format || '/' || s.stream = p.home
            )
        ), unnamed AS (
            SELECT t.run FROM told t JOIN named n ON n.agent = t.agent WHERE n.by_run AND t.id_kind <> 'run'
        ), theirs AS (
            SELECT DISTINCT run, call AS id FROM signal_acts WHERE call IS NOT NULL AND run IN (SELECT run FROM unnamed)
        ), known AS (
            SELECT a.call AS id, min(a.run) AS run FROM signal_acts a
            WHERE a.call IN (SELECT id FROM theirs) AND a.run IN (SELECT run FROM told WHERE id_kind = 'run')
            GROUP BY a.call HAVING min(a.run) = max(a.run)
        ), called AS (SELECT DISTINCT t.run FROM theirs t JOIN known k ON k.id = t.id)
        SELECT t.run, t.agent, t.started_ns, t.ended_ns, t.failed, n.by_end AND NOT t.has_end AS unended,
               n.by_start AND NOT t.has_start AS unbegun, t.events,
               t.first_event
        FROM told t JOIN named n ON n.agent = t.agent
        WHERE t.id_kind = 'run' OR NOT n.by_run OR (
            t.edged AND t.run NOT IN (SELECT run FROM pieces) AND t.run NOT IN (SELECT run FROM called)
        )
        ORDER BY t.started_ns, t.run
        """,
        {"slack": SLACK_NS},
    ).fetchnumpy()
    agents, codes = np.unique(runs["agent"].astype(str), return_inverse=True)
    run = _ints(runs["run"])
    return Grid(
        run,
        _ints(codes),
        tuple(str(agent) for agent in agents),
        _ints(runs["started_ns"]),
        _ints(runs["ended_ns"]),
        _bools(runs["failed"]),
        _bools(runs["unbegun"]),
        _bools(runs["unended"]),
        _ints(runs["events"]),
        _ints(runs["first_event"]),
        tuple(_streams(connection, run)),
    )


def _streams(connection: duckdb.DuckDBPyConnection, run: Ints) -> list[Stream]:
    connection.execute("CREATE OR REPLACE TEMP TABLE grid_runs (run BIGINT)")
    insert(connection, "grid_runs", {"run": run})
    heads = connection.execute(
        """
        SELECT format, stream, string_agg(DISTINCT layer, ',' ORDER BY layer), bool_or(kind = 'span')
        FROM signal_acts GROUP BY format, stream
        HAVING count(DISTINCT run) >= $fewest
        OR count(*) FILTER (WHERE run IS NULL AND coalesce(tool, call, trace, request, response) IS NOT NULL) >= $fewest
        ORDER BY format, stream
        """,
        {"fewest": _FEWEST_RUNS},
    ).fetchall()
    connection.execute("CREATE OR REPLACE TEMP TABLE stream_numbers (format VARCHAR, stream VARCHAR, number BIGINT)")
    insert(
        connection,
        "stream_numbers",
        {"format": [row[0] for row in heads], "stream": [row[1] for row in heads], "number": list(range(len(heads)))},
    )
    rows: dict[str, Any] = connection.execute(
        "SELECT n.number, s.run, s.events, s.calls, s.llm, s.edges, coalesce(s.first_ns, 0) AS first_ns, "
        "coalesce(s.last_ns, 0) AS last_ns FROM signal_streams s JOIN stream_numbers n "
        "ON n.format = s.format AND n.stream = s.stream"
    ).fetchnumpy()
    loose: dict[int, list[str | None]] = {}
    for number, agent in connection.execute(
        """
        SELECT DISTINCT n.number, a.agent FROM (
            SELECT format, stream, agent FROM signal_acts
            WHERE run IS NULL AND coalesce(tool, call, trace, request, response) IS NOT NULL
            UNION ALL
            SELECT s.format, s.stream, r.agent FROM signal_streams s JOIN runs r ON r.run = s.run
            WHERE s.run NOT IN (SELECT run FROM grid_runs)
        ) a JOIN stream_numbers n ON n.format = a.format AND n.stream = a.stream ORDER BY ALL NULLS LAST
        """
    ).fetchall():
        loose.setdefault(number, []).append(agent)
    connection.execute("DROP TABLE stream_numbers")
    order = np.argsort(run)
    return [_stream(head, number, rows, run, order, tuple(loose.get(number, ()))) for number, head in enumerate(heads)]


def _stream(
    head: Any, number: int, rows: dict[str, Any], run: Ints, order: Ints, loose: tuple[str | None, ...]
) -> Stream:
    mine = np.flatnonzero(rows["number"] == number)
    runs = _ints(rows["run"])[mine]
    place = np.searchsorted(run, runs, sorter=order)
    place[place == len(run)] = 0
    known = run[order[place]] == runs if len(run) else np.zeros(len(runs), np.bool_)
    at = order[place[known]] if len(run) else np.zeros(0, np.int64)
    by = np.argsort(at)

    def part(name: str) -> Ints:
        return np.asarray(_ints(rows[name])[mine][known][by], np.int64)

    return Stream(
        head[0], head[1], tuple(head[2].split(",")), bool(head[3]), _ints(at[by]), part("events"), part("calls"),
        part("llm"), part("edges"), part("first_ns"), part("last_ns"), loose,
    )  # fmt: skip


def _bools(values: Any) -> Bools:
    return np.asarray(np.ma.filled(values, fill_value=False), np.bool_)


def _ints(values: Any) -> Ints:
    return np.asarray(np.ma.filled(values, 0), np.int64)
