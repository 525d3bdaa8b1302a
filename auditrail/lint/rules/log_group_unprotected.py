"""A log group can be deleted by one call.

Facts: CloudWatch Logs API (PutLogGroupDeletionProtection).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "log-group-unprotected"
TITLE = "A log group can be deleted by one call"
SEVERITY = "low"
CONFIDENCE = "proven"
KINDS = ("log-group",)
CAUSE = "lost"
CONTROLS = ("NIST 800-53 AU-9", "ISO 27001 A.8.15")
EXPLAIN = "Without deletion protection one DeleteLogGroup removes all events of the group, and for good."
EXAMPLE = """{"logGroups": [{"logGroupName": "/agents/a", "deletionProtectionEnabled": false}]}
"""
REMEDY = "turn deletion protection on, and keep a copy in a bucket with object lock"
CAUSES_GAPS = ("stream-absent", "run-not-held")


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for a group that says that it is not protected; one that says nothing is let be."""
    found = config.member("deletionProtectionEnabled", "deletion_protection_enabled", "DeletionProtectionEnabled")
    if found is not None and values.truth(found.node) is False:
        yield Hit(
            found.line, found.column, f"{config.name} has no deletion protection: one call removes all of its events.",
            f"{found.key}: true", "deletion-protection",
        )  # fmt: skip
