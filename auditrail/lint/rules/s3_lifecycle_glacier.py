"""A lifecycle rule moves objects where they take hours to fetch.

Facts: S3 user guide, archive retrieval options.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section, listed, member

ID = "s3-lifecycle-glacier"
TITLE = "A lifecycle rule moves objects where they take hours to fetch"
SEVERITY = "low"
CONFIDENCE = "strong"
KINDS = ("s3-lifecycle",)
CAUSE = "siloed"
CONTROLS = ("NIST 800-53 AU-11", "PCI DSS 10.5.1")
EXPLAIN = (
    "Objects in GLACIER and DEEP_ARCHIVE must be restored before they can be read, which takes from minutes to two "
    "days: longer than some frameworks give for a first report."
)
EXAMPLE = """{"Rules": [{"ID": "a", "Status": "Enabled", "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]}]}
"""
REMEDY = "use GLACIER_IR or STANDARD_IA for the time in which incidents are found, or plan for the restore"
CAUSES_GAPS = ("run-not-held",)


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each transition to a class that needs a restore."""
    for number, each in enumerate(listed(config.node, "Transitions", "transition", "Transition")):
        found = member(each, "StorageClass", "storage_class")
        said = values.text(found.node) if found is not None else None
        if found is not None and said in ("GLACIER", "DEEP_ARCHIVE"):
            yield Hit(
                found.line, found.column, f"{config.name} moves objects to {said}: a restore takes hours.",
                f"{found.key}: GLACIER_IR", f"transition-{number}:{config.scope}",
            )  # fmt: skip
