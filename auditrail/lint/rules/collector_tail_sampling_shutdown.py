"""Tail sampling drops what it holds when it stops.

Facts: tailsamplingprocessor, README.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-tail-sampling-shutdown"
TITLE = "Tail sampling drops what it holds when it stops"
SEVERITY = "medium"
CONFIDENCE = "proven"
KINDS = ("collector",)
CAUSE = "lost"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "NIST 800-53 AU-5", "SOC 2 CC7.2")
EXPLAIN = (
    "With drop_pending_traces_on_shutdown: true, traces that wait for their decision are dropped at each "
    "restart and each rollout: up to decision_wait of everything."
)
EXAMPLE = """tail_sampling:
  drop_pending_traces_on_shutdown: true
"""
REMEDY = "drop_pending_traces_on_shutdown: false (the default)"
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


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each."""
    for sampler in config.used("processors", "tail_sampling"):
        setting = sampler.node.member("drop_pending_traces_on_shutdown")
        if setting is not None and values.truth(setting.node) is True:
            yield Hit(
                setting.line, setting.column, f"{sampler.id} drops all traces that wait when the Collector stops.",
                "drop_pending_traces_on_shutdown: false", sampler.id, signals=("traces",),
            )  # fmt: skip
