"""What time it is in the logs. Rules wait by it and not by the wall clock: a replay judges as a live watch does.

1. Each log has the time it has been read up to. One record alone cannot move it: it is what two records in a row have
   reached, so a single wrong clock fires no deadline. What lies further ahead than the wall clock is not believed.
2. While some logs have more to read, it is as late as the one of them that is furthest behind: an answer may still be
   there to be read.
3. When all is read, it is as late as the log that is furthest ahead, and goes on with the wall clock from there.
4. It never goes back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from auditrail.watch.types import NS

AHEAD = 300 * NS


class Timed(Protocol):
    """A log, as far as its time is concerned: `ts` is the time it has been read up to, 0 if none is known.

    `records` counts what was read of it.
    """

    ts: int
    ts_last: int
    records: int


class EventTime:
    """The clock of the logs."""

    def __init__(self) -> None:
        self.now = 0
        self._base = 0
        self._wall = 0

    @staticmethod
    def see(log: Timed, ts: int) -> None:
        """A record of that time was read. The caller has left out what is further ahead than `AHEAD`."""
        last = log.ts_last
        low = min(ts, last)
        if low > log.ts:
            log.ts = low
        log.ts_last = ts

    def advance(self, behind: Iterable[Timed], known: Iterable[Timed], wall: int, *, live: bool) -> int:
        """The time now, by rules 2 to 4."""
        late = list(behind)
        if any(not log.records for log in late):
            self._wall = wall
            return self.now  # nobody knows yet how far back it goes
        waiting = [log.ts for log in late if log.ts]
        if waiting:
            reached = min(waiting)
            self._wall = wall
        else:
            reached = max((log.ts for log in known), default=0)
        if reached > self._base:
            self._base, self._wall = reached, wall
        extra = max(wall - self._wall, 0) if live and not late and self._base else 0
        self.now = max(self.now, self._base + extra)
        return self.now

    def save(self) -> list[int]:
        return [self.now, self._base]

    def load(self, saved: Any, wall: int) -> None:
        """Goes on from what `save` gave; the time between is counted once the logs have been read on."""
        self.now, self._base = saved
        self._wall = wall
