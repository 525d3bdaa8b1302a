"""Traces and logs are sampled at different shares.

Facts: probabilisticsamplerprocessor, README.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector, Component
from auditrail.lint.rule import Hit

ID = "collector-sampler-shares"
TITLE = "Traces and logs are sampled at different shares"
SEVERITY = "medium"
CONFIDENCE = "strong"
KINDS = ("collector",)
CAUSE = "siloed"
CONTROLS = ("NIST 800-53 AU-12(1)", "NIST 800-53 AU-6(3)", "EU AI Act 12(1)")
EXPLAIN = (
    "Traces and logs of one run join only where both are kept. With different shares (or one by trace id and "
    "one by another attribute) many runs keep one half: logs without their spans, spans without their logs."
)
EXAMPLE = """processors:
  probabilistic_sampler/traces: {sampling_percentage: 10}
  probabilistic_sampler/logs: {sampling_percentage: 50}
"""
REMEDY = "the same sampler (share, hash_seed, by trace id) for traces and logs"
CAUSES_GAPS = ("stream-unjoined", "decision-unjoined", "stream-absent", "stream-guessed")
FORMATS = collector.FORMATS


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for the sampler of the logs."""
    by_signal: dict[str, list[tuple[Component, float, str]]] = {"traces": [], "logs": []}
    for sampler in config.used("processors", "probabilistic_sampler"):
        kept = values.number(sampler.node.at("sampling_percentage"))
        by = values.text(sampler.node.at("from_attribute")) if _by_attribute(sampler) else "the trace id"
        for pipeline in sampler.pipelines:
            if pipeline.signal in by_signal and kept is not None:
                by_signal[pipeline.signal].append((sampler, min(kept, 100.0), by or "an attribute"))
    for logs, kept, by in by_signal["logs"]:
        for traces, share, _ in by_signal["traces"]:
            if min(kept, share) < 100 and (kept != share or by != "the trace id"):
                place = logs.node.member("sampling_percentage") or logs.member
                yield Hit(
                    place.line, place.column,
                    f"{logs.id} keeps {kept:g} % of the logs by {by}, {traces.id} {share:g} % of the traces: "
                    "many runs keep one half only.",
                    f"sampling_percentage: {share:g}, by trace id, as for traces", f"{logs.id}/{traces.id}",
                )  # fmt: skip
                break


def _by_attribute(sampler: Component) -> bool:
    return values.text(sampler.node.at("attribute_source")) == "record"
