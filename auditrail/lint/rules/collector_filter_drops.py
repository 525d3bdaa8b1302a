"""A filter drops spans or log records.

Facts: filterprocessor, README (a condition that is true drops).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.node import Node
from auditrail.lint.rule import Hit

ID = "collector-filter-drops"
TITLE = "A filter drops spans or log records"
SEVERITY = "medium"
CONFIDENCE = "proven"
KINDS = ("collector",)
CAUSE = "logging-disabled"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2", "ISO 42001 A.6.2.8")
EXPLAIN = (
    "The filter processor drops what its conditions fit, without a word. A dropped span orphans its children: "
    "the run falls apart there. Filters on health checks are left alone."
)
EXAMPLE = """processors:
  filter/noise:
    traces:
      span:
        - attributes["rpc.system"] == "mcp"
"""
REMEDY = (
    "send what is noise to another pipeline instead of dropping it; never drop spans that can have children, "
    "nor records of tools and policies"
)
CAUSES_GAPS = (
    "missing-parent",
    "records-switched-off",
    "record-lost",
    "stream-absent",
    "call-not-executed",
    "tool-without-decision",
)
FORMATS = collector.FORMATS
_DROPS = {
    ("traces", "span"): "spans",
    ("traces", "spanevent"): "events of spans",
    ("logs", "log_record"): "log records",
}
_OLD = {
    ("traces", "spans.exclude"): "spans",
    ("traces", "spans.include"): "all spans but those",
    ("logs", "logs.exclude"): "log records",
    ("logs", "logs.include"): "all log records but those",
}
_SHORT = {"trace_conditions": ("traces", "spans"), "log_conditions": ("logs", "log records")}
_AGENTS = re.compile(r"gen_ai|mcp|tool|agent|policy|guardrail|decision|openinference|traceloop|llm", re.IGNORECASE)


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each condition that is about something else than health checks."""
    for component in config.used("processors", "filter"):
        for signal, what, condition in _conditions(component.node):
            if signal not in component.signals() or collector.is_probe(condition.text):
                continue
            agents = _AGENTS.search(condition.text) is not None
            more = " and orphans their children" if "spans" in what and "events" not in what else ""
            said = condition.text if len(condition.text) <= 70 else condition.text[:67] + "..."
            yield Hit(
                condition.line, condition.column, f"{component.id} drops {what}{more} where {said}.".replace("{", "("),
                "route them to another pipeline, or narrow the condition to what no run needs",
                f"{component.id}/{condition.text}", severity="high" if agents else None, signals=(signal,),
            )  # fmt: skip


def _conditions(node: Node) -> Iterator[tuple[str, str, Node]]:
    """Signal, what is dropped, and each condition; `exclude` and `include` of old configurations by their values."""
    for (signal, key), what in _DROPS.items():
        for condition in values.strings(node.at(signal, key)):
            yield signal, what, condition
    for key, (signal, what) in _SHORT.items():
        below = node.at(key)
        for each in below.each() if below is not None else ():
            for one in [each] if each.is_scalar else values.strings(each.at("conditions")):
                yield signal, what, one
    for (signal, how), what in _OLD.items():
        below = node.at(*how.split("."))
        for key, member in below.mapping().items() if below is not None else ():
            for each in member.node.each() if key != "match_type" else ():
                name, value = each.at("key") or each, each.at("value")
                if name.is_scalar:
                    said = f"{name.text} is {value.text}" if value is not None else name.text
                    yield signal, what, Node((value or name).line, (value or name).column, said, said)
