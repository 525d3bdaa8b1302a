"""Tail sampling keeps a share of the runs that no other policy keeps.

Facts: tailsamplingprocessor, README.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import sampling
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-tail-sampling-share"
TITLE = "Tail sampling keeps a share of the runs that no other policy keeps"
SEVERITY = "medium"
CONFIDENCE = "proven"
KINDS = ("collector",)
CAUSE = "sampling"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2", "ISO 42001 A.6.2.8")
EXPLAIN = (
    "A probabilistic policy keeps a share of traces by their id. Runs that no other policy names (those that "
    "did not fail and were not slow, and did something all the same) leave no record but for this share; "
    "without such a policy they leave none."
)
EXAMPLE = """policies:
  - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}
  - {name: rest, type: probabilistic, probabilistic: {sampling_percentage: 5}}
"""
REMEDY = (
    "sampling_percentage: 100 for services that run agents (their own pipeline, or an and policy with "
    "service.name), or keep the runs by policies of their own"
)
CAUSES_GAPS = ("stream-sampled", "run-not-held", "stream-absent", "record-lost", "missing-parent", "decision-sampled")
FORMATS = collector.FORMATS


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each probabilistic policy below 100 %, or for the sampler if nothing keeps the rest."""
    for sampler, policies in sampling.samplers(config):
        if sampling.keeps_all(policies):
            continue
        every = [each for whole in policies for each in whole.every() if whole.type != "drop"]
        shares = [(each, kept) for each in every if (kept := sampling.share(each)) is not None and kept < 100]
        for policy, kept in shares:
            setting = policy.node.member("probabilistic", "sampling_percentage")
            if setting is not None:
                yield Hit(
                    setting.line, setting.column,
                    f"policy {policy.name} of {sampler.id} keeps {kept:g} %: of the runs that no other policy keeps, "
                    f"{100 - kept:g} % leave no trace.",
                    "sampling_percentage: 100, or policies of their own for what agents do",
                    f"{sampler.id}/{policy.name}", signals=("traces",),
                )  # fmt: skip
        if not shares and not any(each.type in ("rate_limiting", "composite", "bytes_limiting") for each in every):
            kinds = ", ".join(dict.fromkeys(each.type for each in policies))
            yield Hit(
                sampler.member.line, sampler.member.column,
                f"{sampler.id} keeps only what its policies name ({kinds}): all other runs leave no trace.",
                "add a policy of type always_sample for services that run agents",
                f"{sampler.id}/rest", severity="high", signals=("traces",),
            )  # fmt: skip
