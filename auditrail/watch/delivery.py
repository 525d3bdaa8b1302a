"""Hands alerts to actions: each in its own thread, over a bounded queue, tried again with growing pauses.

The watch never waits for an action. What finds its queue full is dropped for that action, counted, and told; the
journal still holds the alert, and as not done, so it is handed over after a restart.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, Protocol

QUEUE = 1000
# Tries of a delivery, and the first pause in seconds; each further one is twice as long.
TRIES, PAUSE = 6, 0.5


class DeliveryError(Exception):
    """An action could not be carried out; `again`: it may work later."""

    def __init__(self, message: str, *, again: bool = True) -> None:
        super().__init__(message)
        self.again = again


class Action(Protocol):
    """See `actions`."""

    def deliver(self, alert: dict[str, Any]) -> None: ...


Done = Callable[[str, str], None]


class Channel:
    """One action with its queue.

    Args:
        name: what it is called in the journal, such as `webhook-1`.
        wants: whether it takes an alert. done: told (alert id, name) of each delivery.
    """

    def __init__(
        self,
        name: str,
        action: Action,
        wants: Callable[[dict[str, Any]], bool],
        done: Done,
        *,
        queued: bool,
        retried: bool,
        size: int = QUEUE,
        pause: float = PAUSE,
    ) -> None:
        self.name = name
        self.wants = wants
        self.delivered = self.failed = self.dropped = 0
        self.last_error = ""
        self._action = action
        self._done = done
        self._tries = TRIES if retried else 1
        self._pause = pause
        self._stop = threading.Event()
        self._queue: queue.Queue[dict[str, Any] | None] = queue.Queue(size)
        self._thread: threading.Thread | None = None
        if queued:
            self._thread = threading.Thread(target=self._work, name=f"auditrail-{name}", daemon=True)
            self._thread.start()

    def give(self, alert: dict[str, Any]) -> None:
        """Hands an alert over; never waits where the action has a queue."""
        if self._thread is None:
            self._deliver(alert)
            return
        try:
            self._queue.put_nowait(alert)
        except queue.Full:
            self.dropped += 1

    def close(self, seconds: float) -> int:
        """Lets the queue run empty, for so long at most; how many alerts were left."""
        if self._thread is None:
            return 0
        try:
            self._queue.put(None, timeout=seconds)
            self._thread.join(timeout=seconds)
        except queue.Full:
            pass
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=0.2)
        return self._queue.qsize() if self._thread.is_alive() else 0

    def _work(self) -> None:
        while (alert := self._queue.get()) is not None:
            self._deliver(alert)

    def _deliver(self, alert: dict[str, Any]) -> None:
        pause = self._pause
        for number in range(1, self._tries + 1):
            try:
                self._action.deliver(alert)
            except DeliveryError as error:
                self.last_error = str(error)
                if not error.again:
                    self._done(alert["id"], self.name)  # no use in handing it over again after a restart
                    break
                if number == self._tries or self._stop.wait(pause):
                    break
                pause *= 2
            except BrokenPipeError:
                raise
            except Exception as error:  # noqa: BLE001 - one action must not cost the others, nor the watch
                self.last_error = f"{type(error).__name__}: {error}"
                break
            else:
                self.delivered += 1
                self._done(alert["id"], self.name)
                return
        self.failed += 1
