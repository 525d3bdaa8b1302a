"""OPA drops decisions above a rate.

Facts: OPA, configuration (decision logs).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "opa-rate-limit"
TITLE = "OPA drops decisions above a rate"
SEVERITY = "high"
CONFIDENCE = "proven"
KINDS = ("opa",)
CAUSE = "lost"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2")
EXPLAIN = (
    "With reporting.max_decisions_per_second OPA drops the decisions beyond it, whatever they decided: a burst of "
    "refused calls is when they matter."
)
EXAMPLE = """decision_logs:
  service: log
  reporting: {max_decisions_per_second: 100}
"""
REMEDY = "remove it; bound memory by buffer_type: event with a large buffer_size_limit_events"
CAUSES_GAPS = ("tool-without-decision", "stream-cut", "decision-sampled")
FORMATS = ("opa",)


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for the setting."""
    found = config.member("decision_logs.reporting.max_decisions_per_second")
    if found is not None and values.number(found.node):
        yield Hit(
            found.line, found.column,
            f"More than {values.number(found.node):g} decisions a second are dropped, those that deny, too.",
            "remove max_decisions_per_second", "rate",
        )  # fmt: skip
