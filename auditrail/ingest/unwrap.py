"""Messages inside wrappers: sniffed and read as if they stood alone, then completed by what the wrapper knows."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple, cast

from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.ingest import choose
from auditrail.model import Event
from auditrail.readers._contract import Ignored, Inner
from auditrail.readers._scope import NOWHERE, Origin

# A wrapper in a wrapper (Docker lines inside CloudWatch) is followed this deep; a message deeper stays text.
MAX_NESTING = 3

# A JSON object that no reader claims is still better read than kept as text: inside a wrapper it needs no time of
# its own, which the generic reader asks for elsewhere.
_FALLBACK = "jsonl"
_SHAPES_KEPT = 4096
_BY_SHAPE: dict[tuple[tuple[str, type], ...], Any] = {}


class Settings(NamedTuple):
    """What readers may be told beside the record: mappings of the configuration, and where the source is."""

    mapping: tuple[Any, ...] = ()
    origin: Origin = NOWHERE


_NO_SETTINGS = Settings()


class Unwrapped:
    """What came out of a wrapped message: events, the readers that read it, and the parser's flags."""

    __slots__ = ("events", "flags", "readers")

    def __init__(self, events: list[Event], readers: tuple[str, ...], flags: tuple[str, ...]) -> None:
        self.events = events
        self.readers = readers
        self.flags = flags


@cache
def _parameters(reader: Any) -> frozenset[str]:
    return frozenset(inspect.signature(reader.read).parameters)


def options_of(reader: Any, settings: Settings) -> dict[str, Any]:
    """Further arguments of a reader's `read`, where it takes them: the mappings (if there are any) and the origin."""
    taken = _parameters(reader)
    options: dict[str, Any] = {}
    if settings.mapping and "mapping" in taken:
        options["mapping"] = settings.mapping
    if "origin" in taken:
        options["origin"] = settings.origin
    return options


def unwrap_all(
    items: Sequence[Event | Inner], record: Record, settings: Settings = _NO_SETTINGS, depth: int = 1
) -> Unwrapped | Ignored:
    """Reads several messages of one record, in order; a message that is no event leaves no trace beside others.

    Events among the messages (lines of the wrapper's own, which its reader has read) keep their place.
    """
    parts = [
        unwrap(item, record, settings, depth) if isinstance(item, Inner) else Unwrapped([item], (), ())
        for item in items
    ]
    read = [part for part in parts if isinstance(part, Unwrapped)]
    if not read:
        return next((part for part in parts if isinstance(part, Ignored)), Ignored("no-message"))
    return Unwrapped(
        [event for part in read for event in part.events],
        next((part.readers for part in read if part.readers), ()),
        tuple(sorted({flag for part in read for flag in part.flags})),
    )


def unwrap(inner: Inner, record: Record, settings: Settings = _NO_SETTINGS, depth: int = 1) -> Unwrapped | Ignored:
    """Reads an inner message; falls back to the wrapper's own event with the text where no reader knows it."""
    raw = inner.message.encode("utf-8", "backslashreplace") if isinstance(inner.message, str) else inner.message
    text = raw.strip()
    if depth > MAX_NESTING or not (text[:1] in (b"{", b"[") or text.startswith(_prefixes())):
        return Unwrapped([_plain(inner)], (), ())
    flags: tuple[str, ...] = ()
    value: Any
    try:
        if text[:1] in (b"{", b"["):
            value, flags = jsontext.parse(text)
            reader = _reader_for(value, text)
        else:
            value, reader = text, _text_reader_for(text)
        if reader is None:
            return Unwrapped([_plain(inner)], (), flags)
        reading = reader.read(value, record._replace(raw=text, header=None), **options_of(reader, settings))
    except RecordError as error:
        return Unwrapped([_plain(inner, note=f"{error.code}: {error.reason}")], (), ())
    if isinstance(reading, Ignored):
        return reading
    if isinstance(reading, Inner):
        deeper = unwrap(reading, record, settings, depth + 1)
        if isinstance(deeper, Ignored):
            return deeper
        events, names, flags = deeper.events, deeper.readers, tuple(sorted({*flags, *deeper.flags}))
    elif any(isinstance(part, Inner) for part in reading):
        several = unwrap_all(reading, record, settings, depth + 1)
        if isinstance(several, Ignored):
            return several
        events, names, flags = several.events, several.readers, tuple(sorted({*flags, *several.flags}))
    else:
        events, names = cast("list[Event]", reading), ()
    total = len(events)
    merged = [complete(event, inner.context, index, total) for index, event in enumerate(events)]
    return Unwrapped(merged, (reader.NAME, *names), flags)


