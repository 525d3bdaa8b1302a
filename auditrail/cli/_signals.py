"""What a command does when it is told to end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def ended_like_interrupted() -> Iterator[None]:
    """Inside, SIGTERM does what Ctrl-C does: temporary folders, which hold evidence, are removed before the end.

    Whoever started the process with SIGTERM ignored, or with a handler of its own, keeps it so.
    """
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
