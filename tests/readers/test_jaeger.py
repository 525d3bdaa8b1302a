"""Jaeger: references, warnings, logs and odd shapes are kept for what they say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditrail.containers.framing import look
from auditrail.containers.records import Record, Wrapper
from auditrail.errors import RecordError
from auditrail.readers import jaeger
from tests.conformance import _pipeline as pipeline

TRACE = "7d6b3c1a9f2e4d50"
SPAN: dict[str, Any] = {
    "traceID": TRACE, "spanID": "c0ffee00c0ffee", "operationName": "get", "startTime": 1767225600000000,
    "duration": 5, "process": {"serviceName": "a"},
}  # fmt: skip


def read(value: Any) -> Any:
    return jaeger.read(value, Record(1, 0, 0, b"", b""))


def one(**changes: Any) -> Any:
    return read({**SPAN, **changes})[0]


def ids(event: Any) -> list[tuple[str, str]]:
    return [(an_id.kind, an_id.value) for an_id in event.ids]


def tags(**values: Any) -> list[dict[str, Any]]:
    return [{"key": key.replace("__", "."), "type": "string", "value": value} for key, value in values.items()]


def reference(kind: str, span: str, trace: str = TRACE) -> dict[str, str]:
    return {"refType": kind, "traceID": trace, "spanID": span}


@pytest.mark.parametrize(
    ("references", "parent", "links"),
    [
        ([], None, []),
        ([reference("CHILD_OF", "1")], "1", []),
        ([reference("FOLLOWS_FROM", "1")], "1", []),
        ([reference("FOLLOWS_FROM", "1"), reference("CHILD_OF", "2")], "2", ["1"]),
        ([reference("CHILD_OF", "ff", "ff"), reference("CHILD_OF", "2")], "2", ["ff"]),
        ([reference("CHILD_OF", "ff", "ff")], None, ["ff"]),
    ],
)
def test_one_reference_is_the_parent_and_the_others_are_links(references: Any, parent: Any, links: list[str]) -> None:
    found = ids(one(references=references))
    assert [value for kind, value in found if kind == "parent_span"] == ([parent.rjust(16, "0")] if parent else [])
    assert [value for kind, value in found if kind == "linked_span"] == [link.rjust(16, "0") for link in links]


def test_ids_are_padded() -> None:
    assert ids(one())[:2] == [("trace", TRACE.rjust(32, "0")), ("span", "00c0ffee00c0ffee")]


def test_warnings_are_evidence() -> None:
    events = read({"traceID": TRACE, "spans": [{**SPAN, "warnings": ["w1"]}], "processes": {}, "warnings": ["w2"]})
    assert json.loads(events[0].attributes)["jaeger.warnings"] == ["w1"]
    assert (events[1].kind, events[1].name, json.loads(events[1].attributes)) == (
        "log", "jaeger.warning", {"message": "w2"},
    )  # fmt: skip
    assert ids(events[1]) == [("trace", TRACE.rjust(32, "0"))]


def test_spans_with_one_id_are_no_copies_unless_all_is_the_same() -> None:
    assert one().dedupe_key == one(tags=tags(more="x")).dedupe_key
    assert (
        len({one().dedupe_key, one(operationName="put").dedupe_key, one(tags=tags(span__kind="server")).dedupe_key})
        == 3
    )


def test_logs_are_events() -> None:
    log = {
        "timestamp": 1767225600000001,
        "fields": tags(event="exception", exception__message="m", exception__type="T"),
    }
    failed = {"timestamp": 1767225600000002, "fields": tags(event="error", message="gave up")}
    span, error, thrown = read(
        {**SPAN, "tags": [{"key": "error", "type": "bool", "value": True}], "logs": [log, failed]}
    )
    assert (span.status, span.error) == ("error", "T: m")
    assert (error.kind, error.error) == ("error", "T: m")
    assert (thrown.kind, thrown.name, thrown.error) == ("error", "error", "gave up")


def test_tags_of_elasticsearch() -> None:
    event = read(
        {
            "_source": {
                **SPAN,
                "tag": {"gen_ai@tool@name": "refund"},
                "startTime": None,
                "startTimeMillis": 1767225600001,
            }
        }
    )[0]
    assert (event.tool, event.ts_ns) == ("refund", 1767225600001000000)


def test_sampling_is_kept() -> None:
    event = one(flags=1, tags=tags(sampler__type="probabilistic", sampler__param="0.25"))
    assert (event.sampled, event.sampling_probability) == (True, 0.25)
    assert one(flags=0).sampled is None


@pytest.mark.parametrize(
    ("kind", "written", "read_as"),
    [
        ("int64", "9223372036854775222", 9223372036854775222),
        ("int64", "-5", -5),
        ("bool", "true", True),
        ("float64", "0.5", 0.5),
        ("float64", "x", "x"),
        ("string", "5", "5"),
        ("binary", "AAA=", "AAA="),
    ],
)
def test_values_have_their_type(kind: str, written: Any, read_as: Any) -> None:
    event = one(tags=[{"key": "k", "type": kind, "value": written}])
    assert json.loads(event.attributes)["k"] == read_as


def test_what_an_answer_says_beside_its_traces() -> None:
    header = {"total": 3, "errors": [{"msg": "timeout"}]}
    assert jaeger.close(Wrapper(header, "data", 1, 1, 0)) == [
        ("answer-has-errors", '[{"msg":"timeout"}]'),
        ("answer-is-partial", "the answer holds 1 of 3 traces"),
    ]
    assert jaeger.close(Wrapper({"total": 0, "errors": None}, "data", 1, 1, 0)) == []


@pytest.mark.parametrize(
    "value",
    [
        {"data": [{"traceID": "1", "spans": [SPAN], "processes": {}}]},
        {"traceID": "1", "spans": [], "processes": {}},
        {"_source": SPAN},
        SPAN,
    ],
)
def test_what_is_claimed(value: Any) -> None:
    assert jaeger.sniff(look(json.dumps(value).encode(), complete=True)) == 0.95


def test_an_answer_longer_than_the_head_is_claimed_by_what_is_seen() -> None:
    data = json.dumps({"data": [{"traceID": "1", "spans": [SPAN] * 50, "processes": {}}]}).encode()
    assert jaeger.sniff(look(data[:2000], complete=False)) == 0.9


def test_what_is_not_claimed() -> None:
    for value in ({"data": []}, {"data": [{"id": 1}]}, {"traceID": "1"}, {"traceID": 1, "spans": []}):
        assert jaeger.sniff(look(json.dumps(value).encode(), complete=True)) == 0.0
    with pytest.raises(RecordError):
        read("text")


def test_the_api_v3_is_otlp() -> None:
    span = {"traceId": "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6", "spanId": "1122334455667788", "name": "n"}
    value = {"result": {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}}
    reading = pipeline.read(json.dumps(value).encode())
    assert (reading.reader, reading.tally.events) == ("otlp", 1)


def test_a_trace_may_stand_in_data_without_an_array():
    value = {"data": {"traceID": TRACE, "spans": [SPAN], "processes": {}}, "state": "FETCH_DONE"}
    assert jaeger.sniff(look(json.dumps(value, indent=2).encode(), complete=True)) == 0.95
    span, beside = read(value)
    assert (span.name, json.loads(beside.attributes)) == ("get", {"state": "FETCH_DONE"})