def _reader_for(value: Any, text: bytes) -> Any:
    """The reader for one message alone, or None.

    Remembered by the names and JSON types of its members: a stream repeats its shapes, and a sniff of every
    reader for every message would cost more than reading it.
    """
    if not isinstance(value, dict):
        return None
    shape = tuple((key, type(item)) for key, item in value.items())
    if shape not in _BY_SHAPE:
        if len(_BY_SHAPE) >= _SHAPES_KEPT:
            _BY_SHAPE.clear()
        head = Head(bytes(text), True, "lines", False, [value], frozenset(value), [bytes(text)])
        choice = choose.choose(head)
        _BY_SHAPE[shape] = choice.reader if choice else choose.readers().get(_FALLBACK)
    return _BY_SHAPE[shape]


@cache
def _prefixes() -> tuple[bytes, ...]:
    """How messages begin that a reader of text may know."""
    return tuple(prefix for reader in choose.readers().values() for prefix in getattr(reader, "PREFIXES", ()))


def _text_reader_for(text: bytes) -> Any:
    """The reader of text for one message alone, or None: the best of those that name how it begins."""
    head = Head(text, True, "lines", False, [], frozenset(), text.split(b"\n"))
    claims = [
        (reader.sniff(head), name)
        for name, reader in choose.readers().items()
        if text.startswith(getattr(reader, "PREFIXES", ())) and getattr(reader, "INPUT", "json") == "text"
    ]
    score, best = max(claims, default=(0.0, ""))
    return choose.readers()[best] if score > 0 else None


def _plain(inner: Inner, note: str | None = None) -> Event:
    message = inner.message
    text = message if isinstance(message, str) else message.decode("utf-8", "backslashreplace")
    attributes = _object(inner.context.attributes)
    attributes["message"] = text
    if note:
        attributes["auditrail.message_unread"] = note
    return inner.context._replace(attributes=jsontext.dumps(attributes))


def complete(event: Event, context: Event, index: int, total: int) -> Event:
    """An inner event with its blanks filled from the wrapper; what the wrapper alone knows stays under `envelope`.

    The event's own time wins; the wrapper's then stands in the envelope as `ts_ns`. Where the event has an `envelope`
    already, its own or that of a wrapper further in, this one is `envelope_2`, and so on.
    """
    changes: dict[str, Any] = {}
    if event.ts_ns is None:
        changes.update(ts_ns=context.ts_ns, ts_source=context.ts_source, tz_assumed=context.tz_assumed)
        if event.observed_ns is None:
            changes["observed_ns"] = context.observed_ns
    elif event.observed_ns is None:
        changes["observed_ns"] = context.observed_ns if context.observed_ns is not None else context.ts_ns
    if event.seq is None and context.seq is not None:
        changes.update(seq_kind=context.seq_kind, seq=context.seq)
    for name in ("stream", "agent", "agent_version", "principal", "error"):
        if getattr(event, name) is None and getattr(context, name) is not None:
            changes[name] = getattr(context, name)
    if event.dedupe_key is None and context.dedupe_key is not None:
        changes["dedupe_key"] = context.dedupe_key if total == 1 else f"{context.dedupe_key}#{index}"
    if context.ids:
        known = set(event.ids)
        changes["ids"] = event.ids + tuple(item for item in context.ids if item not in known)
    envelope = _object(context.attributes)
    if event.ts_ns is not None and context.ts_ns is not None:
        envelope["ts_ns"] = context.ts_ns
    if envelope:
        attributes = _object(event.attributes)
        name, number = "envelope", 1
        while name in attributes:
            number += 1
            name = f"envelope_{number}"
        attributes[name] = envelope
        changes["attributes"] = jsontext.dumps(attributes)
    return event._replace(**changes) if changes else event


def _object(text: str | None) -> dict[str, Any]:
    if not text:
        return {}
    value, _ = jsontext.parse(text.encode())
    return value if isinstance(value, dict) else {"value": value}
