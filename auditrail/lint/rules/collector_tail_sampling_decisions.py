"""Tail sampling has no policy that keeps tool calls and policy decisions.

Facts: tailsamplingprocessor, README.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import sampling
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-tail-sampling-decisions"
TITLE = "Tail sampling has no policy that keeps tool calls and policy decisions"
SEVERITY = "medium"
CONFIDENCE = "strong"
KINDS = ("collector",)
CAUSE = "sampling"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2", "ISO 42001 A.6.2.8")
EXPLAIN = (
    "A run in which a tool was called or a policy denied something need not fail: to a policy for errors it "
    "looks harmless. Unless some policy looks at attributes of agents (gen_ai.operation.name, a guardrail or "
    "policy decision), such runs are kept by chance only."
)
EXAMPLE = """processors:
  tail_sampling:
    policies:
      - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}
      - {name: share, type: probabilistic, probabilistic: {sampling_percentage: 10}}
"""
REMEDY = (
    "add a policy such as {name: agents, type: string_attribute, string_attribute: {key: "
    "gen_ai.operation.name, values: [invoke_agent, execute_tool]}}, and one for the attribute in which your "
    "policy engine writes its decision"
)
CAUSES_GAPS = ("stream-sampled", "run-not-held", "stream-absent", "record-lost", "missing-parent", "decision-sampled")
FORMATS = collector.FORMATS


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each sampler without such a policy."""
    for sampler, policies in sampling.samplers(config):
        every = [each for whole in policies for each in whole.every()]
        if sampling.keeps_all(policies) or any(sampling.keeps_decisions(each) for each in every):
            continue
        shared = any(sampling.share(each) for each in every)
        kept = "by chance" if shared else "only where another policy fits"
        yield Hit(
            sampler.member.line, sampler.member.column,
            f"no policy of {sampler.id} looks at tool calls or policy decisions: such runs are kept {kept}.",
            "add - {name: agents, type: string_attribute, string_attribute: "
            "{key: gen_ai.operation.name, values: [invoke_agent, execute_tool]}}",
            sampler.id, signals=("traces",),
        )  # fmt: skip
