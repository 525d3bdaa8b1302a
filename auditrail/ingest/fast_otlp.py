"""OTLP/JSON lines -> rows, a column at a time.

Gives the same rows as `plain.SourceReader`, by construction:

1. A record that the parser may have read inexactly (keys that stand twice, long integers, escaped NUL), that is blank,
   damaged, or no OTLP, goes to the plain reader.
2. Of all others the plain reader itself takes the document apart (`otlp.read_with`), and hands over each span.
3. A span whose members and attribute values have the types of the format, and no events or links or calls in it,
   is planned (`_otlp_plans`) and waits for its chunk to be full (`_otlp_columns`). Any other goes through the plain
   reader's `span` at once.
4. When its chunk is full, planned spans become columns. Those whose values break the assumptions of their plan go
   through `span` too: such a span gives one event, so its place in the record stands.
5. Should anything go wrong in a chunk, its records are read by the plain reader, each for itself.

A second thread hands the finished columns to the engine, which works without Python's lock.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Self

import orjson

from auditrail.containers.records import Head, Readable, Record, Wrapper
from auditrail.containers.splitting import split
from auditrail.ingest import rows
from auditrail.ingest._otlp_columns import Columns, Planned, Sender
from auditrail.ingest._otlp_plans import MAX_SHAPES, Shape, shape_of
from auditrail.ingest.choose import Choice
from auditrail.ingest.plain import Batch, SourceReader, Tally
from auditrail.model import Event
from auditrail.readers import otlp
from auditrail.readers._contract import Ignored
from auditrail.readers._otlp_parts import SPAN_KNOWN, Scope, sampled_of
from auditrail.readers._otlp_spans import STATUS_CODES, kind_into, span
from auditrail.readers._vocabulary import NameRule, Vocabulary, vocabulary
from auditrail.schema import arrow

if TYPE_CHECKING:
    import duckdb

FORMAT = "otlp"

# Spans of a chunk: enough that the cost per list vanishes, few enough to stay in the processor's caches.
_CHUNK_SPANS = 4096
# Rows of one INSERT.
_INSERT_ROWS = 32768
_MAX_REMEMBERED = 4096

_KEY, _VALUE = itemgetter("key"), itemgetter("value")
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
_LONG_DIGITS = b"0" * 20
_LONG_NEGATIVE = b"-" + b"0" * 19
_TO_DIGITS = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x2D if byte == 0x2D else 0x20 for byte in range(256))
_PLANNED: Any = object()


def applies(choice: Choice, head: Head) -> bool:  # noqa: ARG001 - part of the interface of twins
    """Whole exports on lines; anything else is left to the plain reader."""
    return bool(choice.framing == "lines" and not choice.arrays)


def load(
    connection: duckdb.DuckDBPyConnection,
    stream: Readable,
    *,
    source: int,
    stream_name: str,
    start: int,
    first_number: int,
    max_record: int,
) -> tuple[Tally, tuple[int | None, int]]:
    """Loads a stream; the interface is in `fast`."""
    splitter = split(stream, "lines", start=start, first_number=first_number, max_record=max_record)
    reader = PlannedReader(source, stream_name)
    collecting = gc.isenabled()
    gc.disable()  # what is parsed holds no circles, and there is a lot of it
    try:
        with _Inserter(connection) as inserter:
            for table, made in reader.tables(iter(splitter)):
                inserter.add(table, made)
    finally:
        if collecting:
            gc.enable()
    return reader.plain.tally, (splitter.resume_offset, splitter.resume_number)


class _Inserter:
    """Gathers Arrow tables, and inserts them in a thread of its own, one statement at a time."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._waiting: dict[str, list[Any]] = {}
        self._running: Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="auditrail-insert")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                for name in list(self._waiting):
                    self._flush(name)
                self._finish()
        finally:
            self._thread.shutdown()

    def add(self, name: str, made: Any) -> None:
        waiting = self._waiting.setdefault(name, [])
        waiting.append(made)
        if sum(table.num_rows for table in waiting) >= _INSERT_ROWS:
            self._flush(name)

    def _flush(self, name: str) -> None:
        import pyarrow as pa

        self._finish()
        table = pa.concat_tables(self._waiting.pop(name))
        self._running = self._thread.submit(self._insert, name, table)

    def _finish(self) -> None:
        if self._running is not None:
            self._running.result()

    def _insert(self, name: str, table: Any) -> None:
        self._connection.register("arrow_rows", table)
        self._connection.execute(f"INSERT INTO {name} SELECT * FROM arrow_rows")
        self._connection.unregister("arrow_rows")


