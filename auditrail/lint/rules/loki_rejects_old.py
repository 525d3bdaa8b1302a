"""Loki refuses lines that come late.

Facts: Loki, limits_config.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "loki-rejects-old"
TITLE = "Loki refuses lines that come late"
SEVERITY = "medium"
CONFIDENCE = "strong"
KINDS = ("loki",)
CAUSE = "lost"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2")
EXPLAIN = (
    "reject_old_samples refuses lines older than reject_old_samples_max_age (1w). After an outage of the sender, or "
    "with a buffer that was not sent for long, records are refused for good."
)
EXAMPLE = """limits_config:
  reject_old_samples_max_age: 1h
"""
REMEDY = "use 1w or more, as is the default"
CAUSES_GAPS = ("stream-silent", "stream-cut", "record-lost")
FORMATS = ("loki",)
PARAMS = {"hours": 24.0}


def check(config: Section, context: Context) -> Iterator[Hit]:
    """One hit for an age below the parameter."""
    found = config.member("limits_config.reject_old_samples_max_age")
    seconds = values.seconds(found.node) if found is not None else None
    off = config.truth("limits_config.reject_old_samples") is False
    if found is not None and seconds and not off and seconds < context.param(ID, "hours") * 3600:
        yield Hit(
            found.line, found.column, f"Lines that come more than {values.spoken(seconds)} late are refused.",
            "reject_old_samples_max_age: 1w", "age",
        )  # fmt: skip
