"""A log group is of a class that keeps or gives less.

Facts: CloudWatch Logs user guide, log classes.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import log_group
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "log-group-class"
TITLE = "A log group is of a class that keeps or gives less"
SEVERITY = "medium"
CONFIDENCE = "strong"
KINDS = ("log-group",)
CAUSE = "retention"
CONTROLS = ("EU AI Act 19(1)", "NIST 800-53 AU-11")
EXPLAIN = (
    "A group of the class DELIVERY keeps events for a day or two only, whatever its retention says. One of "
    "INFREQUENT_ACCESS has no subscription filters and no export to S3: what is in it stays in it."
)
EXAMPLE = """resource "aws_cloudwatch_log_group" "agent" {
  name            = "/agents/planner"
  log_group_class = "INFREQUENT_ACCESS"
}
"""
REMEDY = "use the class STANDARD for records of agents; the class of a group cannot be changed later"
CAUSES_GAPS = ("stream-expired", "run-not-held", "export-incomplete")
_WHAT = {
    "DELIVERY": "events are kept for one or two days only",
    "INFREQUENT_ACCESS": "it has no subscription filters and no export to S3",
}


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for a class that is not the standard one."""
    found = config.member(*log_group.CLASS)
    said = values.text(found.node) if found is not None else None
    if found is not None and said in _WHAT:
        yield Hit(
            found.line, found.column, f"{config.name} is of class {said}: {_WHAT[said]}.",
            f"a new group with {found.key}: STANDARD", "class", severity="high" if said == "DELIVERY" else None,
        )  # fmt: skip
