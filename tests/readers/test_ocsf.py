"""OCSF: verdicts by number, the profile of AI operations, and the logging system's own ids."""

from __future__ import annotations

from typing import Any

import pytest

from tests.readers._stores import TIME, TRACE, attributes, ids, only, read

BASE = {"class_uid": 6003, "category_uid": 6, "activity_id": 1, "time": TIME // 10**6, "metadata": {"version": "1.8.0"}}


def event(**more: Any) -> dict[str, Any]:
    return only(read({**BASE, **more}))


def test_times_of_every_form() -> None:
    assert event()["ts_ns"] == TIME
    assert (
        only(read({**{k: v for k, v in BASE.items() if k != "time"}, "time_dt": "2026-09-17T10:00:00Z"}))["ts_ns"]
        == TIME
    )
    timed = event(start_time=TIME // 10**6 - 1000, end_time=TIME // 10**6)
    assert (timed["ts_ns"], timed["end_ns"], timed["kind"]) == (TIME - 10**9, TIME, "span")
    assert event(metadata={"version": "1", "logged_time": TIME // 10**6})["observed_ns"] == TIME


@pytest.mark.parametrize(
    ("more", "decision", "status"),
    [
        ({"action_id": 1}, "allow", "ok"),
        ({"action_id": 2}, "deny", "denied"),
        ({"disposition_id": 2, "action_id": 1}, "deny", "denied"),
        ({"disposition_id": 19, "action_id": 1}, "flag", "unknown"),
        ({"disposition_id": 99, "disposition": "Blocked"}, "deny", "denied"),
        ({"disposition_id": 0, "action_id": 0}, None, "unknown"),
        ({"status_id": 1}, None, "ok"),
        ({"status_id": 2}, None, "error"),
        ({"status_id": 99, "status": "Failure"}, None, "error"),
        ({"status_id": 1, "action_id": 2}, "deny", "denied"),
        ({"action_id": True, "disposition_id": "2"}, None, "unknown"),
    ],
)
def test_numbers_become_verdicts(more: dict[str, Any], decision: str | None, status: str) -> None:
    found = event(**more)
    assert (found["decision"], found["status"]) == (decision, status)
    assert (found["layer"], found["kind"]) == (("policy", "decision") if decision else ("other", "log"))


def test_a_denial_among_authorizations_beats_a_permission() -> None:
    given = [{"decision": "Allow", "policy": {"name": "a"}}, {"decision": "Denied", "policy": {"name": "d"}}]
    found = event(actor={"authorizations": given})
    assert (found["decision"], found["policy"]) == ("deny", "d")


def test_an_ai_operation_has_model_tokens_and_agent() -> None:
    found = event(
        ai_agent={"uid": "a-1", "name": "care", "instance_uid": "i-1", "version": "2", "ai_model": {"model_name": "m"}},
        message_context={"uid": "c-1", "prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12},
        api={"operation": "Invoke", "request": {"uid": "q-1", "data": {"p": 1}}, "response": {"data": "text"}},
    )
    assert (found["agent"], found["agent_version"], found["model"], found["layer"]) == ("care", "2", "m", "llm")
    assert (found["tokens_in"], found["tokens_out"], found["name"]) == (5, 7, "Invoke")
    assert (found["args"], found["result"], found["kind"]) == ('{"p":1}', "text", "span")
    assert (found["session_id"], found["conversation_id"], found["request_id"]) == ("i-1", "c-1", "q-1")
    assert attributes(found)["message_context"] == {"uid": "c-1", "total_tokens": 12}


def test_the_logging_systems_counter_and_id() -> None:
    told = {"version": "1", "uid": "e-1", "sequence": 41, "product": {"name": "Gate"}, "log_name": "calls"}
    found = event(metadata=told)
    assert (found["seq_kind"], found["seq"], found["dedupe_key"]) == ("ocsf:Gate:calls", 41, "ocsf:Gate:e-1")
    assert event(metadata={"version": "1", "uid": "null", "sequence": "x"})["dedupe_key"] is None


def test_traces_users_and_sessions_are_ids() -> None:
    reading = read({**BASE, "trace": {"uid": TRACE.upper(), "span": {"uid": "a" * 16, "parent_uid": "b" * 16}},
                    "actor": {"user": {"uid": "u-1"}, "session": {"uid": "s-1"}},
                    "unmapped": {"run_id": "r"}})  # fmt: skip
    assert (ids(reading, "trace"), ids(reading, "span"), ids(reading, "parent_span")) == (
        [TRACE],
        ["a" * 16],
        ["b" * 16],
    )
    assert (ids(reading, "session"), ids(reading, "user"), ids(reading, "run")) == (["s-1"], ["u-1"], ["r"])


def test_what_is_not_mapped_is_kept_and_not_read_twice() -> None:
    found = event(unmapped={"x": 1}, raw_data='{"run_id":"r"}')
    assert (attributes(found)["unmapped"], attributes(found)["raw_data"]) == ({"x": 1}, '{"run_id":"r"}')
    assert found["run_id"] is None


def test_null_arguments_are_empty_and_missing_ones_absent() -> None:
    assert event(api={"request": {"data": None}})["args_state"] == "empty"
    assert event(api={"request": {}})["args_state"] == "absent"


@pytest.mark.parametrize(
    "sample", [{"class_uid": 6003}, {"class_uid": "6003", "activity_id": 1}, {"metadata": {"version": 1}}]
)
def test_other_objects_are_left_alone(sample: dict[str, Any]) -> None:
    assert read(sample).reader is None
