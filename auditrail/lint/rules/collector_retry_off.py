"""A failed export is not tried again.

Facts: exporter/exporterhelper, README.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-retry-off"
TITLE = "A failed export is not tried again"
SEVERITY = "medium"
CONFIDENCE = "proven"
KINDS = ("collector",)
CAUSE = "lost"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "NIST 800-53 AU-5", "SOC 2 CC7.2")
EXPLAIN = (
    "With retry_on_failure.enabled: false, each batch that the backend refuses once (a restart, a timeout, a "
    "503) is dropped."
)
EXAMPLE = """exporters:
  otlp:
    retry_on_failure: {enabled: false}
"""
REMEDY = "retry_on_failure: {enabled: true, max_elapsed_time: 0}"
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
    """One hit for each exporter of traces or logs."""
    for exporter in config.used("exporters"):
        setting = exporter.node.member("retry_on_failure", "enabled")
        if setting is not None and values.truth(setting.node) is False and exporter.signals() & {"traces", "logs"}:
            yield Hit(
                setting.line, setting.column, f"{exporter.id} drops a batch when the backend refuses it once.",
                "retry_on_failure: {enabled: true, max_elapsed_time: 0}", exporter.id,
            )  # fmt: skip
