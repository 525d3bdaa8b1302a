"""What happened to records between two lists of leaf hashes: which were changed, removed, added or moved.

Both lists are read in slices, so they may be files that are mapped. Where they part, both are looked through for the
nearest pair that fits again, first nearby, then farther; a stretch without any is one change. What was removed at one
place and added at another was moved. Equal hashes are equal records: only the names of the changes are a reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from auditrail.merkle import SIZE, Sliced

EDITED, DELETED, INSERTED, REORDERED = "edited", "deleted", "inserted", "reordered"
_RUN = 4096
_NEAR, _FAR = 1 << 9, 1 << 18
# If more records changed, none of them is looked for at another place.
_MOVED = 100_000


class Change(NamedTuple):
    """Records `old`..`old_end` were sealed, and `new`..`new_end` stand there now (from 0; ends are behind).

    `edited`: as many of both; `deleted`: none now; `inserted`: none before; `reordered`: one record, at two places.
    """

    kind: str
    old: int
    old_end: int
    new: int
    new_end: int


def changes(sealed: Sliced, size: int, found: Sliced, count: int) -> list[Change]:
    """All changes, in order, between `size` sealed leaf hashes and the `count` hashes of what is there now."""
    return _moved([*_parted(sealed, size, found, count)], sealed, found)


def _parted(sealed: Sliced, size: int, found: Sliced, count: int) -> Iterator[Change]:
    old = new = 0
    while True:
        run = _alike(sealed, old, size, found, new, count)
        old, new = old + run, new + run
        if old == size or new == count:
            break
        removed, added = _meet(sealed, old, size, found, new, count)
        both = min(removed, added)
        if both:
            yield Change(EDITED, old, old + both, new, new + both)
        if removed > both:
            yield Change(DELETED, old + both, old + removed, new + added, new + added)
        if added > both:
            yield Change(INSERTED, old + removed, old + removed, new + both, new + added)
        old, new = old + removed, new + added
    if old < size:
        yield Change(DELETED, old, size, new, new)
    if new < count:
        yield Change(INSERTED, old, old, new, count)


def _alike(sealed: Sliced, old: int, size: int, found: Sliced, new: int, count: int) -> int:
    """How many hashes are the same from here on."""
    run, most, step = 0, min(size - old, count - new), _RUN
    while run < most and step:
        step = min(step, most - run)
        if _slice(sealed, old + run, step) == _slice(found, new + run, step):
            run += step
        else:
            step //= 2
    return run


def _meet(sealed: Sliced, old: int, size: int, found: Sliced, new: int, count: int) -> tuple[int, int]:
    """How many records to leave out on both sides until they fit again, as few as there are; all, if they never do."""
    reach = _NEAR
    while True:
        left, right = min(reach, size - old), min(reach, count - new)
        first: dict[bytes, int] = {}
        for place, item in enumerate(_items(sealed, old, left)):
            first.setdefault(item, place)
        best: tuple[int, int] | None = None
        for place, item in enumerate(_items(found, new, right)):
            if best is not None and place >= sum(best):
                break
            other = first.get(item)
            if other is not None and (best is None or place + other < sum(best)):
                best = (other, place)
        if best is not None:
            return best
        if reach >= _FAR or (left == size - old and right == count - new):
            # Not one fits: as far as was looked, these are others. The longer side goes on behind.
            ends = left == size - old or right == count - new
            return (size - old, count - new) if ends else (min(left, right), min(left, right))
        reach *= 8


def _moved(found_changes: list[Change], sealed: Sliced, found: Sliced) -> list[Change]:
    """Names what was removed here and added there; changes are cut up where only some of their records moved."""
    if sum(max(change.old_end - change.old, change.new_end - change.new) for change in found_changes) > _MOVED:
        return found_changes
    gone: dict[bytes, list[int]] = {}
    for change in found_changes:
        for place, item in enumerate(_items(sealed, change.old, change.old_end - change.old)):
            gone.setdefault(item, []).append(change.old + place)
    origin: dict[int, int] = {}  # place now -> place then
    for change in found_changes:
        for place, item in enumerate(_items(found, change.new, change.new_end - change.new)):
            if gone.get(item):
                origin[change.new + place] = gone[item].pop(0)
    if not origin:
        return found_changes
    went = set(origin.values())
    made: list[Change] = []
    for change in found_changes:
        made += _cut(change, origin, went)
    return made


def _cut(change: Change, origin: dict[int, int], went: set[int]) -> Iterator[Change]:
    """One change without the records that moved; these are told where they stand now."""
    olds = [place for place in range(change.old, change.old_end) if place not in went]
    news: list[int] = []
    for place in range(change.new, change.new_end):
        if place in origin:
            yield Change(REORDERED, origin[place], origin[place] + 1, place, place + 1)
        else:
            news.append(place)
    if len(olds) == change.old_end - change.old and len(news) == change.new_end - change.new:
        yield change
        return
    both = min(len(olds), len(news))
    for old, new in zip(olds[:both], news[:both], strict=True):
        yield Change(EDITED, old, old + 1, new, new + 1)
    for old in olds[both:]:
        yield Change(DELETED, old, old + 1, change.new_end, change.new_end)
    for new in news[both:]:
        yield Change(INSERTED, change.old_end, change.old_end, new, new + 1)


def _slice(hashes: Sliced, first: int, count: int) -> bytes:
    return bytes(hashes[first * SIZE : (first + count) * SIZE])


def _items(hashes: Sliced, first: int, count: int) -> Iterator[bytes]:
    data = _slice(hashes, first, count)
    return (data[at : at + SIZE] for at in range(0, len(data), SIZE))
