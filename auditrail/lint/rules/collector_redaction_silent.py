"""Redaction leaves no word of what it took.

Facts: redactionprocessor, README and processor.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-redaction-silent"
TITLE = "Redaction leaves no word of what it took"
SEVERITY = "medium"
CONFIDENCE = "proven"
KINDS = ("collector",)
CAUSE = "redaction"
CONTROLS = ("EU AI Act 12(2)", "NIST 800-53 AU-3", "SOC 2 CC7.3", "ISO 27001 A.8.15")
EXPLAIN = (
    "Only with summary: info (counts) or debug (names and counts) does the processor write redaction.* "
    "attributes. With silent, or without the setting, a value that was removed leaves no trace: nobody can "
    "tell a redacted record from one that never had the value."
)
EXAMPLE = """processors:
  redaction:
    allow_all_keys: true
    blocked_values: ["4[0-9]{15}"]
    summary: silent
"""
REMEDY = "summary: debug (or info, where names of attributes are sensitive)"
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
    """One hit for each."""
    for redaction in config.carrying("processors", "redaction"):
        summary = redaction.node.member("summary")
        if summary is not None and (summary.node.open or values.text(summary.node) in ("debug", "info", None)):
            continue
        place = summary or redaction.member
        how = "summary: silent" if summary is not None else "no summary"
        yield Hit(
            place.line, place.column, f"{redaction.id} has {how}: what it removes or masks is not marked as such.",
            "summary: debug", redaction.id,
        )  # fmt: skip
