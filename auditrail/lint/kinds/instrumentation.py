"""The OpenTelemetry Operator's Instrumentation: what it injects into the programs of a namespace.

Facts: opentelemetry-operator, docs/api/instrumentations.md (Instrumentation.spec.sampler). Its variables (`spec.env`)
are an environment, and are looked at as such.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.documents import Document
from auditrail.lint.section import Section

NAME = "instrumentation"
TITLE = "OpenTelemetry Instrumentation"
NEEDLES = ("opentelemetry.io/v1alpha1",)


def find(document: Document) -> Iterator[Section]:
    """Resources of that kind, with their names; also those of a list."""
    for root in document.roots:
        listed = root.at("items")
        for node in (root, *(listed.each() if listed is not None else ())):
            version = values.text(node.at("apiVersion")) or ""
            if values.text(node.at("kind")) == "Instrumentation" and version.startswith("opentelemetry.io/"):
                yield Section(document, node, values.text(node.at("metadata", "name")) or "")
