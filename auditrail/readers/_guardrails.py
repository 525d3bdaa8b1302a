"""Amazon Bedrock Guardrails: one assessment -> one decision event.

Shapes (botocore 1.44.5, `bedrock-runtime` and `bedrock-agent-runtime` service models):

- GuardrailAssessment: `topicPolicy{topics[{name, action}]}`, `contentPolicy{filters[{type, action}]}`,
  `wordPolicy{customWords[{match, action}], managedWordLists[{type, action}]}`,
  `sensitiveInformationPolicy{piiEntities[{type, match, action}], regexes[{name, match, action}]}`,
  `contextualGroundingPolicy{filters[{type, score, threshold, action}]}`,
  `automatedReasoningPolicy{findings[{valid | invalid | ...: {}}]}`, `appliedGuardrailDetails{guardrailId,
  guardrailVersion}`. `action` is BLOCKED, ANONYMIZED or NONE; `detected` says that a filter matched whatever it did.
- GuardrailTraceAssessment: `inputAssessment{<id>: assessment}`, `outputAssessments{<id>: [assessment]}`.
- ApplyGuardrail answers have a list `assessments`, traces of Bedrock Agents `inputAssessments`, `outputAssessments`.
- InvokeModel bodies: `amazon-bedrock-trace{guardrail{input{<id>: assessment}, outputs[{<id>: assessment}]}}` (Amazon
  Bedrock User Guide, "Test your guardrail").

The decision of an assessment is its hardest action: deny for BLOCKED, else modify for ANONYMIZED, else flag for a
filter that matched and did nothing (detect mode) or an automated-reasoning finding against the answer, else allow.
A filter listed with NONE and without `detected` did not match (full output scope lists them all). An action of a
name that is not known decides nothing: it is told as flag.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from auditrail import jsontext
from auditrail.content import state_of
from auditrail.model import Event
from auditrail.readers import _gateway as gateway

# Policy -> its lists -> (word before the rule's name, member that names it).
_LISTS: tuple[tuple[str, str, str, str | None], ...] = (
    ("topicPolicy", "topics", "topic", "name"),
    ("contentPolicy", "filters", "content", "type"),
    # The matched word itself may be what had to be kept out of logs: it stays in the result only.
    ("wordPolicy", "customWords", "word", None),
    ("wordPolicy", "managedWordLists", "word", "type"),
    ("sensitiveInformationPolicy", "piiEntities", "pii", "type"),
    ("sensitiveInformationPolicy", "regexes", "regex", "name"),
    ("contextualGroundingPolicy", "filters", "grounding", "type"),
)
POLICIES = frozenset({name for name, *_ in _LISTS} | {"automatedReasoningPolicy"})
_OF_ASSESSMENT = POLICIES | {"invocationMetrics", "appliedGuardrailDetails"}
_AGAINST = ("invalid", "impossible")
STATUS = {"allow": "ok", "flag": "ok", "modify": "ok", "deny": "denied"}
INTERVENED = frozenset({"INTERVENED", "GUARDRAIL_INTERVENED"})
# A guardrail has some dozen filters; hostile input must not make one event out of a million.
_MAX_ASSESSMENTS = 1000
_MAX_RULES = 50


class Assessment(NamedTuple):
    """One assessment: `side` is input or output, None where nothing says it."""

    side: str | None
    guardrail: str | None
    value: dict[str, Any]


def assessments(trace: Any) -> list[Assessment]:
    """Every assessment in a trace, an ApplyGuardrail answer, or the trace of an agent."""
    found = list(_assessments(trace)) if isinstance(trace, dict) else []
    return found[:_MAX_ASSESSMENTS]


def _assessments(trace: dict[str, Any]) -> Iterator[Assessment]:
    for side, members in (
        ("input", ("inputAssessment", "inputAssessments")),
        ("output", ("outputAssessments", "outputAssessment")),
        (None, ("assessments",)),
    ):
        for name in members:
            value = trace.get(name)
            if isinstance(value, dict) and not POLICIES & value.keys():
                for guardrail, inner in value.items():
                    for item in _objects(inner):
                        yield Assessment(side, guardrail or None, item)
            else:
                for item in _objects(value):
                    yield Assessment(side, None, item)
    # `input` and `outputs` are names of other things elsewhere: only what is an assessment counts.
    for side, name in (("input", "input"), ("output", "outputs")):
        for holder in _objects(trace.get(name)):
            for guardrail, inner in holder.items():
                for item in _objects(inner):
                    if _OF_ASSESSMENT & item.keys():
                        yield Assessment(side, guardrail or None, item)


def is_trace(value: Any) -> bool:
    """Whether an object holds assessments of a guardrail."""
    return bool(assessments(value))


def decisions(trace: Any, base: Event, *, guardrail: str | None = None) -> list[Event]:
    """One decision for each assessment, with the time, stream and ids of `base`, the event that the trace stands in."""
    return [
        decision_event(
            base,
            decision,
            name=f"guardrail {item.side}" if item.side else "guardrail",
            policy=_policy(item, guardrail),
            rule=rule,
            assessment=item.value,
            number=number,
        )
        for number, item in enumerate(assessments(trace), start=1)
        for decision, rule in (_decide(item.value),)
    ]


def decision_event(
    base: Event,
    decision: str | None,
    *,
    name: str,
    policy: str | None,
    rule: str | None = None,
    assessment: Any = None,
    number: int = 1,
    attributes: dict[str, Any] | None = None,
) -> Event:
    """A guardrail's decision about what `base` did."""
    return Event(
        ts_ns=base.ts_ns,
        observed_ns=base.observed_ns,
        ts_source=base.ts_source,
        tz_assumed=base.tz_assumed,
        stream=base.stream,
        layer="policy",
        kind="decision",
        name=name,
        status=STATUS.get(decision or "", "unknown"),
        agent=base.agent,
        agent_version=base.agent_version,
        principal=base.principal,
        model=base.model,
        decision=decision,
        policy=policy,
        rule=rule,
        result=jsontext.content(assessment),
        result_state=state_of(assessment, given=assessment is not None),
        dedupe_key=f"{base.dedupe_key}#guardrail{number}" if base.dedupe_key else None,
        attributes=jsontext.dumps(attributes) if attributes else None,
        ids=tuple(an_id for an_id in base.ids if an_id.kind != "tool_call"),
    )


