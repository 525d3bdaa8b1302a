"""A transform replaces text inside values.

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

ID = "collector-replaces-text"
TITLE = "A transform replaces text inside values"
SEVERITY = "low"
CONFIDENCE = "proven"
KINDS = ("collector",)
CAUSE = "redaction"
CONTROLS = ("EU AI Act 12(2)", "NIST 800-53 AU-3", "SOC 2 CC7.3", "ISO 27001 A.8.15")
EXPLAIN = (
    "replace_pattern and the like change values in place, with no mark but what they write: an argument may "
    "be changed so that it reads as if it had been so."
)
EXAMPLE = """processors:
  transform:
    log_statements:
      - replace_pattern(body, "token=[^ ]+", "token=***")
"""
REMEDY = "narrow the pattern to the secret, and write a mark that says what was there ([REDACTED:token])"
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
    """One hit for each replacing statement."""
    for each in removals(config):
        if each.how != "replaces":
            continue
        names = [name for name in each.names if attributes.is_content(name)]
        broad = attributes.harmless(each.pattern) if each.pattern else []
        what = f"what fits {each.pattern[:60]}" if each.pattern else "text that matches"
        where = f" in {', '.join(each.names)}" if each.names else ""
        more = f"; it also takes {', '.join(broad)}" if broad else ""
        yield Hit(
            each.line, each.column, f"{each.component.id} replaces {what}{where}{more}.",
            f"{'narrow the pattern to the secret' if broad or not each.pattern else 'keep the pattern as narrow'}, and "
            f"{'keep this file with the evidence' if each.written else 'write a mark that names what was there'}",
            f"{each.component.id}/{each.said}", severity="medium" if names or broad else None,
            fields=attributes.fields_of(names),
        )  # fmt: skip
