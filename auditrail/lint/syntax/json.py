"""JSON (RFC 8259) with positions, and with comments as many programs allow them; nothing recursive.

A parser of our own, because the one that reads evidence tells no positions. Strings are read by `json.decoder`.
"""

from __future__ import annotations

import re
from json import JSONDecodeError, decoder

from auditrail.lint.node import DEEPEST, MOST_NODES, Member, Node, Scalar, SyntaxProblem
from auditrail.lint.parsed import Parsed, Remark

NAME = "json"
SUFFIXES = (".json", ".jsonc", ".json5", ".template")

_SKIP = re.compile(r"(?:[ \t\r\n]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?")
_WORDS: dict[str, Scalar] = {"true": True, "false": False, "null": None}
_WORD = re.compile(r"true|false|null")
# Longest number that is taken as one: Python takes long over the others.
_DIGITS = 300


def looks(name: str, head: str) -> float:
    """A brace or bracket first."""
    first = head.lstrip("\ufeff \t\r\n")[:1]
    if first not in ("{", "["):
        return 0.0
    return 0.95 if name.endswith(SUFFIXES) else 0.6


class _Places:
    """Line and column of an offset; offsets must not go back."""

    def __init__(self, text: str) -> None:
        self.text, self.line, self.start, self.next = text, 1, 0, text.find("\n")

    def of(self, offset: int) -> tuple[int, int]:
        while 0 <= self.next < offset:
            self.line += 1
            self.start = self.next + 1
            self.next = self.text.find("\n", self.start)
        return self.line, offset - self.start + 1


def parse(text: str) -> Parsed:
    """The one document of a text.

    Raises:
        SyntaxProblem: it is no JSON, too deep, or holds too many values.
    """
    parsed = Parsed()
    places = _Places(text)
    stack: list[tuple[Node, Member | None]] = []
    at = _after(text, 1 if text.startswith("\ufeff") else 0)
    nodes = 0
    while True:
        node, at = _value(text, at, places)
        nodes += 1
        if nodes > MOST_NODES or len(stack) >= DEEPEST:
            raise SyntaxProblem("not read: too deep or too many values", node.line)
        if not node.is_scalar:
            at = _after(text, at)
            closer = "}" if node.members is not None else "]"
            if text[at : at + 1] != closer:
                key, at = _key(text, at, places) if node.members is not None else (None, at)
                stack.append((node, key))
                continue
            at += 1
        while True:  # the value is whole: it goes where it belongs
            at = _after(text, at)
            if not stack:
                parsed.roots.append(node)
                if at < len(text):
                    raise SyntaxProblem("not JSON: something stands behind the document", places.of(at)[0])
                return parsed
            above, key = stack.pop()
            _put(above, key, node, parsed)
            char = text[at : at + 1]
            if char == ",":
                at = _after(text, at + 1)
                char = text[at : at + 1]
                if char not in ("}", "]"):  # a comma behind the last one is taken as it is meant
                    key, at = _key(text, at, places) if above.members is not None else (None, at)
                    stack.append((above, key))
                    break
            if char != ("}" if above.members is not None else "]"):
                raise SyntaxProblem("not JSON: a comma or a closing bracket is missing", places.of(at)[0])
            at += 1
            node = above


def _put(above: Node, key: Member | None, node: Node, parsed: Parsed) -> None:
    if above.items is not None:
        above.items.append(node)
    elif key is not None:
        if key.key in above.mapping():
            parsed.remarks.append(Remark(key.line, "a key stands twice here: the last one is taken"))
        above.mapping()[key.key] = key._replace(node=node)


def _after(text: str, at: int) -> int:
    match = _SKIP.match(text, at)
    return match.end() if match is not None else at


def _key(text: str, at: int, places: _Places) -> tuple[Member, int]:
    line, column = places.of(at)
    if text[at : at + 1] != '"':
        raise SyntaxProblem("not JSON: a key in quotes is missing", line)
    key, at = _string(text, at, line)
    at = _after(text, at)
    if text[at : at + 1] != ":":
        raise SyntaxProblem("not JSON: a colon is missing", line)
    return Member(key, line, column, Node(line, column)), _after(text, at + 1)


def _string(text: str, at: int, line: int) -> tuple[str, int]:
    try:
        value, end = decoder.scanstring(text, at + 1, False)  # type: ignore[attr-defined] # in C, and untyped
    except JSONDecodeError:
        raise SyntaxProblem("not JSON: a text that does not end or has a wrong escape", line) from None
    return str(value), int(end)


def _value(text: str, at: int, places: _Places) -> tuple[Node, int]:
    line, column = places.of(at)
    char = text[at : at + 1]
    if char == '"':
        value, end = _string(text, at, line)
        return Node(line, column, value, value, quoted=True, open="{{" in value), end
    if char == "{":
        return Node(line, column, members={}), at + 1
    if char == "[":
        return Node(line, column, items=[]), at + 1
    word = _WORD.match(text, at)
    if word is not None:
        return Node(line, column, _WORDS[word.group()], word.group()), word.end()
    number = _NUMBER.match(text, at)
    if number is None or len(number.group()) > _DIGITS:
        raise SyntaxProblem("not JSON: a value is missing", line)
    said = number.group()
    return Node(line, column, float(said) if number.group(1) or number.group(2) else int(said), said), number.end()
