"""Fields of a record by dotted path."""

from __future__ import annotations

from typing import Any

ABSENT = object()


def get(value: Any, path: str | None) -> Any:
    """The value at a dotted path; None if it is not there (a key that holds dots is found, too)."""
    found = lookup(value, path)
    return None if found is ABSENT else found


def has(value: Any, path: str) -> bool:
    """Whether there is anything at a dotted path, be it null."""
    return lookup(value, path) is not ABSENT


def lookup(value: Any, path: str | None) -> Any:
    """The value at a dotted path, or `ABSENT`."""
    if path is None:
        return ABSENT
    if not isinstance(value, dict):
        return ABSENT
    if path in value:
        return value[path]
    head, dot, rest = path.partition(".")
    if not dot or head not in value:
        return ABSENT
    return lookup(value[head], rest)
