"""Nodes: a parsed document, whatever its syntax, in which every key and value knows its line and column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

Scalar = str | int | float | bool | None

# Bounds of one document; what is beyond is refused, and that is said. Configuration of people is far below them.
MOST_BYTES = 4 << 20
MOST_NODES = 400_000
DEEPEST = 120
# Longest line of a script or an environment file, and longest instruction of a Dockerfile.
LONGEST_LINE = 64 << 10


class SyntaxProblem(Exception):  # noqa: N818 - caught at once and told as a line of the report; never shown as an error
    """A text cannot be read as its syntax: `line` is 1-based, `reason` a sentence without content of the text."""

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(f"line {line}: {reason}")
        self.reason = reason
        self.line = line


class Member(NamedTuple):
    """A key of a mapping with its value; line and column (1-based) are the key's."""

    key: str
    line: int
    column: int
    node: Node


@dataclass(slots=True, eq=False)
class Node:
    """One value: a scalar, a list (`items`) or a mapping (`members`).

    Attributes:
        line, column: where it begins, 1-based; the column counts characters.
        value: of a scalar, as its syntax types it; None for null and for lists and mappings.
        text: of a scalar, as it was written, without quotes.
        quoted: whether it was written in quotes or as a block, so that it is text whatever it looks like.
        body: of a block scalar, line and column of the first character of its text; else None.
        open: whether a template expression stands in it, so that its value is not known here.
    """

    line: int
    column: int
    value: Scalar = None
    text: str = ""
    quoted: bool = False
    members: dict[str, Member] | None = None
    items: list[Node] | None = None
    body: tuple[int, int] | None = None
    open: bool = False

    @property
    def is_scalar(self) -> bool:
        return self.members is None and self.items is None

    def at(self, *path: str) -> Node | None:
        """The value below these keys, None where one of them is not there."""
        node: Node | None = self
        for key in path:
            member = node.members.get(key) if node is not None and node.members is not None else None
            node = member.node if member is not None else None
        return node

    def member(self, *path: str) -> Member | None:
        """The last of these keys, with its place; None where one of them is not there."""
        above = self.at(*path[:-1])
        return above.members.get(path[-1]) if above is not None and above.members is not None else None

    def each(self) -> list[Node]:
        """The elements of a list; none of anything else."""
        return self.items if self.items is not None else []

    def mapping(self) -> dict[str, Member]:
        """The members of a mapping; none of anything else."""
        return self.members if self.members is not None else {}

    def walk(self) -> Iterator[Node]:
        """This node and all below, each once, in the order of the text, whatever aliases share."""
        seen: set[int] = set()
        stack = [self]
        while stack:
            node = stack.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            yield node
            below = [m.node for m in node.members.values()] if node.members is not None else node.items
            if below:
                stack.extend(reversed(below))
