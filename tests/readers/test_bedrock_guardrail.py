"""The guardrail reader, and the decisions that an assessment stands for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditrail.containers.records import Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _guardrails, bedrock_guardrail
from tests.conformance import _pipeline as pipeline

RECORD = Record(1, 0, 0, b"", b"\0" * 32)


def many(value: Any) -> list[Event]:
    found = bedrock_guardrail.read(value, RECORD)
    assert isinstance(found, list)
    return [event for event in found if isinstance(event, Event)]


def applied(assessment: Any, **more: Any) -> Event:
    (event,) = many({"action": "NONE", "outputs": [], "assessments": [assessment], **more})
    return event


def pii(action: str, **more: Any) -> dict[str, Any]:
    return {"sensitiveInformationPolicy": {"piiEntities": [{"type": "EMAIL", "match": "m", "action": action, **more}]}}


HATE = {"contentPolicy": {"filters": [{"type": "HATE", "action": "BLOCKED"}]}}
GROUND = {"contextualGroundingPolicy": {"filters": [{"type": "RELEVANCE", "action": "BLOCKED"}]}}


@pytest.mark.parametrize(
    ("assessment", "decision", "rule"),
    [
        ({"topicPolicy": {"topics": [{"name": "Finance", "action": "BLOCKED"}]}}, "deny", "topic:Finance"),
        (pii("ANONYMIZED"), "modify", "pii:EMAIL"),
        (pii("NONE"), "allow", None),
        (pii("NONE", detected=False), "allow", None),
        (pii("NONE", detected=True), "flag", "pii:EMAIL"),
        (pii("SOMETHING_NEW"), "flag", "pii:EMAIL"),
        ({**pii("ANONYMIZED"), **HATE}, "deny", "content:HATE"),
        ({"wordPolicy": {"customWords": [{"match": "secret", "action": "BLOCKED"}]}}, "deny", "word:custom"),
        (GROUND, "deny", "grounding:RELEVANCE"),
        ({"automatedReasoningPolicy": {"findings": [{"invalid": {}}]}}, "flag", "reasoning:invalid"),
        ({"automatedReasoningPolicy": {"findings": [{"valid": {}}]}}, "allow", None),
        ({}, "allow", None),
    ],
)  # fmt: skip
def test_the_hardest_action_is_the_decision(assessment: Any, decision: str, rule: str | None):
    event = applied(assessment)
    assert (event.layer, event.kind, event.decision, event.rule) == ("policy", "decision", decision, rule)


def test_the_guardrail_is_the_policy_with_its_version():
    details = {"appliedGuardrailDetails": {"guardrailId": "gr-1", "guardrailVersion": "3"}}
    assert applied({**pii("BLOCKED"), **details}).policy == "gr-1@3"
    asked = {"guardrailIdentifier": "gr-2", "guardrailVersion": "DRAFT", "source": "OUTPUT"}
    asked["content"] = [{"text": {"text": "t"}}]  # type: ignore[assignment]
    (event,) = many({"request": asked, "response": {"action": "GUARDRAIL_INTERVENED", "assessments": [pii("BLOCKED")]}})
    assert (event.policy, event.name) == ("gr-2@DRAFT", "guardrail output")
    assert json.loads(event.args or "") == [{"text": {"text": "t"}}]


def test_each_assessment_of_each_side_is_a_decision():
    events = many(
        {"inputAssessment": {"gr-1": pii("ANONYMIZED")}, "outputAssessments": {"gr-1": [pii("NONE"), pii("BLOCKED")]}}
    )
    assert [(e.name, e.decision) for e in events] == [
        ("guardrail input", "modify"), ("guardrail output", "allow"), ("guardrail output", "deny"),
    ]  # fmt: skip


def test_a_bare_outcome_says_that_it_is_unclear():
    span, event = many({"completion": "No.", "amazon-bedrock-guardrailAction": "INTERVENED"})
    assert (span.layer, event.decision, event.status) == ("llm", "deny", "denied")
    assert "auditrail.unclear" in json.loads(event.attributes or "")
    assert many({"completion": "Yes.", "amazon-bedrock-guardrailAction": "NONE"})[1].decision == "allow"
    assert len(many({"completion": "Yes.", "amazon-bedrock-guardrailAction": "NEW_WORD"})) == 1


def test_an_answer_with_its_trace_keeps_calls_and_tokens():
    use = {"toolUse": {"toolUseId": "tooluse_1", "name": "f", "input": {}}}
    span, call, event = many(
        {"output": {"message": {"role": "assistant", "content": [use]}}, "usage": {"inputTokens": 3, "outputTokens": 4},
         "trace": {"guardrail": {"inputAssessment": {"gr-1": pii("NONE")}}}}
    )  # fmt: skip
    assert (span.tokens_in, span.tokens_out, call.tool, event.decision) == (3, 4, "f", "allow")
    assert not any(an_id.kind == "tool_call" for an_id in event.ids)


def test_nothing_but_guardrails_is_claimed():
    def score(value: Any) -> float:
        return bedrock_guardrail.sniff(pipeline.head_of(json.dumps(value).encode()))

    assert score({"action": "NONE", "outputs": [], "assessments": []}) == 0.95
    assert score({"output": {"message": {}}, "stopReason": "end_turn", "usage": {}}) == 0.0
    assert score({"action": "NONE", "result": 1}) == 0.0
    assert score({"trace": {"guardrail": {"inputAssessment": {"gr": pii("NONE")}}}}) == 0.95
    assert score({"trace": {"guardrail": "x"}}) == 0.0


@pytest.mark.parametrize(
    "value", [None, 7, [], "x", {"inputAssessment": 7}, {"assessments": [7, None]}, {"outputs": [{"text": "t"}]}]
)
def test_odd_traces_hold_no_assessment(value: Any):
    assert _guardrails.assessments(value) == []


def test_what_is_no_object_is_refused():
    with pytest.raises(RecordError):
        bedrock_guardrail.read([], RECORD)
