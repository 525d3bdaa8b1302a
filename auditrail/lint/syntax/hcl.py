"""HCL, as Terraform is written in, by python-hcl2: each block, attribute and element with its place.

A block stands below its type and its labels (`resource`, `aws_s3_bucket`, `logs`); blocks without labels are a list,
however few. An expression that is no literal is an `open` scalar with its source as text; the argument of
`jsonencode` and `yamlencode` is what it encodes. A heredoc is a text whose lines keep their places.
"""

from __future__ import annotations

import re
import textwrap
from typing import Any

from auditrail.lint.node import DEEPEST, Member, Node, SyntaxProblem
from auditrail.lint.parsed import Parsed

NAME = "hcl"
SUFFIXES = (".tf", ".tfvars", ".hcl", ".tofu")

_ENCODERS = frozenset(("jsonencode", "yamlencode"))
_WORDS = {"true": True, "false": False, "null": None}
_BLOCK = re.compile(r'^(?:resource|data|module|variable|provider) "[^"\n]*"', re.MULTILINE)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}


def looks(name: str, head: str) -> float:
    """By its name, or a block with a label at the start of a line."""
    if name.endswith(SUFFIXES):
        return 0.95
    return 0.7 if _BLOCK.search(head) else 0.0


def parse(text: str) -> Parsed:
    """The body of a text as its one root.

    Raises:
        SyntaxProblem: it is no HCL, or too deep.
    """
    import hcl2
    from lark.exceptions import LarkError

    try:
        tree: Any = hcl2.parses_to_tree(text if text.endswith("\n") else text + "\n")
        root = _Builder(text).body(tree.children[0], 0)
    except LarkError as error:
        line = getattr(error, "line", None)
        raise SyntaxProblem("not HCL", line if isinstance(line, int) and line > 0 else 1) from None
    except RecursionError:
        raise SyntaxProblem("not read: too deep") from None
    return Parsed([root])


def _name(tree: Any) -> str:
    return str(tree.children[0])


class _Builder:
    def __init__(self, text: str) -> None:
        self.text = text

    def body(self, tree: Any, depth: int) -> Node:
        node = Node(getattr(tree.meta, "line", 1), getattr(tree.meta, "column", 1), members={})
        if depth > DEEPEST:
            raise SyntaxProblem("not read: too deep", node.line)
        for child in tree.children:
            kind = getattr(child, "data", "")
            if kind == "attribute":
                key = _name(child.children[0])
                value = self.value(child.children[-1], depth + 1)
                node.mapping()[key] = Member(key, child.meta.line, child.meta.column, value)
            elif kind == "block":
                self._block(node, child, depth)
        return node

    def _block(self, node: Node, tree: Any, depth: int) -> None:
        parts = [child for child in tree.children if getattr(child, "data", "") in ("identifier", "string")]
        names = [_name(part) if part.data == "identifier" else str(self.value(part, depth).text) for part in parts]
        inner = next((child for child in tree.children if getattr(child, "data", "") == "body"), None)
        made = self.body(inner, depth + 1) if inner is not None else Node(tree.meta.line, tree.meta.column, members={})
        made.line, made.column = tree.meta.line, tree.meta.column
        *above, last = names
        for name in above:
            if name not in node.mapping() or node.mapping()[name].node.members is None:
                place = Member(name, tree.meta.line, tree.meta.column, Node(made.line, made.column, members={}))
                node.mapping()[name] = place
            node = node.mapping()[name].node
        if above:
            node.mapping()[last] = Member(last, made.line, made.column, made)
            return
        member = node.mapping().get(last)
        if member is None or member.node.items is None:
            member = node.mapping()[last] = Member(last, made.line, made.column, Node(made.line, made.column, items=[]))
        member.node.each().append(made)

    def value(self, tree: Any, depth: int) -> Node:
        line, column = tree.meta.line, tree.meta.column
        if depth > DEEPEST:
            raise SyntaxProblem("not read: too deep", line)
        kind = tree.data
        children = tree.children
        if kind == "expr_term" and len(children) == 1 and hasattr(children[0], "data"):
            return self.value(children[0], depth + 1)
        if kind in ("int_lit", "float_lit", "literal_value"):
            said = str(children[0])
            if kind == "literal_value":
                return Node(line, column, _WORDS.get(said, said), said)
            return Node(line, column, int(said) if kind == "int_lit" and len(said) < 300 else float(said), said)
        if kind == "string":
            return self._string(tree)
        if kind.startswith("heredoc"):
            return self._heredoc(tree)
        if kind == "tuple":
            below = [c for c in children if hasattr(c, "data") and c.data != "new_line_or_comment"]
            return Node(line, column, items=[self.value(child, depth + 1) for child in below])
        if kind == "object":
            return self._object(tree, depth)
        if kind == "function_call" and _name(children[0]) in _ENCODERS:
            for child in children:
                if getattr(child, "data", "") == "arguments":
                    return self.value(child.children[0], depth + 1)
        said = self.text[tree.meta.start_pos : tree.meta.end_pos]
        if kind == "unary_op" and re.fullmatch(r"-\s*\d{1,18}", said):
            return Node(line, column, int(said.replace(" ", "")), said)
        return Node(line, column, said, said, open=True)

    def _object(self, tree: Any, depth: int) -> Node:
        node = Node(tree.meta.line, tree.meta.column, members={})
        for element in tree.children:
            if getattr(element, "data", "") != "object_elem":
                continue
            head, value = element.children[0], self.value(element.children[-1], depth + 1)
            said = self.text[head.meta.start_pos : head.meta.end_pos].strip().strip('"')
            node.mapping()[said] = Member(said, head.meta.line, head.meta.column, value)
        return node

    def _string(self, tree: Any) -> Node:
        said = self.text[tree.meta.start_pos + 1 : tree.meta.end_pos - 1]
        made = re.sub(r"\\([ntr\"\\])", lambda match: _ESCAPES[match.group(1)], said)
        return Node(tree.meta.line, tree.meta.column, made, made, quoted=True, open="${" in said.replace("$${", ""))

    def _heredoc(self, tree: Any) -> Node:
        lines = str(tree.children[0]).rstrip("\n").split("\n")
        inner = "\n".join(lines[1:-1]) + "\n"
        made = textwrap.dedent(inner) if lines[0].startswith("<<-") else inner
        cut = len(inner.split("\n", 1)[0]) - len(made.split("\n", 1)[0])
        at = (tree.meta.line + 1, cut + 1)
        return Node(tree.meta.line, tree.meta.column, made, made, quoted=True, body=at, open="${" in made)
