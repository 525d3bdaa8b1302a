"""Answers of Cedar and of Amazon Verified Permissions: decision, policies that determined it, and who asked for what.

- Verified Permissions (botocore 1.44.5 `verifiedpermissions` service model): `decision` ALLOW or DENY,
  `determiningPolicies[{policyId}]`, `errors[{errorDescription}]`; entities are `{entityType, entityId}`, an action is
  `{actionType, actionId}`.
- Cedar (cedar-policy, `ffi/is_authorized.rs`, and cedar-agent): `decision` Allow/Deny or allow/deny,
  `diagnostics{reason: [policy id], errors: [text or {policyId, error}]}`; entities are `Type::"id"` or `{type, id}`.

Cedar denies what no policy permits. A denial that names no policy is that default, not a missing record: its rule says
so. Where the answer has no list of policies at all (CloudTrail leaves it out) nothing is said. A policy that could not
be evaluated is skipped by Cedar, so an error beside a decision means that a policy did not take part in it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from auditrail import jsontext
from auditrail.readers import _gateway as gateway

STATUS = {"allow": "ok", "deny": "denied"}
DEFAULT_DENY = "default deny: no policy permitted it"
_MAX_NAMED = 50


class Answer(NamedTuple):
    """What an answer says; `policies` are joined by `; `."""

    decision: str | None
    policies: str | None
    rule: str | None
    error: str | None
    default_deny: bool


def answer(value: dict[str, Any]) -> Answer:
    """Reads an answer of either shape."""
    said = value.get("decision")
    decision = said.strip().lower() if isinstance(said, str) else None
    decision = decision if decision in STATUS else None
    named: Any = value.get("determiningPolicies")
    errors: Any = value.get("errors")
    diagnostics = value.get("diagnostics")
    if isinstance(diagnostics, dict):
        named = diagnostics.get("reason") if not isinstance(named, list) else named
        errors = diagnostics.get("errors") if not isinstance(errors, list) else errors
    policies = _joined(named, ("policyId", "policy_id", "id"))
    default_deny = decision == "deny" and isinstance(named, (list, dict)) and not named
    return Answer(
        decision,
        policies,
        DEFAULT_DENY if default_deny else policies,
        _joined(errors, ("errorDescription", "message", "error")),
        default_deny,
    )


def entity(value: Any) -> str | None:
    """An entity in Cedar's own writing, `Type::"id"`; text stays as it is."""
    if gateway.is_text(value):
        return str(value)
    for inside in ("__entity", "entityIdentifier"):
        if isinstance(value, dict) and isinstance(value.get(inside), dict):
            value = value[inside]
    for kind, name in (("entityType", "entityId"), ("actionType", "actionId"), ("type", "id")):
        told = gateway.member(value, name)
        if gateway.is_text(told):
            of = gateway.member(value, kind)
            return f'{of}::"{told}"' if gateway.is_text(of) else str(told)
    return None


def principal(request: Any) -> str | None:
    return entity(gateway.member(request, "principal"))


def action(request: Any) -> str | None:
    """The id of the action that was asked for, without its type."""
    value = gateway.member(request, "action")
    if gateway.is_text(value):
        _, marks, name = str(value).partition('::"')
        return name.rstrip('"') or None if marks else str(value)
    told = next((gateway.member(value, key) for key in ("actionId", "id") if gateway.member(value, key)), None)
    return str(told) if gateway.is_text(told) else None


def _joined(items: Any, members: tuple[str, ...]) -> str | None:
    listed = items if isinstance(items, list) else list(items) if isinstance(items, dict) else []
    texts = [text for item in listed if (text := _named(item, members))]
    return "; ".join(texts[:_MAX_NAMED]) or None


def _named(item: Any, members: tuple[str, ...]) -> str | None:
    """What names an item: text as it is, else the first of the members, else the whole item as JSON."""
    if isinstance(item, dict):
        told = next((item[key] for key in members if item.get(key) is not None), None)
        inner = gateway.member(told, "message")  # cedar-policy: {policyId, error: {message, help, ...}}
        found = next((str(text) for text in (told, inner) if gateway.is_text(text)), None)
        return found or (jsontext.dumps(item) if item else None)
    return str(item) if gateway.is_text(item) else None
