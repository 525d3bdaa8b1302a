"""The LLM Guard reader: verdicts of the API and of the library, and what was masked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditrail.containers.records import Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import llm_guard
from tests.conformance import _pipeline as pipeline

RECORD = Record(1, 0, 0, b"", b"\0" * 32)
SAFE = {"Anonymize": 0.0, "PromptInjection": 0.0}


def one(value: Any) -> Event:
    (event,) = llm_guard.read(value, RECORD)  # type: ignore[misc]
    assert isinstance(event, Event)
    return event


@pytest.mark.parametrize(
    ("value", "decision", "rule"),
    [
        ({"is_valid": True, "scanners": SAFE}, "allow", None),
        ({"is_valid": True, "prompt": "a", "sanitized_prompt": "a", "scanners": SAFE}, "allow", None),
        ({"is_valid": True, "prompt": "a", "sanitized_prompt": "[REDACTED]", "scanners": SAFE}, "modify", None),
        ({"is_valid": False, "scanners": {"A": 0.0, "B": 0.9}}, "deny", "B"),
        ({"results_valid": {"A": True, "B": False}, "results_score": {"A": 0.9, "B": 0.1}}, "deny", "B"),
        ({"valid": {"A": True}, "scores": {"A": -1.0}}, "allow", None),
        ({"event": "Scanner completed", "scanner": "A", "is_valid": False}, "deny", "A"),
        ({"event": "Scanned prompt", "scores": SAFE}, None, None),
    ],
)
def test_a_verdict_is_a_decision(value: dict[str, Any], decision: str | None, rule: str | None):
    event = one(value)
    assert (event.decision, event.rule, event.kind) == (decision, rule, "decision" if decision else "log")


def test_texts_are_arguments_and_result():
    event = one({"output": "mail a@b.c", "sanitized_output": "mail [REDACTED]", "is_valid": True, "scanners": SAFE})
    assert (event.name, event.args, event.result) == ("scan output", "mail a@b.c", "mail [REDACTED]")


def test_other_validations_are_not_claimed():
    def score(value: Any) -> float:
        return llm_guard.sniff(pipeline.head_of(json.dumps(value).encode()))

    assert score({"is_valid": True, "scores": {"a": 1.0}}) == 0.0
    assert score({"valid": {"A": True}, "scores": {"B": 1.0}}) == 0.0
    assert score({"is_valid": True, "scanners": {}}) == 0.0
    assert score({"is_valid": True, "scanners": SAFE}) == 0.9


def test_what_is_no_object_is_refused():
    with pytest.raises(RecordError):
        llm_guard.read([], RECORD)
