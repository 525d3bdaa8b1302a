"""A lifecycle rule deletes objects too soon.

Facts: S3 API (LifecycleExpiration).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import retention, values
from auditrail.lint.context import Context
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "s3-lifecycle-expiration"
TITLE = "A lifecycle rule deletes objects too soon"
SEVERITY = "medium"
CONFIDENCE = "strong"
KINDS = ("s3-lifecycle",)
CAUSE = "retention"
CONTROLS = retention.CONTROLS
EXPLAIN = (
    "A lifecycle rule with an expiration deletes objects by age, for good in a bucket without versions. Severity is "
    "low where no name tells that the bucket holds records."
)
EXAMPLE = """resource "aws_s3_bucket_lifecycle_configuration" "agent_logs" {
  rule {
    id     = "old"
    status = "Enabled"
    expiration { days = 30 }
  }
}
"""
REMEDY = "raise the days, or keep records under a prefix that no expiration covers"
CAUSES_GAPS = retention.CAUSES_GAPS
PARAMS = retention.PARAMS


def check(config: Section, context: Context) -> Iterator[Hit]:
    """One hit for an expiration in days that are too few."""
    found = config.member("Expiration.Days", "expiration.days", "ExpirationInDays")
    days = values.number(found.node) if found is not None else None
    asked = retention.short(context, ID, days) if days else None
    if found is not None and asked is not None:
        prefix = config.text("Filter.Prefix", "filter.prefix", "Prefix", "prefix")
        told = retention.holds_records(config, prefix)
        yield Hit(
            found.line, found.column, f"{config.name} deletes objects after {days:g} days{asked.asked}.",
            f"{found.key}: {asked.days}", f"expiration:{config.scope}", severity=asked.severity if told else "low",
        )  # fmt: skip
