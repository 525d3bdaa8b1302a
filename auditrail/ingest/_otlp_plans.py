"""What a span of one shape becomes, found once: the static part of `readers._vocabulary`.

The shape of a span is the list of its attribute keys with the kind and type of each value. Together with the values
of the few keys that decide on the layer, and the rule for the span's name, it settles which attribute fills which
column. What could still differ from span to span, because a value is blank or junk, is checked column by column; spans
that fail there, and shapes that depend on more, are left to the plain reader.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from auditrail.readers._otlp_parts import OURS
from auditrail.readers._vocabulary import CONTENT, MAPPED, NUMBER, TEXT, NameRule, Use, Vocabulary

# Shapes and plans that are remembered. One writer has some dozen; hostile input must not fill the memory.
MAX_SHAPES = 2048
MAX_PLANS = 64

_KINDS = frozenset({"stringValue", "intValue", "boolValue", "doubleValue", "bytesValue"})
_SCALARS = frozenset({str, int, float, bool})
# Ids that a span states itself: an attribute of these kinds would have to be compared with them.
_OWN_IDS = frozenset({"trace", "span", "parent_span", "linked_trace", "linked_span"})


@dataclass(frozen=True, eq=False, slots=True)
class Plan:
    """How spans of one shape fill columns; numbers are places in the list of attributes.

    Attributes:
        layer, kind: as in the events.
        fills: (column, place, how), `how` being text, number, content or the name of a mapped column.
        prefer: contents (args, result) that another attribute would fill if they were blank.
        ids: (kind of id, place), each kind once.
        result: place of a model's output, which may hold tool calls; -1 if there is none.
        named: the column that the span's name fills, or None.
        seq_kind: the key that `seq` was taken from.
        rest: places of the attributes that are left over.
        rest_keys: and their keys.
        numerals: places of integers that are given as text.
    """

    layer: str
    kind: str
    fills: tuple[tuple[str, int, str], ...]
    prefer: frozenset[str]
    ids: tuple[tuple[str, int], ...]
    result: int
    named: str | None
    seq_kind: str | None
    rest: tuple[int, ...]
    rest_keys: tuple[str, ...]
    numerals: frozenset[int]


class Shape:
    """All spans with the same keys, kinds and types of attributes.

    Attributes:
        deciding: places of the attributes whose values decide on the plan.
        plans: (name rule, deciding values...) -> Plan, or None where the plain reader must look.
        numerals: places of integers that are given as text.
    """

    __slots__ = ("_keys", "_types", "_words", "deciding", "numerals", "plans")

    def __init__(
        self, keys: tuple[str, ...], kinds: tuple[str, ...], types: tuple[type, ...], words: Vocabulary
    ) -> None:
        self._keys = keys
        self._words = words
        self.numerals = frozenset(
            at for at, (kind, made) in enumerate(zip(kinds, types, strict=True)) if kind == "intValue" and made is str
        )
        # An integer that is given as text becomes one; where it can't, the plain reader looks at the span.
        self._types = tuple(int if at in self.numerals else made for at, made in enumerate(types))
        deciding = words.deciding
        self.deciding = tuple(at for at, key in enumerate(keys) if key in deciding)
        self.plans: dict[tuple[Any, ...], Plan | None] = {}

    def plan(self, rule: NameRule | None, inner: Sequence[Any]) -> Plan | None:
        """The plan for a span of this shape, made where it is not there yet."""
        deciding = self.deciding
        key = (rule, inner[deciding[0]]) if len(deciding) == 1 else (rule, *[inner[at] for at in deciding])
        try:
            return self.plans[key]
        except KeyError:
            pass
        if len(self.plans) >= MAX_PLANS:
            return None
        made = self.plans[key] = self._made(rule, inner)
        return made

    def _made(self, rule: NameRule | None, inner: Sequence[Any]) -> Plan | None:
        keys = self._keys
        attributes = {key: 0 if at in self.numerals else inner[at] for at, key in enumerate(keys)}
        uses, layer, present = self._words.uses_of(attributes)
        if any(key in self._words.placeholders for key in keys):
            return None
        places = {key: at for at, key in enumerate(keys)}
        fills: dict[str, tuple[int, str]] = {}
        prefer: set[str] = set()
        ids: list[tuple[str, int]] = []
        used: set[int] = set()
        for use, key in uses:
            at = places[key]
            if use.id_kind is not None:
                if use.id_kind in _OWN_IDS:
                    return None
                if any(kind == use.id_kind for kind, _ in ids):  # whether the two are equal differs from span to span
                    return None
                if self._types[at] in (str, int):
                    ids.append((use.id_kind, at))
                    used.add(at)
                continue
            column, how = self._how(use, at)
            if how == "unknown":
                return None
            if not how or (column in fills and how != "content"):
                continue
            if column in fills:
                prefer.add(column)
                continue
            fills[column] = (at, how)
            if how == "content" or (column != "error" and how in ("text", "number")):
                used.add(at)
        layer = layer or (rule.layer if rule else None) or present or ("policy" if "decision" in fills else None)
        named = rule.column if rule and rule.column and rule.layer == layer and rule.column not in fills else None
        left = tuple(at for at in range(len(keys)) if at not in used)
        return Plan(
            layer or "other",
            "decision" if layer == "policy" and "decision" in fills else "span",
            tuple((column, at, how) for column, (at, how) in fills.items()),
            frozenset(prefer),
            tuple(ids),
            fills["result"][0] if layer == "llm" and "result" in fills else -1,
            named,
            keys[fills["seq"][0]] if "seq" in fills else None,
            left,
            tuple(keys[at] for at in left),
            self.numerals,
        )

    def _how(self, use: Use, at: int) -> tuple[str, str]:
        """How the attribute fills its column; blank if its type never does, `unknown` if the plain reader must look."""
        column, made = use.column or "", self._types[at]
        if column in CONTENT:
            return column, "content"
        if column in TEXT:
            return column, "text" if made is str else ""
        if column in NUMBER:
            return column, "number" if made is not bool else ""
        if column in MAPPED:
            return column, column if made in (str, bool) else ""
        return column, "unknown"


def shape_of(keys: tuple[Any, ...], kinds: tuple[str, ...], types: tuple[type, ...], words: Vocabulary) -> Shape | None:
    """The shape, or None if the plain reader must look at its spans."""
    if not all(type(key) is str for key in keys) or len(set(keys)) != len(keys) or not OURS.isdisjoint(keys):
        return None
    if not _KINDS.issuperset(kinds) or not _SCALARS.issuperset(types):
        return None
    if any(key.startswith(words.prefixes) for key in keys):
        return None
    return Shape(keys, kinds, types, words)
