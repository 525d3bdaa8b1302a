"""A lifecycle rule deletes overwritten versions too soon.

Facts: S3 API (NoncurrentVersionExpiration).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import retention, values
from auditrail.lint.context import Context
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "s3-lifecycle-noncurrent"
TITLE = "A lifecycle rule deletes overwritten versions too soon"
SEVERITY = "low"
CONFIDENCE = "strong"
KINDS = ("s3-lifecycle",)
CAUSE = "retention"
CONTROLS = retention.CONTROLS
EXPLAIN = (
    "In a bucket with versions the one that was overwritten or deleted stays until NoncurrentVersionExpiration "
    "removes it: after that nobody can show what the object was."
)
EXAMPLE = """{"Rules": [{"ID": "a", "Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 7}}]}
"""
REMEDY = "raise the days to those that records are kept for"
CAUSES_GAPS = retention.CAUSES_GAPS
PARAMS = retention.PARAMS


def check(config: Section, context: Context) -> Iterator[Hit]:
    """One hit for days of old versions that are too few."""
    found = config.member(
        "NoncurrentVersionExpiration.NoncurrentDays", "NoncurrentVersionExpirationInDays",
        "noncurrent_version_expiration.noncurrent_days", "noncurrent_version_expiration.days",
    )  # fmt: skip
    days = values.number(found.node) if found is not None else None
    asked = retention.short(context, ID, days) if days else None
    if found is not None and asked is not None:
        yield Hit(
            found.line, found.column, f"{config.name} deletes old versions after {days:g} days{asked.asked}.",
            f"{found.key}: {asked.days}", f"noncurrent:{config.scope}",
        )  # fmt: skip
