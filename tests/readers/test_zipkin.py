"""Zipkin: halves of a call are no copies, ids are padded, tags mean what they mean over OTLP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditrail.containers.framing import look
from auditrail.containers.records import Record
from auditrail.errors import RecordError
from auditrail.readers import zipkin
from tests.conformance import _pipeline as pipeline

SPAN: dict[str, Any] = {
    "traceId": "7d6b3c1a9f2e4d50", "id": "c0ffee00c0ffee00", "name": "get", "timestamp": 1767225600000000,
    "duration": 5, "localEndpoint": {"serviceName": "a"},
}  # fmt: skip


def read(value: Any) -> Any:
    return zipkin.read(value, Record(1, 0, 0, b"", b""))


def one(**changes: Any) -> Any:
    (event,) = read({**SPAN, **changes})
    return event


def ids(event: Any) -> dict[str, str]:
    return {an_id.kind: an_id.value for an_id in event.ids}


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("7d6b3c1a9f2e4d50", "00000000000000007d6b3c1a9f2e4d50"),
        ("A1B2C3D4E5F6A7B8C9D0E1F2A3B4C5D6", "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"),
        ("1", "0" * 31 + "1"),
        ("not-hex", "not-hex"),
    ],
)
def test_trace_ids_have_128_bits(written: str, kept: str) -> None:
    assert ids(one(traceId=written))["trace"] == kept


def test_halves_of_a_call_have_keys_of_their_own() -> None:
    client, server = one(kind="CLIENT"), one(kind="SERVER", shared=True)
    assert client.dedupe_key != server.dedupe_key
    assert one(kind="CLIENT").dedupe_key == client.dedupe_key
    assert one(kind="SERVER", timestamp=1767225600000001).dedupe_key != server.dedupe_key
    assert json.loads(server.attributes)["zipkin.shared"] is True


@pytest.mark.parametrize(
    ("tag", "status", "error"),
    [("", "error", None), ("true", "error", None), ("refused", "error", "refused"), ("false", "unknown", None)],
)
def test_a_tag_says_that_it_failed(tag: str, status: str, error: str | None) -> None:
    event = one(tags={"error": tag})
    assert (event.status, event.error) == (status, error)
    assert json.loads(event.attributes)["error"] == tag


def test_tags_go_through_the_vocabularies() -> None:
    event = one(
        tags={
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "refund",
            "gen_ai.tool.call.arguments": '{"a":1}',
            "run.id": "r-1",
        }
    )
    assert (event.layer, event.tool, event.args, event.args_state) == ("tool", "refund", '{"a":1}', "present")
    assert ids(event)["run"] == "r-1"


def test_annotations_are_events_of_their_own() -> None:
    span, note = read({**SPAN, "annotations": [{"timestamp": 1767225600000002, "value": "ws"}]})
    assert (note.kind, note.name, note.ts_ns) == ("log", "ws", 1767225600000002000)
    assert ids(note) == {"trace": ids(span)["trace"], "parent_span": "c0ffee00c0ffee00"}


def test_v1_is_brought_to_v2() -> None:
    endpoint = {"serviceName": "payments", "ipv4": "10.1.0.9"}
    old = {
        "traceId": SPAN["traceId"], "id": SPAN["id"], "name": "post",
        "annotations": [
            {"timestamp": 1767225600000000, "value": "sr", "endpoint": endpoint},
            {"timestamp": 1767225600000009, "value": "ss", "endpoint": endpoint},
        ],
        "binaryAnnotations": [
            {"key": "error", "value": "refused", "endpoint": endpoint},
            {"key": "ca", "value": True, "endpoint": {"serviceName": "agent"}},
        ],
    }  # fmt: skip
    assert zipkin.sniff(look(json.dumps([old]).encode(), complete=True)) == 0.95
    span, *notes = read(old)
    assert (span.stream, span.status, span.error) == ("payments", "error", "refused")
    assert (span.ts_ns, span.end_ns) == (1767225600000000000, 1767225600000009000)
    shown = json.loads(span.attributes)
    assert (shown["kind"], shown["zipkin.remoteEndpoint"]) == ("server", {"serviceName": "agent"})
    assert [note.name for note in notes] == ["sr", "ss"]


def test_without_times_the_order_is_all_there_is() -> None:
    event = one(timestamp=None, duration=7)
    assert (event.ts_ns, event.ts_source, event.end_ns) == (None, "order", None)
    assert json.loads(event.attributes)["zipkin.duration"] == 7
    assert one(duration=None).end_ns is None
    assert one(duration=0).end_ns == one().ts_ns


def test_a_span_that_names_itself_is_a_root() -> None:
    assert "parent_span" not in ids(one(parentId=SPAN["id"]))


@pytest.mark.parametrize(
    ("score", "value"),
    [
        (0.95, SPAN),
        (0.8, {"traceId": "1", "id": "2", "timestamp": 1767225600000000, "kind": "CLIENT"}),
        (0.0, {"traceId": "1", "id": "2", "timestamp": "2026-01-01T00:00:00Z", "tags": ["x"]}),
        (0.0, {"traceId": "1", "id": "2"}),
        (0.0, {"traceId": 1, "id": 2, "localEndpoint": {"serviceName": "x"}}),
        (0.0, {"traceId": "1", "id": "2", "localEndpoint": "x"}),
    ],
)
def test_what_is_claimed(score: float, value: Any) -> None:
    for shape in (value, [value], [[value]]):
        assert zipkin.sniff(look(json.dumps(shape).encode(), complete=True)) == score


def test_a_trace_longer_than_the_head_is_claimed_by_what_is_seen() -> None:
    data = json.dumps([[SPAN] * 50]).encode()
    assert zipkin.sniff(look(data[:3000], complete=False)) == 0.9


def test_an_array_of_traces_gives_a_record_for_each() -> None:
    reading = pipeline.read(json.dumps([[SPAN, {**SPAN, "id": "1"}], [SPAN]]).encode())
    assert (reading.reader, reading.tally.records, reading.tally.events) == ("zipkin", 2, 3)


def test_what_is_no_span_is_refused_or_kept() -> None:
    with pytest.raises(RecordError) as caught:
        read("text")
    assert caught.value.code == "not-an-object"
    assert json.loads(one(extra=1, kind="BROKER", tags=["x"]).attributes) == {
        "zipkin.extra": 1, "zipkin.kind": "BROKER", "zipkin.tags": ["x"], "resource": {"service.name": "a"},
    }  # fmt: skip
