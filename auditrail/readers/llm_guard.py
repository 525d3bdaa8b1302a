"""LLM Guard: results of its scanners, as its API answers and as applications log them.

Shapes (protectai/llm-guard: llm_guard 0.3.16 evaluate.py; OpenAPI description of llm_guard_api):

- `scan_prompt` and `scan_output` return text, `{scanner: valid}` and `{scanner: risk}`. Logged as an object they are
  `sanitized_prompt` or `sanitized_output` (or `sanitized`), `results_valid` (or `valid`) and `results_score` (or
  `scores`).
- The API answers `{sanitized_prompt | sanitized_output, is_valid, scanners: {scanner: risk}}`; `scan` answers have no
  text. The question (`prompt`, `output`) stands beside it where the application logs it.
- The library's own line `{event: "Scanned prompt" | "Scanned output", scores, elapsed_time_seconds, level, timestamp}`.

One record is one decision: `deny` if it is not valid, else `modify` if the question is there and the text differs
from it, else `allow`. `rule` are the scanners that found it invalid; the API tells no more than their risk, so there
they are those whose risk is above 0, and only of a denial. The library's own line has scores and no verdict: a log.
With `fail_fast` the scanners behind the first that fails did not run, and are not in the record.

Not read: Presidio's own results.
"""

from __future__ import annotations

from typing import Any

from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.content import state_of
from auditrail.errors import RecordError
from auditrail.model import Event, Id
from auditrail.readers import _gateway as gateway
from auditrail.readers._contract import Reading

NAME = "llm-guard"
TITLE = "LLM Guard scanner results (library and API)"
LAYER = "policy"
TESTED_ON = "documentation only: llm_guard 0.3.16 evaluate.py and the API's OpenAPI description"
NEVER_RECORDS = "When the scan ran and for which run, unless the application adds it; scanners that did not run."
IDS = ("run", "trace", "session", "conversation", "request", "tool_call", "task", "user", "message", "other")
CAPTURES = {
    "time": "partly: only if the logger adds one",
    "run": "partly: only if the logger names it",
    "parent": "partly: only if the logger names it",
    "call": "never: a scan is about text, not about a call",
    "arguments": "partly: the text that was scanned, only if the logger adds it",
    "results": "yes: the text after the scan, except of answers of `scan`",
    "model": "n/a: scanners judge text",
    "tokens": "n/a: scanners judge text",
    "decision": "yes: valid or not, with a score for each scanner",
    "errors": "never: a scanner that failed has no result",
    "end": "n/a",
}

_TIMES = ("timestamp", "time", "ts", "@timestamp")
_TEXTS = ("sanitized_prompt", "sanitized_output", "sanitized")
_VALID = ("results_valid", "valid")
_SCORES = ("results_score", "scores", "scanners")
_LINES = ("Scanned prompt", "Scanned output")


def sniff(head: Head) -> float:
    """0.9 for a verdict with scores for each scanner; 0.85 for the library's own line."""
    return max((_score(sample) for sample in head.samples), default=0.0)


def _score(value: Any) -> float:
    if not isinstance(value, dict):
        return 0.0
    scores = _scores(value)
    if not scores:
        return 0.0
    event = value.get("event")
    if isinstance(event, str) and event in _LINES:
        return 0.85
    if isinstance(value.get("is_valid"), bool) and (any(key in value for key in _TEXTS) or "scanners" in value):
        return 0.9
    verdicts = _verdicts(value)
    return 0.9 if verdicts and verdicts.keys() == scores.keys() else 0.0


def _scores(value: dict[str, Any]) -> dict[str, float]:
    """Risk by scanner; empty unless all are numbers."""
    for key in _SCORES:
        found = value.get(key)
        if isinstance(found, dict) and found and all(_is_number(item) for item in found.values()):
            return found
    return {}


def _verdicts(value: dict[str, Any]) -> dict[str, bool]:
    for key in _VALID:
        found = value.get(key)
        if isinstance(found, dict) and found and all(isinstance(item, bool) for item in found.values()):
            return found
    return {}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract's signature
    """One scan.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a scanner's result is a JSON object")
    fields = gateway.Fields(value)
    moment = fields.moment(*_TIMES)
    ids: list[Id] = []
    for source in (value, value.get("metadata")):
        gateway.add_named(ids, source)
    scores, verdicts = _scores(value), _verdicts(value)
    valid = value.get("is_valid")
    if not isinstance(valid, bool):
        valid = all(verdicts.values()) if verdicts else None
    key = next((name for name in _TEXTS if name in value), None)
    of_output = key == "sanitized_output" or value.get("event") == "Scanned output" or "output" in value
    asked = fields.take("output" if "output" in value else "prompt") if {"output", "prompt"} & value.keys() else None
    after = fields.take(key) if key else None
    decision = None
    if valid is not None:
        changed = isinstance(asked, str) and isinstance(after, str) and asked != after
        decision = "deny" if not valid else "modify" if changed else "allow"
    failed = [name for name, fine in verdicts.items() if not fine]
    if not failed and decision == "deny" and gateway.is_text(value.get("scanner")):
        failed = [value["scanner"]]  # a line about one scanner
    elif not failed and decision == "deny":
        failed = [name for name, risk in scores.items() if risk > 0]
    return [
        Event(
            ts_ns=moment.ns if moment else None,
            ts_source="event" if moment else "order",
            tz_assumed=bool(moment and moment.tz_assumed),
            layer="policy",
            kind="log" if decision is None else "decision",
            name=fields.text("event") or ("scan output" if of_output else "scan prompt"),
            status={"deny": "denied", "allow": "ok", "modify": "ok"}.get(decision or "", "unknown"),
            args=jsontext.content(asked),
            args_state=state_of(asked, given=asked is not None),
            result=jsontext.content(after),
            result_state=state_of(after, given=key is not None),
            decision=decision,
            policy="llm-guard" if decision else None,
            rule="; ".join(failed) or None,
            attributes=fields.attributes(),
            ids=tuple(ids),
        )
    ]
