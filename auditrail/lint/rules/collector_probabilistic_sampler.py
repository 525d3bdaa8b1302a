"""A probabilistic_sampler below 100 % on a pipeline of traces or logs.

Facts: probabilisticsamplerprocessor, README: `sampling_percentage` (0 keeps nothing, 100 or more everything), by trace
id or by an attribute, and for each item alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-probabilistic-sampler"
TITLE = "A sampler keeps a share of traces or logs, whatever happened in them"
SEVERITY = "high"
CONFIDENCE = "proven"
KINDS = ("collector",)
CAUSE = "sampling"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2", "ISO 42001 A.6.2.8")
EXPLAIN = (
    "probabilistic_sampler decides by a hash of the trace id (or of an attribute) alone. It sees neither errors nor "
    "denied calls, so failed runs and policy decisions go at the same rate as all others, and nothing marks the runs "
    "that are gone."
)
EXAMPLE = """processors:
  probabilistic_sampler:
    sampling_percentage: 10
"""
REMEDY = (
    "take the sampler out of pipelines that carry agent runs; to save volume, use tail_sampling with policies that "
    "keep failed runs, policy decisions and tool calls"
)
CAUSES_GAPS = ("stream-sampled", "run-not-held", "stream-absent", "record-lost", "missing-parent", "decision-sampled")
FORMATS = collector.FORMATS


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each sampler in use that keeps less than everything."""
    for sampler in config.used("processors", "probabilistic_sampler"):
        signals = tuple(sorted(sampler.signals() & {"traces", "logs"}))
        setting = sampler.node.member("sampling_percentage")
        kept = values.number(setting.node) if setting is not None else None
        if setting is None or kept is None or kept >= 100 or not signals:
            continue
        # Below the share that the sampler can tell apart, it keeps nothing.
        said = f"{kept:g} % of the {' and '.join(signals)}" if kept > 0 else f"none of the {' and '.join(signals)}"
        lost = f"{100 - kept:g} % of all runs, failed ones too, leave no record here" if kept > 0 else "no run is left"
        yield Hit(
            setting.line, setting.column, f"{sampler.id} keeps {said}: {lost}.",
            "take it out of these pipelines, or use tail_sampling that keeps errors, policy decisions and tool calls",
            sampler.id, severity="critical" if kept <= 0 else None, signals=signals,
        )  # fmt: skip
