"""Model invocations are not logged.

Facts: Bedrock API (LoggingConfig).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import bedrock_logging
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "bedrock-logging-off"
TITLE = "Model invocations are not logged"
SEVERITY = "high"
CONFIDENCE = "proven"
KINDS = ("bedrock-logging",)
CAUSE = "logging-disabled"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2")
EXPLAIN = (
    "Model invocation logging of Bedrock is off until it is configured, and has nowhere to go without a log group "
    "or a bucket. Without textDataDeliveryEnabled records come without prompts and completions."
)
EXAMPLE = """{"loggingConfig": {"textDataDeliveryEnabled": false, "s3Config": {"bucketName": "b"}}}
"""
REMEDY = "configure a bucket, and textDataDeliveryEnabled: true"
CAUSES_GAPS = ("stream-absent", "run-not-held", "content-absent", "capture-never-on")


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for a configuration without a destination, one for texts that are not delivered."""
    if config.member(*bedrock_logging.CLOUDWATCH) is None and config.member(*bedrock_logging.S3) is None:
        yield Hit(
            config.line, config.column, "Invocations are not logged: there is neither a log group nor a bucket.",
            "an s3Config with a bucket", "destination",
        )  # fmt: skip
    found = config.member(*bedrock_logging.TEXT)
    if found is not None and values.truth(found.node) is False:
        yield Hit(
            found.line, found.column, "Prompts and completions are not delivered.", f"{found.key}: true", "text",
            fields=("messages",),
        )  # fmt: skip
