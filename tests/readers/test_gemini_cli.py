"""Gemini CLI sessions: lines that are written anew, whole files, sub-agents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditrail.containers.records import Record
from auditrail.model import Event
from auditrail.readers import gemini_cli
from auditrail.readers._scope import Origin
from tests.conformance import _pipeline as pipeline
from tests.readers._rows import of, rows

FIRST = {"sessionId": "s-1", "projectHash": "p", "startTime": "2026-03-02T08:00:00Z", "kind": "main"}
ANSWER = {"id": "m-1", "timestamp": "2026-03-02T08:00:01Z", "type": "gemini", "content": "x", "model": "gemini-3-pro"}


def read(*lines: dict[str, Any], path: str = "chats/session-1.jsonl"):
    return pipeline.read("\n".join(map(json.dumps, lines)).encode(), reader="gemini-cli", path=path)


def call(**more: Any) -> dict[str, Any]:
    made = {"id": "read_file-1", "name": "read_file", "args": {"path": "a"}, "timestamp": "2026-03-02T08:00:05Z"}
    return {**ANSWER, "toolCalls": [{**made, **more}]}


def test_of_versions_of_a_message_the_last_one_counts():
    events = rows("gemini-cli", "lines")
    assert [row["tokens_in"] for row in of(events, layer="llm", kind="message")] == [1200, 1300]
    assert [row["tool"] for row in of(events, layer="llm", kind="call")] == [
        "read_file",
        "run_shell_command",
        "read_file",
    ]
    assert [row["status"] for row in of(events, layer="tool")] == ["ok", "denied", "error"]
    assert len({row["run_id"] for row in events}) == 1


def test_lines_and_a_whole_file_tell_the_same():
    reading = read(FIRST, ANSWER, {"$set": {"lastUpdated": "2026-03-02T08:00:01Z"}}, call(status="success", result=[]))
    whole = read({**FIRST, "messages": [call(status="success", result=[])]}, path="chats/session-1.json")
    keys = [row["dedupe_key"] for row in reading.events if row["kind"] != "start"]
    assert keys == [row["dedupe_key"] for row in whole.events if row["kind"] != "start"]
    assert reading.tally.ignored == {"superseded": 1, "last-updated": 1}


@pytest.mark.parametrize(
    ("more", "status", "error"),
    [
        ({"status": "success", "result": [{"text": "done"}]}, "ok", None),
        ({"status": "error", "result": [{"functionResponse": {"response": {"error": "gone"}}}]}, "error", "gone"),
        ({"status": "cancelled", "result": None}, "error", "cancelled"),
        ({"status": "cancelled", "result": [{"text": "User denied execution."}]}, "denied", "User denied execution."),
    ],
)
def test_how_a_call_ended(more: dict[str, Any], status: str, error: str | None):
    (result,) = of(read(FIRST, call(**more)).events, kind="result")
    assert (result["status"], result.get("error"), result["ts_ns"]) == (status, error, 1772438405000000000)


def test_a_call_that_is_not_over_has_no_result():
    assert of(read(FIRST, call(status="executing")).events, kind="result") == []


def test_a_session_of_a_sub_agent_names_its_parent():
    record = Record(1, 0, 0, b"", b"\0" * 32)
    for path, above in (("chats/s-0/s-1.jsonl", ["s-0"]), ("chats/s-1.jsonl", [])):
        reading = gemini_cli.read({**FIRST, "kind": "subagent"}, record, origin=Origin(path))
        assert isinstance(reading, list)
        (begin,) = reading
        assert isinstance(begin, Event)
        assert (begin.agent, [an_id.value for an_id in begin.ids if an_id.kind == "parent_run"]) == (
            "gemini-cli/subagent",
            above,
        )


def test_a_session_without_its_first_line_is_read():
    (event,) = read(ANSWER).events
    assert (event["model"], event["layer"]) == ("gemini-3-pro", "llm")
