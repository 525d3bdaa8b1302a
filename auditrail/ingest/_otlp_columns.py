"""Spans that have a plan -> columns of `events`, a list at a time instead of a span at a time.

The spans of a chunk are put in the order of their plans, so that a column is made of a few stretches, and each stretch
by one call. Spans whose values break what their plan assumes (a blank model, an id that is none) are named in `failed`;
what was filled for them is not used. Such a span gives one event, whoever reads it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import orjson

from auditrail import model
from auditrail.content import states_of
from auditrail.ids import normalise
from auditrail.ingest._otlp_plans import Plan
from auditrail.ingest._otlp_templates import MEMBERS, Template
from auditrail.jsontext import content, dumps
from auditrail.model import Event, Id
from auditrail.readers import _otlp_values as values
from auditrail.readers._messages import ToolCall
from auditrail.readers._otlp_parts import Scope, call_events, sampled_of
from auditrail.readers._otlp_spans import STATUS_CODES, kind_into
from auditrail.readers._vocabulary import Vocabulary, is_blank, state, whole
from auditrail.times import INT64_MAX, nanos

_ID_COLUMNS = {kind: f"{kind}_id" for kind in model.ID_COLUMNS}
_HEX = b"0123456789abcdef"
_TRACE = re.compile(r"[0-9a-fA-F]{32}").fullmatch
_SPAN = re.compile(r"[0-9a-fA-F]{16}").fullmatch
_HEX_KINDS = frozenset({"trace", "span", "parent_span", "linked_span", "linked_trace"})
# Nothing to strip, too long for a word that means nothing, no zeros, and too short for a UUID.
_PLAIN_IDS = re.compile(r"(?:[1-9A-Za-z][!-~]{9,34}+\n)++").fullmatch
_TEXT_OR_NONE = frozenset({str, type(None)})
_INT_OR_NONE = frozenset({int, type(None)})
# What the event of a call has from its span, besides ids.
_OF_CALLER = frozenset(
    {"ts_ns", "end_ns", "stream", "agent", "agent_version", "principal", "model", "dedupe_key", "span_id"}
)
_NO_TIME = (None, "", "0", 0)


class Sender(NamedTuple):
    """The scope of a span, and what of it goes into every row; `tail` closes the text of `attributes`."""

    scope: Scope
    stream: str
    tail: bytes


# A span with its plan: plan; template and texts, or None and the values of `_otlp_templates.MEMBERS` and the bare
# values of its attributes; sender; what its name says behind the first word; calls in its output; the span as parsed or
# what is needed to parse it again. A bare tuple: there are hundreds of thousands.
Planned = tuple[Plan, Template | None, Any, Sender, str, list[ToolCall] | None, Any]


class Columns:
    """Columns of `events` for planned spans.

    Attributes:
        order: for each row, which of the spans it is.
        made: column -> its values; columns that are empty are not there.
        more: further ids: (row, kind, value).
        failed: rows that must not be used.
    """

    def __init__(self, spans: Sequence[Planned], words: Vocabulary) -> None:
        self.made: dict[str, list[Any]] = {}
        self.more: list[tuple[int, str, str]] = []
        self.failed: set[int] = set()
        self._size = len(spans)
        self._words = words
        self._more_of: dict[int, list[Id]] | None = None
        self._of_caller: list[tuple[str, list[Any]]] | None = None
        self._shared: list[tuple[str, list[Any]]] = []
        groups: dict[tuple[Plan, Template | None], list[int]] = {}
        for at, span in enumerate(spans):
            group = groups.get(span[:2])
            if group is None:
                groups[span[:2]] = [at]
            else:
                group.append(at)
        self.order = [at for group in groups.values() for at in group]
        _, _, found, senders, named, _, _ = zip(*[spans[at] for at in self.order], strict=True)
        members: list[list[Any]] = [[] for _ in MEMBERS]
        inners: list[list[Sequence[Any]]] = []
        first = 0
        for (_, template), group in groups.items():
            last = first + len(group)
            if template is None:
                given: list[Sequence[Any]] = list(zip(*[own[0] for own in found[first:last]], strict=True))
                inners.append(list(zip(*[own[1] for own in found[first:last]], strict=True)))
            else:
                made = template.columns(found[first:last], (*template.members, *template.inner))
                given = made[: len(MEMBERS)]
                inners.append(made[len(MEMBERS) :])
            for member, more in zip(members, given, strict=True):
                member.extend(more)
            first = last
        traces, own, parents, starts, ends, names, kinds, flags, statuses, messages = members
        self._of_spans(traces, own, parents, starts, ends)
        self.made["name"] = [name or None for name in names] if None in names or "" in names else names
        leads = self._leads(kinds, flags)
        texts: list[bytes] = []
        first = 0
        for ((plan, _), group), inner in zip(groups.items(), inners, strict=True):
            last = first + len(group)
            texts += self._of_plan(plan, first, inner, named[first:last], leads[first:last])
            first = last
        for column in self.made.values():
            column.extend([None] * (self._size - len(column)))
        self._of_status(statuses, messages)
        self._of_senders(senders)
        self.made["attributes"] = [
            text + sender.tail if text else b"{" + sender.tail[1:] if len(sender.tail) > 1 else None
            for text, sender in zip(texts, senders, strict=True)
        ]

    def calls(self, row: int, calls: list[ToolCall]) -> list[Event]:
        """The events of the calls in a row."""
        if self._of_caller is None:
            self._of_caller = [(name, self.made[name]) for name in _OF_CALLER if name in self.made]
            self._shared = [(kind, self.made[name]) for kind, name in _ID_COLUMNS.items() if name in self.made]
        value = {name: column[row] for name, column in self._of_caller}
        ids = [Id(kind, column[row]) for kind, column in self._shared if column[row]]
        ids += self._further(row)
        own, end = value.pop("span_id"), value.pop("end_ns")
        start = value["ts_ns"]
        caller = Event(ts_source="order" if start is None else "event", ids=tuple(ids), **value)
        made: list[Event] = []
        call_events(calls, caller, own, start if end is None else end, "#call", made)
        return made

    def _further(self, row: int) -> list[Id]:
        if self._more_of is None:
            self._more_of = {}
            for at, kind, text in self.more:
                self._more_of.setdefault(at, []).append(Id(kind, text))
        return self._more_of.get(row, [])

    # -- what stands in every span

    def _of_spans(
        self, traces: list[Any], spans: list[Any], parents: list[Any], starts: list[Any], ends: list[Any]
    ) -> None:
        self.made["trace_id"] = traces = self._hex(traces, 32, _TRACE)
        self.made["span_id"] = spans = self._hex(spans, 16, _SPAN)
        self.made["parent_span_id"] = self._hex(parents, 16, _SPAN)
        self.made["ts_ns"] = starts = self._times(starts)
        self.made["end_ns"] = self._times(ends)
        if None in starts:
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
        for row, value in enumerate(found):
            good = type(value) is str and matches(value) and value.strip("0")
            made.append(value.lower() if good else None)
            if not good and value is not None and value != "":
                self.failed.add(row)
        return made

    def _times(self, found: list[Any]) -> list[Any]:
        try:
            if set(map(len, found)) == {19} and "".join(found).isdigit():
                made = list(map(int, found))
                if min(made) > 0 and max(made) <= INT64_MAX:
                    return made
        except (TypeError, ValueError):
            pass
        slow = [nanos(value) for value in found]
        for row, (value, ns) in enumerate(zip(found, slow, strict=True)):
            if ns is None and value not in _NO_TIME:
                self.failed.add(row)
        return slow

    def _leads(self, kinds: list[Any], flags: list[Any]) -> list[bytes]:
        """JSON text of what kind and flags add to `attributes`, each member behind a comma; fills `sampled`."""
        if not _INT_OR_NONE.issuperset(map(type, flags)) or not _INT_OR_NONE.issuperset(map(type, kinds)):
            for row, (kind, flag) in enumerate(zip(kinds, flags, strict=True)):
                if type(flag) not in _INT_OR_NONE or (type(kind) not in _INT_OR_NONE and type(kind) is not str):
                    self.failed.add(row)
                    kinds[row], flags[row] = None, None
        given = list(zip(kinds, flags, strict=True))
        made = {pair: _lead(*pair) for pair in set(given)}
        self.made["sampled"] = [made[pair][1] for pair in given]
        return [made[pair][0] for pair in given]

    def _of_status(self, found: list[Any], messages: list[Any]) -> None:
        """The span's own status goes before one of the attributes where it says something, and its message always."""
        stated = self.made.get("status")
        statuses: list[str] = ["unknown"] * self._size if stated is None else [inner or "unknown" for inner in stated]
        self.made["status"] = statuses
        for row, (given, message) in enumerate(zip(found, messages, strict=True)):
            value = given if message is None else {**given, "message": message}
            if not value:
                if value is not None and value != {}:
                    self.failed.add(row)
                continue
            own = _status(value)
            if own is None:
                self.failed.add(row)
                continue
            if own[0] != "unknown":
                statuses[row] = own[0]
            if own[1] is not None:
                self._column("error")[row] = own[1]

    def _column(self, name: str) -> list[Any]:
        made = self.made.get(name)
        if made is None:
            made = self.made[name] = [None] * self._size
        return made

    # -- what comes from the resource and the scope

    def _of_senders(self, senders: tuple[Sender, ...]) -> None:
        self.made["stream"] = [sender.stream for sender in senders]
        distinct = {id(sender): sender for sender in senders}.values()
        for name in {name for sender in distinct for name in sender.scope.columns}:
            self.made[name] = [
                sender.scope.columns.get(name) if own is None else own
                for own, sender in zip(self._column(name), senders, strict=True)
            ]
        if any(sender.scope.ids for sender in distinct):
            mine = {(row, kind, value) for row, kind, value in self.more}
            for row, sender in enumerate(senders):
                for kind, value in sender.scope.ids:
                    column = self._column(_ID_COLUMNS[kind]) if kind in _ID_COLUMNS else None
                    if column is not None and column[row] is None:
                        column[row] = value
                    elif (column is None or column[row] != value) and (row, kind, value) not in mine:
                        self.more.append((row, kind, value))

    # -- what the plans say

    def _of_plan(
        self, plan: Plan, first: int, columns: list[Any], named: Sequence[str], leads: list[bytes]
    ) -> list[bytes]:
        """Fills the columns of the attributes; gives the texts of what is left, still open, blank for nothing."""
        size = len(leads)
        for place in plan.numerals:
            columns[place] = self._integers(first, columns[place])
        self._put("layer", first, [plan.layer] * size)
        self._put("kind", first, [plan.kind] * size)
        for column, place, how in plan.fills:
            self._fill(first, column, how, columns[place], column in plan.prefer)
        if plan.seq_kind is not None:
            self._put("seq_kind", first, [plan.seq_kind] * size)
        if plan.named is not None:
            self._put(plan.named, first, [word or None for word in named])
        for kind, place in plan.ids:
            made = columns[place]
            if not _are_plain_ids(kind, made):
                texts = {value: normalise(kind, value) for value in set(made)}
                made = self._usable(first, [texts[value] for value in made])
            if kind in _ID_COLUMNS:
                self._put(_ID_COLUMNS[kind], first, made)
            else:
                self.more += zip(range(first, first + size), repeat(kind), made)
        if not plan.rest:
            return [b"{" + lead[1:] if lead else b"" for lead in leads]
        bare = _objects(plan.rest_keys, [columns[place] for place in plan.rest])
        return [text[:-1] + lead for text, lead in zip(bare, leads, strict=True)]

    def _put(self, column: str, first: int, filled: Iterable[Any]) -> None:
        made = self.made.get(column)
        if made is None:
            made = self.made[column] = []
        if len(made) < first:
            made += [None] * (first - len(made))
        made += filled

    def _integers(self, first: int, column: tuple[str, ...]) -> list[Any]:
        text = "".join(column)
        if text.isascii() and text.isdigit() and "" not in column and max(map(len, column)) < 19:
            return list(map(int, column))
        made = [values.any_value({"intValue": value}) for value in column]
        for row, value in enumerate(made, first):
            if type(value) is not int:
                self.failed.add(row)
        return made

    def _fill(self, first: int, column: str, how: str, found: Sequence[Any], prefer: bool) -> None:
        if how == "text":
            if not all(found) or any(map(str.isspace, found)):
                self.failed.update(row for row, value in enumerate(found, first) if not value or value.isspace())
            self._put(column, first, found)
        elif how == "number":
            is_whole = set(map(type, found)) == {int} and min(found) >= 0 and max(found) <= INT64_MAX
            self._put(column, first, found if is_whole else self._usable(first, list(map(whole, found))))
        elif how == "content":
            if prefer:
                self.failed.update(row for row, value in enumerate(found, first) if is_blank(value))
            is_text = type(found[0]) is str  # then all are: the type belongs to the shape
            self._put(column, first, found if is_text else map(content, found))
            self._put(f"{column}_state", first, states_of(found) if is_text else map(state, found))
        else:
            words = {value: self._words.value_of(how, value) for value in set(found)}
            self._put(column, first, self._usable(first, [words[value] for value in found]))

    def _usable(self, first: int, made: list[Any]) -> list[Any]:
        if None in made:
            self.failed.update(row for row, value in enumerate(made, first) if value is None)
        return made


