"""Object lock can be bypassed.

Facts: S3 user guide, object lock.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import s3_object_lock
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "s3-object-lock-governance"
TITLE = "Object lock can be bypassed"
SEVERITY = "low"
CONFIDENCE = "proven"
KINDS = ("s3-object-lock",)
CAUSE = "lost"
CONTROLS = ("NIST 800-53 AU-9", "PCI DSS 10.3.4")
EXPLAIN = (
    "In GOVERNANCE mode whoever has s3:BypassGovernanceRetention can delete a locked object; COMPLIANCE lets "
    "nobody, root not either."
)
EXAMPLE = """{"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled",
  "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 400}}}}
"""
REMEDY = "use COMPLIANCE for evidence, after a trial with a short time: it cannot be undone"
CAUSES_GAPS = ("run-not-held", "record-removed")


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for the mode."""
    found = config.member(*s3_object_lock.MODE)
    if found is not None and values.text(found.node) == "GOVERNANCE":
        yield Hit(
            found.line, found.column, "Mode GOVERNANCE: whoever may bypass it can delete records before their time.",
            f"{found.key}: COMPLIANCE", "mode",
        )  # fmt: skip
