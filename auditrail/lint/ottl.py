"""Statements of the Collector's transformation language (OTTL), as far as rules ask: what is called on what.

A tokeniser of our own: names, texts, numbers and brackets of the grammar (pkg/ottl, LANGUAGE.md); nothing is evaluated.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(r'\s*(?:("(?:\\.|[^"\\])*")|([A-Za-z_][A-Za-z0-9_.]*)|(-?\d+(?:\.\d+)?)|(.))', re.DOTALL)


class Call(NamedTuple):
    """One call: its name, texts, names and numbers among its arguments, the condition of its statement (or blank)."""

    name: str
    texts: tuple[str, ...]
    names: tuple[str, ...]
    numbers: tuple[str, ...]
    where: str


def first_call(statement: str) -> Call | None:
    """The outermost call of a statement; None if it is none."""
    tokens = [match.groups() for match in _TOKEN.finditer(statement)]
    if len(tokens) < 2 or tokens[0][1] is None or tokens[1][3] != "(":
        return None
    depth, at = 0, 1
    texts, names, numbers = [], [], []
    while at < len(tokens):
        text, name, number, mark = tokens[at]
        depth += (mark in ("(", "[")) - (mark in (")", "]"))
        if text is not None:
            texts.append(re.sub(r"\\(.)", r"\1", text[1:-1]))
        elif name is not None:
            names.append(name)
        elif number is not None:
            numbers.append(number)
        at += 1
        if depth == 0:
            break
    rest = statement.split(" where ", 1)
    where = rest[1].strip() if len(rest) == 2 else ""
    return Call(tokens[0][1], tuple(texts), tuple(names), tuple(numbers), where)


def texts(condition: str) -> list[str]:
    """The texts in a condition."""
    return [match.group(1)[1:-1] for match in _TOKEN.finditer(condition) if match.group(1) is not None]
