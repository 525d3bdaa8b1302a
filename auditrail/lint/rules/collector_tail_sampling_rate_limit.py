"""Tail sampling keeps so many spans a second, whatever they tell.

Facts: tailsamplingprocessor, README.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import sampling, values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-tail-sampling-rate-limit"
TITLE = "Tail sampling keeps so many spans a second, whatever they tell"
SEVERITY = "medium"
CONFIDENCE = "proven"
KINDS = ("collector",)
CAUSE = "sampling"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2", "ISO 42001 A.6.2.8")
EXPLAIN = (
    "rate_limiting, bytes_limiting and the rates of composite keep what comes first in each second. When much "
    "fails at once, or an agent runs wild, records go exactly then; what goes is not marked."
)
EXAMPLE = """policies:
  - {name: limit, type: rate_limiting, rate_limiting: {spans_per_second: 100}}
"""
REMEDY = "keep failed runs, tool calls and policy decisions by policies of their own beside the limit, and not below it"
CAUSES_GAPS = ("stream-sampled", "run-not-held", "stream-absent", "record-lost", "missing-parent", "decision-sampled")
FORMATS = collector.FORMATS
_LIMITS = {
    "rate_limiting": ("spans_per_second",),
    "bytes_limiting": ("bytes_per_second",),
    "composite": ("max_total_spans_per_second",),
}


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each limit."""
    for sampler, policies in sampling.samplers(config):
        if sampling.keeps_all(policies):
            continue
        for policy in (each for whole in policies for each in whole.every()):
            for key in _LIMITS.get(policy.type, ()):
                setting = policy.node.member(policy.type, key)
                if setting is None:
                    continue
                said = values.text(setting.node) or "a number from the environment"
                capped = any(sampling.keeps_errors(part) for part in policy.parts)
                more = " Failed runs stand below this limit, too." if capped else ""
                yield Hit(
                    setting.line, setting.column,
                    f"policy {policy.name} of {sampler.id} stops at {key} {said}: the rest of a burst goes.{more}",
                    "keep errors, tool calls and policy decisions by policies of their own beside it",
                    f"{sampler.id}/{policy.name}/{key}", severity="high" if capped else None, signals=("traces",),
                )  # fmt: skip
