"""Tail sampling has no policy that keeps failed runs.

Facts: tailsamplingprocessor, README.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import sampling
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-tail-sampling-errors"
TITLE = "Tail sampling has no policy that keeps failed runs"
SEVERITY = "high"
CONFIDENCE = "strong"
KINDS = ("collector",)
CAUSE = "sampling"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2", "ISO 42001 A.6.2.8")
EXPLAIN = (
    "A trace is kept only if some policy samples it. Without a policy of its own for errors, a run that "
    "failed is kept or dropped like all others. One that is joined to another condition (and), or that stands "
    "below a rate (composite), keeps some failed runs only."
)
EXAMPLE = """processors:
  tail_sampling:
    policies:
      - {name: share, type: probabilistic, probabilistic: {sampling_percentage: 10}}
"""
REMEDY = "add a policy of its own: {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}"
CAUSES_GAPS = ("stream-sampled", "run-not-held", "stream-absent", "record-lost", "missing-parent", "decision-sampled")
FORMATS = collector.FORMATS


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each sampler without such a policy."""
    for sampler, policies in sampling.samplers(config):
        if sampling.keeps_all(policies) or any(sampling.keeps_errors(each) for each in policies):
            continue
        part = [each for whole in policies for each in whole.every() if sampling.keeps_errors(each)]
        how = f"errors only as a part of another policy ({part[0].name})" if part else "no policy for errors"
        yield Hit(
            sampler.member.line, sampler.member.column,
            f"{sampler.id} has {how}: failed runs are dropped like all others.",
            "add - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}",
            sampler.id, severity="medium" if part else None, signals=("traces",),
        )  # fmt: skip
