"""The JSON document holds to the contract, keeps whole values, and reads back exactly."""

from __future__ import annotations

import json
from typing import Any

from auditrail.outputs import json as output
from auditrail.outputs import jsonl
from auditrail.outputs._view import View
from auditrail.report.types import Column, Listing, Reconstruction

RUN_KEYS = {"id", "aliases", "agent", "started_at", "ended_at", "status", "layers", "parent_run", "completeness"}
EVENT_KEYS = (
    "id", "ts", "end_ts", "layer", "kind", "name", "agent", "model", "tool", "status", "span_id", "parent_id", "depth",
    "args", "args_state", "result", "result_state", "decision", "stitched_by", "source", "attributes",
)  # fmt: skip
GAP_KEYS = (
    "rule", "cause", "severity", "confidence", "title", "explanation", "remedy", "agent", "layer", "stream", "tool",
    "first", "last", "count", "runs", "evidence", "controls",
)  # fmt: skip


def document(report: Any, **view: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads("".join(output.render(report, View(**view))))
    return made


def test_the_document_of_a_run_has_every_member_of_the_contract(incident: Reconstruction) -> None:
    made = document(incident)
    assert made["schema"] == "auditrail.reconstruction/1"
    assert set(made["generated_by"]) == {"name", "version"}
    assert made["not_checked"] == list(incident.not_checked)
    assert made["run"].keys() >= RUN_KEYS
    assert made["run"]["started_at"] == "2026-09-17T10:06:02.000000Z"
    assert made["run"]["aliases"][1] == {"kind": "trace", "value": "bb70f1edbd02983ba953edfa49e9dcf7"}
    assert set(made["run"]["completeness"]) == {"grade", "score", "reasons"}
    assert made["clock_skew"] == [{"stream": "payments-api", "seconds": 1.7, "pairs": 14}]
    for event in made["events"]:
        assert [key for key in event if key in EVENT_KEYS] == list(EVENT_KEYS)
        assert list(event["stitched_by"]) == ["kind", "value", "confidence", "via"]
        assert list(event["source"]) == ["path", "record", "part", "offset", "length", "blake3"]
    for gap in made["gaps"]:
        assert [key for key in gap if key in GAP_KEYS] == list(GAP_KEYS)
    assert made["gaps"][1]["evidence"] == [
        {"path": "evidence/otel/spans.jsonl", "record": 40, "note": "names the missing parent"}
    ]


def test_events_stand_in_order_of_stored_time_and_stored_times_are_not_corrected(incident: Reconstruction) -> None:
    events = document(incident)["events"]
    stamps = [event["ts"] for event in events if event["ts"]]
    assert stamps == sorted(stamps)
    (late,) = (event for event in events if event["name"] == "request received")
    assert late["ts"] == "2026-09-17T10:06:11.860000Z"
    assert late["skew_seconds"] == -1.7
    assert events[-1]["ts"] is None


def test_contents_are_whole_and_nanoseconds_are_kept(make_event: Any, make_run: Any) -> None:
    value = '{"text":"' + "x" * 10_000 + '"}'
    run = make_run((0, make_event("agent", 1, "10:00:00.123456789", "tool", "call", args=value)))
    (event,) = document(run, content="short")["events"]
    assert event["args"] == value
    assert event["ts"] == "2026-09-17T10:00:00.123456789Z"


def test_attributes_are_an_object_and_big_numbers_and_odd_text_are_exact(hostile: Reconstruction) -> None:
    event = document(hostile)["events"][0]
    assert event["attributes"] == {"a": "\x1b[2J", "b": 12345678901234567890123}
    assert event["args"] == hostile.events[0].args
    (again,) = (json.loads(line) for line in list(jsonl.render(hostile, View()))[:1])
    assert again["args"] == hostile.events[0].args


def test_attributes_that_are_no_json_stay_text(make_event: Any, make_run: Any) -> None:
    run = make_run((0, make_event("agent", 1, "10:00:00", "tool", "call", attributes="{broken")))
    assert document(run)["events"][0]["attributes"] == "{broken"


def test_a_filter_says_what_it_left_out(incident: Reconstruction) -> None:
    made = document(incident, layers=("policy",))
    assert [event["layer"] for event in made["events"]] == ["policy"]
    assert made["events_hidden"] == {"layer": len(incident.events) - 1}
    assert "events_hidden" not in document(incident)


def test_a_listing_has_rows_extra_members_and_iso_times(listing: Listing) -> None:
    made = document(listing)
    assert list(made) == ["schema", "generated_by", "not_checked", "sources", "totals", "notes"]
    assert made["schema"] == "auditrail.sources/1"
    assert made["sources"][0]["first_ts"] == "2026-09-17T09:00:00.000000Z"
    assert made["sources"][1]["first_ts"] == "2026-09-17T09:04:31.123456789Z"
    assert made["sources"][2]["first_ts"] is None
    assert made["sources"][2]["layers"][1] == "=1+1"


def test_values_of_any_type_can_be_listed() -> None:
    from datetime import date
    from decimal import Decimal

    columns = tuple(Column(name, name) for name in ("bytes", "day", "sum", "big", "map"))
    rows = ((b"\x01\xff", date(2026, 9, 17), Decimal("1.10"), 1 << 100, {1: {b"\x00"}}),)
    made = document(Listing("query", "rows", "", columns, rows))
    assert made["rows"] == [
        {"bytes": "01ff", "day": "2026-09-17", "sum": "1.10", "big": 1 << 100, "map": {"1": ["00"]}}
    ]


def test_json_lines_hold_one_event_each_with_its_run(incident: Reconstruction, listing: Listing) -> None:
    lines = list(jsonl.render(incident, View()))
    assert len(lines) == len(incident.events)
    assert {json.loads(line)["run"] for line in lines} == {incident.id}
    assert len(list(jsonl.render(listing, View()))) == 3
