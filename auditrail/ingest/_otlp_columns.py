"""Spans that have a plan -> columns of `events`, a list at a time instead of a span at a time.

`Columns.add` fills the columns; the spans whose values break what their plan assumes (a blank model, an id that is
none) are returned, and what was filled for them is not used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import orjson

from auditrail import model
from auditrail.ids import normalise
from auditrail.ingest._otlp_plans import Plan
from auditrail.jsontext import content, dumps
from auditrail.readers import _otlp_values as values
from auditrail.readers._otlp_parts import Scope
from auditrail.readers._vocabulary import Vocabulary, is_blank, state, whole
from auditrail.times import INT64_MAX, nanos

_ID_COLUMNS = {kind: f"{kind}_id" for kind in model.ID_COLUMNS}
_HEX = b"0123456789abcdef"
_TRACE = re.compile(r"[0-9a-fA-F]{32}").fullmatch
_SPAN = re.compile(r"[0-9a-fA-F]{16}").fullmatch
_TEXT_OR_NONE = frozenset({str, type(None)})
_NO_TIME = (None, "", "0", 0)


class Sender(NamedTuple):
    """The scope of a span, and what of it goes into every row; `tail` closes the text of `attributes`."""

    scope: Scope
    stream: str
    tail: str


class Planned(NamedTuple):
    """A span with its plan: what `fast_otlp` found out when it looked at it.

    Attributes:
        item: the span as parsed.
        inner: the values of its attributes, bare.
        lead: JSON text of its own members of `attributes`, each behind a comma.
        sampled, status, error: as in the events.
        named: what its name says behind the first word.
    """

    plan: Plan
    item: dict[str, Any]
    inner: list[Any]
    sender: Sender
    lead: str
    sampled: bool | None
    status: str
    error: str | None
    name: str | None
    named: str


class Columns:
    """Columns of `events` for a list of planned spans; those that stay empty are not there."""

    def __init__(self, spans: Sequence[Planned], events: Sequence[int], words: Vocabulary) -> None:
        self.made: dict[str, list[Any]] = {}
        self.more: list[tuple[int, str, str]] = []
        self.failed: set[int] = set()
        self._size = len(spans)
        self._events = events
        self._words = words
        self._more_of: dict[int, list[tuple[str, str]]] = {}
        plans, items, inners, senders, leads, sampled, statuses, errors, names, named = zip(*spans, strict=True)
        self._of_spans(items)
        self._of_senders(senders)
        self.made["layer"] = [plan.layer for plan in plans]
        self.made["kind"] = [plan.kind for plan in plans]
        self.made["sampled"] = list(sampled)
        self.made["name"] = list(names)
        attributes = self._by_plan(plans, inners, named, leads)
        self._of_status(statuses, errors)
        self.made["attributes"] = [
            f"{text}{sender.tail}" if text else f"{{{sender.tail[1:]}" if len(sender.tail) > 1 else None
            for text, sender in zip(attributes, senders, strict=True)
        ]
        self._ids_of_senders(senders)
        for at, ids in self._more_of.items():
            if at not in self.failed:
                self.more += [(events[at], kind, value) for kind, value in ids]

    def _column(self, name: str) -> list[Any]:
        made = self.made.get(name)
        if made is None:
            made = self.made[name] = [None] * self._size
        return made

    def _fail(self, at: int) -> None:
        self.failed.add(at)

    # -- what stands in every span

    def _of_spans(self, items: tuple[dict[str, Any], ...]) -> None:
        traces = self._hex([item.get("traceId") for item in items], 32, _TRACE)
        spans = self._hex([item.get("spanId") for item in items], 16, _SPAN)
        parents = self._hex([item.get("parentSpanId") for item in items], 16, _SPAN)
        starts = self._times([item.get("startTimeUnixNano") for item in items])
        ends = self._times([item.get("endTimeUnixNano") for item in items])
        self.made |= {"trace_id": traces, "span_id": spans, "parent_span_id": parents, "ts_ns": starts, "end_ns": ends}
        self.made["ts_source"] = ["order" if start is None else "event" for start in starts]
        self.made["dedupe_key"] = [
            f"otlp:{trace}/{span}" if trace and span else None for trace, span in zip(traces, spans, strict=True)
        ]

    def _hex(self, found: list[Any], width: int, matches: Callable[[str], Any]) -> list[Any]:
        given = [value for value in found if value] if None in found or "" in found else found
        try:
            text = "".join(given).encode()
            if (
                len(text) == width * len(given)
                and not text.translate(None, _HEX)
                and set(map(len, given)) <= {width}
                and "0" * width not in given
                and _TEXT_OR_NONE.issuperset(map(type, found))
            ):
                return found if "" not in found else [value or None for value in found]
        except TypeError:
            pass
        made: list[str | None] = []
        for at, value in enumerate(found):
            good = type(value) is str and matches(value) and value.strip("0")
            made.append(value.lower() if good else None)
            if not good and value is not None and value != "":
                self._fail(at)
        return made

    def _times(self, found: list[Any]) -> list[int | None]:
        try:
            if set(map(len, found)) == {19}:
                made = list(map(int, found))
                if "".join(found).isdigit() and min(made) > 0 and max(made) <= INT64_MAX:
                    return made
        except (TypeError, ValueError):
            pass
        slow = [nanos(value) for value in found]
        for at, (value, ns) in enumerate(zip(found, slow, strict=True)):
            if ns is None and value not in _NO_TIME:
                self._fail(at)
        return slow

    # -- what comes from the resource and the scope

    def _of_senders(self, senders: tuple[Sender, ...]) -> None:
        self.made["stream"] = [sender.stream for sender in senders]
        if any(sender.scope.columns for sender in senders):
            for name in ("agent", "agent_version", "principal"):
                filled = [sender.scope.columns.get(name) for sender in senders]
                if any(value is not None for value in filled):
                    self.made[name] = filled

    def _ids_of_senders(self, senders: tuple[Sender, ...]) -> None:
        for at, sender in enumerate(senders):
            for kind, value in sender.scope.ids:
                self._id(at, kind, value)

    def _id(self, at: int, kind: str, value: str) -> None:
        """An id of which the span may have others of the kind already."""
        column = _ID_COLUMNS.get(kind)
        if column is not None:
            made = self._column(column)
            if made[at] is None:
                made[at] = value
                return
            if made[at] == value:
                return
        more = self._more_of.setdefault(at, [])
        if (kind, value) not in more:
            more.append((kind, value))

    # -- what the plans say

    def _by_plan(
        self, plans: tuple[Plan, ...], inners: tuple[list[Any], ...], named: tuple[str, ...], leads: tuple[str, ...]
    ) -> list[str]:
        """Fills the columns of the attributes; the texts of what is left, still open, blank for nothing."""
        rows_of: dict[int, list[int]] = {}
        for at, plan in enumerate(plans):
            rows = rows_of.get(id(plan))
            if rows is None:
                rows_of[id(plan)] = [at]
            else:
                rows.append(at)
        texts: list[str] = [""] * self._size
        for rows in rows_of.values():
            plan = plans[rows[0]]
            columns: list[Any] = list(zip(*[inners[at] for at in rows], strict=True))
            for place in plan.numerals:
                columns[place] = self._integers(rows, columns[place])
            for column, place, how in plan.fills:
                self._fill(rows, column, how, columns[place], column in plan.prefer)
            if plan.seq_kind is not None:
                self._put("seq_kind", rows, [plan.seq_kind] * len(rows))
            if plan.named is not None:
                made = self._column(plan.named)
                for at in rows:
                    if named[at]:
                        made[at] = named[at]
            self._ids(rows, plan, columns)
            self._rest(rows, plan, columns, leads, texts)
        return texts

    def _put(self, column: str, rows: list[int], filled: Iterable[Any]) -> None:
        made = self._column(column)
        for at, value in zip(rows, filled, strict=True):
            made[at] = value

    def _integers(self, rows: list[int], column: tuple[str, ...]) -> list[Any]:
        text = "".join(column)
        if text.isascii() and text.isdigit() and max(map(len, column)) < 19 and "" not in column:
            return list(map(int, column))
        made = [values.any_value({"intValue": value}) for value in column]
        for at, value in zip(rows, made, strict=True):
            if type(value) is not int:
                self._fail(at)
        return made

    def _fill(self, rows: list[int], column: str, how: str, found: Sequence[Any], prefer: bool) -> None:
        if how == "text":
            for at, value in zip(rows, found, strict=True):
                if not value or value.isspace():
                    self._fail(at)
            self._put(column, rows, found)
        elif how == "number":
            self._put(column, rows, self._usable(rows, map(whole, found)))
        elif how == "content":
            if prefer:
                for at, value in zip(rows, found, strict=True):
                    if is_blank(value):
                        self._fail(at)
            self._put(column, rows, map(content, found))
            self._put(f"{column}_state", rows, map(state, found))
        else:
            self._put(column, rows, self._usable(rows, (self._words.value_of(how, value) for value in found)))

    def _usable(self, rows: list[int], found: Iterable[Any]) -> list[Any]:
        made = list(found)
        if None in made:
            for at, value in zip(rows, made, strict=True):
                if value is None:
                    self._fail(at)
        return made

    def _ids(self, rows: list[int], plan: Plan, columns: list[Any]) -> None:
        seen: set[str] = set()
        for kind, place in plan.ids:
            made = self._usable(rows, [normalise(kind, value) for value in columns[place]])
            if kind not in seen and kind in _ID_COLUMNS:
                self._put(_ID_COLUMNS[kind], rows, made)
            else:
                for at, value in zip(rows, made, strict=True):
                    if value is not None:
                        self._id(at, kind, value)
            seen.add(kind)

    def _rest(
        self, rows: list[int], plan: Plan, columns: list[Any], leads: tuple[str, ...], texts: list[str]
    ) -> None:
        keys = plan.rest_keys
        if not keys:
            for at in rows:
                texts[at] = f"{{{leads[at][1:]}" if leads[at] else ""
            return
        left = zip(*[columns[place] for place in plan.rest], strict=True)
        try:
            bare = [orjson.dumps(dict(zip(keys, row, strict=True))).decode() for row in left]
        except TypeError:  # an integer beyond 64 bits
            left = zip(*[columns[place] for place in plan.rest], strict=True)
            bare = [dumps(dict(zip(keys, row, strict=True))) for row in left]
        for at, text in zip(rows, bare, strict=True):
            texts[at] = text[:-1] + leads[at]

    def _of_status(self, statuses: tuple[str, ...], errors: tuple[str | None, ...]) -> None:
        """The span's own status goes before one of the attributes only where it says something."""
        stated = self.made.get("status")
        self.made["status"] = (
            list(statuses)
            if stated is None
            else [
                (inner or "unknown") if own == "unknown" else own for own, inner in zip(statuses, stated, strict=True)
            ]
        )
        if any(error is not None for error in errors):
            made = self._column("error")
            for at, error in enumerate(errors):
                if error is not None:
                    made[at] = error
