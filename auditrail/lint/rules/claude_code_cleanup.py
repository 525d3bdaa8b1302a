"""Claude Code deletes transcripts too soon.

Facts: Claude Code, settings.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import retention, values
from auditrail.lint.context import Context
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "claude-code-cleanup"
TITLE = "Claude Code deletes transcripts too soon"
SEVERITY = "medium"
CONFIDENCE = "proven"
KINDS = ("claude-code",)
CAUSE = "retention"
CONTROLS = retention.CONTROLS
EXPLAIN = (
    "Transcripts are deleted cleanupPeriodDays (30) after their last use; 0 keeps none. They are often the only "
    "place in which arguments and results stand."
)
EXAMPLE = """{"cleanupPeriodDays": 7}
"""
REMEDY = "set cleanupPeriodDays to the days that records must be kept, or collect transcripts every day"
CAUSES_GAPS = retention.CAUSES_GAPS
FORMATS = ("claude_code",)
PARAMS = retention.PARAMS


def check(config: Section, context: Context) -> Iterator[Hit]:
    """One hit for days that are too few; with a framework, for the default, too."""
    found = config.member("cleanupPeriodDays")
    days = values.number(found.node) if found is not None else 30.0
    asked = retention.short(context, ID, days) if days is not None else None
    if days is not None and asked is not None:
        place = found or config
        told = "" if found is not None else " (the default)"
        yield Hit(
            place.line, place.column, f"Transcripts are deleted after {days:g} days{told}{asked.asked}.",
            f'"cleanupPeriodDays": {asked.days}', "cleanupPeriodDays",
            severity=asked.severity if found is not None else "low",
        )  # fmt: skip
