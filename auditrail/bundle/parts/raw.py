"""The original records: `raw/<source>-<name>` holds the bytes of those of the scope, `raw/index.jsonl` says which.

Bytes are read back from where the case was loaded from, and given out only if their hash is still that of the record
as it was loaded. Each record ends in LF, whether it did in its source or not; the index has its length without it. What
cannot be given is in the index, too, with the reason: its hash and its length stay. A record of which a redaction
withheld a value is not read at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from auditrail import jsontext
from auditrail.bundle.context import Context
from auditrail.bundle.scratch import WITHHELD_RECORDS
from auditrail.containers.compression import open_bytes
from auditrail.digest import record_digest
from auditrail.errors import UnreadableError
from auditrail.ingest.streams import read_fully

NAME = "raw"
ORDER = 30
INDEX = "raw/index.jsonl"
_BLOCK = 1 << 20
_ROWS = 10_000
_LONGEST = 60
_WITHHELD = "withheld: the redaction policy withheld a value of it"
_CHANGED = "not given: the bytes at this place are not those that were loaded"


class _Record(NamedTuple):
    record: int
    offset: int
    length: int
    blake3: bytes
    withheld: bool


def wanted(context: Context) -> bool:
    """Only where it was asked for."""
    return context.wishes.raw


def make(context: Context) -> Iterator[tuple[str, Path]]:
    """One file for each source of which a record is given, and the index."""
    index = context.new("index.jsonl")
    files = []
    sources = context.connection.execute("SELECT source, path FROM sources ORDER BY source").fetchall()
    with index.open("w", encoding="utf-8", errors="backslashreplace", newline="") as out:
        for source, shown in sources:
            name = f"raw/{source}-{_safe(shown)}"
            target = context.new("raw")
            with target.open("wb") as body:
                for row in _source(context, source, body):
                    out.write(jsontext.dumps({"source": source, "path": shown, "file": name, **row}) + "\n")
            if target.stat().st_size:
                files.append((name, target))
    yield from files
    yield INDEX, index


def _safe(path: str) -> str:
    """A name for a file: of the last part of a path, what no file system gives a meaning."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", path.rpartition("/")[2])[-_LONGEST:].strip("-. ")
    return name or "source"


def _source(context: Context, source: int, body: BinaryIO) -> Iterator[dict[str, Any]]:
    """Writes the records of a source, and says of each where it is."""
    path = Path(context.places[source])
    written = at = 0
    trouble = "not given: it is inside an archive" if "!" in str(path) else ""
    stream: Any = None
    try:
        if not trouble:
            stream = open_bytes(path, size=path.stat().st_size)
    except (OSError, UnreadableError):
        trouble = "not given: its file cannot be read any more"
    try:
        for one in _records(context, source):
            why, data = _WITHHELD if one.withheld else trouble, b""
            if not why:
                try:
                    at, data = _read(stream, at, one)
                except (OSError, UnreadableError):
                    why = trouble = "not given: its file cannot be read to its end"
                else:
                    why = "" if record_digest(data) == one.blake3 else _CHANGED
            row = {"record": one.record, "offset": one.offset, "length": one.length, "blake3": one.blake3.hex()}
            if why:
                yield {**row, "at": None, "why": why}
                continue
            body.write(data + b"\n")
            yield {**row, "at": written, "why": None}
            written += len(data) + 1
    finally:
        if stream is not None:
            stream.close()


def _read(stream: Any, at: int, one: _Record) -> tuple[int, bytes]:
    """The bytes of a record, and where the stream stands behind them."""
    while at < one.offset and (block := stream.read(min(one.offset - at, _BLOCK))):
        at += len(block)
    data = read_fully(stream, one.length)
    return at + len(data), data


def _records(context: Context, source: int) -> Iterator[_Record]:
    """The records of a source that belong to the scope, in its order, with those in quarantine."""
    held = "false"
    if context.redaction is not None:
        held = f"(r.source, r.byte_offset) IN (SELECT (source, byte_offset) FROM {WITHHELD_RECORDS})"
    found = context.connection.sql(
        f"""
        SELECT r.record, r.byte_offset, r.byte_length, r.blake3, {held} FROM (
            SELECT DISTINCT e.source, e.record, e.byte_offset, e.byte_length, e.blake3
            FROM scope_events s JOIN events e ON e.event = s.event WHERE e.source = {int(source)}
            UNION
            SELECT source, record, byte_offset, byte_length, blake3 FROM quarantine WHERE source = {int(source)}
        ) r ORDER BY r.byte_offset, r.record
        """
    )
    for batch in found.to_arrow_reader(_ROWS):
        for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            yield _Record(*row)
