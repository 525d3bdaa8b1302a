"""Grafana Loki, wherever it stands: a file of its own, a ConfigMap, the values of a Helm chart.

Facts: Loki's configuration reference (limits_config, compactor).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint.documents import Document
from auditrail.lint.node import Node
from auditrail.lint.section import Section, holding

NAME = "loki"
TITLE = "Grafana Loki"
NEEDLES = ("limits_config",)


def find(document: Document) -> Iterator[Section]:
    """Mappings that hold such settings."""
    return holding(document, _is)


def _is(node: Node) -> bool:
    limits = node.at("limits_config")
    return limits is not None and limits.members is not None
