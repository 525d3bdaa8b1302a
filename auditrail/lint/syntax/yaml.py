"""YAML, by the events of PyYAML's binding to libyaml: several documents, anchors, merges, block scalars.

Scalars are typed by the core schema of YAML 1.2 (`no` and `on` are text, as the programs read here take them), not by
the resolver of PyYAML. Events bring no recursion and no copies: an alias is the node that it names, so a bomb of them
stays as small as its text.

Texts with expressions of a template (`{{ ... }}` of Go and Jinja, `{% ... %}` of Jinja, `%{ ... }` of Terraform) that
are no YAML as they stand are read a second time with each expression covered by as many word characters, and lines that
hold nothing else left out; values that hold such cover are `open`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from auditrail.lint.node import DEEPEST, MOST_NODES, Member, Node, Scalar, SyntaxProblem
from auditrail.lint.parsed import Parsed, Remark

NAME = "yaml"
SUFFIXES = (".yaml", ".yml", ".yaml.tpl", ".yml.tpl", ".yaml.tmpl", ".yml.tmpl", ".yaml.j2", ".yml.j2", ".yaml.example",
            ".yml.example")  # fmt: skip

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(("true", "True", "TRUE"))
_FALSE = frozenset(("false", "False", "FALSE"))
_INT = re.compile(r"[-+]?[0-9]+\Z")
_OTHER_INT = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_KEY = re.compile(r"^(?:- )?[ ]*[\"']?[\w./$-]+[\"']?:(?:\s|$)", re.MULTILINE)
_COVER = "\u00a4"
_CLOSE = {"{{": "}}", "{%": "%}", "%{": "}"}
_TEMPLATE = re.compile("|".join(map(re.escape, _CLOSE)))


def looks(name: str, head: str) -> float:
    """Keys at the start of lines."""
    if name.endswith(SUFFIXES):
        return 0.9
    return 0.5 if len(_KEY.findall(head[:8192])) > 1 else 0.0


def parse(text: str) -> Parsed:
    """The documents of a text.

    Raises:
        SyntaxProblem: it is no YAML, too deep, or holds too many values.
    """
    try:
        return _parse(text)
    except SyntaxProblem:
        begun = _TEMPLATE.search(text)
        if begun is None:
            raise
    parsed = _parse(_covered(text))
    first = text.count("\n", 0, begun.start()) + 1
    parsed.remarks.append(Remark(first, "template expressions were covered: what they yield is not checked"))
    return parsed


def _covered(text: str) -> str:
    """The text with each template expression as word characters, and its lines where it stood alone left blank."""
    parts, at = [], 0
    endless: set[str] = set()  # looked for once: a text of beginnings without an end takes no time
    while (found := _TEMPLATE.search(text, at)) is not None:
        begin, close = found.start(), _CLOSE[found.group()]
        end = text.find(close, begin + 2) if close not in endless else -1
        if end < 0:
            endless.add(close)
            parts.append(text[at : begin + 2])
            at = begin + 2
            continue
        end += len(close)
        parts += [text[at:begin], *("\n" if char == "\n" else _COVER for char in text[begin:end])]
        at = end
    text = "".join((*parts, text[at:]))
    made = []
    for line in text.split("\n"):
        bare = line.strip()
        made.append("" if bare and not bare.strip(_COVER + "- ") and _COVER in bare else line)
    return "\n".join(made)


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come: `key` is the key that waits for its value."""

    node: Node
    key: Member | None = None
    merges: list[Node] = field(default_factory=list)


