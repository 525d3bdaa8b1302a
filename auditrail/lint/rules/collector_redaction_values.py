"""Redaction masks values by a pattern.

Facts: redactionprocessor, README and processor.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import attributes, values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-redaction-values"
TITLE = "Redaction masks values by a pattern"
SEVERITY = "low"
CONFIDENCE = "proven"
KINDS = ("collector",)
CAUSE = "redaction"
CONTROLS = ("EU AI Act 12(2)", "NIST 800-53 AU-3", "SOC 2 CC7.3", "ISO 27001 A.8.15")
EXPLAIN = (
    "blocked_values replace each match, in any attribute and in log bodies. A pattern that also fits harmless "
    "values (an id, a time, a number, any JSON) takes arguments apart, and ids by which records are joined."
)
EXAMPLE = """processors:
  redaction:
    allow_all_keys: true
    blocked_values: ["[0-9a-f]{32}"]
"""
REMEDY = (
    "anchor patterns to the form of the secret (a prefix, a length, word boundaries), and set a keyed "
    "hash_function so that equal values stay equal"
)
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


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each pattern, graver where it fits values that are no secret."""
    for redaction in config.carrying("processors", "redaction"):
        for each in values.strings(redaction.node.at("blocked_values")):
            said = values.text(each)
            if said is None:
                continue
            broad = attributes.harmless(said)
            what = f"also takes {', '.join(broad)}" if broad else "takes what matches out of arguments and results"
            yield Hit(
                each.line, each.column, f"a pattern of blocked_values in {redaction.id} {what}.",
                "anchor the pattern to the form of the secret" if broad
                else "keep it as narrow as it is, and set hash_function: hmac-sha256 so that equal values stay equal",
                f"{redaction.id}/{said}", severity=_grade(broad),
            )  # fmt: skip


def _grade(broad: list[str]) -> str | None:
    """Numbers of ten digits alone are times at worst: what names a run is left."""
    return ("medium" if broad == ["numbers of ten digits"] else "high") if broad else None