def bare_intervention(base: Event, action: Any, *, policy: str | None = None, number: int = 1) -> Event | None:
    """The decision where only the outcome is told and no assessment: NONE or INTERVENED; None for any other word.

    Intervened means blocked or masked; without an assessment nothing says which, so it is deny, and marked.
    """
    if not isinstance(action, str) or (action not in INTERVENED and action != "NONE"):
        return None
    if action == "NONE":
        return decision_event(base, "allow", name="guardrail", policy=policy, number=number)
    note = {"auditrail.unclear": "the guardrail intervened: blocked or masked, no assessment says which"}
    return decision_event(base, "deny", name="guardrail", policy=policy, number=number, attributes=note)


def beside(event: Event, rest: dict[str, Any]) -> Event:
    """The event with further attributes; a name that is there already gets the prefix `record.`.

    The texts are put together, not parsed again: what is nested as deep as a record may be is deeper here.
    """
    text = event.attributes
    if not rest:
        return event
    if not text or text == "{}":
        return event._replace(attributes=jsontext.dumps(rest))
    more = {f"record.{key}" if f'"{key}":' in text else key: item for key, item in rest.items()}
    return event._replace(attributes=f"{text[:-1]},{jsontext.dumps(more)[1:]}")


def _decide(assessment: dict[str, Any]) -> tuple[str, str | None]:
    acted: dict[str, list[str]] = {"deny": [], "modify": [], "flag": []}
    for policy, member, word, named in _LISTS:
        for item in _objects(gateway.member(assessment, policy, member)):
            action = item.get("action")
            text = item.get(named) if named else "custom"
            rule = f"{word}:{text}" if gateway.is_text(text) else word
            if action == "BLOCKED":
                acted["deny"].append(rule)
            elif action == "ANONYMIZED":
                acted["modify"].append(rule)
            elif item.get("detected") is True or (isinstance(action, str) and action not in ("NONE", "")):
                acted["flag"].append(rule)
    for finding in _objects(gateway.member(assessment, "automatedReasoningPolicy", "findings")):
        acted["flag"] += [f"reasoning:{key}" for key in finding if key in _AGAINST]
    for decision, rules in acted.items():
        if rules:
            return decision, "; ".join(list(dict.fromkeys(rules))[:_MAX_RULES])
    return "allow", None


def _policy(item: Assessment, guardrail: str | None) -> str | None:
    details = item.value.get("appliedGuardrailDetails")
    told = [gateway.member(details, key) for key in ("guardrailId", "guardrailArn")]
    name = next((text for text in (item.guardrail, *told, guardrail) if gateway.is_text(text)), None)
    version = gateway.member(details, "guardrailVersion")
    return f"{name}@{version}" if name and gateway.is_text(version) and "@" not in name else name


def _objects(value: Any) -> list[dict[str, Any]]:
    items = [value] if isinstance(value, dict) else value
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
