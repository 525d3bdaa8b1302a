"""A rule drops decisions from OPA's log.

Facts: OPA, decision logs (drop).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditrail.lint.context import Context
from auditrail.lint.kinds import rego_log
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "rego-drops-decisions"
TITLE = "A rule drops decisions from OPA's log"
SEVERITY = "high"
CONFIDENCE = "strong"
KINDS = ("rego-log",)
CAUSE = "lost"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2")
EXPLAIN = (
    "A decision for which system.log.drop is true is not logged. A tool call whose decision was dropped looks as if "
    "no policy had been asked."
)
EXAMPLE = """package system.log

drop if input.path == "agent/tools/allow"
"""
REMEDY = "remove the rule, or let it speak of health checks only"
CAUSES_GAPS = ("tool-without-decision", "stream-cut")
FORMATS = ("opa",)
_PROBES = re.compile(r"health|liveness|readiness|metrics|system/main", re.IGNORECASE)
_ALLOWED = re.compile(r"(?<!not )input\.result(?:\.\w+)?\s*(?:==\s*true\b|$|\n|\})")


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each rule that drops more than health checks."""
    for number, (node, said) in enumerate(rego_log.rules(config, "drop")):
        if not _PROBES.search(said):
            allowed = bool(_ALLOWED.search(said))
            what = "decisions that allow" if allowed else "decisions"
            yield Hit(
                node.line, node.column, f"This rule drops {what} from the log.", "remove the rule", f"drop-{number}",
                severity="medium" if allowed else None,
            )  # fmt: skip
