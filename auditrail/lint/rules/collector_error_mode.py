"""A condition that fails drops the whole batch.

Facts: filterprocessor and transformprocessor, READMEs.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import ottl, values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector, Component
from auditrail.lint.rule import Hit

ID = "collector-error-mode"
TITLE = "A condition that fails drops the whole batch"
SEVERITY = "low"
CONFIDENCE = "proven"
KINDS = ("collector",)
CAUSE = "lost"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "NIST 800-53 AU-5", "SOC 2 CC7.2")
EXPLAIN = (
    "error_mode of filter and transform is propagate if it is not set: when a statement meets a value of "
    "another type, the error goes up and the whole payload is dropped from the Collector."
)
EXAMPLE = """processors:
  transform:
    trace_statements:
      - set(span.attributes["a"], ParseJSON(span.attributes["b"])["c"])
"""
REMEDY = "error_mode: ignore (logs the error) or silent"
CAUSES_GAPS = (
    "record-lost",
    "missing-parent",
    "stream-absent",
    "stream-silent",
    "run-not-held",
    "sequence-hole",
    "stream-stopped",
)
FORMATS = collector.FORMATS
# Conditions and statements of the transformation language: the older `include` and `exclude` cannot fail.
_OTTL = {
    "traces": (("traces", "span"), ("traces", "spanevent"), ("trace_conditions",), ("trace_statements",)),
    "logs": (("logs", "log_record"), ("log_conditions",), ("log_statements",)),
}


def _statements(component: Component) -> Iterator[str]:
    """Conditions and statements on traces and logs that go through it, in lists or in groups."""
    for signal, paths in _OTTL.items():
        for path in paths if signal in component.signals() else ():
            node = component.node.at(*path)
            for each in node.each() if node is not None else ():
                below = (each.at("conditions"), each.at("statements"))
                yield from [each.text] if each.is_scalar else (s.text for b in below for s in values.strings(b))


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each processor that propagates."""
    for component in config.carrying("processors", "filter", "transform"):
        mode = component.node.member("error_mode")
        if mode is not None and values.text(mode.node) != "propagate":
            continue
        failing = [said for said in _statements(component) if ottl.can_fail(said)]
        if not failing:
            continue
        place = mode or component.member
        yield Hit(
            place.line, place.column,
            f"{component.id} propagates errors{'' if mode else ' by default'}: a value that "
            f"{failing[0][:70]} can't take drops a batch.",
            "error_mode: ignore", component.id,
        )  # fmt: skip
