"""Statements of the Collector's transformation language (OTTL), as far as rules ask: what is called on what.

A tokeniser of our own: names, texts, numbers and brackets of the grammar (pkg/ottl, LANGUAGE.md); nothing is evaluated.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(r'\s*(?:("(?:\\.|[^"\\])*")|([A-Za-z_][A-Za-z0-9_.]*)|(-?\d+(?:\.\d+)?)|(.))', re.DOTALL)
_WHERE = re.compile(r"\s*where\b(.*)", re.DOTALL)
_OPEN = frozenset("([{")
_CLOSE = frozenset(")]}")


class Argument(NamedTuple):
    """One argument: the texts, names and numbers in it, calls within it included."""

    texts: tuple[str, ...]
    names: tuple[str, ...]
    numbers: tuple[str, ...]


class Call(NamedTuple):
    """One call: its name, its arguments, and the condition of its statement (or blank)."""

    name: str
    arguments: tuple[Argument, ...]
    where: str

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts of all arguments."""
        return tuple(text for each in self.arguments for text in each.texts)

    @property
    def names(self) -> tuple[str, ...]:
        """The names in all arguments."""
        return tuple(name for each in self.arguments for name in each.names)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The numbers of all arguments."""
        return tuple(number for each in self.arguments for number in each.numbers)

    def argument(self, index: int) -> Argument:
        """An argument by its place, an empty one where it is not given."""
        return self.arguments[index] if index < len(self.arguments) else Argument((), (), ())


def first_call(statement: str) -> Call | None:
    """The outermost call of a statement; None if it is none."""
    tokens = list(_TOKEN.finditer(statement))
    if len(tokens) < 2 or tokens[0].group(2) is None or tokens[1].group(4) != "(":
        return None
    depth, end = 0, len(statement)
    arguments: list[tuple[list[str], list[str], list[str]]] = [([], [], [])]
    for token in tokens[1:]:
        text, name, number, mark = token.groups()
        depth += (mark in _OPEN) - (mark in _CLOSE)
        if depth == 0:
            end = token.end()
            break
        if mark == "," and depth == 1:
            arguments.append(([], [], []))
        elif text is not None:
            arguments[-1][0].append(re.sub(r"\\(.)", r"\1", text[1:-1]))
        elif name is not None:
            arguments[-1][1].append(name)
        elif number is not None:
            arguments[-1][2].append(number)
    where = _WHERE.match(statement, end)
    made = tuple(Argument(tuple(texts), tuple(names), tuple(numbers)) for texts, names, numbers in arguments)
    return Call(tokens[0].group(2), made, where.group(1).strip() if where is not None else "")


def texts(condition: str) -> list[str]:
    """The texts in a condition."""
    return [match.group(1)[1:-1] for match in _TOKEN.finditer(condition) if match.group(1) is not None]
