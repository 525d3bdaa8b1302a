"""Jaeger's file of sampling strategies.

Facts: Jaeger's documentation, sampling (file-based).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint.documents import Document
from auditrail.lint.node import Node
from auditrail.lint.section import Section

NAME = "jaeger-sampling"
TITLE = "Jaeger sampling strategies"
NEEDLES = ("default_strategy", "service_strategies")


def find(document: Document) -> Iterator[Section]:
    """Mappings that hold such settings."""
    for root in document.roots:
        for node in root.walk():
            if node.members is not None and _is(node):
                yield Section(document, node)


def _is(node: Node) -> bool:
    default = node.at("default_strategy")
    services = node.at("service_strategies")
    return (default is not None and default.at("type") is not None) or bool(services is not None and services.each())
