"""The vectorised twin of the generic JSON lines reader: the same rows, several times as fast.

How a block of lines is read:

1. The block is indexed (`_fast_index`), and each line is hashed.
2. Lines of a shape that was seen before are matched against its keys (`_fast_walk`). A line that matches is proven
   to be what it seems: no key stands twice in it, and its values are written as the one JSON parser would write them.
3. A line that does not match is parsed, and if the parser has nothing to say of it, written again in compact form
   and matched once more: other white space, escapes of letters, unusual numbers.
4. What is left is read by the plain reader: damaged and odd lines, and shapes or values that leave a choice.

The plain reader also decides what becomes of the matched lines, once for all that are alike (`_fast_outcome`).
All this is `_fast_maker`'s; from some size on, a second process (`_worker`) does it, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

from auditrail.containers.lines import LineSplitter
from auditrail.containers.records import Head, Readable, Record, Wrapper
from auditrail.ingest import rows
from auditrail.ingest._fast_ahead import Ahead
from auditrail.ingest._fast_columns import insert_statement, stream_schema
from auditrail.ingest._fast_maker import MAX_LOOKS, Lines, Maker
from auditrail.ingest._worker import Together
from auditrail.ingest.choose import Choice
from auditrail.ingest.plain import Batch, Tally
from auditrail.ingest.streams import read_fully, uncollected

if TYPE_CHECKING:
    import duckdb

FORMAT = "jsonl"

# Bytes per block: large enough that the cost of each array operation is small beside its work.
BLOCK = 4 << 20
# Blocks after which a second process is started.
_ALONE = 8
# Rows of the small tables wait until a statement ends; this many end it.
_MAX_WAITING = 65536


def applies(choice: Choice, head: Head) -> bool:  # noqa: ARG001 - the contract of twins
    """Whether the twin can read the source: one record per line."""
    return choice.framing == "lines" and not choice.arrays


class _Splitter(LineSplitter):
    """Gives lines by the block. The last line without a newline, and blocks with lines too long, come as records."""

    def _lines(self, data: bytes, offset: int) -> Iterator[Any]:
        too_long = len(data) > self._max_record and max(map(len, data.split(b"\n"))) > self._max_record
        if too_long or b"\n" not in data:
            yield from super()._lines(data, offset)
            return
        yield Lines(data, offset, self._number)
        self._number += data.count(b"\n") + 1


class _Whole:
    """A stream that reads full blocks of a size of our own."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream

    def read(self, _size: int, /) -> bytes:
        return read_fully(self._stream, BLOCK)


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
    """Reads the whole stream and inserts its rows, inside the caller's transaction.

    Returns:
        The tally, and where a later load of the grown source may begin: offset and records before it.

    Raises:
        UnreadableError: from the stream.
    """
    import pyarrow as pa

    left = start
    while left and (block := stream.read(min(left, 1 << 20))):
        left -= len(block)
    splitter = _Splitter(_Whole(stream), (), start - left, first_number, max_record)
    with uncollected(), _Feed(source, stream_name, iter(splitter)) as feed:
        while not feed.done:
            batches = Ahead(feed.batches())
            # As in `rows.insert`, the engine finds the stream by the name of the variable.
            auditrail_stream = pa.RecordBatchReader.from_batches(stream_schema(), batches)
            try:
                connection.execute(insert_statement("auditrail_stream"))
            except Exception:
                cause = feed.error or batches.broken
                if cause is not None:
                    raise cause from None
                raise
            finally:
                batches.close()
                del auditrail_stream
            _insert_waiting(connection, feed.maker.waiting)
    return feed.maker.tally, (splitter.resume_offset, splitter.resume_number)


def _insert_waiting(connection: duckdb.DuckDBPyConnection, waiting: Batch) -> None:
    for table in ("ids_more", "quarantine", "remarks"):
        new = getattr(waiting, table)
        if new:
            rows.insert(connection, table, rows.table(table, new))
            new.clear()


class _Feed:
    """Arrow batches of all of a source, as the engine asks for them."""

    def __init__(self, source: int, stream: str, items: Iterator[Lines | Record | Wrapper]) -> None:
        self.maker = Maker(source, stream)
        self.error: BaseException | None = None
        self.done = False
        self._items = items
        self._together = Together("auditrail.ingest._fast_maker:maker", source, stream, alone=_ALONE)

    def __enter__(self) -> Self:
        self._together.__enter__()
        return self

    def __exit__(self, *given: object) -> None:
        self._together.__exit__(*given)

    def batches(self) -> Iterator[Any]:
        """Batches of events until the source ends or too many other rows wait."""
        maker = self.maker
        records: list[Record] = []
        try:
            for item in self._items:
                if isinstance(item, Lines):
                    for made in self._together.read(item):
                        yield from maker.taken(*made)
                elif isinstance(item, Record):
                    records.append(item)
                    if len(records) >= MAX_LOOKS:
                        yield from maker.plain(records)
                        records = []
                if len(maker.waiting.ids_more) + len(maker.waiting.quarantine) > _MAX_WAITING:
                    break
            else:
                for made in self._together.finish():
                    yield from maker.taken(*made)
                self.done = True
            yield from maker.plain(records)
        except BaseException as error:
            self.error = error
            raise
