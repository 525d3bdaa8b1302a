"""Tempo cuts large traces.

Facts: Tempo, overrides.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "tempo-max-trace-size"
TITLE = "Tempo cuts large traces"
SEVERITY = "low"
CONFIDENCE = "strong"
KINDS = ("tempo",)
CAUSE = "truncation"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-3")
EXPLAIN = (
    "Spans that would make a trace larger than max_bytes_per_trace (5 MB) are refused. Runs of agents with prompts "
    "in their spans are among the largest traces."
)
EXAMPLE = """overrides:
  defaults:
    global:
      max_bytes_per_trace: 1000000
"""
REMEDY = "raise it to what the longest runs need; 0 has no bound"
CAUSES_GAPS = ("stream-cut", "missing-parent", "run-without-end")
FORMATS = ("otlp", "otlp_protobuf", "jaeger")
PARAMS = {"bytes": 5_000_000.0}


def check(config: Section, context: Context) -> Iterator[Hit]:
    """One hit for a bound that is set and at most the parameter."""
    found = config.member("overrides.defaults.global.max_bytes_per_trace", "overrides.max_bytes_per_trace")
    size = values.number(found.node) if found is not None else None
    if found is not None and size and size <= context.param(ID, "bytes"):
        yield Hit(
            found.line, found.column, f"Spans beyond {size:,.0f} bytes of a trace are refused.",
            f"{found.key}: 50000000", "max_bytes_per_trace",
        )  # fmt: skip
