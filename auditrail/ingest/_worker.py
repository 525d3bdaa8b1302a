"""A second process that makes rows of batches: both sides of it.

Python makes rows on one core only. Batches go to the process's standard input, rows come from its standard output, each
as a pickle followed by the buffers of its Arrow arrays, every buffer once. Only this program writes either. The process
ends when its input does, so it outlives nobody; Ctrl-C is its parent's business. Without one, everything is read all
the same, in one process.
"""

from __future__ import annotations

import gc
import importlib
import io
import os
import pickle
import signal
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import IO, Any, Self

_LENGTH = struct.Struct("<Q")
# `-P` and our own path: modules that lie in the working folder (which may be evidence) are never run.
_CODE = "import sys; sys.path[:] = sys.argv[1:]; from auditrail.ingest._worker import main; main()"
# Batches that it has been given: one that it reads, and one so that it need not wait for the next.
_DEPTH = 2
# Bytes that are worth leaving out of a pickle, which would copy them.
_LONG = 1 << 16
# Bytes that a pipe holds where the system lets us say so: fewer times that both sides have to wait for each other.
_PIPE_BYTES = 1 << 20
_SET_PIPE_BYTES = 1031  # F_SETPIPE_SZ of Linux, which `fcntl` names from Python 3.10 on, but only there


class _Pickler(pickle.Pickler):
    """Leaves long bytes and the buffers of Arrow arrays out of the pickle. Arrays share them: each is sent once."""

    def __init__(self, file: IO[bytes]) -> None:
        import pyarrow as pa

        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.left_out: list[Any] = []
        self._kind = pa.Buffer
        self._known: dict[tuple[int, int], int] = {}

    def persistent_id(self, obj: Any) -> tuple[int, bool] | None:
        if type(obj) is bytes and len(obj) >= _LONG:
            self.left_out.append(obj)
            return len(self.left_out) - 1, False
        if not isinstance(obj, self._kind):
            return None
        place = self._known.setdefault((obj.address, obj.size), len(self.left_out))
        if place == len(self.left_out):
            self.left_out.append(obj)
        return place, True


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: bytes, left_out: list[bytes]) -> None:
        super().__init__(io.BytesIO(data))
        self._left_out = left_out

    def persistent_load(self, pid: Any) -> Any:
        import pyarrow as pa

        place, is_buffer = pid
        return pa.py_buffer(self._left_out[place]) if is_buffer else self._left_out[place]


def _send(stream: IO[bytes], value: Any) -> None:
    data = io.BytesIO()
    pickler = _Pickler(data)
    pickler.dump(value)
    parts = [data.getbuffer(), *[memoryview(part) for part in pickler.left_out]]
    stream.write(_LENGTH.pack(len(parts)))
    for part in parts:
        stream.write(_LENGTH.pack(part.nbytes))
        stream.write(part)
    stream.flush()


def _receive(stream: IO[bytes]) -> Any:
    """The next value.

    Raises:
        EOFError: there is none.
    """
    data, *left_out = [_exactly(stream, _number(stream)) for _ in range(_number(stream))]
    return _Unpickler(data, left_out).load()


def _number(stream: IO[bytes]) -> int:
    made: int = _LENGTH.unpack(_exactly(stream, _LENGTH.size))[0]
    return made


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


