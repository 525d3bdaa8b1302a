"""Index lifecycle policies of Elasticsearch, as its API takes and gives them.

Facts: Elasticsearch reference, index lifecycle (phases).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint.documents import Document
from auditrail.lint.node import Node
from auditrail.lint.section import Section, holding

NAME = "elastic-ilm"
TITLE = "Elasticsearch index lifecycle"
NEEDLES = ("phases",)


_PHASES = frozenset(("hot", "warm", "cold", "frozen", "delete"))


def find(document: Document) -> Iterator[Section]:
    """Mappings that hold such settings."""
    return holding(document, _is)


def _is(node: Node) -> bool:
    phases = node.at("phases")
    return phases is not None and bool(set(phases.mapping()) & _PHASES)
