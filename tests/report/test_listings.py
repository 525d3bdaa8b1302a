"""Tables: a load, runs with their filters, sources, formats, the schema, and what a query may and may not do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditrail import case as cases
from auditrail import jsontext, schema
from auditrail.errors import QueryError
from auditrail.model import Source
from auditrail.report import listings
from auditrail.report.reconstruction import reconstruct
from auditrail.report.types import Listing
from tests.correlate._hand import ev
from tests.report._cases import held, insert, source_row


def story() -> Any:
    return held(
        agent=[
            ev(10, "agent", "agent", "run=run-A", "session=s1", kind="start", agent="Ann"),
            ev(11, "agent", "tool", "run=run-A", kind="call", tool="refund", status="error"),
            ev(20, "agent", "agent", "run=run-A", kind="end", status="error"),
            ev(100, "agent", "agent", "run=run-b", "session=s1", kind="start", agent="bob"),
            ev(120, "agent", "agent", "run=run-b", kind="end", status="ok"),
            ev(None, "agent", "agent", "run=run-c"),
        ],
        opa=[
            ev(101, "opa", "policy", "trace=4bf92f3577b34da6a3ce929d0e0e4736", decision="deny"),
            ev(9000, "opa", "policy", "decision=d9"),
        ],
    )


@pytest.fixture(scope="module")
def case() -> Iterator[Any]:
    with story() as connection:
        yield connection


def names(listing: Listing) -> list[Any]:
    return [row[0] for row in listing.rows]


def record(listing: Listing, row: int = 0) -> dict[str, Any]:
    return dict(zip((column.name for column in listing.columns), listing.rows[row], strict=True))


# --- runs -----------------------------------------------------------------------------------------------------------


def test_runs_stand_in_order_of_their_begin(case: Any) -> None:
    listing = listings.runs(case)
    assert names(listing) == ["run-A", "run-b", "4bf92f3577b34da6a3ce929d0e0e4736", "run-c"]
    assert record(listing).items() >= {
        "id": "run-A", "id_kind": "run", "agent": "Ann", "started_at": 10 * 10**9, "ended_at": 20 * 10**9,
        "status": "error", "events": 3, "errors": 2, "denials": 0, "streams": 1, "parent_run": None,
    }.items()  # fmt: skip
    assert record(listing)["layers"] == ["agent", "tool"]
    assert record(listing, 2)["denials"] == 1
    assert listing.notes == ("1 events are in no run: no id, session, agent or time leads from them to one",)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"search": "RUN-"}, ["run-A", "run-b", "run-c"]),
        ({"search": "ANN"}, ["run-A"]),
        ({"search": "s1"}, ["run-A", "run-b"]),
        ({"search": "%"}, []),
        ({"search": "'"}, []),
        ({"agent": "bob"}, ["run-b"]),
        ({"agent": "BOB"}, []),
        ({"status": "error"}, ["run-A"]),
        ({"status": "error", "agent": "bob"}, []),
        ({"since_ns": 20 * 10**9}, ["run-A", "run-b", "4bf92f3577b34da6a3ce929d0e0e4736"]),
        ({"since_ns": 20 * 10**9 + 1}, ["run-b", "4bf92f3577b34da6a3ce929d0e0e4736"]),
        ({"until_ns": 100 * 10**9}, ["run-A"]),
        ({"since_ns": 15 * 10**9, "until_ns": 16 * 10**9}, ["run-A"]),
    ],
)
def test_filters_of_runs(case: Any, filters: dict[str, Any], found: list[str]) -> None:
    listing = listings.runs(case, **filters)
    assert names(listing) == found
    assert listing.extra == {"total": len(found)}


def test_a_limit_is_said(case: Any) -> None:
    listing = listings.runs(case, limit=2)
    assert (len(listing.rows), listing.extra) == (2, {"total": 4})
    assert listing.notes[0] == "2 of 4 runs shown: raise --limit to see more"


# --- loads and sources ------------------------------------------------------------------------------------------------


def source(number: int, path: str, **more: Any) -> Source:
    return Source(*source_row(number, path, **more))


def test_a_load_is_summed_and_what_needs_a_look_is_noted() -> None:
    loaded = [
        (source(1, "new.log", records=5, events=4, bytes=100, quarantined=1, inner_formats="a,b",
                ignored_reasons='{"health":2}'), "new"),
        (source(2, "changed.log", records=1, bytes=10), "changed"),
        (source(3, "other.bin", format=None), "unknown-format"),
        (source(4, "gone.log", format=None, error="no such file"), "unreadable"),
        (source(1, "again.log", format="empty"), "unchanged"),
    ]  # fmt: skip
    with cases.memory_case() as case:
        insert(case, "sources", [one for one, _ in loaded[:4]])
        insert(case, "sources", [source(9, "changed.log", superseded_by=2)])
        insert(case, "quarantine", [(1, 7, 0, 9, b"\0" * 32, "invalid-json", "why", b"x")])
        insert(case, "remarks", [(1, 7, 0, "nul", "seen"), (1, 8, 0, "nul", "seen"), (4, None, None, "odd", "so")])
        listing = listings.loaded(case, loaded, "here.duckdb")
    assert listing.extra["totals"] == {
        "bytes": 110, "records": 6, "records_with_events": 0, "events": 4, "quarantined": 1, "blank": 0, "ignored": 0,
        "duplicates": 0, "sources": 5,
    }  # fmt: skip
    assert [row["status"] for row in (record(listing, n) for n in range(5))] == [status for _, status in loaded]
    assert record(listing)["inner_formats"] == ["a", "b"]
    assert record(listing)["ignored_reasons"] == {"health": 2}
    assert record(listing, 4)["format"] is None
    notes = "\n".join(listing.notes)
    assert listing.notes[0].startswith("6 records read; every one is accounted for. The case here.duckdb holds")
    assert "it is kept as source 2 beside source 9" in notes
    assert "no reader knows the format of other.bin: nothing" in notes
    assert "gone.log: not readable: no such file" in notes
    assert "again.log: these bytes are in the case already as new.log; nothing was added" in notes
    assert "new.log: 1 record(s) in quarantine: the record is not JSON (first: record 7, why)" in notes
    assert "new.log: nul: seen (2 times)" in notes
    assert "gone.log: odd: so" in notes


def test_many_unknown_sources_are_one_note() -> None:
    loaded = [(source(n, f"{n}.bin", format=None), "unknown-format") for n in range(1, 6)]
    with cases.memory_case() as case:
        (note,) = listings.loaded(case, loaded, "c").notes[1:]
    assert note.startswith("no reader knows the format of 1.bin, 2.bin, 3.bin and 2 more: nothing of it")


def test_a_load_of_nothing() -> None:
    with cases.memory_case() as case:
        listing = listings.loaded(case, [], "c")
    assert listing.rows == ()
    assert set(listing.extra["totals"].values()) == {0}


def test_sources_are_listed_with_why_and_remarks(case: Any) -> None:
    with held(a=[ev(1, "a", "agent", "run=r")], b=[ev(1, "b", "agent", "run=r")]) as own:
        own.execute("UPDATE sources SET why = 'content scores 0.95' WHERE source = 2")
        insert(own, "remarks", [(2, 1, 0, "nul", "seen"), (1, None, None, "zone-assumed", "all")])
        listing = listings.sources(own)
    assert [row[:2] for row in listing.rows] == [(1, "a"), (2, "b")]
    assert listing.notes == ("b: content scores 0.95",)
    assert listing.extra["remarks"] == [
        {"path": "a", "record": None, "code": "zone-assumed", "detail": "all"},
        {"path": "b", "record": 1, "code": "nul", "detail": "seen"},
    ]
    assert len(listing.columns) == len(listing.rows[0])
    assert len(listing.brief().columns) < len(listing.columns)


def test_the_schema_has_every_column() -> None:
    listing = listings.schema_of_case()
    tables = (*schema.tables(), *schema.views())
    assert len(listing.rows) == sum(len(schema.columns(table)) for table in tables)
    assert set(names(listing)) == set(tables)


@pytest.mark.parametrize(("written", "grade"), [("claude-code", "complete"), ("swe-agent", "partial")])
def test_a_run_is_graded_alike_in_the_list_and_by_itself(written: str, grade: str) -> None:
    with held(a=[ev(1, "a", "agent", "run=r", kind="start"), ev(2, "a", "tool", "run=r")]) as own:
        own.execute("UPDATE sources SET format = ?", [written])  # a transcript never records its end
        listing = listings.runs(own)
        place = [column.name for column in listing.columns].index("completeness")
        assert [row[place] for row in listing.rows] == [grade] == [reconstruct(own, "r").completeness.grade]


# --- query ------------------------------------------------------------------------------------------------------------


def test_a_query_gives_its_rows(case: Any) -> None:
    listing = listings.query(case, "SELECT id, events FROM runs ORDER BY id DESC", None)
    assert [column.name for column in listing.columns] == ["id", "events"]
    assert listing.rows[0] == ("run-c", 1)


@pytest.mark.parametrize(
    "sql",
    [
        "FROM runs",
        "WITH x AS (SELECT 1) SELECT * FROM x",
        "SELECT 1;",
        "VALUES (1)",
        "EXPLAIN SELECT 1",
        "DESCRIBE runs",
        "SHOW TABLES",
        "-- why\nSELECT 1 -- so",
    ],
)
def test_what_reads_is_a_query(case: Any, sql: str) -> None:
    assert listings.query(case, sql, 1).rows


@pytest.mark.parametrize(
    "sql",
    [
        "", ";", "-- nothing", "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE runs", "INSERT INTO runs SELECT * FROM runs",
        "UPDATE runs SET id = 'x'", "DELETE FROM events", "DROP TABLE runs", "CREATE TABLE t (x INT)",
        "CREATE TEMP TABLE t AS SELECT 1", "COPY (SELECT 1) TO '/tmp/never.csv'", "EXPORT DATABASE '/tmp/never'",
        "ATTACH ':memory:' AS x", "SET memory_limit = '1GB'", "SET VARIABLE x = 1", "RESET memory_limit",
        "PRAGMA database_list", "PRAGMA memory_limit = '1GB'", "CALL pragma_version()", "INSTALL json", "LOAD json",
        "CHECKPOINT", "VACUUM", "BEGIN", "PREPARE p AS SELECT 1", "USE memory", "SELECT", "SELECT FROM WHERE",
        "nonsense",
        "SELECT * FROM no_such_table", "SELECT no_such_column FROM runs", "SELECT 'a'::INTEGER", "SELECT ?",
        "SELECT $x",
        "SELECT \udcff", "SELECT 1\x00; DROP TABLE runs",
    ],
)  # fmt: skip
def test_what_is_no_single_select_is_refused(case: Any, sql: str) -> None:
    with pytest.raises(QueryError) as caught:
        listings.query(case, sql, 10)
    assert caught.value.message
    assert "\n" not in caught.value.message
    assert listings.query(case, "SELECT count(*) FROM runs", None).rows == ((4,),), "and nothing happened"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{file}')", "SELECT * FROM '{file}'", "SELECT * FROM read_text('{file}')",
        "SELECT * FROM glob('{folder}/*')", "SELECT * FROM read_json('{file}')",
        "WITH x AS (DELETE FROM case_info RETURNING *) SELECT * FROM x", "EXPLAIN ANALYZE DELETE FROM case_info",
        "EXPLAIN ANALYZE COPY case_info TO '{folder}/out.csv'", "EXPLAIN ANALYZE ATTACH '{folder}/x.db'",
    ],
)  # fmt: skip
def test_no_select_reaches_files_or_changes_the_case(tmp_path: Path, sql: str) -> None:
    file = tmp_path / "secret.csv"
    file.write_text("password\nhunter2\n")
    path = tmp_path / "case.duckdb"
    with cases.open_write(path):
        pass
    with cases.open_read(path) as case:
        with pytest.raises(QueryError):
            listings.query(case, sql.format(file=file, folder=tmp_path), None)
        assert cases.count(case, "SELECT count(*) FROM case_info") == 1
    assert sorted(item.name for item in tmp_path.iterdir()) == ["case.duckdb", "secret.csv"]


@pytest.mark.parametrize(
    ("sql", "shown"),
    [
        ("'\\x00\\xFF'::BLOB", "00ff"),
        ("[1, NULL, 3]", [1, None, 3]),
        ("[[DATE '2026-01-31']]", [["2026-01-31"]]),
        ("{'a': 1, 'b': ['\\xFF'::BLOB]}", {"a": 1, "b": ["ff"]}),
        ("MAP {1: 'x'}", {"1": "x"}),
        ("DATE '2026-01-31'", "2026-01-31"),
        ("TIMESTAMP '2026-01-31 10:00:00.5'", "2026-01-31 10:00:00.500000"),
        ("TIME '10:00:00'", "10:00:00"),
        ("1.50::DECIMAL(5, 2)", "1.50"),
        ("'0a1b2c3d-0000-4000-8000-00000000abcd'::UUID", "0a1b2c3d-0000-4000-8000-00000000abcd"),
        ("170141183460469231731687303715884105727::HUGEINT", 170141183460469231731687303715884105727),
        ("'101'::BIT", "101"),
        ("NULL", None),
        ("true", True),
        ("(1, 'x')", [1, "x"]),
    ],
)
def test_odd_values_become_json(case: Any, sql: str, shown: Any) -> None:
    listing = listings.query(case, f"SELECT {sql} AS x", None)
    found = listing.rows[0][0]
    if isinstance(shown, list) and isinstance(found, dict):  # a struct without names
        found = list(found.values())
    assert found == shown
    assert json.loads(jsontext.dumps(listing.rows)) == json.loads(json.dumps(listing.rows))


def test_a_time_with_a_zone_is_told_in_utc_or_refused_with_a_way_out(case: Any) -> None:
    """Engines before 2.0.1 give such a value only where pytz is installed."""
    told, refused = None, None
    try:
        ((told,),) = listings.query(case, "SELECT TIMESTAMPTZ '2026-01-02 03:04:05+00' AS x", None).rows
    except QueryError as error:
        refused = error
    if refused is None:
        assert str(told) == "2026-01-02 03:04:05+00:00"
    else:
        assert "time with a zone" in refused.message
        assert "VARCHAR" in refused.hint
    assert listings.query(case, "SELECT now()::VARCHAR", None).rows


def test_a_limit_of_rows_is_said(case: Any) -> None:
    listing = listings.query(case, "SELECT * FROM range(5)", 3)
    assert listing.rows == ((0,), (1,), (2,))
    assert listing.notes == ("the first 3 rows are shown: raise --limit, or 0 for all",)
    assert listings.query(case, "SELECT * FROM range(3)", 3).notes == ()


def test_columns_of_one_name_are_told_apart(case: Any) -> None:
    listing = listings.query(case, "SELECT 1 AS a, 2 AS a_2, 3 AS a, 4 AS a", None)
    assert [column.name for column in listing.columns] == ["a", "a_2", "a_3", "a_4"]
