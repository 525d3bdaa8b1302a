"""Jaeger's file of sampling strategies.

Facts: Jaeger's documentation, sampling (file-based).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint.documents import Document
from auditrail.lint.node import Node
from auditrail.lint.section import Section, holding

NAME = "jaeger-sampling"
TITLE = "Jaeger sampling strategies"
NEEDLES = ("default_strategy", "service_strategies")


def find(document: Document) -> Iterator[Section]:
    """Mappings that hold such settings."""
    return holding(document, _is)


def _is(node: Node) -> bool:
    default = node.at("default_strategy")
    services = node.at("service_strategies")
    return (default is not None and default.at("type") is not None) or bool(services is not None and services.each())
