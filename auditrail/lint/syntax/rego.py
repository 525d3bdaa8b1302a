"""Rego, as far as lint asks: the package, and each rule with its name, its text and its place.

No parser of Rego is at hand in Python; rules are told apart by a scan of tokens (OPA, policy language reference: the
grammar ends a rule at a line's end outside of brackets), and nothing of their meaning is worked out. The root has
`package` (text) and `rules`, a list of mappings with `name`, `text` (without comments) and `default` (true or false).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditrail.lint.node import MOST_NODES, Member, Node, SyntaxProblem
from auditrail.lint.parsed import Parsed

NAME = "rego"
SUFFIXES = (".rego",)

_PACKAGE = re.compile(r"^package[ \t]+([\w.]+)[ \t\r]*$", re.MULTILINE)
_TOKEN = re.compile(r'#[^\n]*|"(?:[^"\\\n]|\\.)*"|`[^`]*`|[{}\[\]()]|\n|[^#"`{}\[\]()\n]+|["`]')
_HEAD = re.compile(r"(default\s+)?([A-Za-z_]\w*)")
# What goes on with the rule before it.
_GOES_ON = ("else", "}")


def looks(name: str, head: str) -> float:
    """By its name, or by the package that OPA's decision log asks."""
    if name.endswith(SUFFIXES):
        return 0.95
    found = _PACKAGE.search(head)
    return 0.9 if found is not None and found.group(1) == "system.log" else 0.0


def parse(text: str) -> Parsed:
    """The rules of a module.

    Raises:
        SyntaxProblem: a bracket or a text is not closed, or there are too many rules.
    """
    package = _PACKAGE.search(text)
    root = Node(1, 1, members={})
    rules: list[Node] = []
    for line, column, said in _statements(text):
        head = _HEAD.match(said)
        if rules and said.startswith(_GOES_ON):
            rules[-1].mapping()["text"].node.text += f"\n{said}"
        elif head is not None and head.group(2) not in ("package", "import"):
            rules.append(_rule(line, column, head, said))
        if len(rules) > MOST_NODES:
            raise SyntaxProblem("not read: too many rules", line)
    name = package.group(1) if package is not None else ""
    for key, node in (("package", Node(1, 1, name, name)), ("rules", Node(1, 1, items=rules))):
        root.mapping()[key] = Member(key, 1, 1, node)
    return Parsed([root])


def _rule(line: int, column: int, head: re.Match[str], said: str) -> Node:
    made = Node(line, column, members={})
    for key, value in (("name", head.group(2)), ("text", said), ("default", bool(head.group(1)))):
        node = Node(line, column, value, str(value), quoted=True)
        made.mapping()[key] = Member(key, line, column, node)
    return made


def _statements(text: str) -> Iterator[tuple[int, int, str]]:
    """Line, column and text of what stands between line ends outside of brackets."""
    line, depth, start = 1, 0, (1, 1)
    parts: list[str] = []
    begun = 0
    for found in _TOKEN.finditer(text):
        piece = found.group()
        if piece == "\n":
            line, begun = line + 1, found.end()
            if depth == 0:
                if "".join(parts).strip():
                    yield (*start, "".join(parts).strip())
                parts = []
                continue
        if piece in ('"', "`"):
            raise SyntaxProblem("not Rego: a text that does not end", line)
        if piece.startswith("#"):
            continue
        if not parts and piece.strip():
            start = (line, found.start() - begun + len(piece) - len(piece.lstrip()) + 1)
        if parts or piece.strip():
            parts.append(piece)
        depth += (piece in "{[(" and len(piece) == 1) - (piece in "}])" and len(piece) == 1)
        if piece[0] == "`":
            line += piece.count("\n")
        if depth < 0:
            raise SyntaxProblem("not Rego: a bracket closes nothing", line)
    if depth:
        raise SyntaxProblem("not Rego: a bracket is not closed", start[0])
    if "".join(parts).strip():
        yield (*start, "".join(parts).strip())