def _parse(text: str) -> Parsed:
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    parsed = Parsed()
    text = text.removeprefix("\ufeff")
    try:
        _build(yaml.parse(text, Loader=loader), parsed, text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "a character that YAML has not"
        raise SyntaxProblem(f"not YAML: {reason}", mark.line + 1 if mark is not None else 1) from None
    return parsed


def _build(events: Iterator[Any], parsed: Parsed, text: str) -> None:
    anchors: dict[str, Node] = {}
    stack: list[_Open] = []
    nodes = 0
    for event in events:
        kind = type(event).__name__
        if kind in ("StreamStartEvent", "StreamEndEvent", "DocumentEndEvent"):
            continue
        if kind == "DocumentStartEvent":
            anchors.clear()
            continue
        if kind in ("MappingEndEvent", "SequenceEndEvent"):
            done = stack.pop()
            nodes += _merge(done)
            _put(done.node, stack, parsed)
        elif kind == "AliasEvent":
            target = anchors.get(event.anchor)
            if target is None:
                raise SyntaxProblem("not YAML: an alias of an anchor that is not there", event.start_mark.line + 1)
            _put(target, stack, parsed, (event.start_mark.line + 1, event.start_mark.column + 1))
        else:
            nodes += 1
            node = _node(event, kind, text)
            if event.anchor:
                anchors[event.anchor] = node
            if kind == "ScalarEvent":
                _put(node, stack, parsed)
            else:
                stack.append(_Open(node))
        if nodes > MOST_NODES or len(stack) > DEEPEST:
            what = "too deep" if len(stack) > DEEPEST else f"more than {MOST_NODES:,} values"
            raise SyntaxProblem(f"not read: {what}", event.start_mark.line + 1)


def _node(event: Any, kind: str, text: str) -> Node:
    line, column = event.start_mark.line + 1, event.start_mark.column + 1
    if kind == "MappingStartEvent":
        return Node(line, column, members={})
    if kind == "SequenceStartEvent":
        return Node(line, column, items=[])
    plain = event.implicit[0] and event.tag is None
    node = Node(line, column, typed(event.value) if plain else event.value, event.value, not plain)
    node.open = _COVER in event.value or "{{" in event.value
    if not plain and event.end_mark.line > event.start_mark.line and event.value.count("\n"):
        node.body = _body(text, event)
    return node


def _body(text: str, event: Any) -> tuple[int, int] | None:
    """Where the text of a block scalar begins: only literal ones keep their lines, so that lines can be told."""
    start = event.start_mark.index
    head, _, rest = text[start : start + 200].partition("\n")
    if not head.startswith("|"):
        return None
    for line in rest.split("\n"):
        if line.strip():
            first = event.value.lstrip("\n").split("\n", 1)[0]
            return event.start_mark.line + 2, len(line) - len(line.lstrip(" ")) - (
                len(first) - len(first.lstrip(" "))
            ) + 1
    return event.start_mark.line + 2, 1


def _put(node: Node, stack: list[_Open], parsed: Parsed, at: tuple[int, int] | None = None) -> None:
    if not stack:
        parsed.roots.append(node)
        return
    top = stack[-1]
    if top.node.items is not None:
        top.node.items.append(node)
    elif top.key is None:
        line, column = at or (node.line, node.column)
        key = node.text if node.is_scalar else "?"
        if key in top.node.mapping():
            parsed.remarks.append(Remark(line, "a key stands twice here: the last one is taken"))
        top.key = Member(key, line, column, node)
        if key == "<<" and not node.quoted:
            top.key = Member("", line, column, node)
    else:
        if top.key.key == "" and top.key.node.text == "<<":
            top.merges += node.items if node.items is not None else [node]
        else:
            top.node.mapping()[top.key.key] = top.key._replace(node=node)
        top.key = None


def _merge(done: _Open) -> int:
    """Takes in what `<<` names: keys of its own win, then those of the first mapping."""
    added = 0
    for other in done.merges:
        for key, member in other.mapping().items():
            if key not in done.node.mapping():
                done.node.mapping()[key] = member
                added += 1
    return added


def typed(text: str) -> Scalar:
    """The value of a plain scalar by the core schema of YAML 1.2; an infinity or NaN stays text."""
    if text in _NULL:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if len(text) <= 100:
        if _INT.match(text):
            return int(text)
        if _OTHER_INT.match(text):
            return int(text, 0)
        if _FLOAT.match(text):
            return float(text)
    return text
