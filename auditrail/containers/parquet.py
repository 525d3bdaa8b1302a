"""Parquet as a container: its rows as JSON lines, so that readers of JSON read them, and offsets are offsets in these.

Rendered by pyarrow, row for row, always the same way: columns in the order of the file; times as ISO 8601 (with `Z`
where the column says that it holds UTC, else without a zone), with the digits of the column's unit; dates and times of
day as ISO 8601; decimals as text; bytes as base64; a duration as a whole number of its unit; structs, lists and maps
as JSON (a map whose keys are not all text is a list of pairs); NaN and infinities as these words. A column name that
stands twice gets `#2`.

A file without a footer that can be read gives nothing: `UnreadableError`. Where a page is damaged, the rows
before its batch are given, and `defect` says what is missing.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson

from auditrail.containers.table import unique
from auditrail.errors import UnreadableError

# Rows rendered at a time: a row may hold whole conversations, and all columns of the batch are in memory.
_BATCH = 256
_DIGITS = {"s": 0, "ms": 3, "us": 6, "ns": 9}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Rows:
    """The rows of a Parquet file as a stream of JSON lines; closes the file, and what `also` closes."""

    def __init__(self, file: Any, also: Callable[[], None]) -> None:
        self.defect: str | None = None
        self._file = file
        self._also = also
        self._left = b""
        try:
            import pyarrow.parquet as pq

            self._table = pq.ParquetFile(file, memory_map=False, pre_buffer=False)
        except (OSError, ValueError, NotImplementedError) as error:
            file.close()
            raise UnreadableError(f"damaged Parquet file: {_first_line(error)}") from error
        self._blocks = self._rendered()

    def read(self, n: int, /) -> bytes:
        if not self._left:
            try:
                self._left = next(self._blocks, b"")
            except (OSError, ValueError, NotImplementedError, OverflowError) as error:
                self.defect = f"Parquet file is damaged ({_first_line(error)})"
                self._blocks = iter(())
        out, self._left = self._left[:n], self._left[n:]
        return out

    def close(self) -> None:
        self._file.close()
        self._also()

    def _rendered(self) -> Iterator[bytes]:
        names = unique(self._table.schema_arrow.names)
        for batch in self._table.iter_batches(batch_size=_BATCH, use_threads=False):
            columns = [_values(column) for column in batch.columns]
            rows = zip(*columns, strict=True)
            yield b"".join(_line(dict(zip(names, row, strict=True))) for row in rows)


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]


def _line(row: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # text that is not UTF-8 never comes this far; what is left are values of unusual types
        return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE, default=str)


def _values(array: Any) -> list[Any]:
    """The values of a column as JSON has them."""
    import pyarrow as pa

    kind, types = array.type, pa.types
    if types.is_dictionary(kind):
        return _values(array.dictionary_decode())
    if types.is_timestamp(kind):
        zone = "Z" if kind.tz else ""
        return _each(array.cast(pa.int64()), lambda value: _time(value, kind.unit) + zone)
    if types.is_time(kind):
        whole = array.cast(pa.int32() if kind.bit_width == 32 else pa.int64())
        return _each(whole, lambda value: _time(value, kind.unit)[11:])
    if types.is_duration(kind):
        return _each(array.cast(pa.int64()), None)
    if types.is_map(kind):
        return _maps(array)
    if types.is_fixed_size_list(kind):
        return _lists(array.cast(pa.list_(kind.value_type)))
    if types.is_struct(kind):
        parts = [_values(part) for part in array.flatten()]
        names = unique([field.name for field in kind])
        rows = [dict(zip(names, row, strict=True)) for row in zip(*parts, strict=True)] if parts else [{}] * len(array)
        return [row if valid else None for row, valid in zip(rows, array.is_valid().to_pylist(), strict=True)]
    if types.is_list(kind) or types.is_large_list(kind):
        return _lists(array)
    if isinstance(array, pa.ExtensionArray):
        return _values(array.storage)
    return _each(array, _writer(kind))


def _lists(array: Any) -> list[Any]:
    inner = _values(array.flatten())
    made, at = [], 0
    for size in array.value_lengths().to_pylist():
        made.append(None if size is None else inner[at : at + size])
        at += size or 0
    return made


def _maps(array: Any) -> list[Any]:
    keys, items = _values(array.keys), _values(array.items)
    offsets = array.offsets.to_pylist()
    made: list[Any] = []
    for at, end, valid in zip(offsets, offsets[1:], array.is_valid().to_pylist(), strict=False):
        names, held = keys[at:end], items[at:end]
        plain = all(isinstance(name, str) for name in names) and len(set(names)) == len(names)
        pairs: Any = (
            dict(zip(names, held, strict=True)) if plain else [list(pair) for pair in zip(names, held, strict=True)]
        )
        made.append(pairs if valid else None)
    return made


def _each(array: Any, write: Callable[[Any], Any] | None) -> list[Any]:
    values: list[Any] = array.to_pylist()
    return values if write is None else [None if value is None else write(value) for value in values]


def _writer(kind: Any) -> Callable[[Any], Any] | None:
    """What makes JSON of a value of a type; None where it is JSON already."""
    import pyarrow as pa

    types = pa.types
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return lambda value: base64.b64encode(value).decode()
    if types.is_floating(kind):
        return _number
    if types.is_string(kind) or types.is_large_string(kind) or types.is_integer(kind) or types.is_boolean(kind):
        return None
    return _plain


def _plain(value: Any) -> Any:
    """A value of a rarer type."""
    if isinstance(value, (str, int, float, list, dict)):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, date) else str(value)


def _number(value: float) -> float | str:
    # JSON has no word for these; the text is what the parser makes of the words that some writers use.
    if math.isnan(value):
        return "NaN"
    return value if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")


def _time(value: int, unit: str) -> str:
    digits = _DIGITS[unit]
    seconds, rest = divmod(value, 10**digits)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:0{digits}d}" if digits else text


def spooled(read: Callable[[int], bytes]) -> Any:
    """A stream as a file that can be read in any order: Parquet begins at its end."""
    import tempfile

    file = tempfile.SpooledTemporaryFile(max_size=1 << 26)  # noqa: SIM115 - closed with the stream
    while block := read(1 << 20):
        file.write(block)
    file.seek(0)
    return file


class Counted(io.RawIOBase):
    """A file that can be read in any order; tells how many bytes were read."""

    def __init__(self, file: Any, size: int, told: Callable[[int], None]) -> None:
        self._file = file
        self._size = size
        self._told = told

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == 2:  # the file may have grown behind the size that was hashed
            whence, offset = 0, self._size + offset
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def readinto(self, buffer: Any) -> int:
        left = max(self._size - self._file.tell(), 0)
        block: bytes = self._file.read(min(len(buffer), left)) or b""
        buffer[: len(block)] = block
        self._told(len(block))
        return len(block)

    def close(self) -> None:
        self._file.close()
        super().close()
