"""A processor removes or overwrites ids by which records are joined.

Facts: attributesprocessor, resourceprocessor and transformprocessor, READMEs.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import attributes
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.removals import removals
from auditrail.lint.rule import Hit

ID = "collector-deletes-ids"
TITLE = "A processor removes or overwrites ids by which records are joined"
SEVERITY = "high"
CONFIDENCE = "strong"
KINDS = ("collector",)
CAUSE = "siloed"
CONTROLS = ("NIST 800-53 AU-12(1)", "NIST 800-53 AU-6(3)", "EU AI Act 12(1)")
EXPLAIN = (
    "Sessions, conversations, requests and tool calls are what joins the records of one run across streams. "
    "An attribute that is deleted, hashed in one pipeline only, or overwritten with a constant joins nothing "
    "any more: records are held and belong to no run."
)
EXAMPLE = """processors:
  attributes/privacy:
    actions:
      - {key: session.id, action: delete}
"""
REMEDY = "keep ids; where one is personal, hash it with the same function in every pipeline, so that it still joins"
CAUSES_GAPS = ("stream-unjoined", "decision-unjoined", "stream-absent", "stream-guessed")
FORMATS = collector.FORMATS


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each setting that touches an id or the name of who acted."""
    for each in removals(config):
        if each.path in ("trace_id", "span_id") and not each.where:
            yield Hit(
                each.line, each.column,
                f"{each.component.id} writes another {each.path} into spans: the one that others name is gone.",
                "keep the id, and write the other into a link or an attribute", f"{each.component.id}/{each.path}",
                severity="medium", signals=("traces",),
            )  # fmt: skip
        ids = [name for name in each.names if attributes.is_id(name) or name in attributes.NAMES]
        if not ids or each.how in ("hashes", "replaces") or each.where:
            continue
        constant = each.how == "overwrites"
        if constant and not attributes.is_id(ids[0]):  # naming the service is what these processors are for
            continue
        what = {"deletes": "deletes", "keeps": "keeps a list without", "overwrites": "writes a constant over"}[each.how]
        yield Hit(
            each.line, each.column, f"{each.component.id} {what} {', '.join(ids[:5])}: records can't be joined by it.",
            "keep it, or hash it alike in every pipeline", f"{each.component.id}/{each.said}",
            severity=None if any(attributes.is_id(name) for name in ids) else "medium",
        )  # fmt: skip
