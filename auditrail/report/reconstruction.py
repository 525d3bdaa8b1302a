"""One run end to end: its events in order, each with its place and its join, and what is missing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from auditrail import case
from auditrail.report import events as run_events
from auditrail.report import grading, integrity, lookup, marks, skew, tree, usage
from auditrail.report.types import ChildRun, Reconstruction, RunEventView, StreamUse

if TYPE_CHECKING:
    import duckdb

# What this command never looks at; the commands that do are named.
_UNVERIFIED = "hash chains and signatures of the sources: auditrail verify"
_UNANCHORED = "whether chains were cut at their end, or written anew as a whole: auditrail verify --anchor"
_NOT_CHECKED = ("whether the loaded streams are all that exist: a stream that was never loaded leaves no trace here",)


def reconstruct(connection: duckdb.DuckDBPyConnection, asked: str) -> Reconstruction:
    """Puts one run together.

    Raises:
        RunNotFoundError, AmbiguousRunError: see `lookup.find`.
    """
    found = lookup.find(connection, asked)
    run = _run_row(connection, found.run) if found.run is not None else None
    stitches = _stitches(connection, found)
    sources = run_events.sources_of(connection)
    copies = _copies(connection, stitches)
    events = run_events.read(connection, stitches, sources, copies)
    run_id = run["id"] if run else found.value
    named = bool(run and run["id_kind"] in ("run", "trace"))
    skews = skew.estimate(events)
    shift = {item.stream: round(-item.seconds * 1e9) for item in skews}
    events = [event._replace(skew_ns=shift[event.stream]) if event.stream in shift else event for event in events]
    expected = grading.expected_of(grading.agent_streams(connection), run["agent"] if run else None, events, sources)
    findings = marks.find(
        run_id,
        events,
        named=named,
        expected=expected,
        contradictions=_contradictions(connection, stitches),
        records_ends=lambda: grading.records_ends(events, sources),
        elsewhere=lambda spans: grading.elsewhere(connection, stitches, spans),
    )
    placed = tree.order(events)
    used = {event.source.path for event in events}
    verdicts = integrity.of_paths(connection, used)
    broken = integrity.marks(connection, used)
    events = [
        event._replace(
            parent_id=placed[event.id][0],
            depth=placed[event.id][1],
            marks=(
                *findings.marks.get(event.id, ()),
                *broken.get((event.source.path, event.source.record), ()),
            ),
        )
        for event in events
    ]
    return Reconstruction(
        id=run_id,
        id_kind=run["id_kind"] if run else found.kind,
        asked=asked,
        aliases=_aliases(connection, found, events),
        agent=run["agent"] if run else _most(event.agent for event in events),
        principal=_most(event.principal for event in events),
        started_ns=run["started_ns"] if run else min((e.ts_ns for e in events if e.ts_ns is not None), default=None),
        ended_ns=run["ended_ns"] if run else max((e.ts_ns for e in events if e.ts_ns is not None), default=None),
        status=run["status"] if run else "unknown",
        layers=tuple(run["layers"].split(",")) if run and run["layers"] else tuple(sorted({e.layer for e in events})),
        parent_run=run["parent_run"] if run else None,
        parent_event=_event_id(connection, run["parent_event"]) if run and run["parent_event"] else None,
        completeness=marks.completeness(findings, named=named),
        events=tuple(events),
        tree=tuple(placed),
        streams=_streams(events, sources),
        children=_children(connection, run_id) if run else (),
        gaps=tuple(findings.gaps),
        clock_skew=skews,
        integrity=verdicts,
        remarks=_remarks(connection, sources, used, events),
        not_checked=_not_checked(verdicts),
        usage=usage.of_run(events),
    )


def _not_checked(verdicts: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    said = {verdict for _, verdict in verdicts}
    first = [_UNVERIFIED] if integrity.NOT_VERIFIED in said else []
    if said & {"INTACT-UNANCHORED", "BROKEN"}:
        first.append(_UNANCHORED)
    return (*first, *_NOT_CHECKED)


def _run_row(connection: duckdb.DuckDBPyConnection, run: int) -> dict[str, Any]:
    cursor = connection.execute("SELECT * FROM runs WHERE run = ?", [run])
    names = [column[0] for column in cursor.description or ()]
    (row,) = cursor.fetchall()  # run_ids and run_events speak of rows of `runs` only
    return dict(zip(names, row, strict=True))


def _stitches(
    connection: duckdb.DuckDBPyConnection, found: lookup.Found
) -> dict[int, tuple[str, str, str, int | None]]:
    if found.run is None:
        return dict.fromkeys(found.events, (found.kind, found.value, "exact", None))
    rows = connection.execute(
        "SELECT event, via_kind, via_value, confidence, via_event FROM run_events WHERE run = ?", [found.run]
    ).fetchall()
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}


def _copies(connection: duckdb.DuckDBPyConnection, stitches: dict[int, Any]) -> Counter[int]:
    if not stitches:
        return Counter()
    rows = connection.execute(
        f"SELECT of, count(*) FROM copies WHERE same_content AND of IN ({run_events.in_list(stitches)}) GROUP BY of"
    ).fetchall()
    return Counter(dict(rows))


def _contradictions(connection: duckdb.DuckDBPyConnection, stitches: dict[int, Any]) -> dict[int, int]:
    if not stitches:
        return {}
    listed = run_events.in_list(stitches)
    return dict(
        connection.execute(
            f"SELECT event, of FROM copies WHERE NOT same_content AND (event IN ({listed}) OR of IN ({listed}))"
        ).fetchall()
    )


def _event_id(connection: duckdb.DuckDBPyConnection, key: int) -> str | None:
    row = case.one(connection, "SELECT source, record, part FROM events WHERE event = ?", [key])
    return run_events.event_id(*row) if row else None


def _aliases(
    connection: duckdb.DuckDBPyConnection, found: lookup.Found, events: list[RunEventView]
) -> tuple[tuple[str, str], ...]:
    """Every id that leads to this run, without those of single spans and messages, which are many and on the events."""
    if found.run is None:
        return ((found.kind, found.value),)
    rows = set(connection.execute("SELECT kind, value FROM run_ids WHERE run = ?", [found.run]).fetchall())
    kinds = ("request", "response", "tool_call", "decision", "task")
    for event in events:
        for kind in kinds:
            value = getattr(event, f"{kind}_id")
            if value is not None:
                rows.add((kind, value))
    order = {kind: index for index, kind in enumerate(("run", "trace", "session", "conversation", *kinds))}
    return tuple(sorted(rows, key=lambda row: (order.get(row[0], 99), row[1])))


def _most(values: Iterable[str | None]) -> str | None:
    counts = Counter(value for value in values if value)
    return min(counts, key=lambda value: (-counts[value], value)) if counts else None


def _streams(events: list[RunEventView], sources: dict[int, dict[str, Any]]) -> tuple[StreamUse, ...]:
    formats = {row["path"]: _format(row) for row in sources.values()}
    groups: dict[tuple[str, str], list[RunEventView]] = defaultdict(list)
    for event in events:
        groups[(event.source.path, event.stream)].append(event)
    used = []
    for (path, stream), members in sorted(groups.items()):
        by = Counter(event.stitched_by.confidence for event in members)
        layer = _most(event.layer for event in members) or "other"
        # By source and record, as the id has them: two versions of a changed file stand under one path.
        records = len({event.id.partition(".")[0] for event in members})
        used.append(
            StreamUse(
                path,
                stream,
                formats.get(path, ""),
                layer,
                len(members),
                records,
                by["exact"],
                by["linked"],
                by["inferred"],
            )
        )
    return tuple(used)


def _format(row: dict[str, Any]) -> str:
    inner = f" ({row['inner_formats']})" if row["inner_formats"] else ""
    return f"{row['format'] or ''}{inner}"


def _children(connection: duckdb.DuckDBPyConnection, run_id: str) -> tuple[ChildRun, ...]:
    rows = connection.execute(
        "SELECT id, agent, status, events, parent_event FROM runs WHERE parent_run = ? ORDER BY run NULLS LAST",
        [run_id],
    ).fetchall()
    return tuple(
        ChildRun(row[0], row[1], row[2], row[3], _event_id(connection, row[4]) if row[4] else None) for row in rows
    )


def _shared_ids(event: RunEventView) -> Iterable[tuple[str, str]]:
    for kind in ("trace", "tool_call", "request", "response", "decision"):
        if (value := getattr(event, f"{kind}_id")) is not None:
            yield kind, value


def _remarks(
    connection: duckdb.DuckDBPyConnection,
    sources: dict[int, dict[str, Any]],
    used: set[str],
    events: list[RunEventView],
) -> tuple[str, ...]:
    """What a reader of this run has to know about its sources, in sentences."""
    made = [
        f"{row['path']} changed after it was loaded: both versions are in the case"
        for row in sources.values()
        if row["path"] in used and row["superseded_by"] is not None
    ]
    quarantined = sum(row["quarantined"] for row in sources.values() if row["path"] in used)
    if quarantined:
        made.append(f"{quarantined} record(s) of the sources used here are in quarantine and may belong to this run")
    assumed = sum(event.tz_assumed for event in events)
    if assumed:
        made.append(f"{assumed} time(s) carried no zone: UTC was assumed")
    placed = sum(event.ts_ns is None and event.place_ns is not None for event in events)
    if placed:
        made.append(f"{placed} event(s) have no time: they stand where their file has them, beside those with a time")
    unordered = sum(event.ts_ns is None and event.place_ns is None for event in events)
    if unordered:
        made.append(f"{unordered} event(s) have no time: they stand in the order of their file, behind all others")
    carried = {(kind, value) for event in events for kind, value in _shared_ids(event)}
    contested = sorted(
        carried.intersection(
            connection.execute("SELECT kind, value FROM conflicts WHERE code <> 'duplicate-conflict'").fetchall()
        )
    )
    if contested:
        kind, value = contested[0]
        more = f" and {len(contested) - 1} more" if len(contested) > 1 else ""
        made.append(
            f"{kind} {value}{more}: several runs carry this id, so it joined nothing "
            '(auditrail query "SELECT * FROM conflicts")'
        )
    return tuple(made)
