"""Makes batches in a thread of its own while the engine stores the ones before.

The engine pulls batches in the middle of its own work; without this, one waits for the other. Array operations and
the engine run without Python's lock, so two cores are kept busy.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Any

# Batches that wait: enough to even out, few enough to bound memory (a batch holds its block of the source).
_DEPTH = 2
# How long a blocked hand-over lasts before it is asked again whether anyone still listens.
_PATIENCE_SECONDS = 0.05


class Ahead(Iterator[Any]):
    """Iterates over `items`, which are made ahead in a thread; what that raises is raised here.

    `broken` is what interrupted the waiting itself. `close` must be called when no more is wanted, whatever happened:
    it waits for the thread.
    """

    def __init__(self, items: Iterator[Any]) -> None:
        self._queue: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(_DEPTH)
        self._closed = threading.Event()
        self._ended = False
        self.broken: BaseException | None = None
        self._thread = threading.Thread(target=self._make, args=(items,), name="auditrail-ahead", daemon=True)
        self._thread.start()

    def _make(self, items: Iterator[Any]) -> None:
        try:
            for item in items:
                if not self._give(item, None):
                    return
        except BaseException as error:  # noqa: BLE001 - it is raised again where the items are wanted
            self._give(None, error)
        else:
            self._give(None, StopIteration())

    def _give(self, item: Any, end: BaseException | None) -> bool:
        while not self._closed.is_set():
            try:
                self._queue.put((item, end), timeout=_PATIENCE_SECONDS)
            except queue.Full:
                continue
            return True
        return False

    def __next__(self) -> Any:
        if self._ended:
            raise StopIteration
        try:
            item, end = self._queue.get()
        except BaseException as error:  # a Ctrl-C lands wherever the program stands, and the engine would rename it
            self.broken = error
            raise
        if end is not None:
            self._ended = True
            raise end
        return item

    def close(self) -> None:
        """Ends the thread."""
        self._closed.set()
        self._thread.join()
