"""A redacted copy is held to two things: it says what the policy keeps, and nothing that it withholds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from auditrail import jsontext
from auditrail.incident.rereading import Reading
from auditrail.incident.rewrite import Spared, Taken, by_path, leaves, of_format, parsed, parsed_leaf
from auditrail.terms import ID_COLUMNS

FIELDS = ("args", "result", "error", "attributes")
# Column of an event -> field of a policy, of what runs and gaps are grouped and joined by.
_STRUCTURE = {
    **{f"{kind}_id": f"ids.{kind}" for kind in ID_COLUMNS}, "agent": "agent", "principal": "principal",
    "model": "model", "tool": "tool", "agent_version": "agent_version", "policy": "policy", "rule": "policy",
    "name": "names", "stream": "stream",
}  # fmt: skip
RANKS = {field: rank for rank, field in enumerate(dict.fromkeys(_STRUCTURE.values()))}


def names(event: dict[str, Any]) -> list[tuple[str, str]]:
    """(field of a policy, value) of everything in an event that runs and gaps are grouped and joined by."""
    made = [(field, event[name]) for name, field in _STRUCTURE.items() if isinstance(event[name], str) and event[name]]
    return made + [(f"ids.{kind}", value) for kind, value in event["ids_more"] if value]


def least_spared(holds: Callable[[Spared], bool], changed: set[tuple[str, str]]) -> Spared | None:
    """The fewest words and numbers that must stay; None: the copy says something else even with all of them.

    Args:
        holds: makes the copy with these spared, and tells whether it says what it should; fills `changed`.
        changed: what may be spared.
    """
    if holds(frozenset()):
        return frozenset()
    paths = by_path(changed)
    if not paths or not holds(frozenset(changed)):
        return None
    needed = least(list(paths), lambda some: holds(frozenset(one for path in some for one in paths[path])))
    # Numbers of one path stay together; of words, each is asked for.
    numbers = [one for path in needed for one in paths[path] if one[1][:1] != '"']
    words = [one for path in needed for one in paths[path] if one[1][:1] == '"']
    return frozenset((*numbers, *least(words, lambda some: holds(frozenset((*numbers, *some))))))


def least(items: list[Any], holds: Callable[[list[Any]], bool], base: tuple[Any, ...] = ()) -> list[Any]:
    """The fewest items for which something holds that holds for all of them (QuickXplain, Junker 2004).

    That it does not hold for none of them is known.
    """
    if not items or (base and holds(list(base))):
        return []
    if len(items) == 1:
        return items
    half = len(items) // 2
    right = least(items[half:], holds, (*base, *items[:half]))
    left = least(items[:half], holds, (*base, *right))
    return left + right


def left(
    after: Reading, taken: Mapping[int, Taken], numbers: Mapping[int, int], stays: set[str]
) -> tuple[int, str] | None:
    """The first (record of the original, field) of a copy that still says something withheld.

    Args:
        after: the copy, read.
        taken: what is withheld of each record.
        numbers: record of the original -> record of the copy.
        stays: JSON of the leaves that may stay.
    """
    for record, one in taken.items():
        for event in after.events.get(numbers.get(record, -1), ()):
            for name in FIELDS:
                held = leaves(parsed(event[name])) if event[name] else set()
                told = {leaf for _, leaf in held} & one.gone.keys() if name in ("args", "result") else set()
                told |= {leaf for pair in held if pair in one.members and not derived(leaf := pair[1])}
                if any(leaf not in stays and _plain(leaf) not in stays for leaf in told):
                    return record, name
            for field, value in names(event):
                # A name that a reader gives (`chat`) says nothing of the record.
                if value in one.whole and jsontext.dumps(value) not in stays and not of_format(value):
                    return record, field
    return None


def derived(leaf: str) -> bool:
    """Whether a leaf of attributes may be a reader's word for something else of the record (`"client"` for 3)."""
    return leaf in ("true", "false") or (leaf[:1] == '"' and of_format(parsed_leaf(leaf)))


def _plain(leaf: str) -> str:
    """A text as the leaf that it may be written as: a content that is `true` is a text in an event."""
    return str(parsed_leaf(leaf)) if leaf[:1] == '"' else leaf
