"""Redaction masks whole attributes by a pattern on their names.

Facts: redactionprocessor, README and processor.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import attributes, values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-redaction-key-patterns"
TITLE = "Redaction masks whole attributes by a pattern on their names"
SEVERITY = "medium"
CONFIDENCE = "proven"
KINDS = ("collector",)
CAUSE = "redaction"
CONTROLS = ("EU AI Act 12(2)", "NIST 800-53 AU-3", "SOC 2 CC7.3", "ISO 27001 A.8.15")
EXPLAIN = (
    "blocked_key_patterns replace the whole value of each attribute whose name fits, numbers too. A pattern "
    "such as .*token.* is meant for secrets and also takes gen_ai.usage.input_tokens; one such as .*input.* "
    "or .*key.* takes arguments or ids."
)
EXAMPLE = """processors:
  redaction:
    blocked_key_patterns: [".*token.*"]
"""
REMEDY = "name the secrets (^authorization$, .*api_key$) and put what agents need into ignored_keys"
CAUSES_GAPS = (
    "content-redacted",
    "content-absent",
    "content-empty",
    "content-hashed",
    "content-truncated",
    "capture-never-on",
    "capture-switched-off",
)
FORMATS = collector.FORMATS
_KNOWN = attributes.IDS + attributes.NAMES + attributes.CONTENTS + attributes.TOKENS


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each pattern, graver where it fits attributes of agents."""
    for redaction in config.carrying("processors", "redaction"):
        free = {values.text(each) for each in values.strings(redaction.node.at("ignored_keys"))}
        for each in values.strings(redaction.node.at("blocked_key_patterns")):
            said = values.text(each)
            if said is None:
                continue
            taken = [name for name in attributes.matching(said, _KNOWN) if name not in free]
            what = f"also masks {', '.join(taken[:4])}" if taken else "masks attributes of matching names whole"
            yield Hit(
                each.line, each.column, f"{redaction.id} {what}: **** or a hash stands in place of the value.",
                f"narrow the pattern, or ignored_keys: [{', '.join(taken[:4])}]" if taken
                else "mask the secret inside the value with blocked_values, and let hash_function keep values apart",
                f"{redaction.id}/{said}", severity=_grade(taken), fields=_fields(taken),
            )  # fmt: skip


def _grade(taken: list[str]) -> str:
    if any(attributes.is_content(name) or attributes.is_id(name) for name in taken):
        return "high"
    return "medium" if taken else "low"


def _fields(taken: list[str]) -> tuple[str, ...]:
    return attributes.fields_of(taken) or (("other",) if taken else ())
