"""Large invocations come without their bodies.

Facts: Bedrock user guide, model-invocation-logging.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint.context import Context
from auditrail.lint.kinds import bedrock_logging
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "bedrock-large-data"
TITLE = "Large invocations come without their bodies"
SEVERITY = "medium"
CONFIDENCE = "proven"
KINDS = ("bedrock-logging",)
CAUSE = "truncation"
CONTROLS = ("EU AI Act 12(2)", "NIST 800-53 AU-3")
EXPLAIN = (
    "A record in CloudWatch holds bodies of up to 100 KB. Larger ones and binary data go to "
    "largeDataDeliveryS3Config, and nowhere where it is not set."
)
EXAMPLE = """{"loggingConfig": {"textDataDeliveryEnabled": true, "cloudWatchConfig": {"logGroupName": "g"}}}
"""
REMEDY = "set largeDataDeliveryS3Config, or log to a bucket with s3Config"
CAUSES_GAPS = ("content-truncated", "content-absent", "content-offloaded")


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for a log group without a bucket for large data."""
    found = config.member(*bedrock_logging.CLOUDWATCH)
    beside = config.member(*bedrock_logging.LARGE, *bedrock_logging.S3)
    if found is not None and beside is None and (found.node.mapping() or found.node.each()):
        yield Hit(
            found.line, found.column, "Bodies larger than 100 KB are delivered nowhere.",
            "largeDataDeliveryS3Config with a bucket", "large-data", fields=("messages",),
        )  # fmt: skip
