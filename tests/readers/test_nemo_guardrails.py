"""The NeMo Guardrails reader: rails that decide, actions, model calls told once, and the run around them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditrail.containers.records import Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import nemo_guardrails
from auditrail.readers._scope import Origin

RECORD = Record(1, 0, 0, b"", b"\x0a" * 32)
T = 1772460000.25
CALL = {"id": "c-1", "task": "self_check", "started_at": T, "finished_at": T + 1, "prompt": "p", "completion": "No",
        "llm_model_name": "llama", "prompt_tokens": 5, "completion_tokens": 2, "request_id": "chatcmpl-1"}  # fmt: skip


def rail(kind: str = "input", *, stop: Any = False, actions: Any = ()) -> dict[str, Any]:
    return {"type": kind, "name": f"check {kind}", "decisions": ["stop"], "executed_actions": list(actions),
            "stop": stop, "started_at": T, "finished_at": T + 2}  # fmt: skip


def many(value: Any) -> list[Event]:
    found = nemo_guardrails.read(value, RECORD, origin=Origin("runs/chat.json"))
    assert isinstance(found, list)
    return [event for event in found if isinstance(event, Event)]


def log(*rails: Any, **more: Any) -> dict[str, Any]:
    return {"activated_rails": list(rails), "stats": {}, **more}


@pytest.mark.parametrize("kind", ["input", "output", "retrieval", "tool_input", "tool_output"])
@pytest.mark.parametrize(("stop", "decision", "status"), [(False, "allow", "ok"), (True, "deny", "denied")])
def test_a_rail_that_guards_decides(kind: str, stop: bool, decision: str, status: str):
    run, event = many(log(rail(kind, stop=stop)))
    assert (event.layer, event.kind, event.decision, event.status) == ("policy", "decision", decision, status)
    assert (event.policy, event.rule) == (f"{kind} rails", f"check {kind}")
    assert run.status == status


def test_a_dialog_rail_decides_only_if_it_stops():
    assert many(log(rail("dialog")))[1].kind == "span"
    assert many(log(rail("dialog", stop=True)))[1].decision == "deny"
    assert many(log(rail("input", stop="perhaps")))[1].decision is None


def test_an_action_is_a_tool_and_its_model_call_is_told_once():
    action = {"action_name": "self_check", "action_params": {"a": 1}, "return_value": True, "llm_calls": [CALL],
              "started_at": T, "finished_at": T + 1}  # fmt: skip
    events = many(log(rail(actions=[action]), llm_calls=[CALL, {**CALL, "id": "c-2"}]))
    (tool,) = [event for event in events if event.layer == "tool"]
    assert (tool.kind, tool.tool, tool.args, tool.result) == ("span", "self_check", '{"a":1}', "true")
    calls = [event for event in events if event.layer == "llm"]
    assert len(calls) == 2
    assert (calls[0].model, calls[0].tokens_in, calls[0].tokens_out, calls[0].result) == ("llama", 5, 2, "No")
    assert calls[0].ts_ns == 1772460000_250000000


def test_calls_without_an_id_are_the_same_if_all_of_them_is():
    bare = {key: item for key, item in CALL.items() if key != "id"}
    assert len(many(log(llm_calls=[bare, bare, {**bare, "prompt": "q"}]))) == 3


def test_the_run_is_named_after_its_file_and_spans_its_parts():
    run, *parts = many({"response": "No.", "log": log(rail()), "state": {"a": 1}})
    assert {an_id.value for event in (run, *parts) for an_id in event.ids if an_id.kind == "run"} == {
        "runs/chat@0a0a0a"
    }
    assert (run.name, run.ts_ns, run.end_ns) == ("generate", 1772460000_250000000, 1772460002_250000000)
    assert json.loads(run.attributes or "")["state"] == {"a": 1}
    assert json.loads(parts[-1].attributes or "")["content"] == "No."


def test_zero_is_no_time():
    _, call = many(log(llm_calls=[{**CALL, "started_at": 0, "finished_at": 0.0}]))
    assert (call.ts_ns, call.ts_source) == (None, "order")


def test_internal_events_and_tool_calls_are_kept():
    said = {"type": "UtteranceUserActionFinished", "uid": "u-1", "event_created_at": "2026-03-02T14:00:00+00:00",
            "final_transcript": "hello"}  # fmt: skip
    use = {"id": "call_9", "type": "function", "function": {"name": "refund", "arguments": "{}"}}
    events = many(
        {"response": [], "log": log(internal_events=[said, {"type": "StartInputRails"}]), "tool_calls": [use]}
    )
    assert [(event.layer, event.kind, event.name) for event in events[1:]] == [
        ("agent", "message", "user"), ("agent", "log", "StartInputRails"), ("llm", "call", "refund"),
    ]  # fmt: skip


def test_a_log_inside_the_response_loses_nothing():
    events = many({"response": {"response": "Hi", "log": log(rail()), "extra": 1}, "timestamp": 1})
    assert json.loads(events[0].attributes or "")["response"] == {"extra": 1}
    assert json.loads(events[-1].attributes or "")["content"] == "Hi"


def test_what_is_no_object_is_refused():
    with pytest.raises(RecordError):
        nemo_guardrails.read([], RECORD)


def test_an_answer_of_the_servers_checks_decides_for_each_rail():
    rails = {"a": {"status": "success"}, "b": {"status": "blocked", "reason": "pii"}, "c": {"status": "?"}, "d": 5}
    answer = {"status": "blocked", "rails_status": rails, "guardrails_data": {"log": {"activated_rails": ["b"]}}}
    whole, *decided = many(answer)
    assert (whole.layer, whole.kind, whole.status) == ("agent", "span", "denied")
    assert [(event.rule, event.decision) for event in decided] == [
        ("a", "allow"),
        ("b", "deny"),
        ("c", None),
        ("d", None),
    ]
    assert decided[1].attributes == '{"reason":"pii"}'
    assert {an_id.value for event in decided for an_id in event.ids} == {an_id.value for an_id in whole.ids}


def test_a_check_that_is_still_streaming_decides_nothing_twice():
    (event,) = many({"status": "success", "rails_status": {"a": {"status": "success"}}, "guardrails_data": None})
    assert (event.kind, event.decision) == ("log", None)
