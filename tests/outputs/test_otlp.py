"""OTLP that other tools take, and that loads again into the same run."""

from __future__ import annotations

import json
import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from auditrail import case, config
from auditrail.cli._load import load_into
from auditrail.outputs import otlp
from auditrail.outputs._view import View
from auditrail.report.reconstruction import reconstruct
from auditrail.report.types import Reconstruction
from tests.conformance._pipeline import EVIDENCE

RUNS = ("run-7f3a91", "run-c05e18", "run-a8d264", "run-0c4f77")


def loaded(path: Path, reader: str | None = None) -> Any:
    connection = case.memory_case()
    load_into(
        connection, [path], Path("none.duckdb"), config.load(None), reader=reader, max_record=None, max_expansion=None,
        quiet=True,
    )  # fmt: skip
    return connection


@pytest.fixture(scope="module")
def demo() -> Any:
    with closing(loaded(EVIDENCE)) as connection:
        yield connection


def exported(report: Reconstruction, path: Path, **view: Any) -> Path:
    path.write_bytes("".join(otlp.render(report, View(**view))).encode())
    return path


def spans_and_logs(path: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    documents = [json.loads(line) for line in path.read_text().splitlines()]
    spans = [s for d in documents for g in d.get("resourceSpans", []) for c in g["scopeSpans"] for s in c["spans"]]
    logs = [s for d in documents for g in d.get("resourceLogs", []) for c in g["scopeLogs"] for s in c["logRecords"]]
    return spans, logs


@pytest.mark.parametrize("run", RUNS)
def test_the_run_comes_back_as_it_was(demo: Any, tmp_path: Path, run: str) -> None:
    before = reconstruct(demo, run)
    with closing(loaded(exported(before, tmp_path / "run.jsonl"))) as connection:
        after = reconstruct(connection, run)
        assert case.count(connection, "SELECT count(*) FROM quarantine") == 0
        assert case.count(connection, "SELECT count(*) FROM runs") == 1
        parents = connection.execute("SELECT DISTINCT value FROM ids_more WHERE kind = 'parent_run'").fetchall()
    assert (after.id, after.id_kind, after.agent, after.status) == (
        before.id,
        before.id_kind,
        before.agent,
        before.status,
    )
    assert after.aliases == before.aliases
    assert after.layers == before.layers
    assert parents == ([(before.parent_run,)] if before.parent_run else [])
    assert after.clock_skew == before.clock_skew
    assert len(after.events) == len(before.events)
    for old, new in zip(before.events, after.events, strict=True):
        for column in (*otlp.COLUMNS, "ts_ns", "end_ns", "ts_source", "tz_assumed", "stream", "message"):
            assert getattr(new, column) == getattr(old, column), (old.id, column)
        held = json.loads(new.attributes or "{}")
        about = held.pop("auditrail")
        assert held == json.loads(old.attributes or "{}")
        assert about["event"] == old.id
        assert about["source"] == old.source._asdict()
        assert about["stitched_by"]["value"] == old.stitched_by.value
    titles = sorted((gap.rule, gap.title) for gap in before.gaps if gap.rule != "stream-absent")
    assert sorted((gap.rule, gap.title) for gap in after.gaps) == titles


def test_an_export_of_an_export_keeps_where_it_came_from(demo: Any, tmp_path: Path) -> None:
    first = exported(reconstruct(demo, RUNS[1]), tmp_path / "one.jsonl")
    with closing(loaded(first)) as connection:
        second = exported(reconstruct(connection, RUNS[1]), tmp_path / "two.jsonl")
    with closing(loaded(second)) as connection:
        event = reconstruct(connection, RUNS[1]).events[0]
    about = json.loads(event.attributes or "")["auditrail"]
    assert about["source"]["path"] == str(first)
    assert str(EVIDENCE) in about["before"]["source"]["path"]


def test_a_run_named_by_its_trace_or_by_no_id_comes_back(make_event: Any, make_run: Any, tmp_path: Path) -> None:
    trace = "4f9d1c2ab37e5d60918273645546372a"
    event = make_event("a", 1, "10:00:00", "agent", "span", end="10:00:01", name="x", span_id="a1b2c3d4e5f60718")
    named = make_run((0, event), id=trace, id_kind="trace", aliases=(("trace", trace),))
    with closing(loaded(exported(named, tmp_path / "a.jsonl"))) as connection:
        report = reconstruct(connection, trace)
        assert (report.id, report.id_kind) == (trace, "trace")
    other = make_run((0, event), id="call_77", id_kind="tool_call", aliases=(("tool_call", "call_77"),))
    path = exported(other, tmp_path / "b.jsonl")
    with closing(loaded(path)) as connection:
        report = reconstruct(connection, "call_77")
        assert report.id == "call_77"
        assert all(kind != "trace" for kind, _ in report.aliases)
    assert "auditrail.trace_id_derived" in path.read_text()


def test_spans_and_logs_are_as_the_encoding_demands(demo: Any, tmp_path: Path, hostile: Any, incident: Any) -> None:
    for number, report in enumerate((*(reconstruct(demo, run) for run in RUNS), hostile, incident)):
        spans, logs = spans_and_logs(exported(report, tmp_path / f"{number}.jsonl"))
        assert len(spans) + len(logs) == len(report.events)
        assert len({span["spanId"] for span in spans}) == len(spans)
        assert len({item["traceId"] for item in [*spans, *logs]}) == 1
        for item in (*spans, *logs):
            assert re.fullmatch("[0-9a-f]{32}", item["traceId"])
            assert "spanId" not in item or re.fullmatch("[0-9a-f]{16}", item["spanId"])
            for attribute in item["attributes"]:
                assert set(attribute) == {"key", "value"}
                assert len(attribute["value"]) == 1
        for span in spans:
            assert int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"])
            assert isinstance(span["startTimeUnixNano"], str)
            assert span.get("parentSpanId") != span["spanId"]


def test_any_reader_of_otlp_takes_it(demo: Any, tmp_path: Path) -> None:
    before = reconstruct(demo, RUNS[0])
    path = exported(before, tmp_path / "run.jsonl")
    with closing(loaded(path, reader="otlp")) as connection:
        assert case.count(connection, "SELECT count(*) FROM events") == len(before.events)
        assert case.count(connection, "SELECT count(*) FROM quarantine") == 0


def test_hidden_contents_come_back_as_hashed(demo: Any, tmp_path: Path) -> None:
    before = reconstruct(demo, RUNS[0])
    path = exported(before, tmp_path / "run.jsonl", content="digest")
    assert "XX00DEMO" not in path.read_text()
    with closing(loaded(path)) as connection:
        after = reconstruct(connection, RUNS[0])
    assert {event.args_state for event in after.events if event.args} == {"hashed"}
    assert len(after.events) == len(before.events)


def test_the_same_text_each_time(incident: Any) -> None:
    assert "".join(otlp.render(incident, View())) == "".join(otlp.render(incident, View(width=20, unicode=False)))
