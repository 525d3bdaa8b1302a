"""The Collector takes traces and no logs.

Facts: Collector configuration; semantic conventions for GenAI events.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-no-logs"
TITLE = "The Collector takes traces and no logs"
SEVERITY = "low"
CONFIDENCE = "weak"
KINDS = ("collector",)
CAUSE = "logging-disabled"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2", "ISO 42001 A.6.2.8")
EXPLAIN = (
    "Events of GenAI instrumentations (messages, tool calls, evaluations), Claude Code's events and decisions "
    "of policy engines are log records. Without a pipeline for logs an OTLP receiver refuses them."
)
EXAMPLE = """service:
  pipelines:
    traces: {receivers: [otlp], exporters: [otlp]}
"""
REMEDY = "add a pipeline logs with the same receivers and a backend that keeps logs"
CAUSES_GAPS = ("stream-absent", "capture-never-on", "content-absent")
FORMATS = collector.FORMATS
_EMITTING = (
    "OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT", "CLAUDE_CODE_ENABLE_TELEMETRY",
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
)  # fmt: skip


def check(config: Collector, context: Context) -> Iterator[Hit]:
    """One hit for a Collector with traces from OTLP and no logs, graver where an environment here emits such events."""
    signals = {pipeline.signal for pipeline in config.pipelines}
    traces = [p for p in config.pipelines if p.signal == "traces" and any(n.startswith("otlp") for n, _ in p.receivers)]
    if not config.whole or config.merged or "logs" in signals or not traces:
        return
    environments = context.configs("environment")
    emitting = [name for env in environments for name in _EMITTING if _on(env.value(name))]
    emitting += ["OTEL_LOGS_EXPORTER" for env in environments if env.value("OTEL_LOGS_EXPORTER") == "otlp"]
    more = f" ({emitting[0]} is set here: they are sent)" if emitting else ""
    yield Hit(
        traces[0].member.line, traces[0].member.column,
        f"there is no pipeline for logs: GenAI events and policy decisions have nowhere to go{more}.",
        "logs: {receivers: [otlp], exporters: [...]}", "logs", severity="high" if emitting else None,
        confidence="strong" if emitting else None, signals=("logs",),
    )  # fmt: skip


def _on(value: str | None) -> bool:
    return bool(value) and str(value).lower() not in ("false", "0", "no_content", "span_only")
