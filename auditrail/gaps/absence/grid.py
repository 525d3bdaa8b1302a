"""Runs and streams as arrays: the whole case, small enough to reason over (a few numbers for each run and stream)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import duckdb

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# A case may hold a stream for each file; streams of so few runs tell nothing of a habit.
_FEWEST_RUNS = 3


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream: the places (in `Grid.run`) of the runs that it has records of, sorted, and what it has of each."""

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


@dataclass(frozen=True, slots=True)
class Grid:
    """All runs that count as runs of an agent, in order of their begin.

    agent: a number for each agent (or, where no record names one, for each stream that runs begin in).
    events: of the run, over all streams.
    """

    run: Ints
    agent: Ints
    agents: tuple[str, ...]
    start: Ints
    end: Ints
    failed: Bools
    events: Ints
    first_event: Ints
    streams: tuple[Stream, ...]


def load(connection: duckdb.DuckDBPyConnection) -> Grid:
    """The grid of a case; `run_facts` and `run_streams` must stand.

    Left out are runs that only a piece of another run may be: those that no run id names, of an agent whose runs have
    one, and that no record of their own begin or end shows to be a run.
    """
    runs = connection.execute(
        """
        WITH homes AS (
            SELECT run, arg_max(format || '/' || stream, (edges, events, format, stream)) AS home,
                   sum(edges) AS edges, sum(events) AS events
            FROM run_streams GROUP BY run
        ), told AS (
            SELECT f.run, coalesce(f.agent, '/' || h.home) AS agent, f.started_ns, f.ended_ns, f.failed, h.events,
                   f.first_event, r.id_kind, f.agent IS NOT NULL AND h.edges > 0 AS edged
            FROM run_facts f JOIN homes h ON h.run = f.run JOIN runs r ON r.run = f.run
            WHERE f.named AND f.started_ns IS NOT NULL AND f.first_event IS NOT NULL
        ), named AS (
            SELECT agent, count(*) FILTER (WHERE id_kind = 'run') * 2 >= count(*) AS by_run FROM told GROUP BY agent
        )
        SELECT t.run, t.agent, t.started_ns, t.ended_ns, t.failed, t.events, t.first_event
        FROM told t JOIN named n ON n.agent = t.agent
        WHERE t.id_kind = 'run' OR NOT n.by_run OR t.edged ORDER BY t.started_ns, t.run
        """
    ).fetchnumpy()
    agents, codes = np.unique(runs["agent"].astype(str), return_inverse=True) if len(runs["run"]) else ([], [])
    run = _ints(runs["run"])
    return Grid(
        run,
        _ints(codes),
        tuple(str(agent) for agent in agents),
        _ints(runs["started_ns"]),
        _ints(runs["ended_ns"]),
        np.asarray(np.ma.filled(runs["failed"], fill_value=False), np.bool_),
        _ints(runs["events"]),
        _ints(runs["first_event"]),
        tuple(_streams(connection, run)),
    )


def _streams(connection: duckdb.DuckDBPyConnection, run: Ints) -> list[Stream]:
    heads = connection.execute(
        """
        SELECT format, stream, string_agg(DISTINCT layer, ',' ORDER BY layer), bool_or(kind = 'span')
        FROM acts WHERE run IS NOT NULL GROUP BY format, stream HAVING count(DISTINCT run) >= ?
        ORDER BY format, stream
        """,
        [_FEWEST_RUNS],
    ).fetchall()
    numbers = {(row[0], row[1]): number for number, row in enumerate(heads)}
    rows: dict[str, Any] = {}
    if numbers:
        connection.execute("CREATE OR REPLACE TEMP TABLE stream_numbers (format VARCHAR, stream VARCHAR, number BIGINT)")
        for (format_name, stream), number in numbers.items():
            connection.execute("INSERT INTO stream_numbers VALUES (?, ?, ?)", [format_name, stream, number])
        rows = connection.execute(
            "SELECT n.number, s.run, s.events, s.calls, s.llm, s.edges, coalesce(s.first_ns, 0) AS first_ns, "
            "coalesce(s.last_ns, 0) AS last_ns FROM run_streams s JOIN stream_numbers n "
            "ON n.format = s.format AND n.stream = s.stream"
        ).fetchnumpy()
        connection.execute("DROP TABLE stream_numbers")
    return [_stream(head, number, rows, run) for number, head in enumerate(heads)]


def _stream(head: Any, number: int, rows: dict[str, Any], run: Ints) -> Stream:
    mine = np.flatnonzero(rows["number"] == number)
    order = np.argsort(run)
    runs = _ints(rows["run"])[mine]
    place = np.searchsorted(run[order], runs)
    place[place == len(run)] = 0
    known = run[order][place] == runs if len(run) else np.zeros(len(runs), np.bool_)
    at = order[place[known]] if len(run) else np.zeros(0, np.int64)
    by = np.argsort(at)
    parts = [_ints(rows[name])[mine][known][by] for name in ("events", "calls", "llm", "edges", "first_ns", "last_ns")]
    return Stream(head[0], head[1], tuple(head[2].split(",")), bool(head[3]), _ints(at[by]), *parts)


def _ints(values: Any) -> Ints:
    return np.asarray(np.ma.filled(values, 0), np.int64)
