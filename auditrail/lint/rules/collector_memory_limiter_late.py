"""The memory limiter stands behind a processor that holds data.

Facts: memorylimiterprocessor, README (best practices).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-memory-limiter-late"
TITLE = "The memory limiter stands behind a processor that holds data"
SEVERITY = "low"
CONFIDENCE = "strong"
KINDS = ("collector",)
CAUSE = "lost"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "NIST 800-53 AU-5", "SOC 2 CC7.2")
EXPLAIN = (
    "memory_limiter refuses data when memory runs short, and a receiver then tells its sender to try again. "
    "Behind a processor that takes data over (batch, tail_sampling) the refusal reaches no sender "
    "any more: the data is dropped."
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
# They take data over and answer at once: an error behind them reaches no sender. Others hand it back.
_HOLDING = frozenset(("batch", "groupbytrace", "tail_sampling"))


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each pipeline of traces or logs in which it stands behind another processor."""
    for pipeline in config.pipelines:
        names = [name.partition("/")[0] for name, _ in pipeline.processors]
        holding = [index for index, name in enumerate(names) if name in _HOLDING]
        if pipeline.signal not in ("traces", "logs") or not holding or "memory_limiter" not in names[holding[0] :]:
            continue
        if "memory_limiter" in names[: holding[0]]:
            continue
        where = pipeline.processors[names.index("memory_limiter")][1]
        yield Hit(
            where.line, where.column,
            f"memory_limiter is behind {names[holding[0]]} ({pipeline.id}): what it refuses is lost.",
            "name it first", pipeline.id, signals=(pipeline.signal,),
        )  # fmt: skip
