"""Object lock ends too soon, or is not set for new objects.

Facts: S3 API (DefaultRetention).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import retention, values
from auditrail.lint.context import Context
from auditrail.lint.kinds import s3_object_lock
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "s3-object-lock-short"
TITLE = "Object lock ends too soon, or is not set for new objects"
SEVERITY = "medium"
CONFIDENCE = "strong"
KINDS = ("s3-object-lock",)
CAUSE = "retention"
CONTROLS = retention.CONTROLS
EXPLAIN = (
    "A default retention says for how long each new object is locked. When it ends, anyone with the right to delete "
    "can; without one only objects that were locked one by one are."
)
EXAMPLE = """resource "aws_s3_bucket_object_lock_configuration" "logs" {
  rule {
    default_retention {
      mode = "COMPLIANCE"
      days = 7
    }
  }
}
"""
REMEDY = "lock for as long as records must be kept"
CAUSES_GAPS = retention.CAUSES_GAPS
PARAMS = retention.PARAMS


def check(config: Section, context: Context) -> Iterator[Hit]:
    """One hit for a time that is too short, or for none."""
    days, years = config.member(*s3_object_lock.DAYS), config.member(*s3_object_lock.YEARS)
    found = days or years
    if found is None:
        if config.member("Rule", "rule") is None:
            yield Hit(
                config.line, config.column, "Object lock has no default retention: new objects are not locked.",
                "a default retention with mode COMPLIANCE", "default-retention",
            )  # fmt: skip
        return
    number = values.number(found.node)
    kept = number * (1 if days is not None else 365) if number else None
    asked = retention.short(context, ID, kept) if kept else None
    if kept is not None and asked is not None:
        yield Hit(
            found.line, found.column, f"Object lock ends after {kept:g} days{asked.asked}.",
            f"{asked.days} days", "time", severity=asked.severity,
        )  # fmt: skip
