"""Records of OTLP/JSON -> Arrow tables, a column at a time, with the rows of the plain reader.

The steps are in `fast_otlp`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, repeat
from operator import itemgetter
from typing import Any

import orjson

from auditrail.containers.records import Record
from auditrail.ingest import rows
from auditrail.ingest._otlp_columns import Columns, Planned, Sender
from auditrail.ingest._otlp_plans import MAX_SHAPES, Plan, Shape, shape_of
from auditrail.ingest._otlp_templates import (
    MAX_TEMPLATES,
    MAX_TRIED,
    MEMBERS,
    START,
    Template,
    pattern_of,
    plain_texts,
    template_of,
    whole_span,
)
from auditrail.ingest.plain import Batch, SourceReader, Tally
from auditrail.jsontext import is_exact
from auditrail.model import Event
from auditrail.readers import otlp
from auditrail.readers._contract import Ignored
from auditrail.readers._messages import ToolCall, tool_calls
from auditrail.readers._otlp_parts import SPAN_KNOWN, Scope
from auditrail.readers._otlp_spans import span
from auditrail.readers._vocabulary import NameRule, Vocabulary, vocabulary
from auditrail.schema import arrow

# Spans of a chunk: enough that the cost per list vanishes, few enough to stay in the processor's caches.
_CHUNK_SPANS = 4096
_MAX_REMEMBERED = 4096

_KEY, _VALUE, _VALUES = itemgetter("key"), itemgetter("value"), dict.values
_LEN: Callable[[Any], int] = len
_EMPTY: list[Any] = []
# Members that make a span more than one event, or add to its attributes, unless they are one of these values.
_COUNTED = (None, 0, "0", "")
_NOTHING: dict[str, tuple[Any, ...]] = {
    "events": (None, []),
    "links": (None, []),
    "traceState": (None, ""),
    "droppedAttributesCount": _COUNTED,
    "droppedEventsCount": _COUNTED,
    "droppedLinksCount": _COUNTED,
}
_PATIENCE = 2000
_MEMBERS = MEMBERS[:-1]  # without the message of the status
_NAMED = '"name":"'
_TELLING = len(_NAMED) + 6
# What stands for an event that is made with its chunk: a planned span, and the calls behind it.
_PLANNED: Any = object()
_CALL: Any = object()


class _Chunk:
    """Records that were taken apart, and are not in any table yet.

    Attributes:
        records: the records.
        spans: planned spans, in order; `owners` and `parts` say of each the place of its record, and its part number.
        others: all other events with their places.
    """

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.spans: list[Planned] = []
        self.owners: list[int] = []
        self.parts: list[int] = []
        self.others: list[tuple[tuple[Any, ...], Event]] = []


class _Plain(SourceReader):
    """The plain reader, record by record."""

    @property
    def waiting(self) -> int:
        return len(self._batch.events)

    def take(self, record: Record) -> None:
        self._take(record)

    def flush(self) -> Batch:
        return self._flush()


class PlannedReader:
    """Records -> Arrow tables; `account` is complete when the iteration has ended."""

    def __init__(self, source: int, stream: str) -> None:
        self.plain = _Plain(source, otlp, iter(()), stream=stream)
        self._source = source
        self._stream = stream
        self._words = vocabulary()
        self._chunk = _Chunk()
        self._shapes: dict[tuple[Any, ...], Shape | None] = {}
        self._members: dict[tuple[str, ...], tuple[str, ...] | None] = {}
        self._patterns: dict[str, Template | None] = {}
        # By what a span's name begins with: there it is told soonest that a span is of another kind.
        self._templates: dict[str, list[Template]] = {}
        # Templates are given up where most spans have none: then they cost more than they save.
        self._patience = _PATIENCE
        self._names: dict[str, tuple[NameRule | None, str]] = {}
        self._sender = Sender(Scope(None, "", [], {}), stream, b"}")

    def tables(self, records: Iterable[Record]) -> Iterator[tuple[str, Any]]:
        """Reads to the end; gives (name of a table, its rows), none of them twice."""
        for record in records:
            if not self._take_apart(record):
                self.plain.take(record)
            if len(self._chunk.spans) >= _CHUNK_SPANS or self.plain.waiting >= _CHUNK_SPANS:
                yield from self._flush()
        yield from self._flush()

    def look(self, records: Iterable[Record]) -> _Chunk:
        """What of the records is left to plans."""
        for record in records:
            self._take_apart(record)
        return self._chunk

    def account(self) -> Tally:
        """The account of what was read since the last call."""
        tally, self.plain.tally = self.plain.tally, Tally()
        return tally

    # -- one record

    def _take_apart(self, record: Record) -> bool:
        """Puts a record's spans into the chunk; False if the plain reader must read it."""
        raw = record.raw
        if record.defect is not None or not raw:
            return False
        chunk = self._chunk
        before = len(chunk.spans)
        reading: list[Event] | Ignored | None = None
        if self._patience > 0:
            try:
                reading = self._by_templates(raw)
            except Exception:  # noqa: BLE001 - the parser says whether anything is wrong
                reading = None
        if reading is None:
            del chunk.spans[before:]
            try:
                value = orjson.loads(raw)
                if not is_exact(value, raw):
                    return False
                reading = otlp.read_with(value, self._take)
            except Exception:  # noqa: BLE001 - the plain reader says what is wrong with the record
                del chunk.spans[before:]
                return False
        if isinstance(reading, Ignored) or not reading:
            return False
        count = len(reading)
        owner = len(chunk.records)
        chunk.records.append(record)
        if len(chunk.spans) - before == count:
            chunk.parts += range(count)
        else:
            chunk.parts += [part for part, event in enumerate(reading) if event is _PLANNED]
            chunk.others += [
                (self._place(record, part), event)
                for part, event in enumerate(reading)
                if event is not _PLANNED and event is not _CALL
            ]
        chunk.owners += repeat(owner, len(chunk.spans) - before)
        return True

    def _place(self, record: Record, part: int) -> tuple[Any, ...]:
        number, offset, length, _, digest, *_ = record
        return rows.event_key(self._source, offset, part), self._source, number, part, offset, length, digest

    def _by_templates(self, raw: bytes) -> list[Event] | Ignored | None:
        """Reads a record span by span; None if it can't be read so.

        Raises:
            Exception: it can't be read so.
        """
        if b"\\u0000" in raw:
            return None
        head, *segments = raw.decode().split(START)
        if not segments:
            return None
        found = [self._fitting(segment) for segment in segments]
        # What is left of the record, with numbers in place of the spans.
        left = "".join([f'{{"n":{number}}}{span[2]}' for number, span in enumerate(found)])
        skeleton = (head + left).encode()
        value = orjson.loads(skeleton)
        if not is_exact(value, skeleton):
            return None
        spans = enumerate(zip(found, segments, strict=True))
        names, remembered = self._names, self._name

        def take(item: dict[str, Any], scope: Scope, words: Vocabulary, events: list[Event]) -> None:
            number, ((template, own, _), segment) = next(spans)
            if item != {"n": number}:
                raise ValueError
            if template is None:
                self._take(own, scope, words, events)
                return
            key = template.key(own)
            if (known := template.plans.get(key)) is None:
                name = template.name(own)
                rule, named = names.get(name) or remembered(name)
                known = template.shape.plan(rule, [template.value(own, at) for at in template.inner]), named
                template.remember(key, known)
            plan, named = known
            if plan is None:
                span(whole_span(segment)[0], scope, words, events)
                return
            output = template.value(own, template.inner[plan.result]) if plan.result >= 0 else None
            self._plan(plan, template, own, output, named, segment, scope, events)

        reading = otlp.read_with(value, take)
        return reading if next(spans, None) is None else None

    def _fitting(self, segment: str) -> tuple[Template | None, Any, str]:
        """A span behind its `START`: its template and texts, or None and what it was parsed to; what stands behind it.

        Raises:
            ValueError: the parser can't read it, or not exactly.
        """
        at = segment.find(_NAMED)
        word = segment[at : at + _TELLING] if at >= 0 else ""
        tried = self._templates.get(word)
        if tried is not None:
            for place, template in enumerate(tried):
                if (match := template.match(segment)) is not None:
                    if place:  # the most frequent ones come to the front
                        tried[place], tried[place - 1] = tried[place - 1], template
                    groups = match.groups()
                    own = plain_texts(groups) if "\\" in segment else groups
                    return template, own, segment[match.end() :]
        value, text, trailer = whole_span(segment)
        if not is_exact([[[[[[[[value]]]]]]]], text.encode()):  # it stands some levels deep
            raise ValueError
        self._patience -= 1
        if type(value) is dict and _is_plain(value):
            self._learn(text, word)
        return None, value, trailer

    def _learn(self, text: str, word: str) -> None:
        """The next span like this one may have a template."""
        made = pattern_of(text)
        if made is None:
            return
        pattern = made[0]
        if pattern not in self._patterns:
            if len(self._patterns) >= MAX_TEMPLATES:
                return
            self._patterns[pattern] = template_of(made, self._shape_of, _is_plain)
        template = self._patterns[pattern]
        if template is not None:
            if len(self._templates) >= _MAX_REMEMBERED:
                self._templates.clear()
            tried = self._templates.setdefault(word, [])
            if len(tried) < MAX_TRIED and template not in tried:
                tried.append(template)

    def _take(self, item: dict[str, Any], scope: Scope, words: Vocabulary, events: list[Event]) -> None:
        plan = None
        get = item.get
        listed: Any = get("attributes", _EMPTY)
        members = tuple(item)
        try:
            blank = self._members[members]
        except KeyError:
            blank = self._members_of(members)
        if type(listed) is list and blank is not None and (not blank or _is_plain(item)):
            name: Any = get("name")
            try:
                keys = tuple(map(_KEY, listed))
                found = list(map(_VALUE, listed))
                kinds = tuple(chain.from_iterable(found))
                inner = list(chain.from_iterable(map(_VALUES, found)))
                if len(kinds) == len(keys) and all(found) and sum(map(_LEN, listed)) == 2 * len(keys):
                    shape = self._shape_of((keys, kinds, tuple(map(type, inner))))
                    if shape is not None:
                        rule, named = self._names.get(name) or self._name(name)
                        plan = shape.plan(rule, inner)
            except (KeyError, TypeError, AttributeError):
                pass
        if plan is None:
            span(item, scope, words, events)
        else:
            output = inner[plan.result] if plan.result >= 0 else None
            self._plan(plan, None, ((*map(get, _MEMBERS), None), inner), output, named, item, scope, events)

    def _plan(
        self,
        plan: Plan,
        template: Template | None,
        own: Any,
        output: Any,
        named: str,
        origin: Any,
        scope: Scope,
        events: list[Event],
    ) -> None:
        if scope is not self._sender.scope:
            tail = f",{scope.tail}}}" if scope.tail else "}"
            self._sender = Sender(scope, scope.stream or self._stream, tail.encode())
        calls: list[ToolCall] | None = None
        if _may_hold_calls(output):
            calls = tool_calls(output)
        self._chunk.spans.append((plan, template, own, self._sender, named, calls, origin))
        self._patience += 1
        events.append(_PLANNED)
        if calls:
            events += repeat(_CALL, len(calls))

    def _members_of(self, members: tuple[str, ...]) -> tuple[str, ...] | None:
        """The members of a span that must say nothing; None where a member is not of the format."""
        if len(self._members) >= _MAX_REMEMBERED:
            self._members.clear()
        known = SPAN_KNOWN.issuperset(members)
        made = self._members[members] = tuple(key for key in _NOTHING if key in members) if known else None
        return made

    def _shape_of(self, signature: tuple[Any, ...]) -> Shape | None:
        return self._shapes.get(signature) or self._shape(signature)

    def _shape(self, signature: tuple[tuple[Any, ...], tuple[str, ...], tuple[type, ...]]) -> Shape | None:
        if signature in self._shapes or len(self._shapes) >= MAX_SHAPES:
            return None
        keys, kinds, types = signature
        made = self._shapes[signature] = shape_of(keys, kinds, types, self._words)
        return made

    def _name(self, name: Any) -> tuple[NameRule | None, str]:
        """What a name says.

        Raises:
            TypeError: it is no name.
        """
        if name is None:
            return None, ""
        if type(name) is not str:
            raise TypeError
        if len(self._names) >= _MAX_REMEMBERED:
            self._names.clear()
        made = self._names[name] = self._words.name_rule(name)
        return made

    # -- a chunk

    def _flush(self) -> Iterator[tuple[str, Any]]:
        chunk, self._chunk = self._chunk, _Chunk()
        try:
            made = self._made(chunk)
        except Exception:  # noqa: BLE001 - a fault costs time, not evidence
            made = []
            for record in chunk.records:
                self.plain.take(record)
        yield from made
        for name, rows_of_it in self.plain.flush()._asdict().items():
            if rows_of_it:
                yield name, rows.table(name, rows_of_it)

    def _made(self, chunk: _Chunk) -> list[tuple[str, Any]]:
        """The tables of a chunk; changes the tally only when all have been made."""
        made: list[tuple[str, Any]] = []
        layers: Counter[str] = Counter()
        streams: Counter[str] = Counter()
        times: list[int] = []
        others = chunk.others
        planned = 0
        if chunk.spans:
            columns = Columns(chunk.spans, self._words)
            failed = columns.failed
            for row, at in enumerate(columns.order):
                calls = chunk.spans[at][5]
                if row in failed:
                    events = self._again(chunk.spans[at], len(calls or ()))
                    others += self._placed(chunk, at, chunk.parts[at], events)
                elif calls:
                    others += self._placed(chunk, at, chunk.parts[at] + 1, columns.calls(row, calls))
            used = [row for row in range(len(chunk.spans)) if row not in failed] if failed else None
            planned = len(chunk.spans) - len(failed)
            table = self._table(chunk, columns)
            keys = table["event"].to_pylist() if columns.more else []
            more = [(keys[row], kind, value) for row, kind, value in columns.more if row not in failed]
            made.append(("events", table if used is None else table.take(used)))
            for counts, name in ((layers, "layer"), (streams, "stream")):
                listed = columns.made[name]
                counts.update(listed if used is None else [listed[row] for row in used])
            starts = columns.made["ts_ns"]
            times = [ts for ts in (starts if used is None else [starts[row] for row in used]) if ts is not None]
        else:
            more = []
        event_rows: list[tuple[Any, ...]] = []
        for place, given in others:
            event = given if given.stream is not None else given._replace(stream=self._stream)
            event_rows.append(rows.event_row(place, event, more))
            layers[event.layer] += 1
            streams[str(event.stream)] += 1
            if event.ts_ns is not None:
                times.append(event.ts_ns)
        if event_rows:
            made.append(("events", rows.table("events", event_rows)))
        if more:
            made.append(("ids_more", rows.table("ids_more", more)))
        tally = self.plain.tally
        tally.records += len(chunk.records)
        tally.records_with_events += len(chunk.records)
        tally.events += planned + len(event_rows)
        tally.layers.update(layers)
        tally.streams.update(streams)
        times += [ts for ts in (tally.first_ts, tally.last_ts) if ts is not None]
        tally.first_ts, tally.last_ts = min(times, default=None), max(times, default=None)
        return made

    def _table(self, chunk: _Chunk, columns: Columns) -> Any:
        """Planned spans as an Arrow table with the columns of `events`, in the order of `columns`."""
        import numpy as np
        import pyarrow as pa

        size = len(chunk.spans)
        order = np.array(columns.order)
        owners = np.array(chunk.owners)[order]
        parts = np.array(chunk.parts, dtype=np.int64)[order]
        numbers, offsets, lengths = (
            np.array([record[at] for record in chunk.records], dtype=np.int64)[owners] for at in (0, 1, 2)
        )
        digests = np.frombuffer(b"".join([record.digest for record in chunk.records]), dtype="V32")[owners]
        bounds = np.arange(0, 32 * size + 1, 32, dtype=np.int32)
        listed: dict[str, Any] = {
            "event": rows.event_key(self._source, 0, 0) + offsets + parts,
            "source": np.full(size, self._source),
            "record": numbers,
            "part": parts,
            "byte_offset": offsets,
            "byte_length": lengths,
            "blake3": pa.Array.from_buffers(pa.binary(), size, [None, pa.py_buffer(bounds), pa.py_buffer(digests)]),
            "ts_source": pa.repeat("event", size),
            "tz_assumed": pa.repeat(False, size),
            "args_state": pa.repeat("absent", size),
            "result_state": pa.repeat("absent", size),
            **columns.made,
        }
        for name in ("args_state", "result_state"):
            if name in columns.made:
                listed[name] = [state or "absent" for state in columns.made[name]]
        kinds = arrow("events")
        arrays = [_array(listed.get(field.name), field.type, size) for field in kinds]
        return pa.Table.from_arrays(arrays, schema=kinds)

    def _again(self, planned: Planned, calls: int) -> list[Event]:
        """The events of a span whose values break its plan, as the plain reader gives them.

        Raises:
            ValueError: they are not as many as places were kept for.
        """
        events: list[Event] = []
        origin = planned[6]
        item = whole_span(origin)[0] if isinstance(origin, str) else origin
        span(item, planned[3].scope, self._words, events)
        if len(events) != 1 + calls:
            raise ValueError
        return events

    def _placed(
        self, chunk: _Chunk, at: int, first: int, events: list[Event]
    ) -> Iterator[tuple[tuple[Any, ...], Event]]:
        record = chunk.records[chunk.owners[at]]
        for part, event in enumerate(events, first):
            yield self._place(record, part), event


def _is_plain(item: dict[str, Any]) -> bool:
    """Whether all members of a span are known, and those that no column has say nothing."""
    return SPAN_KNOWN.issuperset(item) and all(item[key] in nothing for key, nothing in _NOTHING.items() if key in item)


def _may_hold_calls(value: Any) -> bool:
    """As `_messages.parsed` looks at a text before it parses it."""
    return type(value) is str and value[:1] in "[{ \n\t" and ("tool" in value or "function" in value)


def _array(values: Any, kind: Any, size: int) -> Any:
    import pyarrow as pa

    if values is None:
        return pa.nulls(size, kind)
    return values if isinstance(values, pa.Array) else pa.array(values, type=kind)