class _Chunk:
    """Records that were taken apart, and are not in any table yet."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.spans: list[Planned] = []
        self.places: list[tuple[Any, ...]] = []
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
    """Records -> Arrow tables; `plain.tally` is complete when the iteration has ended."""

    def __init__(self, source: int, stream: str) -> None:
        self.plain = _Plain(source, otlp, iter(()), stream=stream)
        self._source = source
        self._stream = stream
        self._words = vocabulary()
        self._chunk = _Chunk()
        self._shapes: dict[tuple[Any, ...], Shape | None] = {}
        self._members: dict[tuple[str, ...], tuple[str, ...] | None] = {}
        self._leads: dict[tuple[Any, ...], tuple[str, bool | None]] = {}
        self._names: dict[str, tuple[NameRule | None, str]] = {}
        self._sender = Sender(Scope(None, "", [], {}), stream, "}")

    def tables(self, records: Iterator[Record | Wrapper]) -> Iterator[tuple[str, Any]]:
        """Reads to the end; gives (name of a table, its rows)."""
        for record in records:
            if isinstance(record, Wrapper):  # there are none without arrays
                continue
            if not self._take_apart(record):
                self.plain.take(record)
            if len(self._chunk.spans) >= _CHUNK_SPANS or self.plain.waiting >= _CHUNK_SPANS:
                yield from self._flush()
        yield from self._flush()

    def look(self, records: Iterable[Record | Wrapper]) -> _Chunk:
        """What `tables` would make of the records, as far as they are left to plans."""
        for record in records:
            if isinstance(record, Record):
                self._take_apart(record)
        return self._chunk

    # -- one record

    def _take_apart(self, record: Record) -> bool:
        """Puts a record's spans into the chunk; False if the plain reader must read it."""
        raw = record.raw
        if record.defect is not None or not raw:
            return False
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return False
        chunk = self._chunk
        before = len(chunk.spans)
        try:
            if not _exact(value, raw):
                return False
            reading = otlp.read_with(value, self._take)
        except Exception:  # noqa: BLE001 - the plain reader says what is wrong with the record
            del chunk.spans[before:]
            return False
        if isinstance(reading, Ignored) or not reading:
            return False
        chunk.records.append(record)
        source, (number, offset, length, _, digest, *_) = self._source, record
        first = rows.event_key(source, offset, 0)
        count = len(reading)
        if len(chunk.spans) - before == count:
            chunk.places += [(first + part, source, number, part, offset, length, digest) for part in range(count)]
            return True
        for part, event in enumerate(reading):
            place = (first + part, source, number, part, offset, length, digest)
            if event is _PLANNED:
                chunk.places.append(place)
            else:
                chunk.others.append((place, event))
        return True

    def _take(self, item: dict[str, Any], scope: Scope, words: Vocabulary, events: list[Event]) -> None:
        planned = self._planned(item, scope)
        if planned is None:
            span(item, scope, words, events)
        else:
            self._chunk.spans.append(planned)
            events.append(_PLANNED)

    def _planned(self, item: dict[str, Any], scope: Scope) -> Planned | None:
        get = item.get
        members = tuple(item)
        try:
            blank = self._members[members]
        except KeyError:
            blank = self._members_of(members)
        if blank is None:
            return None
        for key in blank:
            if item[key] not in _NOTHING[key]:
                return None
        # Attributes
        listed = get("attributes")
        if listed is None:
            listed = []
        elif type(listed) is not list:
            return None
        try:
            keys = tuple(map(_KEY, listed))
            values = list(map(_VALUE, listed))
            kinds = tuple([kind for value in values for kind in value])
            inner = [bare for value in values for bare in value.values()]
            if not all(values) or len(inner) != len(keys) or sum(map(len, listed)) != 2 * len(keys):
                return None
            signature = (keys, kinds, tuple(map(type, inner)))
            shape = self._shapes.get(signature)
            if shape is None and (shape := self._shape(signature)) is None:
                return None
        except (KeyError, TypeError, AttributeError):
            return None
        # Name, status, kind and flags
        name = get("name")
        if name is None or name == "":
            name, rule, named = None, None, ""
        elif type(name) is not str:
            return None
        else:
            rule, named = self._names.get(name) or self._name(name)
        plan = shape.plan(rule, inner)
        if plan is None:
            return None
        if plan.result >= 0 and _may_hold_calls(inner[plan.result]):
            return None
        status, error = "unknown", None
        stated = get("status")
        if stated is not None and stated != {}:
            found = _status(stated)
            if found is None:
                return None
            status, error = found
        kind, flags = get("kind"), get("flags")
        lead = self._leads.get((kind, flags)) if type(kind) is int and type(flags) is int else None
        if lead is None and (lead := self._lead(kind, flags)) is None:
            return None
        if scope is not self._sender.scope:
            self._sender = Sender(scope, scope.stream or self._stream, f",{scope.tail}}}" if scope.tail else "}")
        return Planned(plan, item, inner, self._sender, lead[0], lead[1], status, error, name, named)

    def _members_of(self, members: tuple[str, ...]) -> tuple[str, ...] | None:
        """The members of a span that must say nothing; None where a member is not of the format."""
        if len(self._members) >= _MAX_REMEMBERED:
            self._members.clear()
        known = SPAN_KNOWN.issuperset(members)
        made = self._members[members] = tuple(key for key in _NOTHING if key in members) if known else None
        return made

    def _shape(self, signature: tuple[tuple[Any, ...], tuple[str, ...], tuple[type, ...]]) -> Shape | None:
        if signature in self._shapes or len(self._shapes) >= MAX_SHAPES:
            return None
        keys, kinds, types = signature
        made = self._shapes[signature] = shape_of(keys, kinds, types, self._words)
        return made

    def _name(self, name: str) -> tuple[NameRule | None, str]:
        if len(self._names) >= _MAX_REMEMBERED:
            self._names.clear()
        made = self._names[name] = self._words.name_rule(name)
        return made

    def _lead(self, kind: Any, flags: Any) -> tuple[str, bool | None] | None:
        """JSON text of what kind and flags add to `attributes`, and what the flags say of sampling."""
        if not (kind is None or type(kind) in (int, str)) or not (flags is None or type(flags) is int):
            return None
        extra: dict[str, Any] = {}
        kind_into(kind, extra)
        sampled = sampled_of(flags, extra)
        try:
            text = f",{orjson.dumps(extra).decode()[1:-1]}" if extra else ""
        except TypeError:
            return None
        if type(kind) is int and type(flags) is int and len(self._leads) < _MAX_REMEMBERED:
            self._leads[kind, flags] = text, sampled
        return text, sampled

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
        if chunk.spans:
            places = chunk.places
            columns = Columns(chunk.spans, [place[0] for place in places], self._words)
            failed = columns.failed
            for at in sorted(failed):
                others.append((places[at], self._one(chunk.spans[at])))
            made.append(("events", _table(places, columns.made, failed)))
            if columns.more:
                made.append(("ids_more", rows.table("ids_more", columns.more)))
            for counts, name in ((layers, "layer"), (streams, "stream")):
                listed = columns.made[name]
                counts.update([value for at, value in enumerate(listed) if at not in failed] if failed else listed)
            times = [ts for at, ts in enumerate(columns.made["ts_ns"]) if ts is not None and at not in failed]
        event_rows: list[tuple[Any, ...]] = []
        more: list[tuple[int, str, str]] = []
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
        tally.events += len(chunk.places) + len(event_rows) - (len(columns.failed) if chunk.spans else 0)
        tally.layers.update(layers)
        tally.streams.update(streams)
        known = times + [ts for ts in (tally.first_ts, tally.last_ts) if ts is not None]
        tally.first_ts, tally.last_ts = min(known, default=None), max(known, default=None)
        return made

    def _one(self, planned: Planned) -> Event:
        events: list[Event] = []
        span(planned.item, planned.sender.scope, self._words, events)
        (event,) = events
        return event


