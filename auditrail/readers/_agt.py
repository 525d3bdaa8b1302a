"""What the records of Microsoft's agent-governance-toolkit share: the words for a decision, ids, and who and what.

Words after PolicyAction, EscalationDecision, ApprovalStatus, DryRunDecision and the examples of
microsoft/agent-governance-toolkit (b570558; agent-os-kernel 3.7.0, agent-governance-toolkit-core 5.0.0). `audit` and
`warn` let the action through and note it: `flag`. Words that decide nothing (`checkpoint`) give no decision.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail import ids as id_text
from auditrail.model import Id
from auditrail.readers import _gateway as gateway

_WORDS: dict[str, str] = {
    **dict.fromkeys(("allow", "allowed", "approve", "approved", "permit", "permitted", "pass", "verified"), "allow"),
    **dict.fromkeys(("deny", "denied", "block", "blocked", "reject", "rejected", "violation", "kill"), "deny"),
    **dict.fromkeys(("escalate", "escalated", "pending", "pending_approval", "require_approval", "defer"), "ask"),
    **dict.fromkeys(("audit", "warn", "warning", "flag", "flagged", "log"), "flag"),
    **dict.fromkeys(("transform", "modify", "redact", "redacted", "sanitize", "sanitized"), "modify"),
    **dict.fromkeys(("timeout", "undefined"), "undefined"),
    **dict.fromkeys(("skip", "skipped", "not_run"), "not_run"),
}
STATUS = {"allow": "ok", "flag": "ok", "modify": "ok", "deny": "denied"}
# Actions that say that something was called, but not what: then the resource is the tool.
_VERBS = frozenset(
    {"tool_call", "call_tool", "invoke", "invoke_tool", "execute", "execute_tool", "start", "complete", "tool", "call"}
    | {"tool_invocation", "block", "mcp_tool_call"}
)
_TRACE = re.compile(r"[0-9A-Fa-f]{32}\Z")
_TOOLS = ("tool", "tool_name", "toolName")
_IDS = {name: kind for name, kind in gateway.ID_NAMES.items() if name != "traceid"}


def decided(word: Any) -> str | None:
    """The decision that a word stands for; None for none, and for words that are not known."""
    if isinstance(word, bool):
        return "allow" if word else "deny"
    return _WORDS.get(word.strip().lower()) if isinstance(word, str) else None


def add_ids(ids: list[Id], *places: Any) -> None:
    """Ids under common names in the record and in the objects inside it.

    `trace_id` is whatever the caller passed: a trace if it has the form of one, else a session, which groups runs
    and never merges them; a copy of the run's id says nothing more.
    """
    for place in places:
        gateway.add_named(ids, place, _IDS)
    for place in places:
        value = gateway.member(place, "trace_id")
        text = id_text.normalise("session", value)
        if text is None or Id("run", text) in ids:
            continue
        id_text.add(ids, "trace" if _TRACE.match(text) else "session", value)


def tool(action: Any, resource: Any, *places: Any) -> str | None:
    """The tool: named as one in the record, else the action, else the resource of an action that only says `call`."""
    for place in places:
        for key in _TOOLS:
            if gateway.is_text(found := gateway.member(place, key)):
                return str(found)
    if gateway.is_text(action) and str(action).lower() not in _VERBS:
        return str(action)
    return str(resource) if gateway.is_text(resource) else None
