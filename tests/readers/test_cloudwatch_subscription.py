"""Subscription payloads: single elements, whole payloads in one record, and what Firehose could not deliver."""

from __future__ import annotations

import base64
import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail.containers.limits import WRAPPER_BUFFER
from auditrail.containers.records import Head, Record, Wrapper
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import cloudwatch_subscription as reader
from auditrail.readers._contract import Ignored, Inner

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures" / "readers" / reader.NAME
CORPUS = ROOT.parent / "shared" / "corpus" / "aws-cloudwatch-cloudtrail"
T = 1767225600000
HEADER = {
    "messageType": "DATA_MESSAGE",
    "owner": "123456789012",
    "logGroup": "/aws/agent",
    "logStream": "agent/1",
    "subscriptionFilters": ["to-firehose"],
}
CONTROL = {"id": "", "timestamp": T, "message": "CWL CONTROL MESSAGE: Checking health of destination Firehose."}


def record(header: dict[str, Any] | None = None) -> Record:
    return Record(1, 0, 2, b"{}", b"\0" * 32, header=header)


def element(number: int, message: Any = "text", **more: Any) -> dict[str, Any]:
    return {"id": f"{number:056d}", "timestamp": T + number, "message": message, **more}


def packed(value: Any) -> str:
    return base64.b64encode(gzip.compress(json.dumps(value).encode(), mtime=0)).decode()


def attributes(of: Event) -> dict[str, Any]:
    return json.loads(of.attributes or "{}")


def payloads(raw: bytes) -> Iterator[dict[str, Any]]:
    """JSON values one after another, with or without space between."""
    text = raw.decode()
    at = 0
    while at < len(text.rstrip()):
        value, at = json.JSONDecoder().raw_decode(text, at + len(text[at:]) - len(text[at:].lstrip()))
        yield value


def head(value: Any) -> Head:
    raw = json.dumps(value).encode()
    return Head(raw, True, "values", False, [value], frozenset(value), [raw])


@pytest.mark.parametrize(
    ("case", "score"),
    [("concatenated", 0.95), ("lambda-awslogs", 0.95), ("firehose-failed", 0.9), ("single-events", 0.8)],
)
def test_sniff(case: str, score: float) -> None:
    raw = next((FIXTURES / case).glob("input.*")).read_bytes()
    assert reader.sniff(head(next(payloads(raw)))) == score


def test_sniff_leaves_other_objects_alone() -> None:
    for other in ({"id": "1", "timestamp": T, "message": "m"}, {"logEvents": 3}, {"awslogs": "x"}, {"rawData": "x"}):
        assert reader.sniff(head(other)) == 0.0
    raw = b'{"logEvents": [{"id": "1", "message": "m"'
    assert reader.sniff(Head(raw, False, "values", False, [], frozenset({"logEvents"}), [raw])) == 0.95


def test_element_with_its_payload() -> None:
    reading = reader.read(element(7, extractedFields={"level": "info"}), record(HEADER))
    assert isinstance(reading, Inner)
    context = reading.context
    assert (context.ts_ns, context.observed_ns, context.ts_source) == ((T + 7) * 10**6, None, "event")
    assert context.stream == "/aws/agent"
    assert context.dedupe_key == f"cw:/aws/agent:{7:056d}"
    assert reading.group == "/aws/agent:agent/1"
    assert attributes(context) == {
        "extractedFields": {"level": "info"},
        "eventId": f"{7:056d}",
        "owner": "123456789012",
        "logGroup": "/aws/agent",
        "logStream": "agent/1",
        "subscriptionFilters": ["to-firehose"],
    }


def test_one_id_in_two_groups_is_two_events() -> None:
    keys = {reader.read(element(7), record({**HEADER, "logGroup": group})).context.dedupe_key for group in ("a", "b")}
    assert len(keys) == 2


def test_health_check_is_no_event() -> None:
    assert reader.read(CONTROL, record({**HEADER, "messageType": "CONTROL_MESSAGE"})) == Ignored("control-message")
    assert reader.read(CONTROL, record()) == Ignored("control-message")
    assert isinstance(reader.read({**CONTROL, "id": "5"}, record(HEADER)), Inner)


