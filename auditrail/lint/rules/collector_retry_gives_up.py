"""A failed export is given up after minutes.

Facts: exporter/exporterhelper, README.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-retry-gives-up"
TITLE = "A failed export is given up after minutes"
SEVERITY = "low"
CONFIDENCE = "proven"
KINDS = ("collector",)
CAUSE = "lost"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "NIST 800-53 AU-5", "SOC 2 CC7.2")
EXPLAIN = (
    "retry_on_failure.max_elapsed_time (300 s if not set) is how long a batch is tried. An outage that lasts "
    "longer loses it, also out of a queue on disk. 0 tries for ever."
)
EXAMPLE = """exporters:
  otlp:
    retry_on_failure: {max_elapsed_time: 60s}
    sending_queue: {storage: file_storage}
"""
REMEDY = "retry_on_failure: {max_elapsed_time: 0} with a queue on disk"
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
    """One hit where a time is set, or where a queue on disk keeps the default."""
    for exporter in config.used("exporters", *collector.QUEUED):
        setting = exporter.node.member("retry_on_failure", "max_elapsed_time")
        stored = exporter.node.member("sending_queue", "storage")
        lasts = values.seconds(setting.node) if setting is not None else 300.0
        place = setting or stored
        if place is None or not lasts or not exporter.signals() & {"traces", "logs"}:
            continue
        if values.truth(exporter.node.at("retry_on_failure", "enabled")) is False:
            continue
        yield Hit(
            place.line, place.column,
            f"{exporter.id} gives a batch up after {values.spoken(lasts)}{'' if setting else ' (the default)'}: "
            "a longer outage loses it.",
            "retry_on_failure: {max_elapsed_time: 0}", exporter.id, severity="medium" if lasts < 60 else None,
        )  # fmt: skip
