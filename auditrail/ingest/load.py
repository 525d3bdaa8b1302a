"""Loads sources into the case: each whole or not at all, idempotent by content.

1. A source whose bytes are in the case already is `unchanged`, under whatever path they came.
2. A source whose path is known and whose first bytes are what was loaded is `grown`: the new bytes are read, from
   the end of the last complete record. Where that place is unknown (compressed, one big array, joined lines), the
   source is read again from its start, and replaces its own rows.
3. A source whose path is known and whose bytes differ is `changed`: it is loaded beside the earlier version,
   which stays, and points to it (`superseded_by`).
4. A seal, a key or a checkpoint is `protection`: named, and not loaded (`protection`).
5. Everything else is `new`, `unknown-format` or `unreadable`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from auditrail import __version__, case, jsontext
from auditrail.config import Config, mapping_for
from auditrail.containers import limits
from auditrail.containers.compression import open_bytes
from auditrail.containers.framing import look
from auditrail.containers.splitting import split
from auditrail.digest import file_digest
from auditrail.errors import UnreadableError
from auditrail.ingest import choose, fast, protection, rows
from auditrail.ingest.inputs import Input
from auditrail.ingest.ledger import FAILED, SOURCE_COLUMNS, Ledger
from auditrail.ingest.plain import Batch, SourceReader, Tally, most_common
from auditrail.ingest.streams import Counting, Progress, read_head, stream_name
from auditrail.model import Source

if TYPE_CHECKING:
    import duckdb

# Rows of one INSERT: the engine writes full row groups (122,880 rows) to disk as they fill.
_INSERT_ROWS = 65536
_VERIFY = "auditrail verify checks logs with it"


@dataclass(frozen=True)
class Options:
    """How to load: limits, a forced reader, the configuration, and whether vectorised readers may be used.

    A new source smaller than `share_below` bytes shares a transaction, and is read record by record.
    """

    max_record: int = limits.MAX_RECORD
    max_expansion: int = limits.MAX_EXPANSION
    reader: str | None = None
    config: Config = field(default_factory=Config)
    vectorised: bool = True
    share_below: int = 256 << 10


class Loader:
    """Loads inputs into an open case."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, options: Options | None = None, progress: Progress | None = None
    ) -> None:
        self.connection = connection
        self.options = options or Options()
        self.progress = progress or Progress()
        self.results: list[tuple[int, str, str]] = []  # (source or -1, path shown, status of this load)
        self.changed = False

    @cached_property
    def ledger(self) -> Ledger:
        """The sources of the case."""
        return Ledger(self.connection)

    def load_all(self, inputs: Iterable[Input]) -> None:
        """Loads every input; what can't be read is recorded, and never stops the rest."""
        # One thread of the engine keeps up with the rows that are made for it. With two, each fills row groups of its
        # own, which are written again when they are put together: twice the work, and a file half as large again.
        self.connection.execute("SET threads = 1")
        try:
            for item in inputs:
                self._load(item)
        finally:
            self.ledger.commit()
            self.connection.execute("RESET threads")

    def load(self, item: Input) -> None:
        """Loads one input."""
        self._load(item)
        self.ledger.commit()

    def _load(self, item: Input) -> None:
        self.progress.start(item.shown, item.size)
        if item.error is not None:
            self._record_failure(item, "unreadable", item.error, "")
            return
        try:
            digest = file_digest(item.path, item.size)
        except OSError as error:
            self._record_failure(item, "unreadable", (error.strerror or str(error)).lower(), "")
            return
        known = self.ledger.known(digest)
        if known is not None:
            self.results.append((known, item.shown, "unchanged"))
            self.progress.advance(item.size)
            return
        try:
            self._load_content(item, digest)
        except UnreadableError as error:
            self._record_failure(item, "unreadable", error.message, digest)
        except OSError as error:
            self._record_failure(item, "unreadable", (error.strerror or str(error)).lower(), digest)

    def _load_content(self, item: Input, digest: str) -> None:
        with open_bytes(item.path, size=item.size, max_expansion=self.options.max_expansion) as stream:
            raw = read_head(stream)
            head = look(raw, complete=len(raw) < limits.HEAD_BYTES)
            compression = stream.compression
        what = protection.named(raw) if self.options.reader is None else None
        if what is not None:
            self._record_failure(item, "protection", f"{what}: {_VERIFY}", digest)
            return
        if not raw.strip():
            choice = None
        else:
            choice = choose.choose(head, self.options.reader, mapping_for(self.options.config, item.shown))
            if choice is None:
                self._record_failure(item, "unknown-format", item.defect, digest)
                return
        job = _Job(self, item, digest, compression, choice, head)
        # What replaces or follows an earlier version can only be taken back as a whole; and what fails while the engine
        # reads it (a vectorised reader, a bomb) takes the whole transaction with it.
        small = item.size < self.options.share_below and compression is None
        job.alone = alone = self.ledger.knows(item.shown) or not small
        self.ledger.begin(alone=alone)
        try:
            job.run()
        except BaseException as error:
            if not alone and isinstance(error, (UnreadableError, OSError)):
                self.ledger.undo(job.source)
            else:
                self.ledger.rollback()
            raise
        self.ledger.done(item.size, alone=alone)
        self.changed = True
        self.results.append((job.source, item.shown, job.status))

    def _record_failure(self, item: Input, status: str, error: str | None, digest: str) -> None:
        """Keeps a row for what was not read, so that it is named in every later answer."""
        self.ledger.begin(alone=False)
        source = self.ledger.add_failure(item.shown, item.size, status, error, digest)
        self.ledger.done(0)
        self.results.append((source, item.shown, status))

    def sources(self) -> list[tuple[Source, str]]:
        """Every input under the path it was given by, with its row and the status of this load, in order."""
        listed = []
        for source, shown, status in self.results:
            row = case.one(
                self.connection, f"SELECT {', '.join(SOURCE_COLUMNS)} FROM sources WHERE source = ?", [source]
            )
            if row is not None:
                listed.append((Source(*row)._replace(path=shown), status))
        return listed


