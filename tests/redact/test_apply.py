"""Whole cases: nothing withheld is left in any table, gaps stay what they were, runs hold together."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditrail import case, discover, schema
from auditrail.gaps import build
from auditrail.ingest.inputs import expand
from auditrail.ingest.load import Loader
from auditrail.outputs._gaps import document
from auditrail.redact import keep, policy
from auditrail.redact.apply import Redaction
from auditrail.redact.batch import COLUMNS, FACT_COLUMNS, job
from auditrail.redact.commit import TOKEN
from auditrail.redact.errors import LeakError, PolicyError
from auditrail.redact.fields import FIELDS
from auditrail.report.gaps import gaps
from tests.gaps._case import loaded
from tests.redact._case import DEMO, KEY, call, redacted, texts


def leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in leaves(one)]
    if isinstance(value, list):
        return [leaf for one in value for leaf in leaves(one)]
    return [value] if isinstance(value, str) else []


def contents(connection: Any) -> set[str]:
    """Every text of arguments, results and errors of a case, and the texts inside of them, of 8 characters or more."""
    found: set[str] = set()
    for row in connection.execute("SELECT args, result, error FROM events").fetchall():
        for value in row:
            if value is not None:
                found.add(value)
                try:
                    found.update(leaves(json.loads(value)))
                except ValueError:
                    continue
    return {value for value in found if len(value) >= 8}


@pytest.fixture(scope="module")
def before() -> tuple[set[str], str, dict[str, Any]]:
    with loaded(DEMO) as connection:
        names = connection.execute(
            "SELECT value FROM ids UNION SELECT tool FROM events UNION SELECT agent FROM events UNION SELECT name FROM "
            "events UNION SELECT model FROM events UNION SELECT stream FROM events UNION SELECT dedupe_key FROM events"
        ).fetchall()
        held = contents(connection)
        return held, "\n".join(name or "" for (name,) in names), document(gaps(connection))


@pytest.fixture(scope="module")
def after() -> Iterator[tuple[Any, Redaction]]:
    """The demo under `contents`; each test takes a cursor, which has temporary tables of its own."""
    with redacted(DEMO, "contents") as made:
        yield made


def test_no_content_is_left_in_any_table(before: Any, after: Any) -> None:
    held, names, _ = before
    connection, made = after
    left = texts(connection.cursor())
    # Ids and names are kept, also where contents repeat them; times and single words are no contents.
    secret = {one for one in held if one not in names and not re.fullmatch(r"[\d:TZ.-]+|\w+", one)}
    assert len(secret) > 100
    assert [one for one in secret if one in left or json.dumps(one)[1:-1] in left] == []
    assert made.counts["arguments", "args"] > 100


def told(made: dict[str, Any]) -> list[Any]:
    return [{**gap, "evidence": [{**place} for place in gap["evidence"]]} for gap in made["gaps"]]


def test_gaps_of_a_redacted_case_are_those_of_the_original(before: Any, after: Any, tmp_path: Path) -> None:
    made = document(gaps(after[0].cursor()))
    handed_over(*after, made, tmp_path)
    assert told(made) == told(before[2])
    assert made["coverage"] == before[2]["coverage"]
    assert made["estimates"] == before[2]["estimates"]


def test_names_are_counted_as_often_as_they_stand(tmp_path: Path) -> None:
    with redacted(call(tmp_path / "logs", {"n": 1}), "strict") as (_, made):
        assert made.counts["names", "tool"] >= 2  # in both events
        assert made.counts["ids", "ids.tool_call"] >= 2


def handed_over(connection: Any, made: Redaction, found: dict[str, Any], folder: Path) -> None:
    """What a bundle holds is no hit: no word of ours, no name that the policy keeps."""
    out = folder / "all.txt"
    out.write_text(texts(connection.cursor()) + json.dumps(found, ensure_ascii=False))
    made.audit([("all.txt", out)])
    assert len(made.needles) > 10
    assert made.document()["search"]["also_kept"] == made.also_kept > 0


def leaves_no_name(connection: Any) -> None:
    """That a strict case says no name, and that its runs still hold together."""
    left = texts(connection)
    for word in ("refunds-agent", "issue_refund", "run-7f3a91", "demo/evidence", "T-88"):
        assert word not in left, word
    runs = connection.execute(
        "SELECT count(*) FROM runs r JOIN run_ids i ON i.run = r.run AND i.value = r.id"
    ).fetchone()
    assert runs == connection.execute("SELECT count(*) FROM runs").fetchone()
    joined = "SELECT count(DISTINCT e.run_id) FROM events e JOIN run_ids i ON i.value = e.run_id AND i.kind = 'run'"
    assert connection.execute(joined).fetchone()[0] > 3


@pytest.mark.parametrize("name", ["personal", "strict"])
def test_gaps_under_pseudonyms_are_the_same_by_kind_and_number(before: Any, tmp_path: Path, name: str) -> None:
    def kinds(made: dict[str, Any]) -> list[Any]:
        return sorted(
            (gap["rule"], gap["cause"], gap["severity"], gap["confidence"], gap["count"], len(gap["runs"]))
            for gap in made["gaps"]
        )

    with redacted(DEMO, name) as (connection, made):
        found = document(gaps(connection.cursor()))
        assert kinds(found) == kinds(before[2])
        handed_over(connection, made, found, tmp_path)
        if name == "strict":
            leaves_no_name(connection)


def test_facts_that_are_not_kept_do_not_depend_on_contents(after: Any) -> None:
    names = discover.names("auditrail.gaps.facts")

    def rows(connection: Any) -> dict[str, Any]:
        build.build(connection, names)
        return {name: sorted(map(repr, connection.execute(f"FROM temp.{name}").fetchall())) for name in names}

    with loaded(DEMO) as connection:
        original = rows(connection)
    assert rows(after[0].cursor()) == original
    assert set(keep.FACTS) <= set(names)


def test_states_stay_and_blanks_stay_blank(tmp_path: Path) -> None:
    evidence = call(tmp_path / "logs", {}, {"note": "[REDACTED]", "to": "Alice Miller"})
    with loaded(evidence) as connection:
        states = connection.execute("SELECT event, args_state, result_state FROM events ORDER BY event").fetchall()
    with redacted(evidence, "contents") as (connection, _):
        after = connection.execute("SELECT event, args_state, result_state FROM events ORDER BY event").fetchall()
        args, result = connection.execute("SELECT max(args), max(result) FROM events").fetchone()
    assert after == states
    assert "redacted" in {row[2] for row in after}
    assert args in (None, "{}")
    assert TOKEN.fullmatch(result)


def test_a_short_text_that_holds_a_mask_is_not_told_by_gaps(tmp_path: Path) -> None:
    evidence = call(tmp_path / "logs", {"c": "****4242", "n": "Alice Miller"})
    with loaded(evidence) as connection:
        assert "Alice" in json.dumps(document(gaps(connection)))
    with redacted(evidence, "contents") as (connection, _):
        made = document(gaps(connection))
    assert "content-redacted" in {gap["rule"] for gap in made["gaps"]}
    assert "Alice" not in json.dumps(made)


def test_the_same_key_gives_the_same_case(tmp_path: Path) -> None:
    evidence = call(tmp_path / "logs", {"mail": "alice@example.com"}, {"password": "hunter2-hunter2"})

    def made(key: bytes) -> Any:
        with loaded(evidence) as connection:
            Redaction(policy.load("personal"), key).apply(connection)
            return connection.execute("SELECT * FROM events ORDER BY event").fetchall()

    assert made(KEY) == made(KEY)


def test_a_value_that_a_rule_withholds_goes_wherever_contents_hold_it(tmp_path: Path) -> None:
    args = {"full_name": "Alice Miller", "n": 1}
    evidence = call(tmp_path / "logs", args, {"text": "Dear Alice Miller, it is paid", "n": 2}, note="for Alice Miller")
    with redacted(evidence, "personal") as (connection, made):
        assert "Alice" not in texts(connection)
        result = json.loads(connection.execute("SELECT max(result) FROM events").fetchone()[0])
    assert result["n"] == 2
    assert TOKEN.fullmatch(result["text"])
    assert made.counts["members", "result"] == 1


def test_a_name_that_repeats_a_withheld_value_stops_the_export(tmp_path: Path) -> None:
    evidence = call(tmp_path / "logs", {"full_name": "Alice Miller"}, agent="Alice Miller")
    with redacted(evidence, "personal") as (connection, made):
        out = tmp_path / "events.csv"
        out.write_text(texts(connection))
        with pytest.raises(LeakError, match="members"):
            made.audit([("records/events.csv", out)])


def test_records_of_which_something_was_withheld_are_named(tmp_path: Path) -> None:
    evidence = call(tmp_path / "logs", {"mail": "alice@example.com"}, {"ok": True})
    with redacted(evidence, "personal") as (connection, _):
        rows = connection.execute(
            "SELECT e.kind FROM withheld_records w JOIN events e USING (source, byte_offset)"
        ).fetchall()
    assert rows == [("call",)]


def test_a_scratch_case_that_is_shut_off_can_be_redacted(tmp_path: Path) -> None:
    path, copy = tmp_path / "case.duckdb", tmp_path / "scratch.duckdb"
    with case.open_write(path) as connection:
        Loader(connection).load_all(expand([call(tmp_path / "logs", {"mail": "alice@example.com"})]))
    shutil.copyfile(path, copy)
    with case.open_scratch(copy) as connection:
        Redaction(policy.load("contents"), KEY).apply(connection)
        assert "alice" not in texts(connection)


def test_every_column_of_text_has_a_field() -> None:
    for table in schema.tables():
        known = {c.name for c in schema.columns(table) if c.sql_type in ("VARCHAR", "BLOB")}
        assert known == set(COLUMNS[table]), table
    fields = {f for columns in (*COLUMNS.values(), FACT_COLUMNS) for f in columns.values() if f is not None}
    assert {f for f in fields if " " not in f} <= set(FIELDS)


def test_a_column_without_a_field_is_refused() -> None:
    with pytest.raises(PolicyError, match=r"events\.brand_new"):
        job(policy.load("contents"), "events", ["args", "brand_new"])
