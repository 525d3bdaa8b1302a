"""What is usual, by median and median absolute deviation (MAD): a few odd values do not move it.

Source of the constant: 1.4826 * MAD estimates the standard deviation of normal data (Rousseeuw and Croux, 1993).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from statistics import median
from typing import Any, NamedTuple

from auditrail.watch.bounded import Lru

_SIGMA = 1.4826
KEPT = 120


class Usual(NamedTuple):
    """Median and robust deviation of `n` values."""

    n: int
    median: float
    deviation: float

    def score(self, value: float, floor: float) -> float:
        """How many deviations a value lies above the median; `floor` is the least that counts as a deviation."""
        return (value - self.median) / max(self.deviation, floor)


def usual(values: Iterable[float]) -> Usual:
    """Median and 1.4826 * MAD; of no value, zeros."""
    known = list(values)
    if not known:
        return Usual(0, 0.0, 0.0)
    middle = median(known)
    return Usual(len(known), middle, _SIGMA * median(abs(value - middle) for value in known))


class Window:
    """Sums of one key over one window of time, and what the windows before gave."""

    __slots__ = ("history", "index", "more", "total")

    def __init__(self, index: int, history: Iterable[float] = ()) -> None:
        self.index = index
        self.total = 0.0
        self.more = 0.0
        self.history: deque[float] = deque(history, maxlen=KEPT)


class Windows:
    """A `Window` per key (an agent), all of `width` ns; windows without a record do not count.

    `add` returns the window that ended with this record, as (index, total, more, history before it), or None.
    """

    def __init__(self, width: int, limit: int) -> None:
        self.width = width
        self._keys: Lru[str, Window] = Lru(limit)
        self._looked = 0

    @property
    def evicted(self) -> int:
        return self._keys.evicted

    def add(self, key: str, ts: int, total: float, more: float = 0.0) -> Ended | None:
        """Adds to the key's window at that time; a record that is late counts in the window that is open."""
        index = ts // self.width
        window = self._keys.get(key)
        if window is None:
            window = Window(index)
            self._keys.put(key, window)
        ended = self._end(key, window, index) if index > window.index else None
        window.total += total
        window.more += more
        return ended

    def closed(self, now: int) -> list[Ended]:
        """Windows that have ended by now."""
        index = now // self.width
        if index <= self._looked:
            return []
        self._looked = index
        found = []
        for key, window in self._keys.items():
            if window.index < index and (window.total or window.more):
                found.append(self._end(key, window, index))
        return found

    def _end(self, key: str, window: Window, index: int) -> Ended:
        made = Ended(key, window.index * self.width, window.total, window.more, tuple(window.history))
        window.index, window.total, window.more = index, 0.0, 0.0
        return made

    def learn(self, key: str, value: float) -> None:
        """Adds a value to what is usual for the key."""
        window = self._keys.peek(key)
        if window is not None:
            window.history.append(value)

    def save(self) -> list[Any]:
        return [[key, w.index, w.total, w.more, list(w.history)] for key, w in self._keys.items()]

    def load(self, saved: Any) -> None:
        for key, index, total, more, history in saved:
            window = Window(index, history)
            window.total, window.more = total, more
            self._keys.put(key, window)


class Ended(NamedTuple):
    """A window that has ended: its key, when it began (ns), what was added in it, and the values before it."""

    key: str
    begin: int
    total: float
    more: float
    history: tuple[float, ...]
