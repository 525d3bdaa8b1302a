"""auditrail's own export: only what it says of its events is read; everything else is OTLP like any other."""

from __future__ import annotations

import json
from typing import Any

from auditrail.containers.records import Record
from auditrail.model import Event
from auditrail.readers import auditrail_otlp
from auditrail.readers._contract import Ignored
from tests.conformance import _pipeline as pipeline

ONE_RUN = pipeline.FIXTURES / "auditrail-otlp" / "one-run" / "input.jsonl"


def attribute(key: str, value: Any) -> dict[str, Any]:
    kind = "boolValue" if isinstance(value, bool) else "intValue" if isinstance(value, int) else "stringValue"
    return {"key": key, "value": {kind: value}}


def line(item: dict[str, Any], signal: str = "resourceLogs", **resource: Any) -> dict[str, Any]:
    scopes, items = ("scopeSpans", "spans") if signal == "resourceSpans" else ("scopeLogs", "logRecords")
    marks = {"auditrail.export": 1, "auditrail.run": "r1", "auditrail.run_kind": "run", **resource}
    attributes = [attribute(key, value) for key, value in marks.items() if value is not None]
    return {signal: [{"resource": {"attributes": attributes}, scopes: [{"scope": {}, items: [item]}]}]}


def item(**columns: Any) -> dict[str, Any]:
    return {"attributes": [attribute(f"auditrail.{key}", value) for key, value in {"kind": "log", **columns}.items()]}


def read(value: Any) -> list[Event]:
    made = auditrail_otlp.read(value, Record(1, 0, 2, b"{}", b"\0" * 32))
    assert not isinstance(made, Ignored)
    return made


def test_ids_that_otlp_wanted_are_not_taken_for_ids_of_the_event() -> None:
    span = {**item(kind="span"), "traceId": "ab" * 16, "spanId": "cd" * 8, "parentSpanId": "ef" * 8,
            "startTimeUnixNano": "1789639200000000000", "endTimeUnixNano": "1789639201000000000"}  # fmt: skip
    (event,) = read(line(span, "resourceSpans", **{"auditrail.trace_id_derived": True}))
    assert [tuple(an_id) for an_id in event.ids] == [("run", "r1")]
    (event,) = read(line(span, "resourceSpans"))
    assert [tuple(an_id) for an_id in event.ids] == [("run", "r1"), ("trace", "ab" * 16)]


def test_a_span_that_had_no_end_gets_none() -> None:
    span = {**item(kind="span", open=True), "startTimeUnixNano": "5", "endTimeUnixNano": "5"}
    (event,) = read(line(span, "resourceSpans"))
    assert (event.ts_ns, event.end_ns) == (5, None)


def test_an_event_without_a_time_stays_one() -> None:
    (event,) = read(line(item()))
    assert (event.ts_ns, event.ts_source) == (None, "order")
    (event,) = read(line(item(ts_ns=-7, ts_source="ingest")))
    assert (event.ts_ns, event.ts_source) == (-7, "ingest")


def test_words_that_are_none_of_ours_do_not_get_into_columns() -> None:
    (event,) = read(
        line(item(layer="x", status="y", decision="z", args_state="q", result_state="present", ts_source="w"))
    )
    assert (event.layer, event.status, event.decision) == ("other", "unknown", None)
    assert (event.args_state, event.result_state) == ("absent", "absent")


def test_what_a_collector_added_is_kept() -> None:
    made = item(name="n")
    made["attributes"].append(attribute("node", "gw"))
    (event,) = read(line(made))
    assert json.loads(event.attributes or "")["auditrail"] == {"otlp": {"node": "gw"}}


def test_attributes_that_are_no_object_are_kept_as_text() -> None:
    (event,) = read(line(item(attributes="[1,")))
    assert json.loads(event.attributes or "")["auditrail"]["attributes"] == "[1,"


def test_items_and_resources_of_others_are_read_as_otlp() -> None:
    foreign = {"timeUnixNano": "1789639200000000000", "body": {"stringValue": "hello"}}
    value = line(item(name="ours"))
    value["resourceLogs"][0]["scopeLogs"][0]["logRecords"].append(foreign)
    value["resourceLogs"].append({"resource": {}, "scopeLogs": [{"logRecords": [foreign]}]})
    events = read(value)
    assert [event.name for event in events] == ["ours", None, None]
    assert [event.ids == () for event in events] == [False, True, True]


def test_events_stand_in_the_order_of_their_record() -> None:
    value = line(item(name="b", **{"source.part": 2}), "resourceLogs")
    span = {**item(kind="span", name="a", **{"source.part": 1}), "startTimeUnixNano": "5", "endTimeUnixNano": "6"}
    value.update(line(span, "resourceSpans"))
    assert [event.name for event in read(value)] == ["a", "b"]


def test_a_first_line_too_long_to_be_parsed_is_known_by_its_begin() -> None:
    long = line({**item(name="x" * (1 << 20))})
    head = pipeline.head_of(json.dumps(long, separators=(",", ":")).encode()[: 1 << 20])
    assert head.samples == []
    assert auditrail_otlp.sniff(head) > 0.95
    other = {
        "resourceLogs": [{"resource": {}, "scopeLogs": [{"logRecords": [{"body": {"stringValue": "x" * (1 << 20)}}]}]}]
    }
    assert auditrail_otlp.sniff(pipeline.head_of(json.dumps(other).encode()[: 1 << 20])) == 0.0


def test_a_fixture_cut_anywhere_gives_events_or_quarantine() -> None:
    data = ONE_RUN.read_bytes()
    for end in range(10, len(data), 997):
        reading = pipeline.read(data[:end])
        assert reading.tally.balanced
