"""The file exporter begins anew at each start.

Facts: fileexporter, README and file_writer.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-file-append"
TITLE = "The file exporter begins anew at each start"
SEVERITY = "high"
CONFIDENCE = "proven"
KINDS = ("collector",)
CAUSE = "lost"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "NIST 800-53 AU-5", "SOC 2 CC7.2")
EXPLAIN = (
    "Without append: true (and without rotation) the file exporter truncates its file when the Collector "
    "starts: every restart deletes the evidence so far."
)
EXAMPLE = """exporters:
  file:
    path: /var/log/agents.jsonl
"""
REMEDY = "append: true, or rotation, which goes on with the file"
CAUSES_GAPS = ("stream-expired", "stream-absent", "run-not-held", "stream-cut", "record-lost")
FORMATS = collector.FORMATS


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each file exporter of traces or logs that truncates."""
    for exporter in config.used("exporters", "file"):
        path = values.text(exporter.node.at("path")) or ""
        append = exporter.node.member("append")
        if path.startswith("/dev/") or exporter.node.member("rotation") is not None:
            continue
        if not exporter.signals() & {"traces", "logs"} or (
            append is not None and values.truth(append.node) is not False
        ):
            continue
        place = append or exporter.member
        yield Hit(
            place.line, place.column, f"{exporter.id} truncates {path or 'its file'} at each start of the Collector.",
            "append: true", exporter.id,
        )  # fmt: skip
