"""TOML: values by the standard library's parser, places by the lines in which keys stand."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from auditrail.lint.node import DEEPEST, Member, Node, SyntaxProblem
from auditrail.lint.parsed import Parsed

NAME = "toml"
SUFFIXES = (".toml",)

_TABLE = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_PART = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_ASSIGN = re.compile(rf"(\s*)({_PART}(?:\s*\.\s*{_PART})*)\s*=")
_PARTS = re.compile(_PART)
_LINE = re.compile(r"line (\d+)")
Path = tuple[str, ...]


def looks(name: str, head: str) -> float:  # noqa: ARG001 - other texts look like it too much
    """By its name."""
    return 0.95 if name.endswith(SUFFIXES) else 0.0


def parse(text: str) -> Parsed:
    """The one document of a text.

    Raises:
        SyntaxProblem: it is no TOML.
    """
    try:
        raw = tomllib.loads(text.removeprefix("\ufeff"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = _LINE.search(str(error))
        raise SyntaxProblem("not TOML", int(found.group(1)) if found else 1) from None
    return Parsed([_node(raw, (), _places(text), (1, 1))])


def _places(text: str) -> dict[Path, tuple[int, int]]:
    """Path of a key -> line and column of the first line that sets it; lists of tables are counted."""
    places: dict[Path, tuple[int, int]] = {}
    counts: dict[Path, int] = {}
    above: Path = ()
    fence = ""
    for number, line in enumerate(text.split("\n"), 1):
        if fence:
            if fence in line:
                fence = ""
            continue
        table = _TABLE.match(line)
        if table is not None:
            above = tuple(part.strip("\"'") for part in _PARTS.findall(table.group(2)))
            if table.group(1) == "[[":
                counts[above] = counts.get(above, -1) + 1
                above = (*above, str(counts[above]))
            _note(places, above, number, line.index("[") + 1)
            continue
        assign = _ASSIGN.match(line)
        if assign is not None:
            parts = tuple(part.strip("\"'") for part in _PARTS.findall(assign.group(2)))
            _note(places, (*above, *parts), number, len(assign.group(1)) + 1)
            rest = line[assign.end() :]
            fence = next((mark for mark in ('"""', "'''") if rest.count(mark) == 1), "")
    return places


def _note(places: dict[Path, tuple[int, int]], path: Path, line: int, column: int) -> None:
    for size in range(1, len(path) + 1):
        places.setdefault(path[:size], (line, column))


def _node(value: Any, path: Path, places: dict[Path, tuple[int, int]], near: tuple[int, int]) -> Node:
    line, column = near = places.get(path, near)
    if len(path) > DEEPEST:
        raise SyntaxProblem("not read: too deep", line)
    if isinstance(value, dict):
        node = Node(line, column, members={})
        for key, item in value.items():
            below = _node(item, (*path, key), places, near)
            at = places.get((*path, key), near)
            node.mapping()[key] = Member(key, *at, below)
        return node
    if isinstance(value, list):
        return Node(line, column, items=[_node(v, (*path, str(i)), places, near) for i, v in enumerate(value)])
    text = str(value).lower() if isinstance(value, bool) else str(value)
    typed = value if isinstance(value, (str, int, float, bool)) else text
    return Node(line, column, typed, text, isinstance(value, str))
