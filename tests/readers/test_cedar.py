"""The Cedar reader: decisions of both shapes, default denials, batches, and what the logger adds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditrail.containers.records import Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _cedar, cedar
from tests.conformance import _pipeline as pipeline

RECORD = Record(1, 0, 0, b"", b"\0" * 32)


def many(value: Any) -> list[Event]:
    found = cedar.read(value, RECORD)
    assert isinstance(found, list)
    return [event for event in found if isinstance(event, Event)]


def one(value: Any) -> Event:
    (event,) = many(value)
    return event


@pytest.mark.parametrize(
    ("answer", "decision", "rule", "default"),
    [
        ({"decision": "ALLOW", "determiningPolicies": [{"policyId": "p1"}], "errors": []}, "allow", "p1", False),
        ({"decision": "DENY", "determiningPolicies": [{"policyId": "f1"}], "errors": []}, "deny", "f1", False),
        ({"decision": "DENY", "determiningPolicies": [], "errors": []}, "deny", _cedar.DEFAULT_DENY, True),
        ({"decision": "Allow", "diagnostics": {"reason": ["policy0", "policy1"]}}, "allow", "policy0; policy1", False),
        ({"decision": "Deny", "diagnostics": {"reason": [], "errors": []}}, "deny", _cedar.DEFAULT_DENY, True),
        ({"decision": "Deny", "diagnostics": {"errors": []}}, "deny", None, False),
        ({"decision": "ALLOW", "determiningPolicies": []}, "allow", None, False),
    ],
)
def test_a_denial_without_a_policy_is_the_default_and_says_so(
    answer: dict[str, Any], decision: str, rule: str | None, default: bool
):
    event = one(answer)
    assert (event.kind, event.decision, event.rule) == ("decision", decision, rule)
    assert ("auditrail.default_deny" in json.loads(event.attributes or "{}")) is default


def test_errors_of_policies_stand_beside_the_decision():
    event = one({"decision": "DENY", "determiningPolicies": [], "errors": [{"errorDescription": "p9: no attribute"}]})
    assert (event.decision, event.status, event.error) == ("deny", "denied", "p9: no attribute")
    nested = {"policyId": "p9", "error": {"message": "no attribute", "help": None}}
    assert one({"decision": "allow", "diagnostics": {"reason": ["p"], "errors": [nested]}}).error == "no attribute"


def test_question_and_ids_are_taken_from_around_the_answer():
    event = one(
        {
            "timestamp": "2026-03-02T10:00:02Z",
            "run_id": "run-1",
            "request": {
                "policyStoreId": "PS1",
                "principal": {"entityType": "Agent", "entityId": "a"},
                "action": {"actionType": "Action", "actionId": "refund"},
                "context": {"contextMap": {"toolCallId": {"string": "call_1"}}},
            },
            "response": {"decision": "ALLOW", "determiningPolicies": [{"policyId": "p"}],
                         "ResponseMetadata": {"RequestId": "r-1"}},
        }
    )  # fmt: skip
    assert (event.principal, event.tool, event.policy, event.rule) == ('Agent::"a"', "refund", "PS1", "p")
    assert {(i.kind, i.value) for i in event.ids} == {("run", "run-1"), ("tool_call", "call_1"), ("request", "r-1")}
    assert event.ts_source == "event"


def test_each_answer_of_a_batch_is_a_decision():
    answers = [
        {"request": {"action": {"actionId": name}}, "decision": word, "determiningPolicies": [], "errors": []}
        for name, word in (("view", "ALLOW"), ("edit", "DENY"))
    ]
    events = many({"principal": {"entityType": "User", "entityId": "bob"}, "results": answers})
    assert [(event.tool, event.decision, event.principal) for event in events] == [
        ("view", "allow", 'User::"bob"'), ("edit", "deny", 'User::"bob"'),
    ]  # fmt: skip


def test_a_failure_is_an_error_without_a_decision():
    event = one({"type": "failure", "errors": [{"message": "failed to parse"}], "warnings": []})
    assert (event.kind, event.decision, event.status, event.error) == ("error", None, "error", "failed to parse")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('User::"alice"', 'User::"alice"'),
        ({"entityType": "User", "entityId": "alice"}, 'User::"alice"'),
        ({"type": "User", "id": "alice"}, 'User::"alice"'),
        ({"__entity": {"type": "User", "id": "alice"}}, 'User::"alice"'),
        ({"id": "alice"}, "alice"),
        ({"entityType": "User"}, None),
        (7, None),
    ],
)
def test_entities_are_written_as_cedar_writes_them(value: Any, text: str | None):
    assert _cedar.entity(value) == text


def test_test_files_and_other_decisions_are_not_claimed():
    def score(value: Any) -> float:
        return cedar.sniff(pipeline.head_of(json.dumps(value).encode()))

    assert score({"request": {}, "entities": [], "decision": "deny", "reason": [], "num_errors": 0}) == 0.0
    assert score({"decision": "deny", "policy": "p"}) == 0.0
    assert score({"decision": "maybe", "determiningPolicies": []}) == 0.0
    assert score({"decision": "DENY", "determiningPolicies": []}) == 0.95


def test_what_is_no_object_is_refused():
    with pytest.raises(RecordError):
        cedar.read("DENY", RECORD)
