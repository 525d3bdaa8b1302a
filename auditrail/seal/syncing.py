"""When what was written goes to the disk for certain: at once, within a time, or when the system likes."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from typing import Literal, get_args

Policy = Literal["always", "interval", "never"]


class Syncing:
    """Calls fsync as the policy says; with `interval`, also where no further write comes.

    Args:
        policy: `always`, `interval` or `never`.
        seconds: the longest that something may wait, for `interval`.

    Raises:
        ValueError: there is no such policy.
    """

    def __init__(self, policy: Policy, seconds: float) -> None:
        if policy not in get_args(Policy):
            raise ValueError(f"fsync is always, interval or never, not {policy!r}")
        self._policy = policy
        self._seconds = seconds
        self._synced = time.monotonic()
        self._lock = threading.Lock()
        self._handle = -1
        self._timer: threading.Timer | None = None

    def written(self, handle: int, *, now: bool = False) -> None:
        """Something was written to the file; with `now` it must be on the disk on return.

        Raises:
            OSError: it is not on the disk.
        """
        with self._lock:
            left = self._seconds - (time.monotonic() - self._synced)
            if now or self._policy == "always" or (self._policy == "interval" and left <= 0):
                os.fsync(handle)
                self._synced = time.monotonic()
            elif self._policy == "interval":
                self._handle = handle
                if self._timer is None:
                    self._timer = threading.Timer(left, self._later)
                    self._timer.daemon = True
                    self._timer.start()

    def _later(self) -> None:
        with self._lock:
            self._timer = None
            if self._handle >= 0:
                with suppress(OSError):  # the next write meets it again, and tells
                    os.fsync(self._handle)
                    self._synced = time.monotonic()

    def forget(self) -> None:
        """The file is about to be closed: nothing may be called on its number any more."""
        with self._lock:
            self._handle = -1
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def renewed(self) -> Syncing:
        """The same policy for a child process, in which no timer runs and nobody holds the lock."""
        return Syncing(self._policy, self._seconds)
