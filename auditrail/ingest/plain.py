"""One source -> batches of rows, record by record. The reference that the vectorised twins are held to.

Every record ends in exactly one of four ways: it gives events, it is quarantined, it is blank, or the format says
that it is no event (ignored). `Tally` counts them, and the sum is the number of records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from auditrail import jsontext
from auditrail.containers import limits
from auditrail.containers.records import Record, Wrapper
from auditrail.errors import RecordError
from auditrail.ingest import rows
from auditrail.ingest.joining import Guarded
from auditrail.ingest.unwrap import Settings, options_of, unwrap_all
from auditrail.model import Event
from auditrail.readers._contract import Ignored, Inner, close_of, watcher_of
from auditrail.readers._scope import NOWHERE, Origin

# Rows per Arrow batch: large enough that the engine's cost per batch vanishes, small enough to stay in its caches.
BATCH_ROWS = 8192
_PAGES = ("next-token-left", "next-page-left")


@dataclass
class Tally:
    """The account of one source."""

    records: int = 0
    records_with_events: int = 0
    events: int = 0
    quarantined: int = 0
    blank: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    layers: Counter[str] = field(default_factory=Counter)
    streams: Counter[str] = field(default_factory=Counter)
    inner: Counter[str] = field(default_factory=Counter)
    tz_assumed: int = 0
    first_ts: int | None = None
    last_ts: int | None = None

    def add(self, more: Tally) -> None:
        """Adds the account of other records of the source."""
        for name in ("records", "records_with_events", "events", "quarantined", "blank", "tz_assumed"):
            setattr(self, name, getattr(self, name) + getattr(more, name))
        for name in ("ignored", "layers", "streams", "inner"):
            getattr(self, name).update(getattr(more, name))
        times = [ts for ts in (self.first_ts, self.last_ts, more.first_ts, more.last_ts) if ts is not None]
        self.first_ts, self.last_ts = min(times, default=None), max(times, default=None)

    @property
    def balanced(self) -> bool:
        """The accounting identity: nothing is lost and nothing is counted twice."""
        return self.records == self.records_with_events + self.quarantined + self.blank + self.ignored.total()


def most_common(counts: Counter[str]) -> str | None:
    """The most frequent key; of equals the first in the alphabet, so that the answer is the same every time."""
    return min(counts, key=lambda name: (-counts[name], name)) if counts else None


class Batch(NamedTuple):
    """Rows of four tables, as tuples in the order of their columns."""

    events: list[tuple[Any, ...]]
    ids_more: list[tuple[int, str, str]]
    quarantine: list[tuple[Any, ...]]
    remarks: list[tuple[Any, ...]]

    @classmethod
    def empty(cls) -> Batch:
        return cls([], [], [], [])


class SourceReader:
    """Reads the records of one source with one reader.

    Args:
        source: key of the source, part of every row.
        reader: the reader module.
        records: what the splitter yields: `Record`s and, for wrapper objects, `Wrapper`s.
        stream: the name of the stream where neither record nor wrapper gives one.
        mapping: field mappings of the configuration, for readers whose `read` takes them.
        origin: where the source is, for readers whose `read` takes it.
    """

    def __init__(
        self,
        source: int,
        reader: Any,
        records: Iterator[Record | Wrapper],
        *,
        stream: str,
        mapping: tuple[Any, ...] = (),
        origin: Origin = NOWHERE,
    ) -> None:
        self.source = source
        self.reader = reader
        self.stream = stream
        self.tally = Tally()
        self._records = records
        self._settings = Settings(mapping, origin)
        self._options = options_of(reader, self._settings)
        self._text = getattr(reader, "INPUT", "json") == "text"
        self._watcher = watcher_of(reader)
        self._batch = Batch.empty()

    def batches(self) -> Iterator[Batch]:
        """Reads to the end; the last batch may be small. `tally` is complete only after it."""
        for item in self._assembled():
            if isinstance(item, Wrapper):
                self._close(item)
            else:
                self._take(item)
            if len(self._batch.events) >= BATCH_ROWS or len(self._batch.quarantine) >= BATCH_ROWS:
                yield self._flush()
        self._finish()
        yield self._flush()

    def _flush(self) -> Batch:
        batch, self._batch = self._batch, Batch.empty()
        return batch

    def _assembled(self) -> Iterator[Record | Wrapper]:
        make = getattr(self.reader, "Assembler", None)
        if make is None:
            yield from self._records
            return
        guarded = Guarded(make)
        for item in self._records:
            if isinstance(item, Wrapper):
                yield from guarded.flush()
                yield item
            else:
                yield from guarded.feed(item)
        yield from guarded.flush()

    def _close(self, wrapper: Wrapper) -> None:
        if not wrapper.complete:
            detail = f"the object around record {wrapper.first} is damaged or breaks off: {wrapper.array} may go on"
            self._batch.remarks.append((self.source, None, wrapper.offset, "wrapper-incomplete", detail))
        try:
            found = close_of(self.reader, wrapper)
        except Exception as error:  # noqa: BLE001 - as in `_take`: a reader's fault must not cost what stands behind
            found = [("reader-failure", f"{self.reader.NAME}: {type(error).__name__} at the end of a wrapper object")]
        last = wrapper.first + wrapper.elements - 1 if wrapper.elements else None
        for code, detail in found:
            record = last if code in _PAGES else None  # behind which something is left: the next page may be held
            self._batch.remarks.append((self.source, record, wrapper.offset, code, detail))

    def _show(self, value: Any, record: Record) -> None:
        if self._watcher is None:
            return
        try:
            self._watcher.see(value, record)
        except Exception as error:  # noqa: BLE001 - what only looks on must not cost the record that it looks at
            self._watcher = None
            detail = f"{self.reader.NAME}: {type(error).__name__} while watching: the source as a whole was not judged"
            self._batch.remarks.append((self.source, record.number, record.offset, "reader-failure", detail))

    def _finish(self) -> None:
        if self._watcher is None:
            return
        try:
            found = self._watcher.finish()
        except Exception as error:  # noqa: BLE001 - as in `_take`: a reader's fault must not cost the whole source
            found = [("reader-failure", f"{self.reader.NAME}: {type(error).__name__} at the end of the source")]
        for code, detail in found:
            self._batch.remarks.append((self.source, None, None, code, detail))

    def _take(self, record: Record) -> None:
        tally = self.tally
        tally.records += record.span
        if record.defect is None and (not record.raw or record.raw.isspace()):
            tally.blank += record.span
            return
        if record.defect is not None:
            self._quarantine(record, record.defect, _DEFECTS.get(record.defect, "the framing is damaged here"))
            return
        try:
            value, flags = (record.raw, ()) if self._text else jsontext.parse(record.raw)
            self._show(value, record)
            reading = self.reader.read(value, record, **self._options)
            if isinstance(reading, Inner):
                reading, flags = self._unwrapped([reading], record, flags)
            elif isinstance(reading, list) and any(isinstance(part, Inner) for part in reading):
                reading, flags = self._unwrapped(reading, record, flags)
        except RecordError as error:
            torn = record.last_unterminated and error.code in ("invalid-json", "invalid-utf8")
            self._quarantine(record, "torn-tail" if torn else error.code, error.reason)
            return
        except Exception as error:  # noqa: BLE001 - a reader's fault must cost one record, not the evidence behind it
            self._quarantine(record, "reader-failure", f"{self.reader.NAME}: {type(error).__name__}")
            return
        if isinstance(reading, Ignored):
            tally.ignored[reading.reason] += record.span
            return
        if not reading:
            tally.ignored["no-event"] += record.span
            return
        for flag in flags:
            self._batch.remarks.append((self.source, record.number, record.offset, flag, jsontext_remark(flag)))
        self._store(record, reading, ",".join(flags) or None)

    def _unwrapped(self, parts: list[Any], record: Record, flags: tuple[str, ...]) -> tuple[Any, tuple[str, ...]]:
        out = unwrap_all(parts, record, self._settings)
        if isinstance(out, Ignored):
            return out, flags
        self.tally.inner[out.readers[0] if out.readers else "text"] += record.span
        return out.events, tuple(sorted({*flags, *out.flags})) if out.flags else flags

    def _store(self, record: Record, events: list[Event], flags: str | None) -> None:
        tally, batch = self.tally, self._batch
        tally.records_with_events += record.span
        tally.events += len(events)
        for part, event in enumerate(events):
            stream = event.stream or self.stream
            if (event.flags is None and flags is not None) or event.stream is None:
                event = event._replace(stream=stream, flags=event.flags or flags)  # noqa: PLW2901
            tally.layers[event.layer] += 1
            tally.streams[stream] += 1
            tally.tz_assumed += event.tz_assumed
            ts = event.ts_ns
            if ts is not None:
                if tally.first_ts is None or ts < tally.first_ts:
                    tally.first_ts = ts
                if tally.last_ts is None or ts > tally.last_ts:
                    tally.last_ts = ts
            place = (
                rows.event_key(self.source, record.offset, part),
                self.source,
                record.number,
                part,
                record.offset,
                record.length,
                record.digest,
            )
            batch.events.append(rows.event_row(place, event, batch.ids_more))

    def _quarantine(self, record: Record, code: str, reason: str) -> None:
        self.tally.quarantined += record.span
        head = bytes(record.raw[: limits.QUARANTINE_HEAD])
        self._batch.quarantine.append(
            (self.source, record.number, record.offset, record.length, record.digest, code, reason, head)
        )


_DEFECTS = {
    "reader-failure": "the reader failed while it joined records: a fault of auditrail, please report it",
    "torn-tail": "the last record stops in the middle",
    "oversized": "the record is longer than the limit; raise it with --max-record",
    "malformed": "the row has not as many fields as the header, or a quote stands where none may",
    "invalid-utf8": "the row is not UTF-8",
    "broken-frame": "the framing is damaged here: nothing behind it in this frame can be told apart",
}

_FLAG_WORDS = {
    "reader-failure": "a reader failed on a message in the record: a fault of auditrail; the message is kept as text",
    "duplicate-keys": "an object names a key twice; the last value counts, another parser may take the first",
    "big-integer": "an integer beyond 64 bits; kept exactly",
    "not-a-number": "NaN, Infinity or a number beyond a double; kept as text",
    "lone-surrogate": "an escape of half a character; kept as the text of the escape",
    "nul": "an escape of U+0000; kept as the text of the escape",
}


def jsontext_remark(flag: str) -> str:
    """What a flag of the parser means, in words."""
    return _FLAG_WORDS.get(flag, flag)
