"""Cuts evidence into raw records with number and byte offset: lines, elements of an array, rows of a SQLite table.

Nothing is repaired and nothing left out but blank lines and a byte order mark at the start: what is no record is handed
on as such. Memory is bounded by the longest record (`Call.max_record`).
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from auditrail.containers.records import Record, Wrapper
from auditrail.containers.splitting import split
from auditrail.verify import parse as parsing
from auditrail.verify.evidence import Call, Evidence

_BLOCK = 1 << 20
_BOM = b"\xef\xbb\xbf"
SQLITE = b"SQLite format 3\x00"
# Endings of the files beside a database that is open, or was when it was copied: rows that are not in it yet.
JOURNALS = ("-wal", "-journal")


class Raw(NamedTuple):
    """One record, undecoded.

    Attributes:
        number: 1-based, counted as `ingest` counts: blank lines count. offset: of its first byte, decompressed.
        ended: whether a newline, a comma or a bracket ends it; else the file ends within it or right behind it.
        defect: why it is no record at all, None if it may be one.
        value: the parsed value, where there are no bytes to parse (a row of a table).
    """

    number: int
    offset: int
    raw: bytes
    ended: bool = True
    defect: str | None = None
    value: Any = None


class Outside(NamedTuple):
    """Members of the object around an array of records; nothing in the records covers them. `complete`: as told."""

    members: dict[str, Any]
    complete: bool


class Shape(NamedTuple):
    """How a file is cut: `lines`, `values` (with `array`: the member that is a list of records) or `sqlite`.

    Of a table, `json` names the columns whose text is JSON and is read as such.
    """

    kind: str
    array: str | None = None
    table: str | None = None
    order: str | None = None
    json: tuple[str, ...] = ()


def read(item: Evidence, shape: Shape, call: Call) -> Iterator[Raw | Outside]:
    """The records of a file in its order.

    Raises:
        UnreadableError: it can't be read.
    """
    if shape.kind == "sqlite":
        return _rows(item, shape)
    if shape.kind == "values":
        return _values(item, shape, call)
    return _lines(item, call)


def _lines(item: Evidence, call: Call) -> Iterator[Raw]:
    number = 0
    offset = 0
    tail = b""
    skipping = False
    with item.open(call.max_expansion) as stream:
        first = True
        while block := stream.read(_BLOCK):
            data = tail + block if tail else block
            if first:
                if len(data) < len(_BOM) and data == _BOM[: len(data)]:
                    tail = data
                    continue
                first = False
                if data.startswith(_BOM):
                    data, offset = data[len(_BOM) :], len(_BOM)
            lines = data.split(b"\n")
            tail = lines.pop()
            for line in lines:
                number += 1
                if skipping:
                    skipping = False
                elif line and not line.isspace():
                    yield Raw(number, offset, line[:-1] if line.endswith(b"\r") else line)
                offset += len(line) + 1
            if skipping:
                offset, tail = offset + len(tail), b""
            elif len(tail) > call.max_record:
                yield Raw(number + 1, offset, tail[:256], True, f"longer than {call.max_record:,} bytes")
                offset, tail, skipping = offset + len(tail), b"", True
        defect = stream.defect
    if tail and not tail.isspace():
        yield Raw(number + 1, offset, tail.removesuffix(b"\r"), False)
        number += 1
    if defect:
        yield Raw(number + 1, offset + len(tail), b"", False, defect)


def _values(item: Evidence, shape: Shape, call: Call) -> Iterator[Raw | Outside]:
    arrays = (shape.array,) if shape.array else ()
    with item.open(call.max_expansion) as stream:
        cut = split(stream, "values", arrays=arrays, max_record=call.max_record)
        number = 0
        for part in cut:
            if isinstance(part, Wrapper):
                if part.array == shape.array:
                    yield Outside(part.header, part.complete)
                continue
            assert isinstance(part, Record)  # noqa: S101 - the splitter gives nothing else
            number = part.number
            ended = not part.last_unterminated and part.defect != "torn-tail"
            yield Raw(number, part.offset, part.raw, ended, None if part.defect == "torn-tail" else part.defect)
        defect = stream.defect or _fault(item, call, shape)
        if defect is None and cut.unclosed:
            defect = "the array is not closed"
    if defect:
        yield Raw(number + 1, cut.position, b"", False, defect)


def _fault(item: Evidence, call: Call, shape: Shape) -> str | None:
    """Why the document as a whole is no JSON, though its records are: bytes between them were changed."""
    if shape.array is None and not item.head.lstrip(_BOM + b" \t\r\n").startswith(b"["):
        return None
    data = item.read(max_expansion=call.max_expansion)
    if data is None:
        return None
    try:
        json.loads(data.removeprefix(_BOM).decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        position = getattr(error, "pos", None)
        return f"no JSON as a whole{'' if position is None else f': damaged at character {position}'}"
    return None


def tables(item: Evidence) -> dict[str, tuple[str, ...]]:
    """Tables of a SQLite file with the names of their columns; empty if it can't be read."""
    try:
        with _open(item) as connection:
            names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {
                name: tuple(row[1] for row in connection.execute(f"PRAGMA table_info({_quoted(name)})"))
                for name in names[:1000]
            }
    except sqlite3.Error:
        return {}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def _open(item: Evidence) -> Iterator[sqlite3.Connection]:
    path = item.path.resolve()
    beside = [log for ending in JOURNALS if (log := Path(f"{path}{ending}")).is_file() and log.stat().st_size]
    with ExitStack() as stack:
        if beside:
            # The newest rows may stand in the log beside the file: SQLite joins them, in a copy, since it writes.
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=".auditrail-sqlite-")))
            for one in (path, *beside):
                shutil.copyfile(one, folder / one.name)
            connection = stack.enter_context(closing(sqlite3.connect(folder / path.name)))
            connection.execute("PRAGMA query_only = 1")
        else:
            # `immutable`: SQLite writes no journal, no shared memory and no lock beside the evidence.
            uri = f"{path.as_uri()}?mode=ro&immutable=1"
            connection = stack.enter_context(closing(sqlite3.connect(uri, uri=True)))
        connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        yield connection


def _rows(item: Evidence, shape: Shape) -> Iterator[Raw]:
    number = 0
    order = f" ORDER BY {_quoted(shape.order)}" if shape.order else " ORDER BY rowid"
    try:
        with _open(item) as connection:
            cursor = connection.execute(f"SELECT * FROM {_quoted(shape.table or '')}{order}")
            names = [column[0] for column in cursor.description]
            for row in cursor:
                number += 1
                value = dict(zip(names, row, strict=True))
                yield _row(number, {k: _plain(v) for k, v in value.items()}, shape.json)
    except (sqlite3.Error, UnicodeError) as error:
        yield Raw(number + 1, 0, b"", True, f"the database is damaged: {error}")


def _row(number: int, value: dict[str, Any], columns: tuple[str, ...]) -> Raw:
    for name in columns:
        text = value[name]
        if isinstance(text, str):
            try:
                parsed = parsing.parse(text.encode("utf-8", "surrogateescape"))
            except parsing.ParseError as error:
                return Raw(number, 0, b"", True, f"{name}: {error.reason}")
            if parsed.duplicates:
                return Raw(number, 0, b"", True, f"{name}: {parsed.duplicates[0]!r} is named twice")
            value[name] = parsed.value
    return Raw(number, 0, b"", True, None, value)


def _plain(value: Any) -> Any:
    """Text stays text; blobs become hex."""
    return value.hex() if isinstance(value, bytes) else value
