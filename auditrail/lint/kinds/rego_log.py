"""The Rego package `system.log`: which decisions OPA drops from its decision log, and what it masks in them.

Facts: OPA's documentation, decision logs (masking sensitive data, dropping decision logs).
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint.documents import Document
from auditrail.lint.node import Node
from auditrail.lint.section import Section

NAME = "rego-log"
TITLE = "Rego of OPA's decision log"
NEEDLES = ("system.log",)


def find(document: Document) -> Iterator[Section]:
    """A module of the package `system.log`."""
    if document.syntax != "rego":
        return
    for root in document.roots:
        package = root.at("package")
        if package is not None and package.text == "system.log":
            yield Section(document, root, "system.log")


def rules(config: Section, name: str) -> Iterator[tuple[Node, str]]:
    """The rules of that name that are no defaults and not switched off, with their texts."""
    below = config.node.at("rules")
    for node in below.each() if below is not None else []:
        said, text, default = node.at("name"), node.at("text"), node.at("default")
        if said is None or text is None or default is None or said.text != name or default.value is True:
            continue
        if text.text.replace(" ", "").replace(":=", "=") != f"{name}=false":
            yield node, text.text
