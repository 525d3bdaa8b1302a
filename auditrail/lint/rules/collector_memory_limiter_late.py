"""The memory limiter does not stand first.

Facts: memorylimiterprocessor, README (best practices).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-memory-limiter-late"
TITLE = "The memory limiter does not stand first"
SEVERITY = "low"
CONFIDENCE = "strong"
KINDS = ("collector",)
CAUSE = "lost"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "NIST 800-53 AU-5", "SOC 2 CC7.2")
EXPLAIN = (
    "memory_limiter refuses data when memory runs short, and a receiver then tells its sender to try again. "
    "Behind another processor (batch above all) the refusal reaches no sender any more: the data is dropped."
)
EXAMPLE = """service:
  pipelines:
    traces: {receivers: [otlp], processors: [batch, memory_limiter], exporters: [otlp]}
"""
REMEDY = "name memory_limiter first in processors of each pipeline"
CAUSES_GAPS = (
    "record-lost",
    "missing-parent",
    "stream-absent",
    "stream-silent",
    "run-not-held",
    "sequence-hole",
    "stream-stopped",
)
FORMATS = collector.FORMATS


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each pipeline of traces or logs in which it stands behind another processor."""
    for pipeline in config.pipelines:
        names = [name.partition("/")[0] for name, _ in pipeline.processors]
        if pipeline.signal in ("traces", "logs") and "memory_limiter" in names[1:]:
            where = pipeline.processors[names.index("memory_limiter", 1)][1]
            yield Hit(
                where.line, where.column, f"memory_limiter is behind {names[0]} ({pipeline.id}): what it refuses, it loses.",
                "name it first", pipeline.id, signals=(pipeline.signal,),
            )  # fmt: skip
