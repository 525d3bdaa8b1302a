"""Words with which security products say what they decided and how it went."""

from __future__ import annotations

from typing import Any

DECISIONS: dict[str, str] = {
    **dict.fromkeys(
        (
            "allow", "allowed", "permit", "permitted", "accept", "accepted", "pass", "passed", "approve", "approved",
            "grant", "granted", "exonerated",
        ),
        "allow",
    ),
    **dict.fromkeys(
        (
            "deny", "denied", "block", "blocked", "reject", "rejected", "drop", "dropped", "refuse", "refused",
            "prevent", "prevented", "forbid", "forbidden", "quarantine", "quarantined", "isolated",
            "unauthorized", "revoked", "access revoked",
        ),
        "deny",
    ),
    **dict.fromkeys(("ask", "challenge", "captcha", "escalate", "escalated", "pending approval"), "ask"),
    **dict.fromkeys(
        ("redact", "redacted", "mask", "masked", "sanitize", "sanitized", "modified", "corrected"), "modify"
    ),
    **dict.fromkeys(("alert", "alerted", "detect", "detected", "flag", "flagged", "warn", "warned", "monitor"), "flag"),
}  # fmt: skip
_STATUS: dict[str, str] = {
    **dict.fromkeys(("success", "successful", "succeeded", "ok", "completed"), "ok"),
    **dict.fromkeys(("failure", "fail", "failed", "error"), "error"),
    "denied": "denied",
}


def decision_of(word: Any) -> str | None:
    """The decision that a word means, or None."""
    return DECISIONS.get(word.strip().lower().replace("_", " ")) if isinstance(word, str) else None


def status_of(word: Any, decision: str | None = None) -> str:
    """How it went: a denial is `denied`, whatever the outcome is called."""
    if decision == "deny":
        return "denied"
    status = _STATUS.get(word.strip().lower()) if isinstance(word, str) else None
    return status or ("ok" if decision in ("allow", "modify") else "unknown")