def _exact(value: Any, raw: bytes) -> bool:
    """Whether `jsontext.parse` would give just this value and no flags; False where that takes a closer look."""
    digits = raw.translate(_TO_DIGITS)
    return (
        _LONG_DIGITS not in digits
        and _LONG_NEGATIVE not in digits
        and b"\\u0000" not in raw
        and b"\\u0022" not in raw
        and raw.count(b'"') == orjson.dumps(value).count(b'"')
    )


def _may_hold_calls(value: Any) -> bool:
    """As `_messages.parsed` looks at a text before it parses it."""
    return type(value) is str and value[:1] in "[{ \n\t" and ("tool" in value or "function" in value)


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


def _table(places: list[tuple[Any, ...]], made: dict[str, list[Any]], failed: set[int]) -> Any:
    """Planned spans as an Arrow table with the columns of `events`."""
    import pyarrow as pa

    size = len(places)
    kinds = arrow("events")
    width = len(places[0])
    listed: dict[str, Any] = dict(zip(kinds.names[:width], zip(*places, strict=True), strict=True))
    listed |= made
    listed["tz_assumed"] = [False] * size
    for name in ("args_state", "result_state"):
        states = made.get(name)
        listed[name] = [state or "absent" for state in states] if states else ["absent"] * size
    arrays = [
        pa.array(listed[field.name], type=field.type) if field.name in listed else pa.nulls(size, field.type)
        for field in kinds
    ]
    table = pa.Table.from_arrays(arrays, schema=kinds)
    if failed:
        table = table.take([at for at in range(size) if at not in failed])
    return table
