"""Memory with a bound: what is pushed out is the oldest, and is counted."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Lru(Generic[K, V]):
    """A mapping of at most `limit` entries, of which those that were not touched for longest are forgotten.

    Two generations: what is touched is young, and when half of the limit is young, what is old is forgotten at once.
    This keeps between half and all of the limit, and costs half of what an exact order would on each touch.
    """

    __slots__ = ("_half", "_old", "_young", "evicted")

    def __init__(self, limit: int) -> None:
        self._half = max(limit // 2, 1)
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}
        self.evicted = 0

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def __contains__(self, key: K) -> bool:
        return key in self._young or key in self._old

    def get(self, key: K) -> V | None:
        found = self._young.get(key)
        if found is not None or not self._old:
            return found
        found = self._old.pop(key, None)
        if found is not None:
            self._add(key, found)
        return found

    def peek(self, key: K) -> V | None:
        found = self._young.get(key)
        return found if found is not None else self._old.get(key)

    def put(self, key: K, value: V) -> None:
        if key in self._young:
            self._young[key] = value
            return
        self._old.pop(key, None)
        self._add(key, value)

    def _add(self, key: K, value: V) -> None:
        if len(self._young) >= self._half:
            self.evicted += len(self._old)
            self._old, self._young = self._young, {}
        self._young[key] = value

    def pop(self, key: K) -> V | None:
        found = self._young.pop(key, None)
        return found if found is not None else self._old.pop(key, None)

    def items(self) -> Iterator[tuple[K, V]]:
        yield from [*self._old.items(), *self._young.items()]

    def save(self) -> list[Any]:
        """Pairs, older ones first; keys and values must be plain."""
        return [[key, value] for key, value in self.items()]


class Pending(Generic[V]):
    """Things that wait for something until a time: at most `limit`, the oldest is let go.

    Keys are text. `due` gives what has waited too long; a later time for a key costs nothing until then.
    """

    __slots__ = ("_heap", "_items", "_limit", "evicted")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: OrderedDict[str, tuple[int, V]] = OrderedDict()
        self._heap: list[tuple[int, str]] = []
        self.evicted = 0

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, key: str) -> bool:
        return key in self._items

    def get(self, key: str) -> V | None:
        found = self._items.get(key)
        return None if found is None else found[1]

    def put(self, key: str, until: int, value: V) -> None:
        """Waits for the key until that time; a key that waits already gets the new time and value."""
        known = key in self._items
        self._items[key] = (until, value)
        if known:
            self._items.move_to_end(key)
            return  # `due` looks at the time that stands here when the one in the heap has come
        heapq.heappush(self._heap, (until, key))
        if len(self._items) > self._limit:
            self._items.popitem(last=False)
            self.evicted += 1
        if len(self._heap) > 2 * len(self._items) + 1024:
            self._rebuild()

    def pop(self, key: str) -> V | None:
        found = self._items.pop(key, None)
        return None if found is None else found[1]

    def due(self, now: int) -> Iterator[tuple[str, V]]:
        """Takes out what has waited longer than until now, in order of time."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            _, key = heapq.heappop(heap)
            found = self._items.get(key)
            if found is None:
                continue
            if found[0] > now:
                heapq.heappush(heap, (found[0], key))
                continue
            del self._items[key]
            yield key, found[1]

    def save(self) -> list[Any]:
        """Triples of key, time and value, oldest first."""
        return [[key, until, value] for key, (until, value) in self._items.items()]

    def load(self, saved: Any) -> None:
        """What `save` gave; values come back as JSON gives them."""
        for key, until, value in saved:
            self.put(key, until, value)

    def _rebuild(self) -> None:
        self._heap = [(until, key) for key, (until, _) in self._items.items()]
        heapq.heapify(self._heap)
