"""OTLP/JSON lines -> rows, a column at a time.

Gives the same rows as `plain.SourceReader`, by construction:

1. A record that the parser may have read inexactly (keys that stand twice, long integers, escaped NUL), that is blank,
   damaged, or no OTLP, goes to the plain reader.
2. Of all others the plain reader itself takes the document apart (`otlp.read_with`), and hands over each span.
3. A span whose attribute values have the types of the format, and no events in it, is planned (`_otlp_plans`) and waits
   for its chunk to be full (`_otlp_columns`). Any other goes through the plain reader's `span` at once.
4. When its chunk is full, planned spans become columns. Those whose values break the assumptions of their plan go
   through `span` too: such a span gives the events that places were kept for.
5. Should anything go wrong in a chunk, its records are read by the plain reader, each for itself.

A thread hands the finished tables to the engine, which works without Python's lock. From some size on a second process
(`_worker`) reads every batch of records that it is free for.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Self

from auditrail.containers.records import Head, Readable, Record, Wrapper
from auditrail.containers.splitting import split
from auditrail.ingest import rows
from auditrail.ingest._otlp_reader import PlannedReader
from auditrail.ingest._worker import Together
from auditrail.ingest.choose import Choice
from auditrail.ingest.plain import Tally
from auditrail.ingest.streams import uncollected

if TYPE_CHECKING:
    import duckdb

FORMAT = "otlp"

# Bytes of a batch of records: what is worth sending to another process, and little beside the memory of the engine.
_BATCH_BYTES = 3 << 20
# A second process is started once so many batches were read: it takes a third of a second to get ready.
_ALONE = 3
# Rows of one INSERT.
_INSERT_ROWS = 32768
# Batches after which circles in memory are looked for, in case the errors of damaged records left some.
_COLLECT = 64


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
    tally = Tally()
    together = Together(f"{__name__}:maker", source, stream_name, alone=_ALONE)
    with uncollected(), _Inserter(connection) as inserter, together:
        for number, batch in enumerate(_batches(splitter), 1):
            for made in together.read(batch):
                inserter.keep(tally, *made)
            if number % _COLLECT == 0:
                gc.collect()
        for made in together.finish():
            inserter.keep(tally, *made)
        inserter.finish()
    return tally, (splitter.resume_offset, splitter.resume_number)


def _batches(records: Iterable[Record | Wrapper]) -> Iterator[list[Record]]:
    batch: list[Record] = []
    size = 0
    for record in records:
        if isinstance(record, Record):  # there are no wrappers without arrays
            batch.append(record)
            size += len(record.raw) + 200
            if size >= _BATCH_BYTES:
                yield batch
                batch, size = [], 0
    yield batch


def maker(source: int, stream: str) -> Callable[[list[Record]], Any]:
    """What makes rows of batches of records, in a process of its own."""
    reader = PlannedReader(source, stream)

    def make(batch: list[Record]) -> tuple[Tally, list[tuple[str, Any]]]:
        tables = list(reader.tables(batch))
        return reader.account(), tables

    return make


class _Inserter:
    """Gathers Arrow tables, and inserts them in a thread of its own, one statement at a time."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._waiting: dict[str, list[Any]] = {}
        self._running: Future[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="auditrail-insert")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown()

    def finish(self) -> None:
        """Inserts what is left, and waits until all is done."""
        for name in list(self._waiting):
            self._flush(name)
        self._wait()

    def keep(self, account: Tally, tally: Tally, tables: list[tuple[str, Any]]) -> None:
        """Adds what was made of a batch to the account and to what is inserted."""
        account.add(tally)
        for name, table in tables:
            self.add(name, table)

    def add(self, name: str, made: Any) -> None:
        waiting = self._waiting.setdefault(name, [])
        waiting.append(made)
        if sum(table.num_rows for table in waiting) >= _INSERT_ROWS:
            self._flush(name)

    def _flush(self, name: str) -> None:
        import pyarrow as pa

        self._wait()
        table = pa.concat_tables(self._waiting.pop(name))
        self._running = self._thread.submit(rows.insert, self._connection, name, table)

    def _wait(self) -> None:
        if self._running is not None:
            self._running.result()
