"""Says when it is worth looking at the logs: when the system tells of a change, or after a time.

With the extra `watch`, `watchfiles` tells of changes at once (inotify, FSEvents, kqueue...). Without it, or where the
file system tells nothing (NFS, some containers), logs are looked at in short intervals all the same: a look at a log
that did not change is one `stat`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

# Without news of changes, what is open is looked at so often (seconds); with them, as a safety net only.
POLL = 0.05
TOLD = 0.5
_DEBOUNCE_MS = 20


class Waker:
    """Waits for changes below the paths.

    Args:
        paths: files and folders. poll: seconds between two looks, None: the default.
        notify: whether the system may be asked to tell.
    """

    def __init__(self, paths: Sequence[Path], poll: float | None = None, *, notify: bool = True) -> None:
        self._event = threading.Event()
        self._stop = threading.Event()
        self._folders = tuple(sorted({str(path if path.is_dir() else path.parent) for path in paths}))
        self._deep = any(path.is_dir() for path in paths)
        self._thread: threading.Thread | None = None
        self._poll = poll
        self.notified = False
        if notify and self._folders:
            self._thread = threading.Thread(target=self._listen, name="auditrail-wake", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        """There is something to look at."""
        self._event.set()

    def wait(self, longest: float) -> bool:
        """Waits until there may be something; at most `longest` seconds. True: somebody told so."""
        often = self._poll if self._poll is not None else TOLD if self.notified else POLL
        told = self._event.wait(min(longest, often))
        self._event.clear()
        return told

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=2)

    def _listen(self) -> None:
        try:
            from watchfiles import watch
        except ImportError:
            return
        options: dict[str, Any] = {
            "debounce": _DEBOUNCE_MS,
            "step": _DEBOUNCE_MS,
            "stop_event": self._stop,
            "rust_timeout": 500,
            "yield_on_timeout": True,
            "raise_interrupt": False,
            "watch_filter": None,
            "recursive": self._deep,
            "ignore_permission_denied": True,
        }
        with suppress(OSError, RuntimeError):  # no watches left, or a folder that went away: intervals go on
            for changes in watch(*self._folders, **options):
                self.notified = True
                if changes:
                    self._event.set()
        self.notified = False