class Worker:
    """The process as its parent sees it: batches go in, and come out in the same order with what was made of them."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="auditrail-worker")
        self._given: deque[tuple[Any, Future[Any]]] = deque()

    @classmethod
    def start(cls, maker: str, *given: Any) -> Worker | None:
        """Starts it (see `Together`); None where no process can be started, or has no core of its own."""
        if processors() < 2:
            return None
        path = [folder for folder in sys.path if folder]
        try:
            process = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, "-P", "-c", _CODE, *path],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except (OSError, ValueError):
            return None
        for stream in (process.stdin, process.stdout):
            _widen(stream)
        worker = cls(process)
        worker._thread.submit(worker._begin, maker, given)
        return worker

    @property
    def is_free(self) -> bool:
        """Whether it can be given another batch."""
        return len(self._given) < _DEPTH

    @property
    def is_done(self) -> bool:
        """Whether the batch that it was given first can be taken without waiting."""
        return bool(self._given) and self._given[0][1].done()

    @property
    def is_idle(self) -> bool:
        """Whether it was given no batch that has not been taken."""
        return not self._given

    def give(self, batch: Any) -> None:
        """Has a batch read."""
        self._given.append((batch, self._thread.submit(self._ask, batch)))

    def take(self) -> tuple[Any, Any]:
        """The batch that it was given first, and what was made of it, or None if the process failed; waits for it."""
        batch, answer = self._given.popleft()
        try:
            return batch, answer.result()
        except Exception:  # noqa: BLE001 - the parent reads the batch itself, whatever went wrong
            return batch, None

    def close(self) -> None:
        """Ends the process, whatever it does."""
        self._process.kill()
        self._thread.shutdown(cancel_futures=True)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        self._process.wait()

    def _begin(self, maker: str, given: tuple[Any, ...]) -> None:
        with suppress(OSError):
            assert self._process.stdin is not None  # noqa: S101 - a pipe was asked for
            _send(self._process.stdin, (maker, given))

    def _ask(self, batch: Any) -> Any:
        assert self._process.stdin is not None  # noqa: S101
        assert self._process.stdout is not None  # noqa: S101
        _send(self._process.stdin, batch)
        return _receive(self._process.stdout)


class Together:
    """Has batches read by this process and, once it pays, by a second one, whichever is free.

    Args:
        maker: `module:function`; the function gives what makes something of a batch.
        given: its arguments, for either process.
        alone: after so many batches a second process is started: it takes a third of a second to get ready.
    """

    def __init__(self, maker: str, *given: Any, alone: int) -> None:
        self._maker = maker
        self._given = given
        self._left = alone
        self._here = _maker_of(maker, given)
        self._worker: Worker | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._worker is not None:
            self._worker.close()

    def read(self, batch: Any) -> Iterator[Any]:
        """Has a batch read; gives what has been made of it or of others."""
        self._left -= 1
        if self._left == -1:
            self._worker = Worker.start(self._maker, *self._given)
        while self._worker is not None and self._worker.is_done:
            yield from self._taken(self._worker)
        if self._worker is not None and self._worker.is_free:
            self._worker.give(batch)
        else:
            yield self._here(batch)

    def finish(self) -> Iterator[Any]:
        """What is still being made."""
        while self._worker is not None and not self._worker.is_idle:
            yield from self._taken(self._worker)

    def _taken(self, worker: Worker) -> Iterator[Any]:
        batch, answer = worker.take()
        if answer is not None:
            yield answer
            return
        left = [batch]  # it died: whatever it was, its batches can be read here
        while not worker.is_idle:
            left.append(worker.take()[0])
        worker.close()
        self._worker = None
        for one in left:
            yield self._here(one)


def _maker_of(maker: str, given: tuple[Any, ...]) -> Callable[[Any], Any]:
    module, _, name = maker.partition(":")
    made: Callable[[Any], Any] = getattr(importlib.import_module(module), name)(*given)
    return made


def _widen(stream: IO[bytes] | None) -> None:
    if sys.platform == "linux" and stream is not None:
        import fcntl

        with suppress(OSError):
            fcntl.fcntl(stream, _SET_PIPE_BYTES, _PIPE_BYTES)


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def main() -> None:
    """The process itself: batches in, rows out, until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    given, made = sys.stdin.buffer, sys.stdout.buffer
    with suppress(EOFError, BrokenPipeError):
        make = _maker_of(*_receive(given))
        gc.freeze()  # so that a collection looks at what came since, and at nothing else
        while True:
            answer = make(_receive(given))
            _send(made, answer)
            del answer
            gc.collect()
