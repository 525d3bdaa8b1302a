"""JSON-RPC ids count anew in every session: requests and responses are joined in theirs, and never across."""

from __future__ import annotations

import json
from typing import Any

from auditrail.containers.records import Record
from auditrail.digest import record_digest
from auditrail.model import Event
from auditrail.readers import mcp
from auditrail.readers._scope import Origin
from tests.correlate._hand import correlate, ev


def events_of(path: str, *messages: dict[str, Any]) -> list[Event]:
    """The events of one log, read as ingest reads it."""
    assembler, records, at = mcp.Assembler(), [], 0
    for number, message in enumerate(messages, start=1):
        raw = json.dumps({"jsonrpc": "2.0", **message}).encode()
        records += assembler.feed(Record(number, at, len(raw), raw, record_digest(raw)))
        at += len(raw) + 1
    origin = Origin(path, records[0].digest.hex())
    return [event for record in records for event in mcp.read(json.loads(record.raw), record, origin=origin)]  # type: ignore[misc]


def hello() -> dict[str, Any]:
    return {"id": 0, "method": "initialize", "params": {"protocolVersion": "2025-06-18"}}


def call(number: Any, tool: str, **meta: Any) -> dict[str, Any]:
    return {"id": number, "method": "tools/call", "params": {"name": tool, "arguments": {}, "_meta": meta}}


def done(number: Any) -> dict[str, Any]:
    return {"id": number, "result": {"content": [{"type": "text", "text": "ok"}]}}


def test_the_same_number_in_two_sessions_of_one_log_joins_nothing():
    runs = correlate(events_of("mcp.jsonl", hello(), call(1, "a"), done(1), hello(), call(1, "b"), done(1)))
    assert runs.sets() == {frozenset({0, 1, 2}), frozenset({3, 4, 5})}
    assert runs.conflicts == set()


def test_the_same_number_in_two_logs_joins_nothing():
    one = events_of("a/mcp.jsonl", call("1", "a"), done("1"))
    two = events_of("b/mcp.jsonl", call("1", "b"), done("1"))
    assert correlate([*one, *two]).sets() == {frozenset({0, 1}), frozenset({2, 3})}


def test_a_response_joins_the_run_that_its_request_names():
    traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    events = events_of("mcp.jsonl", hello(), call(1, "a", traceparent=traceparent), done(1), call(2, "b"), done(2))
    runs = correlate(events)
    assert runs.of[1] == runs.of[2] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert runs.how[2][0] == "tool_call"
    assert runs.of[3] == runs.of[4] != runs.of[1]


def test_a_call_joins_the_run_of_the_agent_that_gave_it_the_same_id():
    events = events_of("mcp.jsonl", call(1, "a", toolUseId="toolu_7"), done(1), call(2, "b"), done(2))
    asked = ev(1, "agent", "llm", "run=run-1", "tool_call=toolu_7", kind="call", tool="a")
    runs = correlate([*events, asked])
    assert runs.of[0] == runs.of[1] == runs.of[4] == "run-1"
    assert runs.of[2] == runs.of[3] != "run-1"
