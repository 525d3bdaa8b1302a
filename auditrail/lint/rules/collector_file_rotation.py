"""The file exporter deletes old files.

Facts: fileexporter, README.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-file-rotation"
TITLE = "The file exporter deletes old files"
SEVERITY = "medium"
CONFIDENCE = "proven"
KINDS = ("collector",)
CAUSE = "retention"
CONTROLS = ("EU AI Act 19(1)", "EU AI Act 26(6)", "PCI DSS 10.5.1", "NIST 800-53 AU-11")
EXPLAIN = (
    "rotation.max_days deletes rotated files by age, rotation.max_backups (100) by number: together with "
    "max_megabytes it is a bound on what is kept, whatever the age. With --require it is held against what "
    "the framework asks for."
)
EXAMPLE = """exporters:
  file:
    path: /var/log/agents.jsonl
    rotation: {max_megabytes: 10, max_days: 7, max_backups: 5}
"""
REMEDY = "max_days: 0 and max_backups: 0 (keep all), and let a store with retention of its own take the files"
CAUSES_GAPS = ("stream-expired", "retention-setting-too-short", "run-not-held")
FORMATS = collector.FORMATS


def check(config: Collector, context: Context) -> Iterator[Hit]:
    """One hit for the age, one for the number."""
    required = context.required_days()
    for exporter in config.used("exporters", "file"):
        days = exporter.node.member("rotation", "max_days")
        kept = values.number(days.node) if days is not None else None
        if days is not None and kept and (required is None or kept < required[0]):
            asked = f", {required[1]} asks for {required[0]}" if required else ""
            yield Hit(
                days.line, days.column, f"{exporter.id} deletes files after {kept:g} days{asked}.",
                f"max_days: {required[0] if required else 0}", f"{exporter.id}/days",
                severity="high" if required else None,
            )  # fmt: skip
        number = exporter.node.member("rotation", "max_backups")
        files = values.number(number.node) if number is not None else None
        if number is not None and files:
            size = values.number(exporter.node.at("rotation", "max_megabytes")) or 100.0
            yield Hit(
                number.line, number.column,
                f"{exporter.id} keeps {files:g} old files of {size:g} MB: what is older is deleted, whatever its age.",
                "max_backups: 0, with max_days as the bound", f"{exporter.id}/backups",
            )  # fmt: skip
