"""Tempo deletes traces too soon.

Facts: Tempo, compactor (block_retention).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import retention, values
from auditrail.lint.context import Context
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "tempo-block-retention"
TITLE = "Tempo deletes traces too soon"
SEVERITY = "medium"
CONFIDENCE = "proven"
KINDS = ("tempo",)
CAUSE = "retention"
CONTROLS = retention.CONTROLS
EXPLAIN = (
    "Tempo deletes blocks that are older than compactor.compaction.block_retention; without it after 336h, which "
    "are 14 days."
)
EXAMPLE = """compactor:
  compaction:
    block_retention: 48h
"""
REMEDY = "raise block_retention, or export runs of agents to a store that keeps them"
CAUSES_GAPS = retention.CAUSES_GAPS
FORMATS = ("otlp", "otlp_protobuf", "jaeger")
PARAMS = retention.PARAMS
_DEFAULT = 336 * 3600.0
# Overrides go first; the last two are those of Helm charts (tempo-distributed, tempo).
_PATHS = (
    "overrides.defaults.compaction.block_retention", "overrides.block_retention",
    "compactor.compaction.block_retention", "compactor.config.compaction.block_retention", "retention",
)  # fmt: skip


def check(config: Section, context: Context) -> Iterator[Hit]:
    """One hit for the time that is set, or for the default in a whole configuration."""
    found = config.member(*_PATHS)
    if found is None and config.member("storage.trace.backend") is None:
        return
    seconds = values.seconds(found.node) if found is not None else _DEFAULT
    asked = retention.short(context, ID, seconds / 86_400) if seconds else None
    if seconds and asked is not None:
        place = found or config.member("compactor", "storage.trace") or config
        key = found.key if found is not None else _PATHS[2]
        told = "" if found is not None else " (the default)"
        yield Hit(
            place.line, place.column, f"Tempo deletes traces after {values.spoken(seconds)}{told}{asked.asked}.",
            f"{key}: {asked.days * 24}h", "block_retention", severity=asked.severity,
        )  # fmt: skip
