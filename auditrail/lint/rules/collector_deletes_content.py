"""A processor removes arguments, results or messages without a mark.

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

ID = "collector-deletes-content"
TITLE = "A processor removes arguments, results or messages without a mark"
SEVERITY = "high"
CONFIDENCE = "proven"
KINDS = ("collector",)
CAUSE = "redaction"
CONTROLS = ("EU AI Act 12(2)", "NIST 800-53 AU-3", "SOC 2 CC7.3", "ISO 27001 A.8.15")
EXPLAIN = (
    "attributes, resource and transform processors delete without leaving a word: the record looks as if the "
    "tool had been called without arguments. Only another stream, or this configuration, tells."
)
EXAMPLE = """processors:
  attributes/privacy:
    actions:
      - {key: gen_ai.tool.call.arguments, action: delete}
"""
REMEDY = (
    "use the redaction processor with summary: debug and a keyed hash_function, on the secret inside the "
    "value and not on the whole; or send whole records to a store with stricter access"
)
CAUSES_GAPS = (
    "content-redacted",
    "content-absent",
    "content-empty",
    "content-hashed",
    "content-truncated",
    "capture-never-on",
    "capture-switched-off",
)
FORMATS = collector.FORMATS


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each setting that touches content."""
    for each in removals(config):
        # Messages and decisions stand in the bodies of log records.
        names = ["body"] if each.path == "body" else [name for name in each.names if attributes.is_content(name)]
        if not names or each.how not in ("deletes", "hashes", "keeps", "overwrites"):
            continue
        what = {"deletes": "deletes", "hashes": "puts a hash in place of", "keeps": "keeps a list without",
                "overwrites": "writes a constant over"}[each.how]  # fmt: skip
        yield Hit(
            each.line, each.column, f"{each.component.id} {what} {', '.join(names[:4])}, without a mark.",
            "the redaction processor with summary: debug, on the secret inside the value",
            f"{each.component.id}/{each.said}", severity="medium" if each.how == "hashes" or each.where else None,
            fields=attributes.fields_of(names) or ("messages",),
        )  # fmt: skip
