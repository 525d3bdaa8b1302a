"""OTLP in Protocol Buffers gives what the same data gives as OTLP/JSON, and claims nothing else."""

from __future__ import annotations

import json
import random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail.containers.framing import look
from auditrail.containers.records import Record
from auditrail.errors import RecordError
from auditrail.readers import otlp, otlp_protobuf
from auditrail.readers._contract import Ignored
from tests.conformance import _pipeline as pipeline
from tests.readers._otlp_encoder import encode, field, varint

TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
SPANS: dict[str, Any] = {
    "resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": TRACE, "spanId": SPAN, "name": "work"}]}]}]
}
LOGS: dict[str, Any] = {
    "resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": "1767225600000000000", "body": {}}]}]}]
}


def record(raw: bytes) -> Record:
    return Record(1, 0, len(raw), raw, b"")


def read(raw: bytes) -> Any:
    return otlp_protobuf.read(raw, record(raw))


def frame(message: bytes) -> bytes:
    return len(message).to_bytes(4, "big") + message


def zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, codec="zstd", asbytes=True))


def exports() -> list[dict[str, Any]]:
    """Every OTLP/JSON export of the fixtures that Protocol Buffers can hold."""
    found = []
    for name, case in pipeline.cases():
        if name == "otlp":
            data = pipeline.input_of(case).read_bytes()
            found += [value for value in pipeline.head_of(data).samples if _encodable(value)]
    return found


def _encodable(value: Any) -> bool:
    try:
        return bool(encode(value))
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError):
        return False


def lowered(value: Any) -> Any:
    """Ids as bytes have no case; an id that is blank is not written."""
    if isinstance(value, dict):
        ids = ("traceId", "spanId", "parentSpanId")
        return {
            key: item.lower() if key in ids and isinstance(item, str) else lowered(item) for key, item in value.items()
        }
    return [lowered(item) for item in value] if isinstance(value, list) else value


def test_the_fixtures_are_enough_to_compare() -> None:
    assert len(exports()) >= 9


@pytest.mark.parametrize("value", exports())
def test_the_same_events_as_from_json(value: dict[str, Any]) -> None:
    value = lowered(value)
    assert read(encode(value)) == otlp.read(value, record(b""))


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
ANY = st.recursive(
    st.one_of(
        st.builds(lambda v: {"stringValue": v}, TEXT),
        st.builds(lambda v: {"boolValue": v}, st.booleans()),
        st.builds(lambda v: {"intValue": str(v)}, st.integers(-(1 << 63), (1 << 63) - 1)),
        st.builds(lambda v: {"doubleValue": v}, st.floats(allow_nan=False, allow_infinity=False)),
        st.builds(lambda v: {"bytesValue": v.hex().ljust(4, "0")[:4]}, st.binary(max_size=2)),
        st.just({}),
    ),
    lambda inner: st.one_of(
        st.builds(lambda v: {"arrayValue": {"values": v}} if v else {"arrayValue": {}}, st.lists(inner, max_size=3)),
        st.builds(
            lambda v: {"kvlistValue": {"values": [{"key": k, "value": i} for k, i in v.items()]}},
            st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, min_size=1, max_size=3),
        ),
    ),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "gen_ai.tool.name", "gen_ai.usage.input_tokens"]), ANY), st.booleans())
def test_any_value_means_the_same(attributes: dict[str, Any], is_log: bool) -> None:
    listed = [{"key": key, "value": value} for key, value in attributes.items()]
    value = json.loads(json.dumps(LOGS if is_log else SPANS))
    (group,) = value.values()
    ((leaf,),) = [scope[key] for scope in group[0].popitem()[1] for key in scope]
    leaf["attributes"] = listed
    kind = {"scopeLogs": [{"logRecords": [leaf]}]} if is_log else {"scopeSpans": [{"spans": [leaf]}]}
    value = {"resourceLogs" if is_log else "resourceSpans": [kind]}
    assert read(encode(value)) == otlp.read(value, record(b""))


def test_metrics_are_no_events() -> None:
    point = field(1, 2, b"requests.served.") + field(2, 2, b"how many") + field(7, 2, field(2, 0, varint(2)))
    raw = field(1, 2, field(2, 2, field(2, 2, point)))
    assert read(raw) == Ignored("metrics")
    assert otlp_protobuf.sniff(look(raw, complete=True)) == 0.95


def test_a_span_without_times_is_no_metric() -> None:
    (event,) = read(encode(SPANS))
    assert (event.name, event.ts_ns, event.ts_source) == ("work", None, "order")


