"""Tables: the result of a load, runs, sources, formats, the schema, and the result of a query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditrail import case, jsontext, model, schema
from auditrail.errors import QueryError
from auditrail.gaps import build
from auditrail.model import Source
from auditrail.readers import aws_log_groups
from auditrail.report import grading, integrity
from auditrail.report.types import Column, Listing

if TYPE_CHECKING:
    import duckdb

_COUNTERS = ("records", "records_with_events", "events", "quarantined", "blank", "ignored", "duplicates")

# What a person looks at first stands first: a narrow terminal shows the columns from the left.
_SOURCE_COLUMNS = (
    Column("path", "source", "id"),
    Column("format", "format"),
    Column("status", "status"),
    Column("records", "records", "count"),
    Column("events", "events", "count"),
    Column("quarantined", "quarantined", "count"),
    Column("duplicates", "copies", "count"),
    Column("layer", "layer"),
    Column("stream", "stream", detail=True),
    Column("bytes", "bytes", "bytes", detail=True),
    Column("blake3", "blake3", detail=True),
    Column("records_with_events", "with events", "count", detail=True),
    Column("blank", "blank", "count", detail=True),
    Column("ignored", "ignored", "count", detail=True),
    Column("ignored_reasons", "why ignored", detail=True),
    Column("first_ts", "first", "time", detail=True),
    Column("last_ts", "last", "time", detail=True),
    Column("inner_formats", "inner", "list", detail=True),
    Column("error", "error", detail=True),
)

# How many sources a note names before it says "and more"; the table names all.
_NAMED = 3

# Events that are in no run, without copies of others.
_ADRIFT = (
    "SELECT count(*) FROM events WHERE event NOT IN (SELECT event FROM run_members) "
    "AND event NOT IN (SELECT event FROM copies WHERE same_content)"
)

_UNVERIFIED = "hash chains and signatures of the sources: auditrail verify"
_ALL = "whether these are all the logs that exist: a stream that was never loaded leaves no trace here"


def _source_row(source: Source, status: str) -> tuple[Any, ...]:
    values = source._asdict()
    values["status"] = status
    values["inner_formats"] = source.inner_formats.split(",") if source.inner_formats else []
    values["ignored_reasons"] = jsontext.parse(source.ignored_reasons.encode())[0] if source.ignored_reasons else {}
    if source.format == "empty":
        values["format"] = None
    return tuple(values[column.name] for column in _SOURCE_COLUMNS)


def loaded(connection: duckdb.DuckDBPyConnection, sources: list[tuple[Source, str]], case_path: str) -> Listing:
    """The result of a load: one row per input, with totals, and notes on what a person should look at."""
    totals = {name: sum(getattr(source, name) for source, _ in sources) for name in ("bytes", *_COUNTERS)}
    totals["sources"] = len(sources)
    notes = [_headline(connection, sources, case_path)]
    for source, status in sources:
        if status == "changed":
            earlier = connection.execute(
                "SELECT source FROM sources WHERE superseded_by = ?", [source.source]
            ).fetchall()
            notes.append(
                f"{source.path} is not what was loaded before under this name: it is kept as source {source.source} "
                f"beside source {', '.join(str(row[0]) for row in earlier)}. Rotated, edited, or replaced?"
            )
        elif status == "unreadable":
            notes.append(f"{source.path}: not readable: {source.error}")
        elif status == "unchanged":
            stored = case.one(connection, "SELECT path FROM sources WHERE source = ?", [source.source])
            under = f" as {stored[0]}" if stored and stored[0] != source.path else ""
            notes.append(f"{source.path}: these bytes are in the case already{under}; nothing was added")
    unknown = [source.path for source, status in sources if status == "unknown-format"]
    if unknown:
        more = f" and {len(unknown) - _NAMED:,} more" if len(unknown) > _NAMED else ""
        notes.append(
            f"no reader knows the format of {', '.join(unknown[:_NAMED])}{more}: nothing of it was loaded "
            "(auditrail formats lists what can be read; --reader forces a reader)"
        )
    if others := [source for source, status in sources if status == "protection"]:
        said = [f"{source.path} ({(source.error or '').partition(':')[0]})" for source in others[:_NAMED]]
        more = f" and {len(others) - _NAMED:,} more" if len(others) > _NAMED else ""
        notes.append(f"{', '.join(said)}{more}: no logs, so nothing was loaded; auditrail verify checks logs with them")
    notes.extend(_quarantine_notes(connection, sources))
    notes.extend(_remark_notes(connection, sources))
    verdicts = integrity.of_paths(connection, dict.fromkeys(source.path for source, _ in sources if source.format))
    notes.extend(_verdict_notes(verdicts))
    return Listing(
        "ingest",
        "sources",
        "Loaded",
        _SOURCE_COLUMNS,
        tuple(_source_row(source, status) for source, status in sources),
        {"totals": totals, "case": case_path},
        tuple(notes),
        _unverified(verdicts),
    )


def _unverified(verdicts: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """What the verdicts leave open, in sentences."""
    said = [verdict for _, verdict in verdicts]
    made = [_UNVERIFIED] if integrity.NOT_VERIFIED in said else []
    if bare := said.count("NOT-CHAINED"):
        made.append(
            f"whether records were changed before they were loaded: {bare} of {len(said)} source(s) carry no hash "
            "chain, signature or seal"
        )
    return (*made, _ALL)


def _verdict_notes(verdicts: tuple[tuple[str, str], ...]) -> list[str]:
    """What protects the files, or was found to be broken; nothing is said of what nothing protects."""
    made = []
    for verdict in ("BROKEN", "UNVERIFIABLE", "INTACT-UNANCHORED", "INTACT"):
        paths = [path for path, said in verdicts if said == verdict]
        if paths:
            more = f" and {len(paths) - _NAMED:,} more" if len(paths) > _NAMED else ""
            made.append(f"{', '.join(paths[:_NAMED])}{more}: {verdict} (auditrail verify says more)")
    return made


def _headline(connection: duckdb.DuckDBPyConnection, sources: list[tuple[Source, str]], case_path: str) -> str:
    held = case.one(
        connection,
        "SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM runs), "
        f"(SELECT count(*) FROM sources WHERE format IS NOT NULL), ({_ADRIFT})",
    )
    assert held is not None  # noqa: S101 - a SELECT of counts always gives a row
    records = sum(source.records for source, _ in sources)
    unplaced = f", {held[3]:,} in no run" if held[3] else ""
    return (
        f"{records:,} records read; every one is accounted for. The case {case_path} holds {held[0]:,} events of "
        f"{held[2]:,} sources in {held[1]:,} runs{unplaced}."
    )


def _quarantine_notes(connection: duckdb.DuckDBPyConnection, sources: list[tuple[Source, str]]) -> list[str]:
    keys = [str(source.source) for source, _ in sources if source.quarantined]
    if not keys:
        return []
    rows = connection.execute(
        f"SELECT s.path, q.code, count(*), min(q.record), min(q.reason) FROM quarantine q JOIN sources s "
        f"ON s.source = q.source WHERE q.source IN ({', '.join(keys)}) GROUP BY s.source, s.path, q.code "
        "ORDER BY s.source NULLS LAST, q.code NULLS LAST"
    ).fetchall()
    return [
        f"{path}: {count} record(s) in quarantine: {model.QUARANTINE_CODES.get(code, code)} "
        f"(first: record {record}, {reason})"
        for path, code, count, record, reason in rows
    ]


def _remark_notes(connection: duckdb.DuckDBPyConnection, sources: list[tuple[Source, str]]) -> list[str]:
    keys = [str(source.source) for source, _ in sources]
    if not keys:
        return []
    rows = connection.execute(
        f"SELECT s.path, r.code, count(*), min(r.detail) FROM remarks r JOIN sources s ON s.source = r.source "
        f"WHERE r.source IN ({', '.join(keys)}) GROUP BY s.source, s.path, r.code "
        "ORDER BY s.source NULLS LAST, r.code NULLS LAST"
    ).fetchall()
    return [
        f"{path}: settings of {count:,} log group(s): auditrail gaps tells what they delete"
        if code == aws_log_groups.REMARK
        else f"{path}: {code}: {detail}" + (f" ({count} times)" if count > 1 else "")
        for path, code, count, detail in rows
    ]


def sources(connection: duckdb.DuckDBPyConnection) -> Listing:
    """What is loaded, and which reader was chosen why."""
    names = ", ".join(column.name for column in schema.columns("sources"))
    rows = [
        Source(*row) for row in connection.execute(f"SELECT {names} FROM sources ORDER BY source NULLS LAST").fetchall()
    ]
    columns = (
        Column("source", "#", "count"),
        *_SOURCE_COLUMNS,
        Column("compression", "compression", detail=True),
        Column("framing", "framing", detail=True),
        Column("why", "chosen because", detail=True),
        Column("superseded_by", "later version", "count", detail=True),
        Column("loaded_by", "loaded by", detail=True),
    )
    listed = tuple(
        (
            row.source,
            *_source_row(row, row.status),
            row.compression,
            row.framing,
            row.why,
            row.superseded_by,
            row.loaded_by,
        )
        for row in rows
    )
    remarks = connection.execute(
        "SELECT s.path, r.record, r.code, r.detail FROM remarks r JOIN sources s ON s.source = r.source "
        "ORDER BY r.source NULLS LAST, r.record NULLS LAST, r.code NULLS LAST, r.detail NULLS LAST LIMIT 1000"
    ).fetchall()
    extra = {"remarks": [dict(zip(("path", "record", "code", "detail"), row, strict=True)) for row in remarks]}
    verdicts = integrity.of_paths(connection, dict.fromkeys(row.path for row in rows if row.format))
    extra["verdicts"] = [{"path": path, "verdict": verdict} for path, verdict in verdicts]
    notes = (*(f"{row.path}: {row.why}" for row in rows if row.why), *_verdict_notes(verdicts))
    return Listing("sources", "sources", "Sources", columns, listed, extra, notes, _unverified(verdicts))


def runs(
    connection: duckdb.DuckDBPyConnection,
    *,
    search: str | None = None,
    agent: str | None = None,
    status: str | None = None,
    since_ns: int | None = None,
    until_ns: int | None = None,
    limit: int | None = None,
) -> Listing:
    """Runs in order of their begin, filtered; `search` looks for a text in ids, agents and tools."""
    where: list[str] = ["true"]
    values: list[Any] = []
    if search:
        where.append(
            "(contains(lower(r.id), ?) OR contains(lower(coalesce(r.agent, '')), ?) OR EXISTS (SELECT 1 FROM run_ids i "
            "WHERE i.run = r.run AND contains(lower(i.value), ?)))"
        )
        values += [search.lower()] * 3
    for column, value in (("r.agent", agent), ("r.status", status)):
        if value is not None:
            where.append(f"{column} = ?")
            values.append(value)
    if since_ns is not None:
        where.append("r.ended_ns >= ?")
        values.append(since_ns)
    if until_ns is not None:
        where.append("r.started_ns < ?")
        values.append(until_ns)
    condition = " AND ".join(where)
    rows = connection.execute(
        f"""
        SELECT r.run, r.id, r.id_kind, r.agent, r.started_ns, r.ended_ns, r.status, r.events, r.errors, r.denials,
            r.layers, r.streams, r.parent_run
        FROM runs r WHERE {condition} ORDER BY r.run NULLS LAST {f"LIMIT {int(limit)}" if limit else ""}
        """,
        values,
    ).fetchall()
    count = case.count(connection, f"SELECT count(*) FROM runs r WHERE {condition}", values)
    columns = (
        Column("id", "run", "id"),
        Column("id_kind", "named by", detail=True),
        Column("agent", "agent"),
        Column("started_at", "started", "time"),
        Column("ended_at", "ended", "time", detail=True),
        Column("status", "status"),
        Column("events", "events", "count"),
        Column("errors", "errors", "count"),
        Column("denials", "denied", "count"),
        Column("layers", "layers", "list", detail=True),
        Column("streams", "streams", "count", detail=True),
        Column("parent_run", "spawned by", "id"),
        Column("completeness", "held"),
        Column("score", "score", "share", detail=True),
    )
    grades = grading.grades(connection, [(row[0], row[1], row[2], row[7], row[3]) for row in rows])
    listed = tuple(
        (*row[1:10], row[10].split(",") if row[10] else [], *row[11:], *grades.get(row[0], (None, None)))
        for row in rows
    )
    notes = [f"{len(rows):,} of {count:,} runs shown: raise --limit to see more"] if len(rows) < count else []
    left = case.count(connection, _ADRIFT)
    ungraded = len(rows) - len(grades)
    if ungraded:
        notes.append(
            f"how complete they are was not worked out for {ungraded:,} runs: --limit shows fewer, reconstruct one"
        )
    if left:
        notes.append(f"{left:,} events are in no run: no id, session, agent or time leads from them to one")
    return Listing("runs", "runs", "Runs", columns, listed, {"total": count}, tuple(notes))


def schema_of_case() -> Listing:
    """Every column of every table of the case, for `auditrail query`."""
    columns = (
        Column("table", "table"),
        Column("column", "column", "id"),
        Column("type", "type"),
        Column("nullable", "may be null"),
        Column("doc", "meaning"),
    )
    rows = [
        (table, column.name, column.sql_type, column.nullable, column.doc)
        for table in (*schema.tables(), *schema.views())
        for column in schema.columns(table)
    ]
    notes = ("ids and run_events are views. Times are nanoseconds since the epoch, UTC.",)
    return Listing("schema", "columns", "Tables", columns, tuple(rows), {"json_schema": schema.json_schema()}, notes)


def query(connection: duckdb.DuckDBPyConnection, sql: str, limit: int | None) -> Listing:
    """The rows of one read-only statement.

    Raises:
        QueryError: not exactly one SELECT, or the engine refuses it.
    """
    import duckdb

    # What is no UTF-8 on the command line arrives as lone surrogates, which the engine's client does not take.
    sql = sql.encode("utf-8", "backslashreplace").decode()
    try:
        statements = connection.extract_statements(sql)
    except duckdb.Error as error:
        raise QueryError(_first_line(error)) from None
    if len(statements) != 1 or statements[0].type not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
        raise QueryError(
            "a query is exactly one SELECT", hint="the tables and their columns are listed by: auditrail schema"
        )
    try:
        build.build(connection, build.named_in(sql))
        cursor = connection.execute(statements[0])
        names = [column[0] for column in cursor.description or ()]
        rows = cursor.fetchmany(limit + 1) if limit is not None else cursor.fetchall()
    except duckdb.Error as error:
        if "'pytz'" in str(error):  # the engine's client wants it for times with a zone, which no table of a case has
            raise QueryError("a column of the result is a time with a zone", hint="cast it: now()::VARCHAR") from None
        raise QueryError(
            _first_line(error), hint="the tables and their columns are listed by: auditrail schema"
        ) from None
    notes = []
    if limit is not None and len(rows) > limit:
        rows = rows[:limit]
        notes.append(f"the first {limit:,} rows are shown: raise --limit, or 0 for all")
    columns = tuple(Column(name, name) for name in _unique(names))
    return Listing(
        "query",
        "rows",
        "Result",
        columns,
        tuple(tuple(_shown(value) for value in row) for row in rows),
        {},
        tuple(notes),
    )


def _unique(names: list[str]) -> list[str]:
    made: list[str] = []
    for name in names:
        number, candidate = 1, name
        while candidate in made:
            number += 1
            candidate = f"{name}_{number}"
        made.append(candidate)
    return made


def _shown(value: Any) -> Any:
    """A value of the engine as JSON can hold it: bytes as hex, everything unusual as text."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    if isinstance(value, (list, tuple)):
        return [_shown(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _shown(item) for key, item in value.items()}
    return str(value)


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), "the engine refused the query")