def test_unknown_type_of_payload_is_kept_and_named() -> None:
    reading = reader.read(element(1), record({**HEADER, "messageType": "NEW_MESSAGE"}))
    assert attributes(reading.context)["messageType"] == "NEW_MESSAGE"


def test_lambda_payload_of_one_event_is_handed_on() -> None:
    data = packed({**HEADER, "logEvents": [element(1, '{"a": 1}')]})
    reading = reader.read({"awslogs": {"data": data}, "further": 1}, record())
    assert isinstance(reading, Inner)
    assert reading.message == '{"a": 1}'
    assert reading.context.stream == "/aws/agent"
    assert attributes(reading.context)["further"] == 1


def test_lambda_payload_of_several_events_keeps_them_all() -> None:
    elements = [element(1, '{"a": 1}'), element(2, None), 5, element(3, "END RequestId: x")]
    parts = reader.read({"awslogs": {"data": packed({**HEADER, "logEvents": elements})}}, record())
    messages = [part.message if isinstance(part, Inner) else attributes(part)["message"] for part in parts]
    assert messages == ['{"a": 1}', None, 5, "END RequestId: x"]
    events = [part.context if isinstance(part, Inner) else part for part in parts]
    assert [event.dedupe_key for event in events] == [
        f"cw:/aws/agent:{1:056d}", f"cw:/aws/agent:{2:056d}", None, f"cw:/aws/agent:{3:056d}",
    ]  # fmt: skip
    assert all(event.stream == "/aws/agent" for event in events)


def test_lambda_payload_without_events_is_no_event() -> None:
    control = {**HEADER, "messageType": "CONTROL_MESSAGE", "logEvents": [CONTROL]}
    assert reader.read({"awslogs": {"data": packed(control)}}, record()) == Ignored("control-message")
    empty = {**HEADER, "logEvents": []}
    assert reader.read({"awslogs": {"data": packed(empty)}}, record()) == Ignored("no-log-events")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (5, "malformed"),
        ("***", "malformed"),
        ("é", "malformed"),
        (base64.b64encode(b"\x1f\x8b no gzip").decode(), "malformed"),
        (base64.b64encode(gzip.compress(b"{}", mtime=0)[:-4]).decode(), "malformed"),
        (base64.b64encode(b"text").decode(), "malformed"),
        (packed({"a": 1}), "malformed"),
        (base64.b64encode(gzip.compress(b" " * (WRAPPER_BUFFER + 1), mtime=0)).decode(), "oversized"),
    ],
)
def test_lambda_payload_that_cannot_be_unpacked(data: Any, code: str) -> None:
    with pytest.raises(RecordError) as refused:
        reader.read({"awslogs": {"data": data}}, record())
    assert refused.value.code == code


def test_gzip_members_one_after_another_are_all_read() -> None:
    text = json.dumps({**HEADER, "logEvents": [element(1)]}).encode()
    data = base64.b64encode(gzip.compress(text[:40], mtime=0) + gzip.compress(text[40:], mtime=0)).decode()
    assert isinstance(reader.read({"awslogs": {"data": data}}, record()), Inner)


def failed(raw: Any) -> dict[str, Any]:
    return {"attemptsMade": 4, "arrivalTimestamp": T, "errorCode": "Lambda.FunctionError", "rawData": raw}


def test_failed_delivery_is_recovered() -> None:
    reading = reader.read(failed(packed({**HEADER, "logEvents": [element(9)]})), record())
    assert isinstance(reading, Inner)
    assert reading.context.dedupe_key == f"cw:/aws/agent:{9:056d}"
    assert attributes(reading.context)["firehose"]["errorCode"] == "Lambda.FunctionError"


def test_failed_delivery_of_another_record_is_handed_on() -> None:
    for carried in (b'{"run_id": "r"}', b"\xff\xfe"):
        reading = reader.read(failed(base64.b64encode(carried).decode()), record())
        assert isinstance(reading, Inner)
        message = reading.message
        assert (message.encode() if isinstance(message, str) else message) == carried
        assert (reading.context.ts_ns, reading.context.ts_source) == (T * 10**6, "observed")


