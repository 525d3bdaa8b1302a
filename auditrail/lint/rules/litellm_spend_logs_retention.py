"""LiteLLM deletes spend logs too soon.

Facts: LiteLLM, spend logs deletion.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import retention, values
from auditrail.lint.context import Context
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "litellm-spend-logs-retention"
TITLE = "LiteLLM deletes spend logs too soon"
SEVERITY = "medium"
CONFIDENCE = "proven"
KINDS = ("litellm",)
CAUSE = "retention"
CONTROLS = retention.CONTROLS
EXPLAIN = "maximum_spend_logs_retention_period deletes rows of requests by age."
EXAMPLE = """general_settings:
  maximum_spend_logs_retention_period: 7d
"""
REMEDY = "raise it, or export the table before"
CAUSES_GAPS = retention.CAUSES_GAPS
FORMATS = ("litellm",)
PARAMS = retention.PARAMS


def check(config: Section, context: Context) -> Iterator[Hit]:
    """One hit for a period that is too short."""
    found = config.member("general_settings.maximum_spend_logs_retention_period")
    seconds = values.seconds(found.node) if found is not None else None
    asked = retention.short(context, ID, seconds / 86_400) if seconds else None
    if found is not None and seconds and asked is not None:
        yield Hit(
            found.line, found.column, f"Requests are deleted after {values.spoken(seconds)}{asked.asked}.",
            f"{found.key}: {asked.days}d", "period", severity=asked.severity,
        )  # fmt: skip
