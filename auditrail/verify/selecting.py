"""What of a record is written in canonical form: the table `[body]` of a profile as a function from value to value."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from auditrail.verify.paths import ABSENT, get, lookup
from auditrail.verify.profile import Body

_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2}(?:\.\d{6})?)(Z|[+-]\d{2}:\d{2}|)")


def selector(body: Body) -> Callable[[Any], Any]:
    """The function from a record to the value that is written in canonical form."""
    steps: list[Callable[[Any], Any]] = []
    if body.root:
        root = body.root
        steps.append(lambda value: get(value, root))
    if body.fill:
        steps.append(lambda value: _filled(value, body.fill))
    if body.isoformat:
        steps.append(lambda value: _isoformatted(value, body.isoformat))
    if body.replace:
        steps.append(lambda value: _replaced(value, body.replace))
    if body.rename:
        null = body.missing == "null"
        steps.append(
            lambda value: {
                new: found
                for new, old in body.rename
                if (found := lookup(value, old)) is not ABSENT or (null and (found := None) is None)
            }
        )
    elif body.select == "all-minus":
        if body.fields:
            steps.append(lambda value: _minus(value, body.fields))
    else:
        null = body.missing == "null"
        steps.append(lambda value: _only(value, body.fields, null))
    if body.drop_nulls:
        keep, lists = frozenset(body.keep_null), body.inside_lists
        steps.append(lambda value: _with_nulls(_without_nulls(value, keep, "", lists), body.keep_null))
    if body.exclude_deep:
        deep, within = frozenset(body.exclude_deep), body.inside_lists
        steps.append(lambda value: _without_keys(value, deep, within))
    if body.orders:
        steps.append(lambda value: _ordered(value, dict(body.orders)))

    def select(value: Any) -> Any:
        for step in steps:
            value = step(value)
        return value

    return select


def _minus(value: Any, paths: Sequence[str]) -> Any:
    if not isinstance(value, dict):
        return value
    made = dict(value)
    for path in paths:
        if path in made:
            del made[path]
            continue
        head, dot, rest = path.partition(".")
        if dot and isinstance(made.get(head), dict):
            made[head] = _minus(made[head], (rest,))
    return made


def _only(value: Any, paths: Sequence[str], null: bool) -> Any:
    made = {}
    for path in paths:
        found = lookup(value, path)
        if found is not ABSENT:
            made[path] = found
        elif null:
            made[path] = None
    return made


def _replaced(value: Any, pairs: Sequence[tuple[str, tuple[str, str]]]) -> Any:
    made = dict(value) if isinstance(value, dict) else value
    for path, (old, new) in pairs:
        text = get(made, path)
        if isinstance(text, str) and text.endswith(old) and path in made:
            made[path] = text[: len(text) - len(old)] + new
    return made


def _filled(value: Any, pairs: Sequence[tuple[str, Any]]) -> Any:
    if not isinstance(value, dict):
        return value
    return {**value, **{path: new for path, new in pairs if value.get(path) is None}}


def _isoformatted(value: Any, paths: Sequence[str]) -> Any:
    """Times as `datetime.isoformat()` writes them: pydantic ends them in Z, and str() has a space in the middle."""
    made = dict(value) if isinstance(value, dict) else value
    for path in paths:
        text = get(made, path)
        if isinstance(text, str) and path in made and (found := _TIME.fullmatch(text)):
            made[path] = f"{found[1]}T{found[2]}{'+00:00' if found[3] == 'Z' else found[3]}"
    return made


def _without_nulls(value: Any, keep: frozenset[str], at: str, lists: bool) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_nulls(item, keep, f"{at}{key}.", lists)
            for key, item in value.items()
            if item is not None or f"{at}{key}" in keep
        }
    if lists and isinstance(value, list):
        return [_without_nulls(item, keep, at, lists) for item in value]
    return value


def _with_nulls(value: Any, keep: Sequence[str]) -> Any:
    """Sets a member that is kept though it is null where it is absent; the object that holds it must be there."""
    for path in keep:
        holder, _, name = path.rpartition(".")
        inner = get(value, holder) if holder else value
        if isinstance(inner, dict) and name not in inner:
            inner[name] = None  # `_without_nulls` made this object
    return value


def _without_keys(value: Any, keys: frozenset[str], lists: bool) -> Any:
    if isinstance(value, dict):
        return {key: _without_keys(item, keys, lists) for key, item in value.items() if key not in keys}
    if lists and isinstance(value, list):
        return [_without_keys(item, keys, lists) for item in value]
    return value


def _ordered(value: Any, orders: dict[str, tuple[str, ...]]) -> Any:
    """Inner objects with their members in the order that is named; an object without an order is left out."""
    made = {}
    for key, item in value.items():
        if isinstance(item, dict):
            if key in orders:
                made[key] = {name: item[name] for name in orders[key] if item.get(name) is not None}
        else:
            made[key] = item
    return made
