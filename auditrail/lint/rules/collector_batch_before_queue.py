"""A batch in memory stands before a queue on disk.

Facts: exporter/exporterhelper, README.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-batch-before-queue"
TITLE = "A batch in memory stands before a queue on disk"
SEVERITY = "low"
CONFIDENCE = "strong"
KINDS = ("collector",)
CAUSE = "lost"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "NIST 800-53 AU-5", "SOC 2 CC7.2")
EXPLAIN = (
    "The batch processor holds data in memory (timeout, send_batch_size) and has acknowledged it already. A "
    "crash loses it, although the queue behind it is on disk."
)
EXAMPLE = """processors: {batch: {timeout: 10s}}
exporters: {otlp: {sending_queue: {storage: file_storage}}}
"""
REMEDY = "let the exporter batch (sending_queue.batch), and take the batch processor out"
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
    """One hit for each batch processor in front of an exporter with a queue on disk."""
    for batch in config.used("processors", "batch"):
        for pipeline in batch.pipelines:
            stored = [name for name, _ in pipeline.exporters if _stored(config, name)]
            if stored and pipeline.signal in ("traces", "logs"):
                yield Hit(
                    batch.member.line, batch.member.column,
                    f"{batch.id} holds data in memory before the queue on disk of {stored[0]} ({pipeline.id}).",
                    "sending_queue.batch of the exporter, instead of the batch processor", batch.id,
                )  # fmt: skip
                break


def _stored(config: Collector, name: str) -> bool:
    exporter = config.components.get(("exporters", name))
    return exporter is not None and exporter.node.at("sending_queue", "storage") is not None