class _Job:
    """One source on its way into the case, inside the caller's transaction."""

    def __init__(
        self, loader: Loader, item: Input, digest: str, compression: str | None, choice: choose.Choice | None, head: Any
    ) -> None:
        self.loader = loader
        self.connection = loader.connection
        self.item = item
        self.digest = digest
        self.compression = compression
        self.choice = choice
        self.head = head
        self.status = "new"
        self.source = 0
        self.start = 0
        self.first_number = 1
        self.before: Source | None = None
        self.unclosed = False
        self.alone = True

    def run(self) -> None:
        """Does what the module docstring says, steps 2 to 4."""
        self.loader.ledger.mark_unsettled()
        self.loader.ledger.forget_failures(self.item.shown)
        self._place()
        tally, content_bytes, resume = self._read()
        self._insert("remarks", [(self.source, None, None, *remark) for remark in self.item.remarks])
        self._write_source(tally, content_bytes, resume)

    def _place(self) -> None:
        """Finds out whether the path is known, and with which bytes."""
        self.source = self.loader.ledger.next_source()
        if not self.loader.ledger.knows(self.item.shown):
            return
        row = case.one(
            self.connection,
            f"SELECT {', '.join(SOURCE_COLUMNS)} FROM sources WHERE path = ? AND status NOT IN "
            f"{FAILED} AND superseded_by IS NULL ORDER BY source DESC",
            [self.item.shown],
        )
        if row is None:
            return
        before = Source(*row)
        if before.bytes < self.item.size and file_digest(self.item.path, before.bytes) == before.blake3:
            self.status = "grown"
            self.source = before.source
            self._resume(before)
            return
        self.status = "changed"
        self.connection.execute("UPDATE sources SET superseded_by = ? WHERE source = ?", [self.source, before.source])

    def _resume(self, before: Source) -> None:
        """Takes back what the new bytes may change: the last record, or everything where its place is unknown."""
        choice = self.choice
        same = choice is not None and before.format == choice.reader.NAME and choice.framing == before.framing
        resumable = (
            same
            and self.compression is None
            and before.resume_offset is not None
            and not any(hasattr(choice.reader if choice else None, name) for name in ("Assembler", "Watcher"))
        )
        offset = before.resume_offset if resumable and before.resume_offset is not None else 0
        removed = self._counts_from(offset)
        tail = before.records - before.resume_record
        if resumable and removed["records_with_events"] + removed["quarantined"] == tail:
            self.before = before._replace(
                records=before.resume_record,
                **{name: getattr(before, name) - count for name, count in removed.items()},
            )
            self.start, self.first_number = offset, before.resume_record + 1
        else:
            offset = 0
        first = rows.event_key(self.source, offset, 0)
        last = rows.event_key(self.source + 1, 0, 0)
        self.connection.execute("DELETE FROM events WHERE event >= ? AND event < ?", [first, last])
        self.connection.execute("DELETE FROM ids_more WHERE event >= ? AND event < ?", [first, last])
        for table in ("quarantine", "remarks"):
            self.connection.execute(
                f"DELETE FROM {table} WHERE source = ? AND coalesce(byte_offset, 0) >= ?", [self.source, offset]
            )
        self.connection.execute("DELETE FROM sources WHERE source = ?", [self.source])
        self.loader.ledger.forget(before.blake3)

    def _counts_from(self, offset: int) -> dict[str, int]:
        first, last = rows.event_key(self.source, offset, 0), rows.event_key(self.source + 1, 0, 0)
        events = "FROM events WHERE event >= ? AND event < ?"
        return {
            "events": case.count(self.connection, f"SELECT count(*) {events}", [first, last]),
            "records_with_events": case.count(
                self.connection, f"SELECT count(DISTINCT record) {events}", [first, last]
            ),
            "quarantined": case.count(
                self.connection,
                "SELECT count(*) FROM quarantine WHERE source = ? AND byte_offset >= ?",
                [self.source, offset],
            ),
        }

    def _read(self) -> tuple[Tally, int, tuple[int | None, int]]:
        options, item = self.loader.options, self.item
        with open_bytes(item.path, size=item.size, max_expansion=options.max_expansion) as opened:
            stream = Counting(opened, self.loader.progress)
            if self.choice is None:
                tally, resume = self._read_blank(stream)
            else:
                tally, resume = self._read_records(stream, self.choice)
            if self.unclosed:
                unclosed = "the source ends inside an array or wrapper object: what came behind is not here"
                self._remark(stream.count, "array-unclosed", unclosed)
            if defect := opened.defect or item.defect:
                self._remark(stream.count, "compression-damaged", defect)
            return tally, stream.count, resume

    def _remark(self, offset: int, code: str, detail: str) -> None:
        self._insert("remarks", [(self.source, None, offset, code, detail)])

    def _read_blank(self, stream: Counting) -> tuple[Tally, tuple[int | None, int]]:
        tally = Tally()
        for record in split(stream, "lines"):
            tally.records += 1
            tally.blank += 1
            del record
        return tally, (None, 0)

    def _read_records(self, stream: Counting, choice: choose.Choice) -> tuple[Tally, tuple[int | None, int]]:
        options = self.loader.options
        mapping = mapping_for(options.config, self.item.shown)
        name = stream_name(self.item.shown)
        twin = fast.twin_of(choice, self.head) if options.vectorised and self.alone and not mapping else None
        if twin is not None:
            read: tuple[Tally, tuple[int | None, int]] = twin.load(
                self.connection,
                stream,
                source=self.source,
                stream_name=name,
                start=self.start,
                first_number=self.first_number,
                max_record=options.max_record,
            )
            return read
        splitter = split(
            stream,
            choice.framing,
            arrays=choice.arrays,
            start=self.start,
            first_number=self.first_number,
            max_record=options.max_record,
        )
        origin = choose.origin(self.head, choice, self.item.shown)
        reader = SourceReader(self.source, choice.reader, iter(splitter), stream=name, mapping=mapping, origin=origin)
        waiting: list[Batch] = []
        held = 0
        for batch in reader.batches():
            waiting.append(batch)
            held += len(batch.events) + len(batch.quarantine)
            if held >= _INSERT_ROWS:
                self._insert_batches(waiting)
                waiting, held = [], 0
        self._insert_batches(waiting)
        self.unclosed = splitter.unclosed
        return reader.tally, (splitter.resume_offset, splitter.resume_number)

    def _insert_batches(self, batches: list[Batch]) -> None:
        for table in Batch._fields:
            self._insert(table, [row for batch in batches for row in getattr(batch, table)])

    def _insert(self, table: str, new_rows: list[Any]) -> None:
        if new_rows:
            rows.insert(self.connection, table, rows.table(table, new_rows))

    def _write_source(self, tally: Tally, content_bytes: int, resume: tuple[int | None, int]) -> None:
        before, choice = self.before, self.choice
        if tally.tz_assumed:
            self._insert(
                "remarks",
                [
                    (
                        self.source,
                        None,
                        None,
                        "zone-assumed",
                        f"{tally.tz_assumed} events carried no time zone, and UTC was assumed",
                    )
                ],
            )
        ignored = Counter(tally.ignored)
        first, last = tally.first_ts, tally.last_ts
        if before is not None:
            if before.ignored_reasons:
                ignored.update(jsontext.parse(before.ignored_reasons.encode())[0])
            first = min((value for value in (first, before.first_ts) if value is not None), default=None)
            last = max((value for value in (last, before.last_ts) if value is not None), default=None)
        values: dict[str, Any] = dict.fromkeys(SOURCE_COLUMNS)
        values.update(
            source=self.source,
            path=self.item.shown,
            format=choice.reader.NAME if choice else "empty",
            inner_formats=",".join(name for name, _ in tally.inner.most_common()) or None,
            compression=self.compression,
            framing=choice.framing if choice else None,
            why=choice.why if choice else "nothing but white space",
            stream=most_common(tally.streams) or stream_name(self.item.shown),
            layer=most_common(tally.layers) or (before.layer if before else None),
            status=self.status,
            bytes=self.item.size,
            blake3=self.digest,
            content_bytes=content_bytes,
            resume_offset=resume[0],
            resume_record=resume[1],
            ignored=ignored.total(),
            ignored_reasons=jsontext.dumps(dict(sorted(ignored.items()))) if ignored else None,
            duplicates=0,
            first_ts=first,
            last_ts=last,
            loaded_by=__version__,
            loaded_ns=time.time_ns(),
        )
        for name in ("records", "records_with_events", "events", "quarantined", "blank"):
            values[name] = getattr(tally, name) + (getattr(before, name) if before else 0)
        self.loader.ledger.add(values)
