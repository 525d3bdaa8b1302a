"""What a hook of a coding agent answers: the decision in its output.

Claude Code's hook reference (code.claude.com/docs/en/hooks): `hookSpecificOutput.permissionDecision` allow, deny or
ask, with `permissionDecisionReason`; for a permission request `hookSpecificOutput.decision.behavior`; the older
`decision` approve or block, with `reason`; `continue: false` with `stopReason` stops the agent after any hook.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from auditrail.readers._gateway import is_text, member

WORDS: dict[str, str] = {
    **dict.fromkeys(("allow", "approve", "approved", "allowed"), "allow"),
    **dict.fromkeys(("deny", "denied", "block", "blocked", "reject", "rejected"), "deny"),
    **dict.fromkeys(("ask", "defer"), "ask"),
}
STATUS = {"allow": "ok", "deny": "denied", "modify": "ok"}


class Answer(NamedTuple):
    """The decision that a hook's output holds, and its reason."""

    decision: str
    reason: str | None


def answer_of(output: Any) -> Answer | None:
    """The decision in a hook's output; None where it decides nothing."""
    if not isinstance(output, dict):
        return None
    specific = output.get("hookSpecificOutput")
    places = (
        (member(specific, "permissionDecision"), member(specific, "permissionDecisionReason")),
        (member(specific, "decision", "behavior"), member(specific, "decision", "message")),
        (output.get("permissionDecision"), output.get("permissionDecisionReason")),
        (output.get("decision"), output.get("reason")),
    )
    for word, reason in places:
        if isinstance(word, str) and (decision := WORDS.get(word.strip().lower())):
            changed = decision == "allow" and ("updatedInput" in (specific if isinstance(specific, dict) else {}))
            return Answer("modify" if changed else decision, _text(reason) or _text(output.get("reason")))
    if output.get("continue") is False:
        return Answer("deny", _text(output.get("stopReason")))
    return None


def _text(value: Any) -> str | None:
    return str(value) if is_text(value) else None
