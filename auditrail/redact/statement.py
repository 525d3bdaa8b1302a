"""What a redacted bundle says of its redaction: `redaction.json`, without anything that was withheld."""

from __future__ import annotations

from collections import Counter
from typing import Any

from auditrail.redact import commit
from auditrail.redact.needles import LEAST_PIECE, LEAST_VALUE, LEAST_WORD
from auditrail.redact.policy import CONDITIONS, Policy, Rule

SCHEMA = "auditrail.redaction/1"
_PSEUDONYM = (
    f"{commit.PSEUDONYM}:<family>:<{commit.PSEUDONYM_DIGITS} hex digits>: the first digits of such a commitment, with "
    "one salt for the family: equal values get equal ones"
)
_STATES = (
    "args_state and result_state say what the log held: a token is what this redaction left of it, and the state "
    "redacted is the producer's own redaction"
)
_PROVE = (
    "whoever holds key and case makes a disclosure: auditrail disclose EVENT FIELD --redact-key KEY; check it: "
    "auditrail disclose --check FILE --bundle BUNDLE, or by HMAC-SHA256 with the salt and value in it"
)
_NOT_SEARCHED = (
    "of contents that were withheld whole, shorter pieces, times, short numbers and single words were not searched "
    "for, words of fewer than"
)
_ALSO_KEPT = "they stand in what the policy keeps, too, or are words of auditrail itself"


def document(policy: Policy, counts: Counter[tuple[str, str]], *, searched: int, also_kept: int) -> dict[str, Any]:
    """The document.

    Args:
        policy: the policy.
        counts: (rule, field) -> how many values were withheld.
        searched: needles that finished files are searched for.
        also_kept: needles that are not searched for, since the policy keeps the same words elsewhere.
    """
    return {
        "schema": SCHEMA,
        "policy": {"name": policy.name, "title": policy.title, "text": policy.text},
        "withheld": sum(counts.values()),
        "rules": [_rule(rule, counts) for rule in policy.rules],
        "commitment": {
            "token": f"{commit.WITHHELD}:<rule>:<64 hex digits>",
            "algorithm": "HMAC-SHA256(salt, value), salt of 32 bytes",
            "salt": "HKDF-SHA256 from the redaction key, for each place of its own",
            "pseudonym": _PSEUDONYM,
            "states": _STATES,
            "prove": _PROVE,
        },
        "search": {
            "needles": searched,
            "also_kept": also_kept,
            "what": f"every file was searched for withheld members, matches and names of at least {LEAST_VALUE} bytes, "
            f"and for pieces of at least {LEAST_PIECE} bytes of contents that were withheld whole",
        },
        "not_checked": [
            f"{_NOT_SEARCHED} {LEAST_WORD} letters: they occur everywhere",
            f"{also_kept} piece(s) of withheld values were not searched for: {_ALSO_KEPT}",
            "whether the policy withholds enough: what no rule covers is kept",
        ],
    }


def _rule(rule: Rule, counts: Counter[tuple[str, str]]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": rule.id,
        "action": rule.action,
        "fields": list(rule.fields),
        "patterns": list(rule.patterns),
        "joins": rule.joins or rule.action == "pseudonym",
        "withheld": {field: number for (one, field), number in sorted(counts.items()) if one == rule.id},
    }
    made["conditions"] = {
        name: pattern.pattern for name, pattern in zip(CONDITIONS, rule.conditions, strict=True) if pattern is not None
    }
    return made
