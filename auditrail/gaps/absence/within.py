"""Agents whose calls a service logs without any id: its lines stand in no run, and inside the calls of one tool.

A line counts if lines of its name stand in other runs (a heartbeat never does). A tool is heard by the service if
nearly all calls of it by the agent have such a line in their time, and hardly any has one shortly before or after:
by chance that would be one in ten thousand. Calls in which a run of a helper went on are left out: the lines may be the
helper's.
"""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from auditrail.gaps.absence.grid import Bools, Grid, Ints, Stream

if TYPE_CHECKING:
    import duckdb

_HEARD, _FEWEST, _SURE = 0.7, 4, 9.2
_SHIFTS_NS = (97_000_000_000, -97_000_000_000, 601_000_000_000, -601_000_000_000)
# Lines of a name that stand in runs make it one that is usually joined.
_JOINED = 10
# Of the agent's runs, so few may have the stream all the same: joined by a guess.
_ODD = 0.1


class Heard(NamedTuple):
    """The runs of an agent whose calls a stream heard of: place -> a line of the stream inside a call."""

    agent: int
    stream: Stream
    at: dict[int, int]


def heard(connection: duckdb.DuckDBPyConnection, grid: Grid, told: set[tuple[int, str, str]]) -> list[Heard]:
    """Agents and streams, but those that are told of already; `signal_acts` must stand."""
    lines = _lines(connection)
    wanted = [stream for stream in grid.streams if (stream.format, stream.stream) in lines]
    if not wanted:
        return []
    calls = _calls(connection, grid)
    found = []
    for stream in wanted:
        times, events = lines[stream.format, stream.stream]
        inside = np.searchsorted(times, calls.end, side="right") > np.searchsorted(times, calls.start)
        beside = np.zeros(len(calls.at))
        for shift in _SHIFTS_NS:
            beside += np.searchsorted(times, calls.end + shift, side="right") > np.searchsorted(
                times, calls.start + shift
            )
        for agent in range(len(grid.agents)):
            runs = np.flatnonzero(grid.agent == agent)
            if (agent, stream.format, stream.stream) in told or np.isin(runs, stream.at).sum() > _ODD * len(runs):
                continue
            mine = (grid.agent[calls.at] == agent) & ~np.isin(calls.at, stream.at)
            hit = _hits(calls, mine, inside, beside / len(_SHIFTS_NS))
            if hit.any():
                first = np.searchsorted(times, calls.start[hit])
                at = dict(zip(calls.at[hit].tolist(), events[first].tolist(), strict=True))
                found.append(Heard(agent, stream, at))
    return found


class _Calls(NamedTuple):
    """Calls: place of the run, number of the tool, begin and end."""

    at: Ints
    tool: Ints
    start: Ints
    end: Ints


def _hits(calls: _Calls, mine: Bools, inside: Bools, beside: Any) -> Bools:
    """The calls, of tools that are heard, with a line inside."""
    made = np.zeros(len(calls.at), np.bool_)
    for tool in np.unique(calls.tool[mine]):
        these = np.flatnonzero(mine & (calls.tool == tool))
        hits = int(inside[these].sum())
        if len(these) < _FEWEST or hits < _HEARD * len(these):
            continue
        chance = max(float(beside[these].mean()), 1 / (len(these) + 2))
        if -hits * log(chance) > _SURE and chance < _HEARD / 2:
            made[these[inside[these]]] = True
    return made


def _lines(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], tuple[Ints, Ints]]:
    """Stream -> times and events of its lines that stand in no run and carry no id, as others of their name do."""
    rows: dict[str, Any] = connection.execute(
        f"""
        WITH names AS (
            SELECT format, stream, name FROM signal_acts WHERE name IS NOT NULL GROUP BY format, stream, name
            HAVING count(run) >= {_JOINED} AND count(*) > count(run)
        )
        SELECT a.format, a.stream, a.ts_ns, a.event FROM signal_acts a
        JOIN names n ON n.format = a.format AND n.stream = a.stream AND n.name = a.name
        WHERE a.run IS NULL AND a.ts_ns IS NOT NULL AND coalesce(a.call, a.trace, a.request, a.response) IS NULL
        ORDER BY a.ts_ns, a.event
        """
    ).fetchnumpy()
    places = list(zip(rows["format"], rows["stream"], strict=True))
    number = {place: n for n, place in enumerate(sorted(set(places)))}
    of = np.array([number[place] for place in places], np.int64)
    times, events = (np.asarray(np.ma.filled(rows[name], 0), np.int64) for name in ("ts_ns", "event"))
    return {place: (times[of == n], events[of == n]) for place, n in number.items()}


def _calls(connection: duckdb.DuckDBPyConnection, grid: Grid) -> _Calls:
    rows: dict[str, Any] = connection.execute(
        """
        WITH told AS (
            SELECT run, tool, min(ts_ns) AS first_ns, max(greatest(ts_ns, coalesce(end_ns, ts_ns))) AS last_ns
            FROM signal_acts
            WHERE run IS NOT NULL AND tool IS NOT NULL AND ts_ns IS NOT NULL AND layer NOT IN ('llm', 'policy')
            GROUP BY run, tool, coalesce(call, span, CAST(event AS VARCHAR))
            HAVING last_ns > first_ns AND NOT bool_or(status = 'denied')
        )
        SELECT t.* FROM told t JOIN runs o ON o.run = t.run WHERE NOT EXISTS (
            SELECT 1 FROM runs r
            WHERE r.parent_run = o.id AND r.started_ns <= t.last_ns AND r.ended_ns >= t.first_ns
        )
        """
    ).fetchnumpy()
    order = np.argsort(grid.run)
    runs = np.asarray(np.ma.filled(rows["run"], -1), np.int64)
    at = np.searchsorted(grid.run[order], runs)
    at[at == len(grid.run)] = 0
    known = grid.run[order][at] == runs if len(grid.run) else np.zeros(len(runs), np.bool_)
    _, tool = np.unique(rows["tool"].astype(str), return_inverse=True)
    start, end = (np.asarray(np.ma.filled(rows[name], 0), np.int64) for name in ("first_ns", "last_ns"))
    return _Calls(order[at[known]], np.asarray(tool, np.int64)[known], start[known], end[known])
