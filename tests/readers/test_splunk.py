"""Splunk: interim rows, the end of an export, and whose time it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditrail import case
from auditrail.ingest import inputs
from auditrail.ingest.load import Loader
from tests.readers._stores import TIME, attributes, codes, dumped, ids, only, read, remarks

RAW = {"run_id": "r", "event": "step"}


def row(offset: int = 0, preview: bool = False, last: bool = False, **result: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"preview": preview, "offset": offset}
    if last:
        made["lastrow"] = True
    return {**made, "result": {"_raw": dumped(RAW), "_time": "1789639200.000", "sourcetype": "agent", **result}}


def test_interim_rows_are_ignored_and_counted() -> None:
    reading = read(row(0, preview=True), row(1, preview=True, last=True), row(0, last=True))
    assert len(reading.events) == 1
    assert reading.tally.ignored == {"preview": 2}
    assert codes(reading) == []


def test_only_interim_rows_are_a_search_that_did_not_end() -> None:
    assert remarks(read(row(0, preview=True), row(1, preview=True))) == [
        ("preview-only", "2 interim rows and no final result: the search did not end")
    ]


def test_the_end_may_stand_on_the_last_row_or_behind_it() -> None:
    assert codes(read(row(0), row(1, last=True))) == []
    reading = read(row(0), row(1), {"preview": False, "lastrow": True})
    assert (codes(reading), reading.tally.ignored) == ([], {"last-row": 1})


def test_an_export_without_its_end_is_cut() -> None:
    assert remarks(read(row(0), row(1))) == [("no-last-row", "the export has 2 rows and no `lastrow` behind them")]
    assert codes(read(row(0, last=True), row(0))) == ["no-last-row"]


def test_holes_in_the_offsets_are_told() -> None:
    assert remarks(read(row(0), row(4, last=True))) == [("offset-hole", "offset 4 follows 0, at record 2")]
    assert remarks(read(row(3, last=True))) == [("offset-hole", "offset 3 is the first, at record 1")]
    assert codes(read(row(0, last=True), row(1, last=True))) == [], "offsets may go on in the next set"
    assert codes(read(row(0, last=True), row(0, last=True))) == [], "or begin anew"


def test_a_grown_export_is_judged_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "export.jsonl"
    with case.open_write(tmp_path / "c.duckdb") as connection:
        for lines in ([row(0), row(1)], [row(0), row(1), row(2, last=True)]):
            file.write_text("".join(dumped(line) + "\n" for line in lines))
            loader = Loader(connection)
            loader.load_all(inputs.expand([file]))
            found = [code for (code,) in connection.execute("SELECT code FROM remarks").fetchall()]
            assert found == (["no-last-row"] if len(lines) == 2 else [])
        assert loader.sources()[0][1] == "grown"
        assert connection.execute("SELECT count(*) FROM events").fetchall() == [(3,)]


@pytest.mark.parametrize(
    ("text", "ns"),
    [("1789639200.000", TIME), ("2026-09-17T10:00:00.000+00:00", TIME), ("2026-09-17 10:00:00.000 UTC", TIME),
     ("2026-09-17 10:00:00 GMT", TIME), ("2026-09-17T12:00:00.000+02:00", TIME),
     ("2026-09-17 12:00:00.000 CEST", None)],
)  # fmt: skip
def test_times_of_every_form(text: str, ns: int | None) -> None:
    event = only(read(row(0, last=True, _time=text, _raw="plain")))
    assert event["ts_ns"] == ns
    assert attributes(event).get("_time") == (text if ns is None else None)


def test_the_time_of_arrival_stands_in_where_no_other_is_known() -> None:
    event = only(read(row(0, last=True, _time="soon", _indextime="1789639200", _raw="plain")))
    assert (event["ts_ns"], event["observed_ns"], event["ts_source"]) == (TIME, TIME, "observed")


def test_an_event_of_the_default_truncation_looks_cut() -> None:
    assert "TRUNCATE" in attributes(only(read(row(0, last=True, _raw="x" * 10_000))))["auditrail.message_cut"]
    assert "auditrail.message_cut" not in attributes(only(read(row(0, last=True, _raw="x" * 9_999))))


def test_a_row_without_raw_is_an_object_of_its_fields() -> None:
    made = {"preview": False, "offset": 0, "lastrow": True, "result": {"run_id": "r", "count": "3", "_cd": "1:2"}}
    event = only(read(made))
    assert (event["run_id"], attributes(event)["count"]) == ("r", "3")
    assert attributes(event)["envelope"]["_cd"] == "1:2"


def test_the_place_in_the_index_is_the_key_where_the_index_is_known() -> None:
    assert only(read(row(0, last=True, _cd="1:2", _bkt="b~1")))["dedupe_key"] == "splunk:b~1:1:2"
    assert (
        only(read(row(0, last=True, _cd="1:2", index="main", splunk_server="i1")))["dedupe_key"] == "splunk:i1:main:1:2"
    )
    assert only(read(row(0, last=True, _cd="1:2")))["dedupe_key"] is None


def test_results_of_the_api_say_what_is_missing() -> None:
    rows = [{"_raw": "x", "_time": "1789639200"}] * 100
    whole = {"preview": False, "init_offset": 0, "messages": [], "fields": [], "results": rows}
    assert codes(read(whole)) == ["limit-suspected"]
    assert codes(read({**whole, "results": rows[:3], "init_offset": 7})) == ["starts-late"]
    assert codes(read({**whole, "results": rows[:3], "preview": True})) == ["query-status"]
    assert len(read({**whole, "results": rows[:3], "preview": True}).events) == 3
    warned = {**whole, "results": rows[:3], "messages": [{"type": "WARN", "text": "w"}, {"type": "INFO", "text": "i"}]}
    assert remarks(read(warned)) == [("query-warning", "WARN: w")]


def test_events_of_the_collector_are_read_one_after_another() -> None:
    first = {"time": 1789639200, "host": "h", "sourcetype": "agent", "event": RAW, "fields": {"trace_id": "ab" * 16}}
    second = {"time": "1789639201.5", "host": "h", "sourcetype": "agent", "event": "text"}
    reading = read(dumped(first) + dumped(second))
    assert [event["ts_ns"] for event in reading.events] == [TIME, TIME + 1_500_000_000]
    assert (ids(reading, "run"), ids(reading, "trace")) == (["r"], ["ab" * 16])


@pytest.mark.parametrize(
    "sample", [{"event": "x", "time": 1}, {"event": "step", "host": "h", "time": 1, "run_id": "r"}]
)
def test_logs_that_merely_have_an_event_are_left_alone(sample: dict[str, Any]) -> None:
    assert read(sample).reader != "splunk"
