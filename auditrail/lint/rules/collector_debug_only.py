"""A pipeline ends in the console.

Facts: debugexporter, nopexporter, READMEs.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-debug-only"
TITLE = "A pipeline ends in the console"
SEVERITY = "high"
CONFIDENCE = "proven"
KINDS = ("collector",)
CAUSE = "lost"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "NIST 800-53 AU-5", "SOC 2 CC7.2")
EXPLAIN = (
    "The debug (once logging) exporter prints a summary to the Collector's own log, and nop drops. A pipeline "
    "with no other exporter keeps nothing."
)
EXAMPLE = """service:
  pipelines:
    traces: {receivers: [otlp], exporters: [debug]}
"""
REMEDY = "add an exporter to a store: otlp, otlphttp, file with append"
CAUSES_GAPS = ("stream-absent", "run-not-held")
FORMATS = collector.FORMATS
_NOTHING = frozenset(("debug", "logging", "nop"))


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each pipeline of traces or logs."""
    for pipeline in config.pipelines:
        names = [name for name, _ in pipeline.exporters]
        if pipeline.signal in ("traces", "logs") and names and all(n.partition("/")[0] in _NOTHING for n in names):
            yield Hit(
                pipeline.exporters[0][1].line, pipeline.exporters[0][1].column,
                f"{pipeline.id} has no exporter but {', '.join(names)}: nothing is kept.",
                "add an exporter to a store (otlp, file with append: true)", pipeline.id, signals=(pipeline.signal,),
            )  # fmt: skip
