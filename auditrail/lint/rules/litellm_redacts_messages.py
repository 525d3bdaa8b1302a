"""LiteLLM logs no messages.

Facts: LiteLLM, logging.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "litellm-redacts-messages"
TITLE = "LiteLLM logs no messages"
SEVERITY = "high"
CONFIDENCE = "proven"
KINDS = ("litellm",)
CAUSE = "redaction"
CONTROLS = ("EU AI Act 12(2)", "NIST 800-53 AU-3")
EXPLAIN = (
    "turn_off_message_logging writes `redacted-by-litellm` in place of prompts and answers, for every callback: "
    "tool calls and their arguments go with them."
)
EXAMPLE = """litellm_settings:
  turn_off_message_logging: true
"""
REMEDY = "remove it, and mask secrets by a guardrail (presidio with logging_only)"
CAUSES_GAPS = ("content-redacted", "content-absent", "capture-never-on")
FORMATS = ("litellm",)


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for the setting."""
    found = config.member("litellm_settings.turn_off_message_logging")
    if found is not None and values.truth(found.node) is True:
        yield Hit(
            found.line, found.column, "Messages, tool calls and their arguments are left out of what callbacks get.",
            "turn_off_message_logging: false", "messages", fields=("args", "messages"),
        )  # fmt: skip
