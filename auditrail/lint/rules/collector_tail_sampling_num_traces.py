"""Tail sampling holds fewer traces than come while it waits.

Facts: tailsamplingprocessor, README.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-tail-sampling-num-traces"
TITLE = "Tail sampling holds fewer traces than come while it waits"
SEVERITY = "high"
CONFIDENCE = "strong"
KINDS = ("collector",)
CAUSE = "sampling"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2", "ISO 42001 A.6.2.8")
EXPLAIN = (
    "While it waits, the sampler holds num_traces traces (50,000 if not set). If expected_new_traces_per_sec "
    "times decision_wait is more, the oldest are dropped before they are decided, failed ones too, unless "
    "block_on_overflow is set. Only a counter of the Collector tells (sampling_trace_dropped_too_early)."
)
EXAMPLE = """tail_sampling:
  decision_wait: 60s
  num_traces: 100
  expected_new_traces_per_sec: 10
"""
REMEDY = (
    "num_traces of at least twice expected_new_traces_per_sec times decision_wait in seconds; block_on_overflow: true"
)
CAUSES_GAPS = ("stream-sampled", "run-not-held", "stream-absent", "record-lost", "missing-parent", "decision-sampled")
FORMATS = collector.FORMATS


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each sampler whose own numbers do not fit, or that holds next to nothing."""
    for sampler in config.used("processors", "tail_sampling"):
        setting = sampler.node.member("num_traces")
        rate = sampler.node.member("expected_new_traces_per_sec")
        held = values.number(setting.node) if setting is not None else 50_000.0
        waiting = sampler.node.at("decision_wait")
        wait = values.seconds(waiting) if waiting is not None else 30.0
        comes = values.number(rate.node) if rate is not None else None
        place = setting or rate
        if place is None or held is None or wait is None or not comes or comes * wait <= held:
            continue
        if values.truth(sampler.node.at("block_on_overflow")) is True:
            continue
        yield Hit(
            place.line, place.column,
            f"{sampler.id} holds {held:,.0f} traces, and {comes:g} a second for {values.spoken(wait)} are "
            f"{comes * wait:,.0f}: the oldest are dropped undecided.",
            f"num_traces: {int(comes * wait * 2)}", sampler.id, signals=("traces",),
        )  # fmt: skip
