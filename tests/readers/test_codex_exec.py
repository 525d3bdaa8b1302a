"""The reader of codex exec --json: items that start and complete, and one run for each output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.model import Event
from auditrail.readers import codex_exec
from auditrail.readers._scope import Origin

FIXTURES = Path(__file__).parents[2] / "fixtures" / "readers" / "codex-exec"
RECORD = Record(1, 0, 0, b"", b"\0" * 32)


def events(case: str) -> list[Event]:
    raws = next((FIXTURES / case).glob("input.*")).read_bytes().splitlines()
    read = [codex_exec.read(jsontext.parse(raw)[0], RECORD, origin=Origin("out.jsonl", "ab" * 32)) for raw in raws]
    return [event for reading in read for event in reading]  # type: ignore[union-attr,misc]


def ids(event: Event, kind: str) -> list[str]:
    return [an_id.value for an_id in event.ids if an_id.kind == kind]


def of_item(item: str) -> list[Event]:
    return [event for event in events("thread") if ids(event, "tool_call") == [item]]


def score(value: Any) -> float:
    return codex_exec.sniff(Head(b"", True, "lines", False, [value], frozenset(), []))


def test_all_lines_are_one_run_and_the_first_names_the_session():
    found = events("thread")
    assert {ids(event, "run")[0] for event in found} == {"out@ababab"}
    assert ids(found[0], "session") == ["019cae10-77aa-7c3e-9a55-0123456789ab"]
    assert {event.ts_source for event in found} == {"order"}


def test_a_command_is_a_call_and_a_result():
    call, result = of_item("item_1")
    assert (call.layer, call.kind, call.args) == ("tool", "call", "bash -lc 'pytest -q'")
    assert (result.kind, result.status, result.error, result.result) == ("result", "error", "exit code 1", "1 failed\n")


def test_a_declined_command_is_denied():
    result, decision = of_item("item_2")
    assert (result.status, decision.layer, decision.decision) == ("denied", "policy", "deny")


def test_a_file_change_is_one_event():
    (change,) = of_item("item_3")
    assert (change.kind, change.status, change.tool) == ("span", "ok", "apply_patch")


def test_an_mcp_call_that_failed_says_why_and_has_no_result():
    call, result = of_item("item_4")
    assert (call.tool, result.status, result.error, result.result_state) == ("search", "error", "timed out", "absent")


def test_the_turns_end_is_the_runs():
    *_, end = events("thread")
    assert (end.kind, end.status, end.tokens_in, end.tokens_out) == ("end", "ok", 24763, 122)
    *_, end = events("failed")
    assert (end.kind, end.status, end.error) == ("end", "error", "unexpected status 401")


def test_older_output_holds_event_messages():
    kinds = [(event.layer, event.kind) for event in events("older-messages")]
    assert kinds[3:6] == [("tool", "call"), ("tool", "result"), ("llm", "log")]
    assert events("older-messages")[5].tokens_in == 500


def test_the_sniffer_is_narrow():
    assert score({"type": "thread.started", "thread_id": "t"}) == 0.95
    assert score({"type": "item.completed", "item": {"id": "item_0", "type": "reasoning"}}) == 0.95
    assert score({"type": "item.completed", "item": {"id": "1", "type": "parcel"}}) == 0.0
    assert score({"id": "0", "msg": {"type": "task_started"}}) == 0.8
    assert score({"id": "0", "msg": {"type": "hello"}}) == 0.0
