"""How complete runs are, by the checks of `reconstruct`, for many at once; and what can be expected of a run."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from auditrail import discover
from auditrail.report import events as run_events
from auditrail.report import marks
from auditrail.report.types import RunEventView

if TYPE_CHECKING:
    import duckdb

# So many events are looked through to grade the runs of a list: about a second.
GRADED_EVENTS = 20_000

# A stream is expected of a run if at least this share of the agent's runs have it, of at least so many.
_MOST_RUNS = 0.8
_FEWEST_RUNS = 4


def grades(
    connection: duckdb.DuckDBPyConnection, runs: list[tuple[int, str, str, int, str | None]]
) -> dict[int, tuple[str, float]]:
    """How complete each run is, by the same checks as `reconstruct`: run key -> (grade, score).

    Args:
        connection: to the case.
        runs: key, id, kind of the id, number of events, and agent of each. Runs are left out from where their events
            add up to more than `GRADED_EVENTS`: a list has to appear at once.
    """
    chosen: list[tuple[int, str, str, int, str | None]] = []
    total = 0
    for run in runs:
        total += run[3]
        if total > GRADED_EVENTS:
            break
        chosen.append(run)
    if not chosen:
        return {}
    rows = connection.execute(
        "SELECT event, via_kind, via_value, confidence, via_event, run FROM run_events "
        f"WHERE run IN ({run_events.in_list(run[0] for run in chosen)})"
    ).fetchall()
    owner = {row[0]: row[5] for row in rows}
    members: dict[int, list[RunEventView]] = defaultdict(list)
    sources = run_events.sources_of(connection)
    for event in run_events.read(connection, {row[0]: row[1:5] for row in rows}, sources, Counter()):
        members[owner[event.key]].append(event)
    made = {}
    streams = agent_streams(connection)
    for key, run_id, kind, _, agent in chosen:
        named, own = kind in ("run", "trace"), members[key]
        found = marks.completeness(
            marks.find(
                run_id,
                own,
                named=named,
                expected=expected_of(streams, agent, own, sources),
                records_ends=partial(records_ends, own, sources),
                elsewhere=partial(elsewhere, connection, [event.key for event in own]),
            ),
            named=named,
        )
        made[key] = (found.grade, found.score)
    return made


def elsewhere(connection: duckdb.DuckDBPyConnection, events: Iterable[int], spans: set[str]) -> set[str]:
    """Those of these parents of a run's events that other runs hold: spans of its traces, lines of its files."""
    listed = run_events.in_list(events)
    rows = connection.execute(
        f"""
        WITH own AS (SELECT DISTINCT trace_id, source FROM events WHERE event IN ({listed})),
        named AS (SELECT span_id, trace_id, source, kind FROM events
                  WHERE span_id IN (SELECT unnest(?)) AND event NOT IN ({listed}))
        SELECT DISTINCT n.span_id FROM named n JOIN own o ON n.trace_id = o.trace_id AND n.kind = 'span'
        UNION
        SELECT DISTINCT n.span_id FROM named n JOIN own o ON n.source = o.source
        WHERE n.trace_id IS NULL AND o.trace_id IS NULL
        """,
        [sorted(spans)],
    ).fetchall()
    return {row[0] for row in rows}


def records_ends(events: list[RunEventView], sources: dict[int, dict[str, Any]]) -> bool:
    """Whether a format of the agent's own records (else of any) can say that a run ended, by its capture table."""
    paths = {event.source.path for event in events if event.layer == "agent"} or {e.source.path for e in events}
    names: set[str] = set()
    for row in sources.values():
        if row["path"] in paths:
            names |= {row["format"] or "", *(row["inner_formats"] or "").split(",")}
    readers = [discover.module("auditrail.readers", name) for name in names if name]
    return any(reader.CAPTURES["end"].partition(":")[0] in ("yes", "partly") for reader in readers if reader)


def agent_streams(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str, int, int]]:
    """Streams that most runs of an agent have: (agent, format, stream, runs, of all runs)."""
    return connection.execute(
        "SELECT agent, format, stream, runs, of_runs FROM agent_streams WHERE of_runs >= ? AND runs >= of_runs * ? "
        "ORDER BY agent NULLS LAST, format NULLS LAST, stream NULLS LAST",
        [_FEWEST_RUNS, _MOST_RUNS],
    ).fetchall()


def expected_of(
    streams: list[tuple[str, str, str, int, int]],
    agent: str | None,
    events: list[RunEventView],
    sources: dict[int, dict[str, Any]],
) -> tuple[marks.Expected, ...]:
    """The streams that most runs of the agent have, each with whether these events hold it."""
    formats = {row["path"]: row["format"] for row in sources.values()}
    held = {(formats.get(event.source.path), event.stream) for event in events}
    return tuple(
        marks.Expected(kind, stream, runs, of_runs, (kind, stream) in held)
        for owner, kind, stream, runs, of_runs in streams
        if owner == agent
    )
