"""A Jaeger strategy keeps a part of the traces.

Facts: Jaeger, sampling.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.node import Node
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section, listed, member

ID = "jaeger-sampling-strategy"
TITLE = "A Jaeger strategy keeps a part of the traces"
SEVERITY = "high"
CONFIDENCE = "proven"
KINDS = ("jaeger-sampling",)
CAUSE = "sampling"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2")
EXPLAIN = (
    "SDKs with the sampler jaeger_remote decide by this file when a trace begins: whether it will fail or be "
    "refused is not known then."
)
EXAMPLE = """{"default_strategy": {"type": "probabilistic", "param": 0.1}}
"""
REMEDY = "param 1 for services of agents; drop later, in a Collector's tail_sampling that keeps failed runs"
CAUSES_GAPS = ("stream-sampled", "run-not-held", "stream-cut")
FORMATS = ("jaeger", "otlp", "otlp_protobuf")


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each strategy that keeps less than all."""
    each = [("all other services", node) for node in listed(config.node, "default_strategy")]
    for number, node in enumerate(listed(config.node, "service_strategies")):
        each.append((values.text(node.at("service")) or f"service {number + 1}", node))
    for name, node in [*each, *_operations(each)]:
        found, kind = member(node, "param"), values.text(node.at("type"))
        param = values.number(found.node) if found is not None else None
        if found is None or param is None:
            continue
        if kind == "probabilistic" and param < 1:
            said = f"keeps {param * 100:g} % of the traces"
        elif kind == "ratelimiting":
            said = f"keeps at most {param:g} traces a second"
        else:
            continue
        yield Hit(
            found.line, found.column, f"The strategy of {name} {said}, failed runs not excepted.",
            "type: probabilistic, param: 1", f"strategy:{name}",
        )  # fmt: skip


def _operations(each: list[tuple[str, Node]]) -> list[tuple[str, Node]]:
    return [
        (f"{name}, {values.text(node.at('operation')) or number + 1}", node)
        for name, above in each
        for number, node in enumerate(listed(above, "operation_strategies"))
    ]
