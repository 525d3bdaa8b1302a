"""OPA's buffer of decisions is bounded.

Facts: OPA, configuration (decision logs).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "opa-buffer-limit"
TITLE = "OPA's buffer of decisions is bounded"
SEVERITY = "low"
CONFIDENCE = "strong"
KINDS = ("opa",)
CAUSE = "lost"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2")
EXPLAIN = (
    "With buffer_size_limit_bytes the oldest decisions are dropped while the service cannot be reached and the "
    "buffer is full."
)
EXAMPLE = """decision_logs:
  service: log
  reporting: {buffer_size_limit_bytes: 1048576}
"""
REMEDY = "take the limit that an outage of hours needs, and alarm on the metric of dropped decisions"
CAUSES_GAPS = ("tool-without-decision", "stream-cut")
FORMATS = ("opa",)


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for the setting."""
    found = config.member("decision_logs.reporting.buffer_size_limit_bytes")
    if found is not None and values.number(found.node):
        yield Hit(
            found.line, found.column,
            f"Decisions beyond {values.number(found.node):,.0f} bytes are dropped while the service is away.",
            "a buffer for hours of decisions, and console: true beside it", "buffer",
        )  # fmt: skip
