"""A policy can drop a run that another policy keeps.

Facts: tailsamplingprocessor, README.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import sampling, values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-tail-sampling-veto"
TITLE = "A policy can drop a run that another policy keeps"
SEVERITY = "high"
CONFIDENCE = "strong"
KINDS = ("collector",)
CAUSE = "sampling"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2", "ISO 42001 A.6.2.8")
EXPLAIN = (
    "A policy of type drop wins over every other policy, and one with invert_match: true that does not fit "
    "vetoes them likewise: a failed run with the attribute is dropped, although the policy for errors keeps "
    "it."
)
EXAMPLE = """policies:
  - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}
  - name: no-batch
    type: string_attribute
    string_attribute: {key: service.name, values: [batch], invert_match: true}
"""
REMEDY = (
    "write the exception into the policy that keeps (an and policy), or drop such traces by a filter before "
    "the sampler and say so"
)
CAUSES_GAPS = ("stream-sampled", "run-not-held", "stream-absent", "record-lost", "missing-parent", "decision-sampled")
FORMATS = collector.FORMATS


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each policy that vetoes and that is not about health checks."""
    for sampler, policies in sampling.samplers(config):
        for policy in policies:
            inverted = values.truth(policy.node.at(policy.type, "invert_match")) is True
            if not (policy.type == "drop" or inverted) or collector.only_probes(policy.node):
                continue
            place = (
                policy.node.member("type") if policy.type == "drop" else policy.node.member(policy.type, "invert_match")
            )
            if place is not None:
                how = "type drop" if policy.type == "drop" else "invert_match"
                yield Hit(
                    place.line, place.column,
                    f"policy {policy.name} of {sampler.id} ({how}) wins over the others: it drops failed runs, too.",
                    "move the exception into the policy that keeps, as an and policy",
                    f"{sampler.id}/{policy.name}", signals=("traces",),
                )  # fmt: skip
