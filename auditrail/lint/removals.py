"""What processors of a Collector take out of records or change in them, one entry for each attribute that is named.

attributes and resource (`actions`, `attributes`: delete, hash, and update or upsert with a constant), and transform
(`delete_key`, `delete_matching_keys`, `keep_keys`, `keep_matching_keys`, `replace_*`, `truncate_all`, `limit`, `set` to
a constant). READMEs of attributesprocessor, resourceprocessor, transformprocessor; pkg/ottl/ottlfuncs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from auditrail.lint import attributes, ottl, values
from auditrail.lint.kinds.collector import Collector, Component
from auditrail.lint.node import Node

_KNOWN = attributes.IDS + attributes.NAMES + attributes.CONTENTS + attributes.TOKENS + attributes.DECISIONS
_DELETING = {"delete_key": "deletes", "delete_matching_keys": "deletes", "delete_index": "deletes"}
_KEEPING = ("keep_keys", "keep_matching_keys")


class Removal(NamedTuple):
    """One thing that is taken out or changed.

    Attributes:
        component: the processor. line, column: of the setting.
        how: `deletes`, `hashes`, `overwrites`, `keeps` (everything else goes), `replaces`, `truncates`, `limits`.
        said: the key or pattern as written.
        names: known attributes that it touches; the key itself where it is one, known or not.
        where: the condition under which it does, blank: always.
        number: the length or count of `truncates` and `limits`.
    """

    component: Component
    line: int
    column: int
    how: str
    said: str
    names: tuple[str, ...]
    where: str = ""
    number: str = ""


def removals(config: Collector) -> Iterator[Removal]:
    """Every removal of a processor in use."""
    for component in config.used("processors", "attributes", "resource"):
        actions = component.node.at("actions" if component.type == "attributes" else "attributes")
        for each in actions.each() if actions is not None else ():
            yield from _action(component, each)
    for component in config.used("processors", "transform"):
        for statement in _statements(component.node):
            yield from _statement(component, statement)


def _action(component: Component, node: Node) -> Iterator[Removal]:
    how = (values.text(node.at("action")) or "").lower()
    place = node.member("key") or node.member("pattern")
    said = values.text(place.node) if place is not None else None
    if place is None or said is None:
        return
    names = (said,) if place.key == "key" else tuple(attributes.matching(said, _KNOWN))
    line, column = place.node.line, place.node.column
    if how in ("delete", "hash"):
        yield Removal(component, line, column, "deletes" if how == "delete" else "hashes", said, names)
    elif how in ("update", "upsert"):
        constant = values.text(node.at("value"))
        if constant:
            yield Removal(component, line, column, "overwrites", said, names)


def _statements(node: Node) -> Iterator[Node]:
    """Statements of both forms: texts in a list, or in groups with their context."""
    for key, member in node.mapping().items():
        if not key.endswith("_statements"):
            continue
        for item in member.node.each():
            if item.is_scalar:
                yield item
            else:
                yield from values.strings(item.at("statements"))


def _statement(component: Component, node: Node) -> Iterator[Removal]:
    call = ottl.first_call(node.text)
    if call is None:
        return
    line, column = node.body or (node.line, node.column)
    said = ", ".join(call.texts)
    if call.name in _DELETING:
        names = call.texts if call.name == "delete_key" else _matching(call.texts)
        if "attributes" in " ".join(call.names) or "body" in " ".join(call.names):
            yield Removal(component, line, column, "deletes", said, tuple(names), call.where)
    elif call.name in _KEEPING and "attributes" in " ".join(call.names):
        kept = call.texts if call.name == "keep_keys" else _matching(call.texts)
        names = tuple(name for name in _KNOWN if name not in kept)
        yield Removal(component, line, column, "keeps", said, names, call.where)
    elif call.name.startswith("replace_"):
        if call.names and call.names[0] in ("name", "span.name"):  # names of spans are made alike so, for charts
            return
        keys = call.texts[:1] if "attributes" in " ".join(call.names) and call.name == "replace_pattern" else ()
        yield Removal(component, line, column, "replaces", call.texts[0] if call.texts else call.name, keys, call.where)
    elif call.name in ("truncate_all", "limit"):
        number = call.numbers[0] if call.numbers else ""
        how = "truncates" if call.name == "truncate_all" else "limits"
        yield Removal(component, line, column, how, call.name, (), call.where, number)
    elif call.name == "set" and len(call.texts) >= 1 and len(call.names) == 1 and call.names[0].endswith("attributes"):
        yield Removal(component, line, column, "overwrites", call.texts[0], call.texts[:1], call.where)


def _matching(patterns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for each in patterns for name in attributes.matching(each, _KNOWN)))
