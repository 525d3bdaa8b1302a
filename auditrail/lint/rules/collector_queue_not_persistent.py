"""The sending queue lives in memory only.

Facts: exporter/exporterhelper, README.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-queue-not-persistent"
TITLE = "The sending queue lives in memory only"
SEVERITY = "low"
CONFIDENCE = "proven"
KINDS = ("collector",)
CAUSE = "lost"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "NIST 800-53 AU-5", "SOC 2 CC7.2")
EXPLAIN = (
    "Without sending_queue.storage the queue (1,000 batches) is lost when the Collector crashes or is killed, "
    "and what comes while the backend is away fits only as far as memory goes."
)
EXAMPLE = """exporters:
  otlp:
    endpoint: tempo:4317
"""
REMEDY = "sending_queue: {storage: file_storage}, with the extension file_storage on a volume that stays"
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
    """One hit for each exporter that has such a queue and sends traces or logs away."""
    every = config.components.values()
    stores = [each.id for each in every if each.section == "extensions" and each.type == "file_storage"]
    store = stores[0] if stores else "file_storage"
    more = "" if stores else ", with file_storage in extensions and service.extensions, on a volume that stays"
    for exporter in config.used("exporters", *collector.QUEUED):
        queue = exporter.node.member("sending_queue")
        if not exporter.signals() & {"traces", "logs"} or (queue is not None and queue.node.at("storage") is not None):
            continue
        if queue is not None and (queue.node.open or values.truth(queue.node.at("enabled")) is False):
            continue
        place = queue or exporter.member
        yield Hit(
            place.line, place.column, f"{exporter.id} has no sending_queue.storage: a restart loses what waits.",
            f"sending_queue: {{storage: {store}}}{more}", exporter.id,
        )  # fmt: skip
