"""Grafana Tempo, wherever it stands.

Facts: Tempo's configuration reference (compactor, overrides).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint.documents import Document
from auditrail.lint.node import Node
from auditrail.lint.section import Section, holding

NAME = "tempo"
TITLE = "Grafana Tempo"
NEEDLES = ("block_retention", "max_bytes_per_trace", "compactor", "distributor", "tempo")


def find(document: Document) -> Iterator[Section]:
    """Mappings that hold such settings."""
    return holding(document, _is)


def _is(node: Node) -> bool:
    compaction, trace = node.at("compactor", "compaction"), node.at("storage", "trace")
    return any(each is not None and each.members is not None for each in (compaction, trace))
