"""Loki: lines of streams, their labels and metadata, what was dropped, and round numbers of rows."""

from __future__ import annotations

from typing import Any

import pytest

from tests.readers._stores import TIME, TRACE, attributes, codes, dumped, ids, only, read, remarks

LABELS = {"app": "care", "env": "prod"}


def answer(*streams: Any, **more: Any) -> dict[str, Any]:
    return {"status": "success", "data": {"resultType": "streams", "result": list(streams), "stats": {}}, **more}


def stream(*values: Any, **labels: str) -> dict[str, Any]:
    return {"stream": labels or LABELS, "values": list(values)}


def entry(line: Any = "x", at: int = 0, *more: Any) -> list[Any]:
    return [str(TIME + at), dumped(line), *more]


def test_every_value_of_a_stream_is_a_message() -> None:
    reading = read(answer(stream(entry({"run_id": "r", "event": "step"}), entry("plain", 1)), stream(entry("y", 2))))
    assert [event["ts_ns"] - TIME for event in reading.events] == [0, 1, 2]
    assert [event["stream"] for event in reading.events] == ["care"] * 3
    assert (reading.tally.records, ids(reading, "run")) == (2, ["r"])


def test_structured_metadata_gives_ids_however_it_is_written() -> None:
    pushed = read({"streams": [stream(entry("x", 0, {"trace_id": TRACE}))]})
    data = answer(stream(entry("x", 0, {"structuredMetadata": {"trace_id": TRACE}, "parsed": {"a": "1"}})))
    data["data"]["encodingFlags"] = ["categorize-labels"]
    for reading in (pushed, read(data)):
        assert ids(reading, "trace") == [TRACE]
        assert attributes(only(reading))["structuredMetadata"] == {"trace_id": TRACE}
    assert attributes(only(read(data)))["parsed"] == {"a": "1"}


@pytest.mark.parametrize(
    ("labels", "name"),
    [({"service_name": "s", "app": "a"}, "s"), ({"job": "j"}, "j"), ({"zone": "b", "a": "1"}, '{a="1", zone="b"}')],
)
def test_a_label_names_the_stream_else_all_of_them_do(labels: dict[str, str], name: str) -> None:
    assert only(read(answer(stream(entry(), **labels))))["stream"] == name


def test_the_same_entry_has_the_same_key_in_every_shape() -> None:
    reading = [
        read(answer(stream(entry("x")))),
        read({"streams": [stream(entry("x"))]}),
        read({"labels": LABELS, "line": "x", "timestamp": "2026-09-17T10:00:00Z"}),
        read({"line": "x", "timestamp": str(TIME), "fields": LABELS}),
    ]
    assert len({only(found)["dedupe_key"] for found in reading}) == 1
    others = [stream(entry("y")), stream(entry("x", 1)), stream(entry("x"), app="other")]
    assert len({only(read(answer(other)))["dedupe_key"] for other in [stream(entry("x")), *others]}) == 4


def test_dropped_entries_are_told_with_their_times() -> None:
    dropped = [{"labels": {}, "timestamp": str(TIME)}, {"timestamp": str(TIME + 10**9)}]
    expected = "2 entries dropped by the server for a slow client, 2026-09-17T10:00:00.000Z to 2026-09-17T10:00:01.000Z"
    assert remarks(read({"streams": [stream(entry())], "dropped_entries": dropped})) == [("entries-dropped", expected)]
    alone = read({"dropped_entries": dropped})
    assert remarks(alone) == [("entries-dropped", expected)]
    assert only(alone)["name"] == "dropped_entries"


@pytest.mark.parametrize(("rows", "suspected"), [(99, False), (100, True), (101, False), (1000, True), (5000, True)])
def test_a_usual_limit_of_rows_is_a_suspicion(rows: int, suspected: bool) -> None:
    half = [entry("x", n) for n in range(rows)]
    reading = read(answer(stream(*half[: rows // 2]), stream(*half[rows // 2 :], app="two")))
    assert codes(reading) == (["limit-suspected"] if suspected else [])


def test_each_answer_is_counted_alone() -> None:
    page = answer(stream(*[entry("x", n) for n in range(50)]))
    assert codes(read(page, page)) == []
    full = answer(stream(*[entry("x", n) for n in range(100)]))
    assert codes(read(full, page, full)) == ["limit-suspected"] * 2


def test_lines_of_logcli_have_a_limit_of_their_own() -> None:
    lines = [{"labels": LABELS, "line": str(n), "timestamp": "2026-09-17T10:00:00Z"} for n in range(30)]
    assert codes(read(*lines)) == ["limit-suspected"]
    assert codes(read(*lines[:29])) == []


def test_an_answer_that_failed_or_warns_says_so() -> None:
    assert codes(read(answer(stream(entry()), warnings=["partial"]))) == ["query-warning"]
    assert codes(read({**answer(stream(entry())), "status": "error"})) == ["query-status"]


def test_a_line_of_the_longest_length_looks_cut() -> None:
    assert "262144" in attributes(only(read(answer(stream(entry("x" * 262_144))))))["auditrail.message_cut"]


@pytest.mark.parametrize(
    "sample",
    [{"status": "success", "data": {"resultType": "matrix", "result": []}}, {"streams": [{"id": 1}]}, {"streams": []},
     {"line": "x", "timestamp": 1, "run_id": "r"}],
)  # fmt: skip
def test_other_answers_are_left_alone(sample: dict[str, Any]) -> None:
    assert read(sample).reader != "loki"
