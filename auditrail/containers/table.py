r"""Records that are the rows of a table in text: CSV (RFC 4180), and the same with tabs or semicolons.

The first row names the columns; every further row is a record. Its `raw` is the JSON object of the row, column name ->
text, so that readers need not know of tables; `offset`, `length` and `digest` speak of the row as it stands in the
source, without its line end. A field that is empty is null, one that is quoted and empty is "".

- A quoted field may hold line ends, delimiters and `""` for a quote. `\r\n` and `\n` end a row.
- A row with too few or too many fields is given with the defect `malformed`. If it went over several lines, only its
  first line is: most often a stray quote swallowed the rows behind it, and they are read again one by one.
- A further row that repeats the header (tables written one behind another) is no record.
- A column without a name is called `column <n>`; a name that stands twice gets `#2`, `#3` and so on.

Told by content: names in the first row, and as many fields in most of the rows behind it (`dialect`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import orjson

from auditrail.containers.records import Readable, Record, Wrapper
from auditrail.containers.stretch import BOM, Buffer, Stretch
from auditrail.digest import record_digest

# Framing -> delimiter, in the order in which they are tried.
DELIMITERS: dict[str, bytes] = {"csv": b",", "tsv": b"\t", "csv-semicolon": b";"}
# Rows behind the header that are looked at.
_LOOKED_AT = 20
# A header of one name is a line of text; of more than this it is none that a log has.
_COLUMNS = range(2, 2000)
_LONGEST_NAME = 200
_NAME = re.compile(r"[A-Za-z_@$#][\w .:/@#$%()\[\]*+-]*")
# Names of columns may be a few words; a row of prose or of values with a time in it is no header.
_NO_NAME = re.compile(r"\d{1,2}:\d{2}|\d{4}-\d{2}-\d{2}|\. |: |\.\Z|=")


class _Dialect(NamedTuple):
    """How rows and fields are cut at a delimiter."""

    delimiter: bytes
    row: re.Pattern[bytes]
    start: re.Pattern[bytes]  # of a row, as far as it is well-formed
    field: re.Pattern[bytes]


def _dialect(delimiter: bytes) -> _Dialect:
    d = re.escape(delimiter)
    field = rb'(?:"(?:[^"]++|"")*+"|[^"\n' + d + rb"][^\n" + d + rb"]*+|)"
    start = field + rb"(?:" + d + field + rb")*+\r?"
    row = re.compile(start + rb"(?=\n|\Z)")
    return _Dialect(delimiter, row, re.compile(start), re.compile(rb"(?:\A|" + d + rb")(" + field + rb")"))


_DIALECTS = {name: _dialect(delimiter) for name, delimiter in DELIMITERS.items()}


def dialect(body: bytes, *, complete: bool) -> str | None:
    """The framing of a table that the first bytes show (behind a byte order mark), or None if they show none."""
    line = body[:_LONGEST_NAME].lstrip(b"\r\n\t ")[:1]
    if not line or line in b"{[<":
        return None
    for name, how in _DIALECTS.items():
        if how.delimiter in body[: 1 << 16] and _agrees(body, how, complete=complete):
            return name
    return None


def _agrees(body: bytes, how: _Dialect, *, complete: bool) -> bool:
    """Whether the first row names columns, and most of the rows behind it have as many fields."""
    match = how.row.match(body)
    if match is None or not _names_columns(match[0], how):
        return False
    columns = len(how.field.findall(match[0]))
    at = match.end() + 1
    agree = differ = 0
    while at < len(body) and agree + differ < _LOOKED_AT:
        match = how.row.match(body, at)
        if not complete and (match is None or match.end() == len(body)):
            # Most often the end of what is seen cuts a row; it may as well be a stray quote.
            break
        fits = match is not None and len(how.field.findall(match[0])) == columns
        if match is not None and (fits or b"\n" not in match[0]):
            end = match.end()
        else:  # as in `RowSplitter`: the line, and what is behind it again
            end = body.find(b"\n", at)
            end = len(body) if end < 0 else end
        if body[at:end].strip():
            agree, differ = agree + fits, differ + (not fits)
        at = end + 1
    return agree > differ


def _names_columns(row: bytes, how: _Dialect) -> bool:
    try:
        names = [_text(field) or "" for field in how.field.findall(_line(row))]
    except UnicodeDecodeError:
        return False
    if len(names) not in _COLUMNS:
        return False
    # pandas leaves the name of its index, the first column, blank.
    return all(
        (index == 0 and not name)
        or (len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) and not _NO_NAME.search(name))
        for index, name in enumerate(names)
    )


def _line(row: bytes) -> bytes:
    return row.removesuffix(b"\r")


def _text(field: bytes) -> str | None:
    """A field as text; None if it is empty and not quoted.

    Raises:
        UnicodeDecodeError: it is not UTF-8.
    """
    if field[:1] == b'"':
        return field[1:-1].decode("utf-8").replace('""', '"')
    return field.decode("utf-8") or None


def unique(names: list[str | None]) -> list[str]:
    """Names of columns, each made to differ from those before it."""
    made: list[str] = []
    taken: set[str] = set()
    for number, name in enumerate(names, start=1):
        base = name or f"column {number}"
        free, again = base, 1
        while free in taken:
            again += 1
            free = f"{base}#{again}"
        taken.add(free)
        made.append(free)
    return made


class RowSplitter:
    """Splits a stream into the rows of a table; see `splitting.Splitter` for the attributes.

    A grown table is read from its start again: its header stands there.
    """

    def __init__(self, stream: Readable, framing: str, first_number: int, max_record: int) -> None:
        self.resume_offset: int | None = None
        self.resume_number = first_number - 1
        self.unclosed = False
        self._how = _DIALECTS[framing]
        self._buffer = Buffer(stream, 0)
        self._number = first_number
        self._max_record = max_record
        self._header = b""
        self._names: list[str] = []

    @property
    def position(self) -> int:
        return self._buffer.end

    def __iter__(self) -> Iterator[Record | Wrapper]:
        buffer = self._buffer
        buffer.want(0, len(BOM))
        at = len(BOM) if buffer.data.startswith(BOM) else 0
        while buffer.want(at, 1):
            end = self._end(at)
            if end is None:
                record, at = self._line(at)
                self._number += 1
                yield record
                continue
            row = _line(buffer.cut(at, end))
            behind = end + 1
            if not self._names:
                if row.strip():
                    self._header = row
                    self._names = self._named(row)
                at = behind
                continue
            if row == self._header:
                at = behind
                continue
            record = self._record(at, row)
            if record.defect is not None and b"\n" in row:
                record, at = self._line(at)
            else:
                at = behind
                if end >= buffer.end and buffer.eof:
                    record = record._replace(last_unterminated=True)
            self._number += 1
            yield record

    def _named(self, row: bytes) -> list[str]:
        return unique([field.decode("utf-8", "replace") for field in map(_unquoted, self._how.field.findall(row))])

    def _end(self, at: int) -> int | None:
        """Where the row at `at` ends, its line end left out; None if it is damaged or longer than the limit."""
        buffer = self._buffer
        while True:
            match = self._how.row.match(buffer.data, at - buffer.base)
            if match is not None and (match.end() < len(buffer.data) or buffer.eof):
                end = buffer.base + match.end()
                return end if end - at <= self._max_record + 1 else None
            if match is None and not self._is_open(at):
                return None
            if buffer.end - at > self._max_record + 1 or not buffer.more(at):
                return None

    def _is_open(self, at: int) -> bool:
        """Whether a row that does not end in the buffer may go on behind it; else a quote stands where none may."""
        data = self._buffer.data
        match = self._how.start.match(data, at - self._buffer.base)
        return match is None or match.end() >= len(data) or data[match.end() : match.end() + 1] == b'"'

    def _record(self, offset: int, row: bytes) -> Record:
        digest = record_digest(row)
        if not row.strip():
            return Record(self._number, offset, len(row), b"", digest)
        fields = self._how.field.findall(row)
        if len(fields) != len(self._names):
            return Record(self._number, offset, len(row), row, digest, defect="malformed")
        try:
            values = [_text(field) for field in fields]
        except UnicodeDecodeError:
            return Record(self._number, offset, len(row), row, digest, defect="invalid-utf8")
        raw = orjson.dumps(dict(zip(self._names, values, strict=True)))
        return Record(self._number, offset, len(row), raw, digest)

    def _line(self, at: int) -> tuple[Record, int]:
        """The line at `at` as a record that is no row, and where the next line begins."""
        buffer = self._buffer
        stretch: Stretch | None = None
        look = at
        while (found := buffer.data.find(b"\n", look - buffer.base)) < 0:
            look = buffer.end
            if buffer.end - at > self._max_record:
                stretch = stretch or Stretch(at)
                stretch.take(buffer, buffer.end)
            if not buffer.more(stretch.end if stretch else at):
                break
        end = buffer.base + found if found >= 0 else buffer.end
        if stretch:
            stretch.take(buffer, end)
            return stretch.record(self._number), end + 1
        raw = _line(buffer.cut(at, end))
        record = Record(self._number, at, len(raw), raw, record_digest(raw), defect="malformed")
        if found < 0:
            record = record._replace(defect="torn-tail", last_unterminated=True)
        return record, end + 1


def _unquoted(field: bytes) -> bytes:
    return field[1:-1].replace(b'""', b'"') if field[:1] == b'"' else field