def _are_plain_ids(kind: str, found: Sequence[Any]) -> bool:
    """Whether all values are certain to be ids as they stand: see `ids.normalise` for what else there is."""
    try:
        return kind not in _HEX_KINDS and _PLAIN_IDS("\n".join([*found, ""])) is not None
    except TypeError:
        return False


def _objects(keys: tuple[str, ...], columns: list[Sequence[Any]]) -> list[bytes]:
    """JSON text of one object per row."""
    try:
        return [orjson.dumps(dict(zip(keys, row, strict=True))) for row in zip(*columns, strict=True)]
    except TypeError:  # an integer beyond 64 bits
        return [dumps(dict(zip(keys, row, strict=True))).encode() for row in zip(*columns, strict=True)]


def _lead(kind: Any, flags: Any) -> tuple[bytes, bool | None]:
    extra: dict[str, Any] = {}
    kind_into(kind, extra)
    sampled = sampled_of(flags, extra)
    return (f",{dumps(extra)[1:-1]}".encode() if extra else b""), sampled


def _status(stated: Any) -> tuple[str, str | None] | None:
    """Status and error of a span; None where the status says more than that."""
    if type(stated) is not dict:
        return None
    code, message = stated.get("code"), stated.get("message")
    if type(code) not in (int, str) or (status := STATUS_CODES.get(code)) is None:
        return None
    if len(stated) != 1 + ("message" in stated):
        return None
    if message is None or message == "":
        return status, None
    return (status, message) if status == "error" and type(message) is str and message.strip() else None
