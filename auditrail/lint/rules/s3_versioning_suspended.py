"""Versioning of a bucket is suspended.

Facts: S3 user guide, versioning.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import s3_versioning
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "s3-versioning-suspended"
TITLE = "Versioning of a bucket is suspended"
SEVERITY = "medium"
CONFIDENCE = "proven"
KINDS = ("s3-versioning",)
CAUSE = "lost"
CONTROLS = ("NIST 800-53 AU-9", "ISO 27001 A.8.15")
EXPLAIN = (
    "While versioning is suspended, writing to a key that is there replaces the object, and deleting it removes it: "
    "neither leaves a trace in the bucket."
)
EXAMPLE = """resource "aws_s3_bucket_versioning" "logs" {
  bucket = "agent-logs"
  versioning_configuration {
    status = "Suspended"
  }
}
"""
REMEDY = "turn versioning on, with object lock for evidence"
CAUSES_GAPS = ("run-not-held", "record-removed")


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for a status that is suspended or disabled."""
    found = config.member(*s3_versioning.STATUS)
    said = values.text(found.node) if found is not None else None
    if found is not None and said in ("Suspended", "Disabled"):
        yield Hit(
            found.line, found.column, f"Versioning is {said.lower()}: an overwritten or deleted object leaves nothing.",
            f"{found.key}: Enabled", "status",
        )  # fmt: skip
