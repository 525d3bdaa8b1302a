"""What the policies of a tail_sampling processor keep (tailsamplingprocessor, README).

A trace is kept if any policy samples it, and none that vetoes (`drop`, a policy with `invert_match`) fits. `and` needs
all of its sub-policies; `composite` keeps what fits up to a rate; `rate_limiting` keeps what comes first in a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from auditrail.lint import values
from auditrail.lint.kinds.collector import Collector, Component
from auditrail.lint.node import Node

# Words in an attribute's name or in a condition that stand for what an agent did or was denied.
_DECISIVE = re.compile(
    r"gen_ai\.|policy|guardrail|decision|tool|agent|audit|authz|denied|violation|security|mcp\.|openinference|traceloop"
)
# Paths of requests to a model or to a tool.
_CALLS = re.compile(r"/chat/completions|/v1/(?:messages|responses|completions|embeddings)|/mcp\b|/invoke-model|/tools/")
_ERROR = re.compile(r"STATUS_CODE_ERROR|status\.code\s*==\s*2|\berror\b|exception", re.IGNORECASE)


class Policy(NamedTuple):
    """One policy; `parts` are the sub-policies of `and`, `not`, `drop` and `composite`."""

    name: str
    type: str
    node: Node
    parts: tuple[Policy, ...]

    def every(self) -> Iterator[Policy]:
        """This policy and all below."""
        yield self
        for part in self.parts:
            yield from part.every()


def samplers(config: Collector) -> Iterator[tuple[Component, list[Policy]]]:
    """Each tail_sampling in use with its policies; one whose policies are not known here is left out."""
    for component in config.used("processors", "tail_sampling"):
        node = component.node.at("policies")
        if node is not None and node.items:
            policies = [made for each in node.each() if (made := _policy(each)) is not None]
            if len(policies) == len(node.each()):
                yield component, policies


def _policy(node: Node) -> Policy | None:
    kind = values.text(node.at("type"))
    if kind is None:
        return None
    below: list[Node] = []
    for key in ("and_sub_policy", "composite_sub_policy", "drop_sub_policy", "not_sub_policy"):
        found = node.at(kind, key)
        if found is not None:
            below += found.each() if found.items is not None else [found]
    parts = [made for each in below if (made := _policy(each)) is not None]
    return Policy(values.text(node.at("name")) or kind, kind, node, tuple(parts))


def keeps_all(policies: list[Policy]) -> bool:
    """Whether every trace is kept: by always_sample, or a share of 100 %."""
    return any(each.type == "always_sample" or share(each) == 100 for each in policies)


def share(policy: Policy) -> float | None:
    """The share in per cent of a probabilistic policy, None of another or where it is not known."""
    if policy.type != "probabilistic":
        return None
    kept = values.number(policy.node.at("probabilistic", "sampling_percentage"))
    return None if kept is None else min(kept, 100.0)


def keeps_errors(policy: Policy) -> bool:
    """Whether a policy of its own keeps every trace with a failed span."""
    if policy.type == "status_code":
        codes = [
            values.text(each) or each.text for each in values.strings(policy.node.at("status_code", "status_codes"))
        ]
        return any(code.upper() == "ERROR" or "${" in code for code in codes)
    if policy.type == "ottl_condition":
        return any(_ERROR.search(each.text) for each in _conditions(policy.node))
    if policy.type in ("string_attribute", "boolean_attribute", "numeric_attribute"):
        key = values.text(policy.node.at(policy.type, "key")) or ""
        return bool(re.search(r"error|exception|status_code", key)) and not _inverted(policy)
    return False


def keeps_decisions(policy: Policy) -> bool:
    """Whether a policy keeps traces for what an agent did, or for what was decided about it."""
    if policy.type in ("string_attribute", "boolean_attribute", "numeric_attribute"):
        key = values.text(policy.node.at(policy.type, "key")) or ""
        said = values.strings(policy.node.at(policy.type, "values"))
        about = _DECISIVE.search(key) or any(_CALLS.search(each.text) for each in said)
        return bool(about) and not _inverted(policy)
    if policy.type == "ottl_condition":
        return any(_DECISIVE.search(each.text) for each in _conditions(policy.node))
    return False


def _conditions(node: Node) -> Iterator[Node]:
    for key in ("span", "spanevent", "conditions"):
        yield from values.strings(node.at("ottl_condition", key))


def _inverted(policy: Policy) -> bool:
    return values.truth(policy.node.at(policy.type, "invert_match")) is True
