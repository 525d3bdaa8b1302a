"""What a syntax makes of a text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from auditrail.lint.node import Node


class Assignment(NamedTuple):
    """A variable of the environment that a text sets.

    Attributes:
        name, value: as they stand, without quotes; a value of None unsets it.
        line, column: where the name begins, 1-based.
        scope: for what it is set: the stage of a Dockerfile, the service or container of a manifest; blank: not said.
        open: whether its value comes from elsewhere (`${X}`, a secret), so that it is not known here.
    """

    name: str
    value: str | None
    line: int
    column: int
    scope: str = ""
    open: bool = False


class Remark(NamedTuple):
    """Something in a text that could not be read, or that was left out."""

    line: int
    reason: str


@dataclass(slots=True)
class Parsed:
    """The content of a text: its documents, the variables that it sets as such, and what was left out."""

    roots: list[Node] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
