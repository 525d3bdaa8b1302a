"""Loki deletes streams too soon.

Facts: Loki, retention.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import retention, values
from auditrail.lint.context import Context
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section, listed, member

ID = "loki-retention-short"
TITLE = "Loki deletes streams too soon"
SEVERITY = "medium"
CONFIDENCE = "proven"
KINDS = ("loki",)
CAUSE = "retention"
CONTROLS = retention.CONTROLS
EXPLAIN = (
    "With compactor.retention_enabled Loki deletes what is older than retention_period, or than the period of the "
    "first retention_stream that selects it. Without it retention_period does nothing."
)
EXAMPLE = """limits_config:
  retention_period: 72h
compactor:
  retention_enabled: true
"""
REMEDY = "raise the periods of streams that hold records of agents"
CAUSES_GAPS = retention.CAUSES_GAPS
FORMATS = ("loki",)
PARAMS = retention.PARAMS


def check(config: Section, context: Context) -> Iterator[Hit]:
    """One hit for the period of all streams, one for each selected stream."""
    if config.truth("compactor.retention_enabled") is not True:
        return
    found = config.member("limits_config.retention_period")
    each = [("streams", found)] if found is not None else []
    for number, node in enumerate(listed(config.node, "limits_config.retention_stream")):
        period = member(node, "period")
        if period is not None:
            each.append(
                ((values.text(node.at("selector")) or "").strip("{}") or f"retention_stream {number + 1}", period)
            )
    for name, setting in each:
        seconds = values.seconds(setting.node)
        asked = retention.short(context, ID, seconds / 86_400) if seconds else None
        if seconds and asked is not None:
            yield Hit(
                setting.line, setting.column, f"Loki deletes {name} after {values.spoken(seconds)}{asked.asked}.",
                f"{setting.key}: {asked.days * 24}h", f"period:{name}:{setting.line - config.line}",
                severity=asked.severity,
            )  # fmt: skip
