"""What a process has used so far, with the processes that it has started and waited for."""

from __future__ import annotations

import resource
import time
from typing import Any


class Usage:
    """Wall and CPU seconds from its making on; peak memory of all processes together, in MiB, at most."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._cpu = _cpu()

    def so_far(self) -> dict[str, Any]:
        """The figures."""
        peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return {
            "seconds": time.perf_counter() - self._start,
            "cpu": _cpu() - self._cpu,
            "peak": sum(peaks) >> 10,
        }


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