def test_an_export_without_spans_is_empty() -> None:
    assert isinstance(read(encode({"resourceSpans": [{"resource": {}}]})), (Ignored, list))


def test_unknown_fields_are_counted() -> None:
    raw = encode(SPANS)
    span = bytearray(raw)
    (event,) = read(bytes(span) + field(7, 0, varint(1)) + field(7, 0, varint(1)))
    assert json.loads(event.attributes)["export"] == {"unknownFields": {"Traces.7": 2}}


def test_text_that_is_not_utf8_is_kept_and_told() -> None:
    raw = encode(SPANS).replace(b"work", b"w\xffrk")
    (event,) = read(raw)
    assert event.name == "w\\xffrk"
    assert json.loads(event.attributes)["export"] == {"textsNotUtf8": 1}


@pytest.mark.parametrize("value", [SPANS, LOGS])
def test_every_truncation_is_refused(value: dict[str, Any]) -> None:
    raw = encode(value)
    for end in range(1, len(raw)):
        with pytest.raises(RecordError) as caught:
            read(raw[:end])
        assert caught.value.code == "malformed"


def test_values_nested_too_deep_are_refused() -> None:
    value: dict[str, Any] = {"stringValue": "x"}
    for _ in range(5000):
        value = {"arrayValue": {"values": [value]}} if len(str(value)) < 3000 else value
    raw = encode(value, "any")
    for _ in range(300):
        raw = field(5, 2, field(1, 2, raw))
    log = field(1, 1, b"\1" * 8) + field(5, 2, raw)
    with pytest.raises(RecordError) as caught:
        read(field(1, 2, field(2, 2, field(2, 2, log))))
    assert caught.value.code == "too-deep"


@pytest.mark.parametrize(
    ("framing", "pack"),
    [
        ("length-prefixed", lambda messages: b"".join(map(frame, messages))),
        ("length-prefixed", lambda messages: b"".join(frame(zstd(message)) for message in messages)),
        ("varint-prefixed", lambda messages: b"".join(varint(len(message)) + message for message in messages)),
    ],
    ids=["collector", "collector-zstd", "delimited"],
)
def test_framings(framing: str, pack: Any) -> None:
    messages = [encode(SPANS), encode(LOGS), encode(SPANS)]
    data = pack(messages)
    assert look(data, complete=True).framing == framing
    reading = pipeline.read(data)
    assert (reading.reader, reading.tally.records, reading.tally.events) == ("otlp-protobuf", 3, 3)
    pipeline.check_places(reading)
    whole = pipeline.read(zstd(data))
    assert (whole.reader, whole.tally.events) == ("otlp-protobuf", 3)
    torn = pipeline.read(data[:-3])
    assert (torn.tally.events, [row["code"] for row in torn.quarantine]) in ((2, ["torn-tail"]), (2, ["broken-frame"]))


def test_one_message_is_the_whole_file() -> None:
    data = encode(SPANS)
    assert look(data, complete=True).framing == "message"
    assert pipeline.read(data).tally.events == 1
    cut = pipeline.read(data[:-1])
    assert (cut.reader, cut.tally.quarantined) == ("otlp-protobuf", 1)


def test_a_head_that_ends_inside_the_first_message_is_enough() -> None:
    many = {"resourceSpans": [{"scopeSpans": [{"spans": SPANS["resourceSpans"][0]["scopeSpans"][0]["spans"] * 500}]}]}
    for data in (encode(many), frame(encode(many)), varint(len(encode(many))) + encode(many)):
        head = look(data[:2000], complete=False)
        assert otlp_protobuf.sniff(head) == 0.95


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_are_not_claimed(data: bytes) -> None:
    for raw in (data, b"\n" + data, b"\0\0\0" + data, frame(b"\n" + data)):
        assert otlp_protobuf.sniff(look(raw, complete=True)) == 0.0


def test_much_noise_is_not_claimed() -> None:
    noise = random.Random(5)
    for _ in range(3000):
        data = b"\n" + bytes([noise.randrange(60)]) + noise.randbytes(60)
        assert otlp_protobuf.sniff(look(data, complete=True)) == 0.0


@pytest.mark.parametrize(
    "text", [b"\n\nwords\n", b"\n" + b"x" * 10 + b"\n", b"\n{}\n", "\nähm\n".encode(), b"\n\n\n\n"]
)
def test_text_is_not_claimed(text: bytes) -> None:
    assert look(text, complete=True).framing in ("lines", "values")
    assert otlp_protobuf.sniff(look(text, complete=True)) == 0.0
