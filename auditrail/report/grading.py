"""How complete runs are, by the checks of `reconstruct`, for many at once; and what can be expected of a run."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

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
        named = kind in ("run", "trace")
        expected = expected_of(streams, agent, members[key], sources)
        findings = marks.find(run_id, members[key], named=named, expected=expected)
        found = marks.completeness(findings, named=named)
        made[key] = (found.grade, found.score)
    return made


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
