"""One run end to end: its events in order, each with its place and its join, and what is missing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from auditrail import case, jsontext
from auditrail.errors import RecordError
from auditrail.report import lookup, marks, skew, tree
from auditrail.report.types import ChildRun, Place, Reconstruction, RunEventView, Stitch, StreamUse

if TYPE_CHECKING:
    import duckdb

_EVENT_COLUMNS = (
    "event",
    "record",
    "part",
    "byte_offset",
    "byte_length",
    "blake3",
    "ts_ns",
    "end_ns",
    "ts_source",
    "tz_assumed",
    "stream",
    "layer",
    "kind",
    "name",
    "agent",
    "model",
    "tool",
    "status",
    "error",
    "span_id",
    "parent_span_id",
    "tool_call_id",
    "request_id",
    "response_id",
    "decision_id",
    "task_id",
    "args",
    "args_state",
    "result",
    "result_state",
    "decision",
    "policy",
    "rule",
    "principal",
    "tokens_in",
    "tokens_out",
    "flags",
    "attributes",
)

_TS = 1 + _EVENT_COLUMNS.index("ts_ns")
# Keys are byte offsets: events further apart than this many bytes of log are looked for one by one.
_NEAR = 64 << 20
_MOST_STRETCHES = 24

# So many events are looked through to grade the runs of a list: about a second.
GRADED_EVENTS = 20_000

# A stream is expected of a run if at least this share of the agent's runs have it, of at least so many.
_MOST_RUNS = 0.8
_FEWEST_RUNS = 4

# What this command never looks at; the commands that do are named.
_NOT_CHECKED = (
    "hash chains and signatures of the sources: auditrail verify",
    "whether the loaded streams are all that exist: a stream that was never loaded leaves no trace here",
)


def reconstruct(connection: duckdb.DuckDBPyConnection, asked: str) -> Reconstruction:
    """Puts one run together.

    Raises:
        RunNotFoundError, AmbiguousRunError: see `lookup.find`.
    """
    found = lookup.find(connection, asked)
    run = _run_row(connection, found.run) if found.run is not None else None
    stitches = _stitches(connection, found)
    sources = _sources(connection)
    copies = _copies(connection, stitches)
    events = _events(connection, stitches, sources, copies)
    run_id = run["id"] if run else found.value
    named = bool(run and run["id_kind"] in ("run", "trace"))
    skews = skew.estimate(events)
    shift = {item.stream: round(-item.seconds * 1e9) for item in skews}
    events = [event._replace(skew_ns=shift[event.stream]) if event.stream in shift else event for event in events]
    expected = _expected(_agent_streams(connection), run["agent"] if run else None, events, sources)
    findings = marks.find(run_id, events, named=named, expected=expected)
    placed = tree.order(events)
    events = [
        event._replace(
            parent_id=placed[event.id][0],
            depth=placed[event.id][1],
            marks=tuple(findings.marks.get(event.id, ())),
        )
        for event in events
    ]
    used = {event.source.path for event in events}
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
        integrity=tuple((path, "not verified") for path in sorted(used)),
        remarks=_remarks(connection, sources, used, events),
        not_checked=_NOT_CHECKED,
    )


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
        f"WHERE run IN ({_in(run[0] for run in chosen)})"
    ).fetchall()
    owner = {row[0]: row[5] for row in rows}
    members: dict[int, list[RunEventView]] = defaultdict(list)
    sources = _sources(connection)
    for event in _events(connection, {row[0]: row[1:5] for row in rows}, sources, Counter()):
        members[owner[event.key]].append(event)
    made = {}
    streams = _agent_streams(connection)
    for key, run_id, kind, _, agent in chosen:
        named = kind in ("run", "trace")
        expected = _expected(streams, agent, members[key], sources)
        findings = marks.find(run_id, members[key], named=named, expected=expected)
        found = marks.completeness(findings, named=named)
        made[key] = (found.grade, found.score)
    return made


def _agent_streams(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str, int, int]]:
    """Streams that most runs of an agent have: (agent, format, stream, runs, of all runs)."""
    return connection.execute(
        "SELECT agent, format, stream, runs, of_runs FROM agent_streams WHERE of_runs >= ? AND runs >= of_runs * ? "
        "ORDER BY agent NULLS LAST, format NULLS LAST, stream NULLS LAST",
        [_FEWEST_RUNS, _MOST_RUNS],
    ).fetchall()


def _expected(
    streams: list[tuple[str, str, str, int, int]],
    agent: str | None,
    events: list[RunEventView],
    sources: dict[int, dict[str, Any]],
) -> tuple[marks.Expected, ...]:
    formats = {row["path"]: row["format"] for row in sources.values()}
    held = {(formats.get(event.source.path), event.stream) for event in events}
    return tuple(
        marks.Expected(kind, stream, runs, of_runs, (kind, stream) in held)
        for owner, kind, stream, runs, of_runs in streams
        if owner == agent
    )


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


def _sources(connection: duckdb.DuckDBPyConnection) -> dict[int, dict[str, Any]]:
    cursor = connection.execute("SELECT * FROM sources ORDER BY source NULLS LAST")
    names = [column[0] for column in cursor.description or ()]
    return {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}


def _in(keys: Iterable[int]) -> str:
    """Keys as an SQL list; they are integers of our own, and a list lets the engine skip blocks of rows."""
    return ", ".join(str(int(key)) for key in keys)


def _ranges(keys: Iterable[int]) -> list[list[int]]:
    """Keys in stretches that lie close together: the engine then reads a few blocks of each source, and skips the rest.

    One list of all keys would be looked for in every block between the first and the last.
    """
    stretches: list[list[int]] = []
    for key in sorted(keys):
        if stretches and key - stretches[-1][-1] < _NEAR:
            stretches[-1].append(key)
        else:
            stretches.append([key])
    return stretches if len(stretches) <= _MOST_STRETCHES else [sorted(keys)]


def _copies(connection: duckdb.DuckDBPyConnection, stitches: dict[int, Any]) -> Counter[int]:
    if not stitches:
        return Counter()
    rows = connection.execute(f"SELECT of, count(*) FROM copies WHERE of IN ({_in(stitches)}) GROUP BY of").fetchall()
    return Counter(dict(rows))


def event_id(source: int, record: int, part: int) -> str:
    """The id of an event in reports: `<source>:<record>`, with `.<part>` where a record gave several."""
    return f"{source}:{record}.{part}" if part else f"{source}:{record}"


def _event_id(connection: duckdb.DuckDBPyConnection, key: int) -> str | None:
    row = case.one(connection, "SELECT source, record, part FROM events WHERE event = ?", [key])
    return event_id(*row) if row else None


def _events(
    connection: duckdb.DuckDBPyConnection,
    stitches: dict[int, tuple[str, str, str, int | None]],
    sources: dict[int, dict[str, Any]],
    copies: Counter[int],
) -> list[RunEventView]:
    if not stitches:
        return []
    columns = ", ".join(("source", *_EVENT_COLUMNS))
    parts = (
        f"SELECT {columns} FROM events WHERE event BETWEEN {part[0]} AND {part[-1]} AND event IN ({_in(part)})"
        for part in _ranges(stitches)
    )
    rows = connection.execute(" UNION ALL ".join(parts)).fetchall()
    rows.sort(key=lambda row: (row[_TS] is None, row[_TS] or 0, row[1]))
    keys = {row[1]: event_id(row[0], row[2], row[3]) for row in rows}
    made = []
    for row in rows:
        values = dict(zip(_EVENT_COLUMNS, row[1:], strict=True))
        key = values.pop("event")
        kind, value, confidence, via = stitches[key]
        place = Place(
            sources[row[0]]["path"],
            values.pop("record"),
            values.pop("part"),
            values.pop("byte_offset"),
            values.pop("byte_length"),
            values.pop("blake3").hex(),
        )
        values["message"] = _message(values["attributes"])
        values["stream"] = values["stream"] or sources[row[0]]["stream"] or place.path
        made.append(
            RunEventView(
                id=keys[key],
                key=key,
                source=place,
                copies=copies[key],
                stitched_by=Stitch(kind, value, confidence, keys.get(via) if via is not None else None),
                **values,
            )
        )
    return made


def _message(attributes: str | None) -> str | None:
    """The text of a log line, under the names that the readers give it."""
    if not attributes or ('"message"' not in attributes and '"body"' not in attributes and '"msg"' not in attributes):
        return None
    try:
        value, _ = jsontext.parse(attributes.encode())
    except RecordError:  # a record at the limit of depth stands deeper here
        return None
    texts = (value.get(name) for name in ("message", "msg", "body")) if isinstance(value, dict) else ()
    return next((text for text in texts if isinstance(text, str) and text.strip()), None)


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
    unordered = sum(event.ts_ns is None for event in events)
    if unordered:
        made.append(f"{unordered} event(s) have no time: they stand in the order of their file, behind all others")
    contested = case.count(connection, "SELECT count(*) FROM conflicts")
    if contested:
        made.append(
            f"{contested} id(s) in this case are shared by several runs and joined nothing "
            '(auditrail query "SELECT * FROM conflicts")'
        )
    return tuple(made)
