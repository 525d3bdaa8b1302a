"""The sending queue is off or small.

Facts: exporter/exporterhelper, README.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-queue-off"
TITLE = "The sending queue is off or small"
SEVERITY = "medium"
CONFIDENCE = "proven"
KINDS = ("collector",)
CAUSE = "lost"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "NIST 800-53 AU-5", "SOC 2 CC7.2")
EXPLAIN = (
    "Without a queue, or with one that holds next to nothing, a backend that stalls for seconds makes the "
    "Collector refuse or drop data; SDKs then drop from their own queues (2,048 spans), without a mark."
)
EXAMPLE = """exporters:
  otlp:
    sending_queue: {enabled: false}
"""
REMEDY = "sending_queue: {enabled: true, queue_size: 5000, storage: file_storage, block_on_overflow: true}"
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
PARAMS = {"batches": 100}


def check(config: Collector, context: Context) -> Iterator[Hit]:
    """One hit for each exporter whose queue is off, or smaller than the parameter and not blocking."""
    for exporter in config.used("exporters", *collector.QUEUED):
        enabled = exporter.node.member("sending_queue", "enabled")
        size = exporter.node.member("sending_queue", "queue_size")
        if not exporter.signals() & {"traces", "logs"}:
            continue
        if enabled is not None and values.truth(enabled.node) is False:
            yield Hit(
                enabled.line, enabled.column, f"{exporter.id} sends without a queue: what the backend does not take "
                "goes back to the sender or is lost.", "sending_queue: {enabled: true}", exporter.id,
            )  # fmt: skip
            continue
        held = values.number(size.node) if size is not None else None
        blocks = values.truth(exporter.node.at("sending_queue", "block_on_overflow")) is True
        sizer = values.text(exporter.node.at("sending_queue", "sizer"))
        if (
            size is not None
            and held is not None
            and held < context.param(ID, "batches")
            and not blocks
            and sizer in (None, "requests")
        ):
            yield Hit(
                size.line, size.column, f"{exporter.id} queues {held:g} batches; what comes when full is dropped.",
                "queue_size: 1000 or more, or block_on_overflow: true", exporter.id, severity="low",
            )  # fmt: skip
