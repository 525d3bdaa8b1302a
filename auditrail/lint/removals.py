"""What processors of a Collector take out of records or change in them, one entry for each attribute that is named.

attributes and resource (`actions`, `attributes`: delete, hash, and update or upsert with a constant), and transform
(`delete_key`, `delete_matching_keys`, `keep_keys`, `keep_matching_keys`, `replace_*`, `truncate_all`, `limit`, `set` to
a constant or to a hash of the same). READMEs of attributesprocessor, resourceprocessor, transformprocessor;
pkg/ottl/ottlfuncs.

What a processor does to metrics alone is left out: no record of a run goes by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from auditrail.lint import attributes, ottl, values
from auditrail.lint.kinds.collector import Collector, Component
from auditrail.lint.node import Node

_KNOWN = attributes.IDS + attributes.NAMES + attributes.CONTENTS + attributes.TOKENS + attributes.DECISIONS
_DELETING = {"delete_key": "deletes", "delete_matching_keys": "deletes", "delete_index": "deletes"}
_KEEPING = ("keep_keys", "keep_matching_keys")
_SIGNALS = {"trace_statements": "traces", "log_statements": "logs"}
# What a statement is about where neither its group nor its paths say so.
_OF = {"trace_statements": "span", "log_statements": "log"}
_HASHES = frozenset(("FNV", "MD5", "Murmur3Hash", "Murmur3Hash128", "SHA1", "SHA256", "SHA512", "XXH3", "XXH128"))
# What is no attribute and stands for what a record tells.
_FIELDS = frozenset(("body", "status.code", "status.message"))
_NOT_FAILED = frozenset(("STATUS_CODE_UNSET", "STATUS_CODE_OK", "0", "1"))
# Ids of a span: a log record is mostly given those that its text names.
_IDS = frozenset(("trace_id", "span_id", "trace_id.string", "span_id.string"))
# Contexts of which a name may say by its first part that it is theirs (`span.attributes`).
_CONTEXTS = ("span", "spanevent", "log", "resource", "scope", "instrumentation_scope")
# Only whether there is such an attribute: what has none has nothing to lose.
_PRESENCE = re.compile(r'[a-z.]*attributes\["[^"]*"\]\s*!=\s*nil')


class Removal(NamedTuple):
    """One thing that is taken out or changed.

    Attributes:
        component: the processor. line, column: of the setting.
        how: `deletes`, `hashes`, `overwrites`, `keeps` (everything else goes), `replaces`, `truncates`, `limits`.
        said: the key or pattern as written.
        names: known attributes that it touches; the key itself where it is one, known or not.
        where: the condition under which it does, blank: always.
        number: the length or count of `truncates` and `limits`.
        context: `span`, `spanevent`, `log`, `resource`, `scope`; blank where nothing tells.
        path: `attributes`, or what else is written over: `body`, `status.message`, `status.code` (with no failure),
            `trace_id` and `span_id` of spans (with anything).
        pattern: of `replaces`, what is replaced where it matches; blank where nothing tells. written: what comes there.
    """

    component: Component
    line: int
    column: int
    how: str
    said: str
    names: tuple[str, ...]
    where: str = ""
    number: str = ""
    context: str = ""
    path: str = "attributes"
    pattern: str = ""
    written: str = ""


class _Target(NamedTuple):
    """What the first argument of a function names: its context, its path without it, and the key in brackets."""

    context: str
    path: str
    key: str | None

    @property
    def is_attributes(self) -> bool:
        return self.path == "attributes"


def removals(config: Collector) -> Iterator[Removal]:
    """Every removal of a processor through which traces or logs go."""
    for component in config.carrying("processors", "attributes", "resource"):
        actions = component.node.at("actions" if component.type == "attributes" else "attributes")
        for each in actions.each() if actions is not None else ():
            yield from _action(component, each)
    for component in config.carrying("processors", "transform"):
        for statement in _statements(component):
            yield from _statement(component, statement)


def _action(component: Component, node: Node) -> Iterator[Removal]:
    how = (values.text(node.at("action")) or "").lower()
    place = node.member("key") or node.member("pattern")
    said = values.text(place.node) if place is not None else None
    if place is None or said is None:
        return
    names = (said,) if place.key == "key" else tuple(attributes.matching(said, _KNOWN))
    where = " and ".join(key for key in ("include", "exclude") if key in component.node.mapping())
    line, column = place.node.line, place.node.column
    if how in ("delete", "hash"):
        yield Removal(component, line, column, "deletes" if how == "delete" else "hashes", said, names, where)
    elif how in ("update", "upsert"):
        constant = values.text(node.at("value"))
        if constant:
            yield Removal(component, line, column, "overwrites", said, names, where)


class _Statement(NamedTuple):
    """A statement, and what its group says of it: the context, and a condition (blank: none)."""

    node: Node
    context: str = ""
    where: str = ""


def _statements(component: Component) -> Iterator[_Statement]:
    """Statements on traces and logs, of both forms: texts in a list, or in groups."""
    for key, signal in _SIGNALS.items():
        below = component.node.at(key)
        if below is None or signal not in component.signals():
            continue
        for item in below.each():
            if item.is_scalar:
                yield _Statement(item, _OF[key])
                continue
            context = values.text(item.at("context")) or ""
            where = " or ".join(each.text for each in values.strings(item.at("conditions")))
            yield from (_Statement(each, context or _OF[key], where) for each in values.strings(item.at("statements")))


def _statement(component: Component, statement: _Statement) -> Iterator[Removal]:
    node = statement.node
    call = ottl.first_call(node.text)
    if call is None:
        return
    target = _target(call.argument(0), statement.context)
    made = _of_call(call, target)
    if made is not None:
        line, column = node.body or (node.line, node.column)
        how, said, names, number, path, pattern, written = made
        conditions = (each for each in (statement.where, call.where) if each and not _PRESENCE.fullmatch(each))
        where = " and ".join(conditions)
        yield Removal(component, line, column, how, said, names, where, number, target.context, path, pattern, written)


class _Made(NamedTuple):
    how: str
    said: str
    names: tuple[str, ...] = ()
    number: str = ""
    path: str = "attributes"
    pattern: str = ""
    written: str = ""


def _of_call(call: ottl.Call, target: _Target) -> _Made | None:
    """What a call does that takes something out or changes it; None if it is none."""
    said = ", ".join(call.texts)
    if call.name in _DELETING and (target.is_attributes or target.path.startswith("body")):
        names = call.texts if call.name == "delete_key" else _matching(call.texts)
        return _Made("deletes", said, tuple(names))
    if call.name in _KEEPING and target.is_attributes:
        kept = call.texts if call.name == "keep_keys" else _matching(call.texts)
        held = attributes.RESOURCE if target.context == "resource" else _KNOWN if target.context != "scope" else ()
        return _Made("keeps", said, tuple(name for name in held if name not in kept))
    if call.name.startswith("replace_"):
        return _replacing(call, target)
    if call.name in ("truncate_all", "limit"):
        number = call.numbers[0] if call.numbers else ""
        return _Made("truncates" if call.name == "truncate_all" else "limits", call.name, (), number)
    return _setting(call, target) if call.name == "set" else None


def _replacing(call: ottl.Call, target: _Target) -> _Made | None:
    if target.path == "name" or target.key == "http.route":  # they are made alike so, for charts
        return None
    whole = call.name.startswith("replace_all_")
    key = target.key if not whole else None
    # replace_all_patterns has `"key"` or `"value"` before the pattern; the others have the pattern next.
    place = 2 if call.name == "replace_all_patterns" else 1
    pattern, written = _constant(call.argument(place)), _constant(call.argument(place + 1))
    said = ", ".join(filter(None, (key, pattern))) or call.name
    is_pattern = "match" not in call.name  # the others take a glob
    names = (key,) if key is not None else ()
    return _Made("replaces", said, names, pattern=pattern if is_pattern else "", written=written)


def _constant(argument: ottl.Argument) -> str:
    return argument.texts[0] if argument.texts and not argument.names else ""


def _setting(call: ottl.Call, target: _Target) -> _Made | None:
    value = call.argument(1)
    constant = bool(value.texts or value.numbers) and not value.names
    if target.is_attributes and target.key is not None:
        if _HASHES.intersection(value.names) and target.key in value.texts:
            return _Made("hashes", target.key, (target.key,))
        return _Made("overwrites", target.key, (target.key,)) if constant else None
    if target.context == "span" and target.path in _IDS:
        return _Made("overwrites", target.path, path=target.path.removesuffix(".string"))
    if target.path == "status.code":
        constant = bool(_NOT_FAILED.intersection(value.names + value.numbers))
    return _Made("overwrites", target.path, path=target.path) if constant and target.path in _FIELDS else None


def _target(argument: ottl.Argument, context: str) -> _Target:
    path = argument.names[0] if argument.names else ""
    first, _, rest = path.partition(".")
    if first in _CONTEXTS and rest:
        context, path = first.removeprefix("instrumentation_"), rest
    return _Target(context, path, argument.texts[0] if argument.texts else None)


def _matching(patterns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for each in patterns for name in attributes.matching(each, _KNOWN)))
