"""A sampler drops log records that carry no trace id.

Facts: probabilisticsamplerprocessor, README (fail_closed: items whose randomness cannot be told are rejected).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-sampler-unkeyed"
TITLE = "A sampler drops log records that carry no trace id"
SEVERITY = "high"
CONFIDENCE = "strong"
KINDS = ("collector",)
CAUSE = "sampling"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2", "ISO 42001 A.6.2.8")
EXPLAIN = (
    "For logs, the sampler hashes the trace id. A record without one (a decision of a policy engine, a line "
    "of a tool) has no randomness, and with fail_closed: true, the default, it is dropped, whatever the "
    "share."
)
EXAMPLE = """processors:
  probabilistic_sampler/logs:
    sampling_percentage: 50
"""
REMEDY = "fail_closed: false, or attribute_source: record with from_attribute naming an id that all records have"
CAUSES_GAPS = ("stream-sampled", "run-not-held", "stream-absent", "record-lost", "missing-parent", "decision-sampled")
FORMATS = collector.FORMATS


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each sampler of logs that goes by the trace id and fails closed."""
    for sampler in config.used("processors", "probabilistic_sampler"):
        kept = values.number(sampler.node.at("sampling_percentage"))
        if kept is None or not 0 < kept < 100 or not any(each.signal == "logs" for each in sampler.pipelines):
            continue
        closed = sampler.node.member("fail_closed")
        by = sampler.node.at("attribute_source")
        if (
            (closed is not None and values.truth(closed.node) is not True)
            or values.text(by) == "record"
            or (by is not None and values.text(by) is None)
        ):
            continue
        place = closed or sampler.member
        yield Hit(
            place.line, place.column, f"{sampler.id} drops every log record without a trace id (fail_closed).",
            "fail_closed: false", sampler.id, signals=("logs",),
        )  # fmt: skip
