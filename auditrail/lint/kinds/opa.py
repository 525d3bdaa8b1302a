"""Configuration of Open Policy Agent, told by `decision_logs`, or by bundles of a service.

Facts: OPA's configuration reference, v1/plugins/logs/plugin.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint.documents import Document
from auditrail.lint.node import Node
from auditrail.lint.section import Section, holding

NAME = "opa"
TITLE = "Open Policy Agent"
NEEDLES = ("decision_logs", "bundles")


def find(document: Document) -> Iterator[Section]:
    """Mappings that hold such settings."""
    return holding(document, _is)


def _is(node: Node) -> bool:
    logs = node.at("decision_logs")
    if logs is not None and logs.members is not None:
        return True
    bundles, services = node.at("bundles"), node.at("services")
    described = bundles is not None and any(member.node.at("resource") for member in bundles.mapping().values())
    return described and services is not None and not services.is_scalar
