"""A part of a document that one kind of configuration is: what most kinds hand to their rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from auditrail.lint import values
from auditrail.lint.documents import Document
from auditrail.lint.node import Member, Node


@dataclass(slots=True)
class Section:
    """One configuration.

    Attributes:
        node: what holds its settings. scope: its name, blank where it has none.
        form: how it was written, where a kind has several: `dump`, `terraform`, `cloudformation`.
    """

    document: Document
    node: Node
    scope: str = ""
    form: str = ""

    @property
    def line(self) -> int:
        return self.node.line

    @property
    def column(self) -> int:
        return self.node.column

    @property
    def name(self) -> str:
        """Its name for a message."""
        return self.scope or "it"

    def member(self, *paths: str) -> Member | None:
        """The first of the settings that is there; a path has dots, and a block of Terraform is its first one."""
        return member(self.node, *paths)

    def number(self, *paths: str) -> float | None:
        """The number of the first setting that is there, None if it is not known here."""
        found = self.member(*paths)
        return values.number(found.node) if found is not None else None

    def text(self, *paths: str) -> str | None:
        """The text of the first setting that is there, None if it is not known here."""
        found = self.member(*paths)
        return values.text(found.node) if found is not None else None

    def truth(self, *paths: str) -> bool | None:
        """The truth value of the first setting that is there, None if it is not known here."""
        found = self.member(*paths)
        return values.truth(found.node) if found is not None else None


def member(node: Node, *paths: str) -> Member | None:
    """As `Section.member`, below a node."""
    for path in paths:
        found: Member | None = None
        here: Node | None = node
        for key in path.split("."):
            if here is not None and here.items:
                here = here.items[0]
            found = here.mapping().get(key) if here is not None else None
            here = found.node if found is not None else None
        if found is not None:
            return found
    return None


def holding(document: Document, is_one: Callable[[Node], bool]) -> Iterator[Section]:
    """The mappings of a document, however deep, that are such a section."""
    for root in document.roots:
        for node in root.walk():
            if node.members is not None and is_one(node):
                yield Section(document, node)


def listed(node: Node, *paths: str) -> list[Node]:
    """The elements of the first list that is there; a single mapping is a list of one."""
    found = member(node, *paths)
    if found is None:
        return []
    return found.node.each() if found.node.items is not None else [found.node] if found.node.members else []


def terraform(document: Document, *types: str) -> Iterator[Section]:
    """The resources of these types, in HCL or in Terraform's JSON."""
    for root in document.roots:
        for kind in types:
            below = root.at("resource", kind)
            for name, found in (below.mapping() if below is not None else {}).items():
                if found.node.members is not None:
                    yield Section(document, found.node, f"{kind}.{name}", "terraform")


def cloudformation(document: Document, kind: str) -> Iterator[Section]:
    """The properties of the resources of this type."""
    for root in document.roots:
        below = root.at("Resources")
        for name, found in (below.mapping() if below is not None else {}).items():
            if values.text(found.node.at("Type")) == kind:
                yield Section(document, found.node.at("Properties") or found.node, name, "cloudformation")
