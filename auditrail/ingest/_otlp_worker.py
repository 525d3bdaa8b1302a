"""A second process that reads batches of OTLP records: both sides of it.

Batches go to its standard input, tables come from its standard output, each as a pickle with its length before it.
Only this program writes either. The process ends when its input does, so it outlives nobody; Ctrl-C is its parent's
business. Without one, everything is read all the same, in one process.
"""

from __future__ import annotations

import gc
import pickle
import signal
import struct
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import IO, Any

from auditrail.containers.records import Record
from auditrail.ingest.plain import Tally

_LENGTH = struct.Struct("<Q")
# `-P` and our own path: modules that lie in the working folder (which may be evidence) are never run.
_CODE = "import sys; sys.path[:] = sys.argv[1:]; from auditrail.ingest._otlp_worker import main; main()"

Answer = tuple[Tally, list[tuple[str, Any]]]


def _send(stream: IO[bytes], value: Any) -> None:
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def _receive(stream: IO[bytes]) -> Any:
    """The next value.

    Raises:
        EOFError: there is none.
    """
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    return pickle.loads(stream.read(_LENGTH.unpack(head)[0]))  # noqa: S301 - written by the other side of this module


class Worker:
    """The process as its parent sees it; `batch` is what it was given and has not been asked about."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.batch: list[Record] | None = None
        self._process = process
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="auditrail-worker")
        self._answer: Future[Answer] | None = None

    @classmethod
    def start(cls, source: int, stream: str) -> Worker | None:
        """Starts it; None where no process can be started."""
        path = [folder for folder in sys.path if folder]
        try:
            process = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, "-P", "-c", _CODE, *path],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except (OSError, ValueError):
            return None
        worker = cls(process)
        worker._thread.submit(worker._begin, source, stream)
        return worker

    @property
    def is_free(self) -> bool:
        return self._answer is None or self._answer.done()

    def give(self, batch: list[Record]) -> None:
        """Has a batch read; the answer to the one before must have been taken."""
        self.batch = batch
        self._answer = self._thread.submit(self._ask, batch)

    def answer(self) -> Answer | None:
        """Waits for the answer; None if the process failed."""
        answer, self._answer, self.batch = self._answer, None, None
        try:
            return answer.result() if answer is not None else None
        except Exception:  # noqa: BLE001 - the parent reads the batch itself, whatever went wrong
            return None

    def close(self) -> None:
        """Ends the process, whatever it does."""
        self._process.kill()
        self._thread.shutdown()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        self._process.wait()

    def _begin(self, source: int, stream: str) -> None:
        with suppress(OSError):
            assert self._process.stdin is not None  # noqa: S101 - a pipe was asked for
            _send(self._process.stdin, (source, stream))

    def _ask(self, batch: list[Record]) -> Answer:
        assert self._process.stdin is not None  # noqa: S101
        assert self._process.stdout is not None  # noqa: S101
        _send(self._process.stdin, batch)
        tally, tables = _receive(self._process.stdout)
        return tally, [(name, _table(data)) for name, data in tables]


def _bytes(table: Any) -> Any:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _table(data: bytes) -> Any:
    import pyarrow as pa

    with pa.ipc.open_stream(data) as reader:
        return reader.read_all()


def main() -> None:
    """The process itself: batches in, tables out, until the input ends."""
    from auditrail.ingest._otlp_reader import PlannedReader

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    given, made = sys.stdin.buffer, sys.stdout.buffer
    with suppress(EOFError, BrokenPipeError):
        reader = PlannedReader(*_receive(given))
        while True:
            tables = [(name, _bytes(table)) for name, table in reader.tables(_receive(given))]
            _send(made, (reader.account(), tables))
            gc.collect()
