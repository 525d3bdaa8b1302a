"""LiteLLM writes no spend logs.

Facts: LiteLLM, proxy configuration.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "litellm-spend-logs-off"
TITLE = "LiteLLM writes no spend logs"
SEVERITY = "medium"
CONFIDENCE = "proven"
KINDS = ("litellm",)
CAUSE = "logging-disabled"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2")
EXPLAIN = (
    "With disable_spend_logs the proxy's database has no row for a request: what was called, by whom and at what "
    "cost is in callbacks only."
)
EXAMPLE = """general_settings:
  disable_spend_logs: true
"""
REMEDY = "remove it, or keep every request through a callback that is tested"
CAUSES_GAPS = ("stream-absent", "run-not-held")
FORMATS = ("litellm",)


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for the setting."""
    found = config.member("general_settings.disable_spend_logs")
    if found is not None and values.truth(found.node) is True:
        yield Hit(
            found.line, found.column, "No request leaves a row in the proxy's database.",
            "disable_spend_logs: false", "spend-logs",
        )  # fmt: skip
