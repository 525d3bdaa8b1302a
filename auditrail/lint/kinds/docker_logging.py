"""How Docker keeps the output of containers: daemon.json, and `logging` of Compose.

Facts: Docker's documentation, logging drivers (json-file, local, none).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint.documents import Document
from auditrail.lint.section import Section

NAME = "docker-logging"
TITLE = "Docker logging"
NEEDLES = ("log-driver", "log-opts", "max-size", "logging:")


DRIVER = ("log-driver", "driver")
OPTIONS = ("log-opts", "options")


def find(document: Document) -> Iterator[Section]:
    """A root with `log-driver` or `log-opts`, and every `logging` of a service."""
    for root in document.roots:
        if root.at("log-driver") is not None or root.at("log-opts") is not None:
            yield Section(document, root)
        services = root.at("services")
        for name, service in (services.mapping() if services is not None else {}).items():
            node = service.node.at("logging")
            if node is not None and node.members is not None:
                yield Section(document, node, name)
