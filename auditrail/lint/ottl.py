"""Statements of the Collector's transformation language (OTTL), as far as rules ask: what is called on what.

A tokeniser of our own: names, texts, numbers and brackets of the grammar (pkg/ottl, LANGUAGE.md); nothing is evaluated.
"""

from __future__ import annotations

import itertools
import re
from typing import NamedTuple

_TOKEN = re.compile(r'\s*(?:("(?:\\.|[^"\\])*")|([A-Za-z_][A-Za-z0-9_.]*)|(-?\d+(?:\.\d+)?)|(.))', re.DOTALL)
_WHERE = re.compile(r"\s*where\b(.*)", re.DOTALL)
# Converters that take a value of any type, and none.
_SURE = frozenset(
    ("Concat", "IsBool", "IsDouble", "IsInt", "IsList", "IsMap", "IsMatch", "IsRootSpan", "IsString", "Now", "SpanID",
     "TraceID")
)  # fmt: skip
_BODY = ("body", "log.body")
# Editors whose target must be a map.
_EDITOR = re.compile(r"\s*(?:delete_key|delete_matching_keys|keep_keys|keep_matching_keys|flatten|limit|merge_maps|"
                     r"replace_all_\w+|truncate_all)\b")  # fmt: skip
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


def can_fail(statement: str) -> bool:
    """Whether a statement or condition can end in an error: comparisons never do, whatever the types (LANGUAGE.md).

    A converter fails on a value of another type, an index on what is no map or list (a body can be a text), and an
    editor of maps on a body that is a text.
    """
    tokens = [match.groups() for match in _TOKEN.finditer(statement)]
    for (_, name, _, mark), (_, named, _, marked) in itertools.pairwise(tokens):
        if marked == "[" and (mark == "]" or name in _BODY):
            return True
        if marked == "(" and name is not None and name[0].isupper() and name not in _SURE:
            return True
        if mark == "(" and named in _BODY and _EDITOR.match(statement):
            return True
    return False


def texts(condition: str) -> list[str]:
    """The texts in a condition."""
    return [match.group(1)[1:-1] for match in _TOKEN.finditer(condition) if match.group(1) is not None]
