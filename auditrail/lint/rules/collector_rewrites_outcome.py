"""A transform writes that a failed span has not failed, or wipes why it failed.

Facts: transformprocessor, README; opentelemetry-proto, Status; pkg/ottl/contexts/ottlspan (paths, enums).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.removals import removals
from auditrail.lint.rule import Hit

ID = "collector-rewrites-outcome"
TITLE = "A transform changes how a span ended"
SEVERITY = "medium"
CONFIDENCE = "proven"
KINDS = ("collector",)
CAUSE = "redaction"
CONTROLS = ("EU AI Act 12(2)", "NIST 800-53 AU-3", "SOC 2 CC7.3", "ISO 27001 A.8.15")
EXPLAIN = (
    "status.code and status.message are how a span says that it failed, and why. A transform that writes a constant "
    "there leaves no word of what was: a refused call reads as one that went well, a sampler behind it that keeps "
    "failed traces passes it over, and a wiped message can't be had back."
)
EXAMPLE = """processors:
  transform:
    trace_statements:
      - set(span.status.code, STATUS_CODE_UNSET) where span.attributes["http.response.status_code"] == 404
"""
REMEDY = "leave the status as it is and write the judgement into an attribute of its own, which dashboards can use"
FORMATS = collector.FORMATS
# A condition that no failed span fits: nothing is hidden where `unset` becomes `ok`.
_NO_FAILURE = re.compile(r"status\.code\s*(?:==\s*(?:STATUS_CODE_(?:UNSET|OK)|[01]\b)|!=\s*(?:STATUS_CODE_ERROR|2\b))")


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each statement that writes a constant."""
    for each in removals(config):
        if each.path not in ("status.code", "status.message") or _NO_FAILURE.search(each.where):
            continue
        code = each.path == "status.code"
        what = "writes that a span has not failed" if code else "writes a constant over why a span failed"
        where = f" where {each.where[:80]}" if each.where else ""
        yield Hit(
            each.line, each.column, f"{each.component.id} {what}{where}.",
            "keep the status, and write the judgement into an attribute of its own" if code
            else "keep the message, and mask the secret inside it with replace_pattern",
            f"{each.component.id}/{each.said}/{each.where}", fields=("other",), signals=("traces",),
        )  # fmt: skip
