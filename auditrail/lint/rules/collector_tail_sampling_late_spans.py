"""Tail sampling forgets what it decided.

Facts: tailsamplingprocessor, README.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import sampling, values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-tail-sampling-late-spans"
TITLE = "Tail sampling forgets what it decided"
SEVERITY = "low"
CONFIDENCE = "strong"
KINDS = ("collector",)
CAUSE = "sampling"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2", "ISO 42001 A.6.2.8")
EXPLAIN = (
    "Spans that come after a trace has left the sampler are decided anew, on themselves alone, unless "
    "decision_cache remembers: a run that was kept for its error loses its late spans, or a dropped one "
    "leaves a torn end. Cache sizes should be well above num_traces."
)
EXAMPLE = """tail_sampling:
  decision_wait: 30s
  policies: []
"""
REMEDY = "decision_cache: {sampled_cache_size: 500000, non_sampled_cache_size: 500000}"
CAUSES_GAPS = ("missing-parent", "record-lost", "run-without-end", "stream-sampled")
FORMATS = collector.FORMATS


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each sampler without a cache for traces that were kept."""
    for sampler, policies in sampling.samplers(config):
        cache = sampler.node.member("decision_cache")
        size = sampler.node.at("decision_cache", "sampled_cache_size")
        if sampling.keeps_all(policies) or (size is not None and values.number(size) != 0):
            continue
        place = cache or sampler.member
        yield Hit(
            place.line, place.column,
            f"{sampler.id} has no decision_cache.sampled_cache_size: late spans of a kept run are decided anew.",
            "decision_cache: {sampled_cache_size: 500000, non_sampled_cache_size: 500000}",
            sampler.id, signals=("traces",),
        )  # fmt: skip
