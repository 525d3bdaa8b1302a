"""A transform cuts values or attributes.

Facts: attributesprocessor, resourceprocessor and transformprocessor, READMEs.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.removals import removals
from auditrail.lint.rule import Hit

ID = "collector-truncates"
TITLE = "A transform cuts values or attributes"
SEVERITY = "medium"
CONFIDENCE = "proven"
KINDS = ("collector",)
CAUSE = "truncation"
CONTROLS = ("EU AI Act 12(2)", "NIST 800-53 AU-3", "SOC 2 CC7.3", "ISO 27001 A.8.15")
EXPLAIN = (
    "truncate_all cuts every value at a length, without a mark; limit keeps so many attributes of each "
    "record. Arguments, results and messages are the longest values there are: they are what is cut."
)
EXAMPLE = """processors:
  transform:
    trace_statements:
      - truncate_all(span.attributes, 256)
"""
REMEDY = "no limit on spans of agents, or one above the longest arguments (65536 and more)"
CAUSES_GAPS = ("content-truncated", "content-dropped-counts", "content-absent")
FORMATS = collector.FORMATS
PARAMS = {"length": 65536, "attributes": 512}


def check(config: Collector, context: Context) -> Iterator[Hit]:
    """One hit for each cutting statement below the parameters."""
    for each in removals(config):
        if each.how not in ("truncates", "limits"):
            continue
        number = float(each.number) if each.number else 0.0
        least = context.param(ID, "length" if each.how == "truncates" else "attributes")
        if number >= least:
            continue
        cuts = each.how == "truncates"
        elsewhere = each.context in ("resource", "scope")  # no arguments and no messages stand there
        of = f" of each {each.context}" if elsewhere else ""
        what = f"cuts every value{of} at {number:,.0f} bytes" if cuts else f"keeps {number:,.0f} attributes{of}"
        loses = "what is beyond is gone" if elsewhere else "arguments and messages lose their ends"
        yield Hit(
            each.line, each.column, f"{each.component.id} {what}: {loses}.",
            f"at least {least:,.0f}, or no limit for spans of agents",
            "/".join(filter(None, (each.component.id, each.context, each.said))),
            severity="low" if elsewhere else None, fields=("other",) if elsewhere else ("args", "result", "messages"),
        )  # fmt: skip
