"""What the case knows of its sources while a load goes on, and the transaction that small sources share.

A load is the only writer, so it need not ask the engine for each file what it has just told it. Every source is loaded
whole or not at all; small new ones share a transaction, since a commit waits for the disk, and a folder may hold
thousands of files of one record each.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from auditrail import __version__, case, schema
from auditrail.ingest import rows

if TYPE_CHECKING:
    import duckdb

# What is lost if the load is killed, and loaded again by the next one: this many sources, or this many bytes.
SHARED_SOURCES = 200
SHARED_BYTES = 4 << 20

# What a source is of which nothing was loaded.
FAILURES = ("unreadable", "unknown-format", "protection")
FAILED = f"({', '.join(map(repr, FAILURES))})"
SOURCE_COLUMNS = tuple(column.name for column in schema.columns("sources"))
_COUNTERS = (
    "content_bytes", "resume_record", "records", "records_with_events", "events", "quarantined", "blank", "ignored",
    "duplicates",
)  # fmt: skip


class Ledger:
    """The sources of one case, and the open transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self._open = False
        self._sources = 0
        self._bytes = 0
        self._unsettled = False
        self._read()

    def _read(self) -> None:
        self._digests: dict[str, int] = {}
        self._paths: set[str] = set()
        self._failures: dict[str, int] = {}
        self._numbers: set[int] = set()
        self._last = 0
        for source, path, status, blake3, known in self.connection.execute(
            "SELECT source, path, status, blake3, format IS NOT NULL FROM sources ORDER BY source NULLS LAST"
        ).fetchall():
            self._note(source, path, status, blake3 if known else None)

    def _note(self, source: int, path: str, status: str, blake3: str | None) -> None:
        self._last = max(self._last, source)
        self._numbers.add(source)
        if status in FAILURES:
            self._failures[path] = source
        else:
            self._paths.add(path)
        if blake3 is not None:
            self._digests.setdefault(blake3, source)

    def known(self, digest: str) -> int | None:
        """The source that holds these bytes, if one was loaded from them."""
        return self._digests.get(digest)

    def knows(self, path: str) -> bool:
        """Whether a source was loaded from this path, with whatever bytes."""
        return path in self._paths

    def forget(self, digest: str) -> None:
        """The source of these bytes has grown: they alone are no source any more."""
        self._digests.pop(digest, None)

    def next_source(self) -> int:
        return self._last + 1

    def forget_failures(self, path: str) -> None:
        """Takes back that the path could not be read, or that no reader knew it."""
        if path in self._failures:
            self.connection.execute(f"DELETE FROM sources WHERE path = ? AND status IN {FAILED}", [path])
            self._free(self._failures.pop(path))

    def _free(self, source: int) -> None:
        self._numbers.discard(source)
        while self._last and self._last not in self._numbers:
            self._last -= 1

    def add(self, values: dict[str, Any]) -> None:
        """Writes the row of a source; `values` has every column, in order."""
        marks = ", ".join("?" for _ in values)
        self.connection.execute(f"INSERT INTO sources VALUES ({marks})", list(values.values()))
        self._note(values["source"], values["path"], values["status"], values["blake3"] if values["format"] else None)

    def add_failure(self, path: str, size: int, status: str, error: str | None, digest: str) -> int:
        """Writes the row of what could not be read, in place of an earlier one of that path; returns its number."""
        self.forget_failures(path)
        values: dict[str, Any] = dict.fromkeys(SOURCE_COLUMNS)
        values |= dict.fromkeys(_COUNTERS, 0)
        values |= {
            "source": self.next_source(), "path": path, "status": status, "bytes": size, "blake3": digest,
            "error": error, "loaded_by": __version__, "loaded_ns": time.time_ns(),
        }  # fmt: skip
        self.add(values)
        return int(values["source"])

    def begin(self, *, alone: bool) -> None:
        """Begins a source: in a transaction of its own, or in the one that is open."""
        if alone:
            self.commit()
        if not self._open:
            self.connection.execute("BEGIN")
            self._open, self._sources, self._bytes, self._unsettled = True, 0, 0, False

    def done(self, size: int, *, alone: bool = False) -> None:
        """Ends a source; commits if it stood alone, or if enough has come together."""
        self._sources += 1
        self._bytes += size
        if alone or self._sources >= SHARED_SOURCES or self._bytes >= SHARED_BYTES:
            self.commit()

    def commit(self) -> None:
        if self._open:
            self.connection.execute("COMMIT")
            self._open = False

    def rollback(self) -> None:
        if self._open:
            self._open = False
            self.connection.execute("ROLLBACK")
            self._read()

    def undo(self, source: int) -> None:
        """Takes back the rows of a source that turned out to be unreadable; others of the transaction stay."""
        span = [rows.event_key(source, 0, 0), rows.event_key(source + 1, 0, 0)]
        for table in ("events", "ids_more"):
            self.connection.execute(f"DELETE FROM {table} WHERE event >= ? AND event < ?", span)
        for table in ("quarantine", "remarks", "sources"):
            self.connection.execute(f"DELETE FROM {table} WHERE source = ?", [source])

    def mark_unsettled(self) -> None:
        """Notes, once in a transaction, that the runs have to be put together anew."""
        if not self._unsettled:
            case.mark_settled(self.connection, False)
            self._unsettled = True
