"""An index lifecycle deletes too soon.

Facts: Elasticsearch reference, index lifecycle.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import retention, values
from auditrail.lint.context import Context
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "elastic-ilm-delete"
TITLE = "An index lifecycle deletes too soon"
SEVERITY = "medium"
CONFIDENCE = "strong"
KINDS = ("elastic-ilm",)
CAUSE = "retention"
CONTROLS = retention.CONTROLS
EXPLAIN = "The delete phase removes an index min_age after its rollover."
EXAMPLE = """{"policy": {"phases": {"delete": {"min_age": "7d", "actions": {"delete": {}}}}}}
"""
REMEDY = "raise min_age, or take a snapshot before (wait_for_snapshot)"
CAUSES_GAPS = retention.CAUSES_GAPS
FORMATS = ("elasticsearch",)
PARAMS = retention.PARAMS


def check(config: Section, context: Context) -> Iterator[Hit]:
    """One hit for a delete phase that comes too soon."""
    found = config.member("phases.delete.min_age")
    seconds = values.seconds(found.node) if found is not None else None
    asked = retention.short(context, ID, seconds / 86_400) if seconds else None
    if found is not None and seconds and asked is not None:
        yield Hit(
            found.line, found.column, f"Indices are deleted {values.spoken(seconds)} after rollover{asked.asked}.",
            f"min_age: {asked.days}d", f"min_age:{found.line - config.line}", severity=asked.severity,
        )  # fmt: skip
