"""The file exporter deletes old files.

Facts: fileexporter, README.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import retention, values
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
PARAMS = retention.PARAMS
_BACKUPS = 100.0


def check(config: Collector, context: Context) -> Iterator[Hit]:
    """One hit for the age, one for the number, also for the number that holds where none is set."""
    for exporter in config.carrying("exporters", "file"):
        rotation = exporter.node.member("rotation")
        if rotation is None or rotation.node.members is None:
            continue
        days = rotation.node.member("max_days")
        kept = values.number(days.node) if days is not None else None
        short = retention.short(context, ID, kept) if kept else None
        if days is not None and kept and short is not None:
            yield Hit(
                days.line, days.column,
                f"{exporter.id} deletes files after {values.spoken(kept * 86_400)}{short.asked}.",
                f"max_days: {short.days if short.asked else 0}", f"{exporter.id}/days", severity=short.severity,
            )  # fmt: skip
        number = rotation.node.member("max_backups")
        files = values.number(number.node) if number is not None else _BACKUPS
        if files:
            size = values.number(rotation.node.at("max_megabytes")) or 100.0
            place, told = number or rotation, "" if number is not None else " (the default)"
            yield Hit(
                place.line, place.column,
                f"{exporter.id} keeps {files:g} old files{told} of {size:g} MB: what is older is deleted, whatever its "
                "age.",
                "max_backups: 0, with max_days as the bound", f"{exporter.id}/backups",
                severity=None if number is not None else "low",
            )  # fmt: skip
