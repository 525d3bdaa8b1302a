"""The tables of a bundle: their columns with type and meaning, and the SELECT that makes each.

One row per event, with its run, how it was joined to it, and where it stands in the evidence; other tables likewise.
Columns of the case keep their names; what is added for people (times of ISO 8601, paths, ids spelt out) is said here.
Hashes are lower-case hex, lists are JSON text. Row order is total, so that the same case gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from auditrail import jsontext, schema

if TYPE_CHECKING:
    import duckdb

    from auditrail.report.gap_types import Gap
    from auditrail.report.overview_types import Overview

FOLDER = "records"


class Field(NamedTuple):
    """A column: name, SQL type, whether it may be blank, what it means, and the expression that makes it."""

    name: str
    sql_type: str
    nullable: bool
    doc: str
    sql: str


class Table(NamedTuple):
    """A table of a bundle; `source` is what stands behind FROM, `order` behind ORDER BY."""

    name: str
    doc: str
    fields: tuple[Field, ...]
    source: str
    order: str

    @property
    def select(self) -> str:
        listed = ", ".join(f"{field.sql} AS {field.name}" for field in self.fields)
        return f"SELECT {listed} FROM {self.source} ORDER BY {self.order}"


def tables() -> tuple[Table, ...]:
    """All tables, in the order in which a person would look at them."""
    return (events(), _runs(), _gaps(), _sources(), _verdicts(), _defects(), _quarantine())


def register(connection: duckdb.DuckDBPyConnection, overview: Overview) -> None:
    """Makes what the tables take from the overview readable in SQL: `bundle_runs`, `bundle_gaps`, `bundle_sources`."""
    import pyarrow as pa

    for name, fields, rows in (
        ("bundle_runs", _GRADED, _graded(overview)),
        ("bundle_gaps", _GAP, _told(overview)),
        (
            "bundle_sources",
            (("source", "BIGINT", False, ""), _VERDICT),
            [(s.source, s.verdict) for s in overview.sources],
        ),
    ):
        kinds = {"BIGINT": pa.int64(), "VARCHAR": pa.string(), "DOUBLE": pa.float64()}
        columns: Sequence[Iterable[Any]] = list(zip(*rows, strict=True)) or [()] * len(fields)
        made = {
            field[0]: pa.array(list(values), kinds[field[1]]) for field, values in zip(fields, columns, strict=True)
        }
        connection.register(f"{name}_rows", pa.table(made))
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM {name}_rows")
        connection.unregister(f"{name}_rows")


def _time(column: str, name: str, doc: str) -> Field:
    """A time that a person can read, to the nanosecond; what no calendar holds stays a number of nanoseconds."""
    sql = (
        f"CASE WHEN abs({column}) < 9223372036854775807 "
        f"THEN strftime(make_timestamp_ns({column}), '%Y-%m-%dT%H:%M:%S.%n') || 'Z' "
        f"WHEN {column} IS NOT NULL THEN {column} || ' ns' END"
    )
    return Field(name, "VARCHAR", True, doc, sql)


def _of_case(table: str, alias: str) -> list[Field]:
    """The columns of a table of the case; bytes become text."""
    made = []
    for column in schema.columns(table):
        sql, kind, doc = f"{alias}.{column.name}", column.sql_type, column.doc
        if column.name == "blake3" and kind == "BLOB":
            sql, kind, doc = f"lower(hex({sql}))", "VARCHAR", doc.replace("32 bytes", "hex")
        elif kind == "BLOB":
            sql, kind, doc = f"{sql}::VARCHAR", "VARCHAR", f"{doc}, as text; other bytes as \\xHH"
        made.append(Field(column.name, kind, column.nullable, doc, sql))
    return made


# As runs began, each in order of time; the aliases are those of `events`.
EVENT_ORDER = "r.started_ns NULLS LAST, s.run NULLS LAST, e.ts_ns NULLS LAST, e.event NULLS LAST"


def events(
    scope: str = "scope_events",
    of_case: str = "events",
    runs: str = "runs",
    member: str = "m",
    order: str = EVENT_ORDER,
) -> Table:
    """The table of the events, or that of some: of what stands in parts of these tables of the case.

    Args:
        scope: as `scope_events`.
        of_case: as `events`.
        runs: as `runs`.
        member: `s` where the scope has the columns key, confidence and via_event of `run_members`, too.
        order: behind ORDER BY.
    """
    more = (
        "(SELECT event, to_json(list({'kind': kind, 'value': value} ORDER BY kind, value))::VARCHAR AS ids "
        f"FROM ids_more SEMI JOIN {scope} picked USING (event) GROUP BY event)"
    )
    fields = (
        Field("run", "VARCHAR", True, "id of the run that it belongs to; blank: no key joins it to any", "r.id"),
        _time("e.ts_ns", "time", "ts_ns as ISO 8601, UTC"),
        Field("source_path", "VARCHAR", False, "the file that it was read from, as given to ingest", "src.path"),
        *_of_case("events", "e"),
        _time("e.end_ns", "end_time", "end_ns as ISO 8601, UTC"),
        _time("e.observed_ns", "observed_time", "observed_ns as ISO 8601, UTC"),
        Field("more_ids", "VARCHAR", True, "ids without a column of their own, as a JSON list", "x.ids"),
        Field("run_key", "BIGINT", True, "key of the run: runs.run", "s.run"),
        Field("joined_by", "VARCHAR", True, "kind of the id by which it joined the run", "k.kind"),
        Field("joined_value", "VARCHAR", True, "that id", "k.value"),
        Field("joined_confidence", "VARCHAR", True, "exact, linked or inferred", f"{member}.confidence"),
        Field(
            "joined_via",
            "BIGINT",
            True,
            "for linked and inferred: the event that it was joined to",
            f"{member}.via_event",
        ),
        Field("copy_of", "BIGINT", True, "the event that it is a copy of: the same record came twice", "c.of"),
        Field("copy_same", "BOOLEAN", True, "for copies: false if the content differs", "c.same_content"),
    )
    source = (
        f"{scope} s JOIN {of_case} e ON e.event = s.event JOIN sources src ON src.source = e.source "
        f"LEFT JOIN {runs} r ON r.run = s.run "
        + ("LEFT JOIN run_members m ON m.event = e.event " if member == "m" else "")
        + f"LEFT JOIN join_keys k ON k.key = {member}.key LEFT JOIN copies c ON c.event = e.event "
        f"LEFT JOIN {more} x ON x.event = e.event"
    )
    doc = "One row per event of the scope: runs as they began, each in order of time."
    return Table("events", doc, fields, source, order)


_GRADED = (
    ("run", "BIGINT", False, ""),
    ("grade", "VARCHAR", True, "complete, partial or fragment: whether anything of it was found missing"),
    ("score", "DOUBLE", True, "share of the checks of `reconstruct` that it meets, 0..1; blank: not worked out"),
    ("findings", "BIGINT", True, "how many things were found missing of it"),
    ("worst_finding", "VARCHAR", True, "the worst severity among them"),
    ("causes", "VARCHAR", True, "their causes, as a JSON list"),
    ("integrity", "VARCHAR", True, "the worst verdict of the files that it was read from"),
    ("tokens_in", "BIGINT", True, "input tokens; blank: no record tells any, or not worked out"),
    ("tokens_out", "BIGINT", True, "output tokens"),
)


def _graded(overview: Overview) -> list[tuple[Any, ...]]:
    return [
        (
            run.run, run.grade, run.score, run.findings, run.severity, jsontext.dumps(list(run.causes)), run.integrity,
            run.tokens_in, run.tokens_out,
        )
        for run in overview.runs
    ]  # fmt: skip


def _runs() -> Table:
    fields = (
        *_of_case("runs", "r"),
        _time("r.started_ns", "started", "started_ns as ISO 8601, UTC"),
        _time("r.ended_ns", "ended", "ended_ns as ISO 8601, UTC"),
        *(Field(name, kind, nullable, doc, f"g.{name}") for name, kind, nullable, doc in _GRADED[1:]),
        Field(
            "aliases", "VARCHAR", True, "all ids by which it can be asked for, as a JSON list",
            "(SELECT to_json(list({'kind': i.kind, 'value': i.value} ORDER BY i.kind, i.value))::VARCHAR "
            "FROM run_ids i WHERE i.run = r.run)",
        ),
    )  # fmt: skip
    source = "scope_runs s JOIN runs r ON r.run = s.run LEFT JOIN bundle_runs g ON g.run = r.run"
    return Table(
        "runs", "One row per run of the scope, as they began.", fields, source, "r.started_ns NULLS LAST, r.run"
    )


_GAP = (
    ("number", "BIGINT", False, "1-based, as in the report"),
    ("rule", "VARCHAR", False, "id of the rule that found it: auditrail gaps --explain RULE"),
    ("cause", "VARCHAR", False, "why it is missing, from a closed list; unknown where no evidence decides"),
    ("severity", "VARCHAR", False, "critical, high, medium or low"),
    ("confidence", "VARCHAR", False, "proven, strong or weak"),
    ("proof", "VARCHAR", False, "what the cause rests on: declared, cross-witness, counted, statistical or none"),
    ("title", "VARCHAR", False, "in a few words"),
    ("explanation", "VARCHAR", False, "what is missing, and how that is known"),
    ("remedy", "VARCHAR", False, "what to change"),
    ("agent", "VARCHAR", True, "the agent, if it is one"),
    ("layer", "VARCHAR", True, "the layer, if it is one"),
    ("stream", "VARCHAR", True, "the stream, if it is one"),
    ("tool", "VARCHAR", True, "the tool, if it is one"),
    ("first_ns", "BIGINT", True, "earliest time, ns since the epoch, UTC"),
    ("last_ns", "BIGINT", True, "latest time"),
    ("count", "BIGINT", False, "how many things are missing"),
    ("runs", "VARCHAR", False, "ids of the runs that it touches, as a JSON list"),
    ("evidence", "VARCHAR", False, "where it is seen, as a JSON list of path, record and note"),
    ("controls", "VARCHAR", False, "clauses of frameworks that speak of it, as a JSON list"),
    ("waived_reason", "VARCHAR", True, "why auditrail.toml accepts it; blank: it is not waived"),
    ("waived_until", "VARCHAR", True, "until which day"),
)


def _told(overview: Overview) -> list[tuple[Any, ...]]:
    found = overview.gaps
    listed: list[tuple[Gap, str | None, str | None]] = [(gap, None, None) for gap in found.gaps]
    listed += [(one.gap, one.reason, one.until) for one in found.waived if not one.expired]
    return [
        (
            number, gap.rule, gap.cause, gap.severity, gap.confidence, gap.proof, gap.title, gap.explanation,
            gap.remedy, gap.agent, gap.layer, gap.stream, gap.tool, gap.first_ns, gap.last_ns, gap.count,
            jsontext.dumps(list(gap.runs)), jsontext.dumps([place._asdict() for place in gap.evidence]),
            jsontext.dumps(list(gap.controls)), reason, until,
        )
        for number, (gap, reason, until) in enumerate(listed, 1)
    ]  # fmt: skip


def _gaps() -> Table:
    fields = (
        *(Field(name, kind, nullable, doc, f"g.{name}") for name, kind, nullable, doc in _GAP),
        _time("g.first_ns", "first", "first_ns as ISO 8601, UTC"),
        _time("g.last_ns", "last", "last_ns as ISO 8601, UTC"),
    )
    return Table(
        "gaps", "One row per finding: what is missing in the scope, and why.", fields, "bundle_gaps g", "g.number"
    )


_VERDICT = ("verdict", "VARCHAR", True, "the worst verdict of its hash chains and signatures when it was loaded")


def _sources() -> Table:
    fields = (
        *_of_case("sources", "s"),
        _time("s.first_ts", "first_time", "first_ts as ISO 8601, UTC"),
        _time("s.last_ts", "last_time", "last_ts as ISO 8601, UTC"),
        _time("s.loaded_ns", "loaded_time", "loaded_ns as ISO 8601, UTC"),
        Field(*_VERDICT, "v.verdict"),
    )
    fields = tuple(field for field in fields if field.name not in _OF_LOADING)
    source = "sources s LEFT JOIN bundle_sources v ON v.source = s.source"
    return Table("sources", "One row per source of the case, whole, whatever the scope.", fields, source, "s.source")


# Where loading goes on in a file that grows: of no use to a reader.
_OF_LOADING = ("resume_offset", "resume_record")


def _verdicts() -> Table:
    source, order = "verdicts v", "v.path NULLS LAST, v.kind NULLS LAST, v.chain NULLS LAST, v.verdict_key"
    doc = "One row per hash chain, seal or signature of the sources, as verified when they were loaded."
    return Table("verdicts", doc, tuple(_of_case("verdicts", "v")), source, order)


def _defects() -> Table:
    order = (
        "d.verdict_key, d.path NULLS LAST, d.record NULLS LAST, d.byte_offset NULLS LAST, d.kind NULLS LAST, "
        "d.seq NULLS LAST, d.note NULLS LAST"
    )
    doc = "One row per defect of a chain, at its record."
    return Table("verdict_defects", doc, tuple(_of_case("verdict_defects", "d")), "verdict_defects d", order)


def _quarantine() -> Table:
    fields = (
        Field("source_path", "VARCHAR", False, "the file, as given to ingest", "s.path"),
        *_of_case("quarantine", "q"),
    )
    source = "quarantine q JOIN sources s ON s.source = q.source"
    doc = "One row per record that gave no event, with the reason; of all sources, whatever the scope."
    return Table("quarantine", doc, fields, source, "q.source, q.record, q.byte_offset")