def test_failed_delivery_that_cannot_be_unpacked_is_an_error() -> None:
    (event,) = reader.read(failed("not base64!"), record())
    assert (event.kind, event.status, event.error) == ("error", "error", "Lambda.FunctionError")
    assert attributes(event)["rawData"] == "not base64!"


def test_element_that_is_no_object_is_refused() -> None:
    with pytest.raises(RecordError) as refused:
        reader.read("text", record(HEADER))
    assert refused.value.code == "not-an-object"


def test_close_reports_a_payload_that_names_no_group() -> None:
    assert reader.close(Wrapper(HEADER, "logEvents", 1, 1, 0)) == []
    assert reader.close(Wrapper({"messageType": "CONTROL_MESSAGE"}, "logEvents", 1, 1, 0)) == []
    found = reader.close(Wrapper({"messageType": "DATA_MESSAGE", "logGroup": ""}, "logEvents", 1, 1, 0))
    assert found == [("no-log-group", "a subscription payload without `logGroup`")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
SHAPED = st.dictionaries(
    st.sampled_from(
        ["id", "timestamp", "message", "logGroup", "logStream", "messageType", "logEvents", "awslogs", "attemptsMade",
         "errorCode", "rawData", "arrivalTimestamp", "data"]
    ),
    JSON | st.lists(st.dictionaries(st.sampled_from(["id", "timestamp", "message"]), JSON), max_size=3),
    max_size=8,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(JSON | SHAPED | SHAPED.map(lambda value: {"awslogs": {"data": packed(value)}}), st.none() | SHAPED)
def test_read_raises_nothing_but_record_errors(value: Any, header: Any) -> None:
    try:
        reading = reader.read(value, record(header))
    except RecordError:
        return
    if isinstance(reading, Ignored):
        return
    parts = [reading] if isinstance(reading, Inner) else reading
    contexts = [part.context if isinstance(part, Inner) else part for part in parts]
    assert contexts
    assert all(isinstance(json.loads(context.attributes or "{}"), dict) for context in contexts)


# (file, readings per payload: messages or `None` for one that is no event)
SAMPLES = [
    ("valid_cloudwatch_log.json", ["CloudTrail"] * 3),
    ("valid_cloudwatch_log_control.json", [None]),
    ("multiple_json_objects.json", ["/my/first/log/group", "/my/second/log/group"]),
    ("cloudtrail_log_cw.json", ["/aws/cloudtrail/logs"]),
]


def stream_of(reading: Any) -> str | None:
    return reading.context.stream if isinstance(reading, Inner) else None


@pytest.mark.corpus
@pytest.mark.parametrize(("name", "streams"), SAMPLES)
def test_real_payloads(name: str, streams: list[str | None]) -> None:
    if not CORPUS.is_dir():
        pytest.skip("the corpus is not here")
    raw = (CORPUS / name).read_bytes()
    assert reader.sniff(head(next(payloads(raw)))) == 0.95
    readings = [
        reader.read(item, record({key: other for key, other in payload.items() if key != "logEvents"}))
        for payload in payloads(raw)
        for item in payload["logEvents"]
    ]
    assert [stream_of(reading) for reading in readings] == streams


@pytest.mark.corpus
@pytest.mark.parametrize(("name", "streams"), SAMPLES)
def test_real_payloads_through_the_splitter(name: str, streams: list[str | None]) -> None:
    splitting = pytest.importorskip("auditrail.containers.splitting")
    if not CORPUS.is_dir():
        pytest.skip("the corpus is not here")
    raw = (CORPUS / name).read_bytes()
    items = list(splitting.split(io.BytesIO(raw), "values", arrays=reader.ARRAYS))
    records = [item for item in items if isinstance(item, Record)]
    assert [stream_of(reader.read(json.loads(item.raw), item)) for item in records] == streams
    assert [evidence for item in items if isinstance(item, Wrapper) for evidence in reader.close(item)] == []
