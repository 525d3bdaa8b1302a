"""A data protection policy masks events of a log group.

Facts: CloudWatch Logs user guide, data protection.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "log-group-masks-data"
TITLE = "A data protection policy masks events of a log group"
SEVERITY = "low"
CONFIDENCE = "strong"
KINDS = ("log-group",)
CAUSE = "redaction"
CONTROLS = ("EU AI Act 12(2)", "NIST 800-53 AU-3")
EXPLAIN = (
    "While a data protection policy is active, matches are masked for everyone without logs:Unmask, in exports and "
    "subscriptions, too: arguments with a mail address or a key come out as asterisks."
)
EXAMPLE = """{"logGroups": [{"logGroupName": "/agents/a", "dataProtectionStatus": "ACTIVATED"}]}
"""
REMEDY = "keep it, and write down who may unmask; take evidence with logs:Unmask (get-log-events --unmask)"
CAUSES_GAPS = ("content-redacted",)


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for a group with an active policy."""
    found = config.member("dataProtectionStatus")
    if found is not None and values.text(found.node) == "ACTIVATED":
        yield Hit(
            found.line, found.column, f"{config.name} masks what its data protection policy matches.",
            "take evidence with logs:Unmask, and name who may", "data-protection",
            fields=("args", "result", "messages"),
        )  # fmt: skip
