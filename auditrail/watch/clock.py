"""What time it is: the one place that asks, so that tests can say it."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Wall-clock time in ns since the epoch (UTC), and seconds that only go forward."""

    def wall(self) -> int: ...

    def steady(self) -> float: ...


class SystemClock:
    """The machine's own."""

    def wall(self) -> int:
        return time.time_ns()

    def steady(self) -> float:
        return time.monotonic()
