"""Tiled transparency logs (C2SP tlog-tiles): names of tiles, and a walk through all of them up to the root.

`tile/<L>/<N>[.p/<W>]`: level, number in groups of three digits (`x001/x234/067`), and the width of a partial tile; 256
hashes of 32 bytes each. `tile/entries/<N>[.p/<W>]`: the entries, each behind its length (two bytes, big-endian).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from auditrail import merkle
from auditrail.merkle import SIZE, TILE, TILE_HEIGHT, Frontier

Read = Callable[[str], bytes | None]


class Fault(NamedTuple):
    """A tile or entry that is wrong.

    `kind`: missing, malformed, hash (of an entry), inner (of a higher tile), extra (entries behind a bundle's last).
    """

    kind: str
    path: str
    entry: int | None = None
    expected: str | None = None
    found: str | None = None
    note: str = ""


def path(level: int | str, number: int, width: int = TILE) -> str:
    """Where a tile is; `level` may be `entries`."""
    groups = [f"{number % 1000:03}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03}")
    return f"tile/{level}/" + "/".join(groups) + (f".p/{width}" if width < TILE else "")


_NAME = re.compile(r"tile/(entries|\d{1,2})/((?:x\d{3}/)*\d{3})(?:\.p/(\d{1,3}))?")


def reaches(name: str) -> int:
    """How many leaves a log has at least, of which a file with this name is a tile; 0 if it is none."""
    found = _NAME.fullmatch(name)
    if found is None:
        return 0
    level = 0 if found[1] == "entries" else int(found[1])
    number = int(found[2].replace("x", "").replace("/", ""))
    return (number * TILE + (int(found[3]) if found[3] else TILE)) << (TILE_HEIGHT * min(level, 8))


def widths(size: int, level: int) -> Iterator[tuple[int, int]]:
    """Number and width of the tiles of a level in a tree of `size` leaves; an empty one is none."""
    hashes = size >> (TILE_HEIGHT * level)
    for number in range(hashes // TILE):
        yield number, TILE
    if hashes % TILE:
        yield hashes // TILE, hashes % TILE


class Walk:
    """Walks through a log of `size` leaves by the hashes of level 0, and holds entries and higher tiles against them.

    Attributes:
        faults: all that is wrong. entries: how many entries were hashed and fit; bundles: how many bundles were there.
        absent: names of the bundles that were not.
        root: of the hashes of level 0, None if one of their tiles is missing.
        roots: what the root was at each of `marks`, as far as the hashes of level 0 go without a gap.
    """

    def __init__(self, size: int, read: Read, marks: Iterable[int] = ()) -> None:
        self.size = size
        self.faults: list[Fault] = []
        self.entries = 0
        self.bundles = 0
        self.absent: list[str] = []
        self.root: bytes | None = None
        self.roots: dict[int, bytes] = {}
        self._marks = sorted({mark for mark in marks if 0 < mark <= size})
        self._read = read

    def run(self) -> None:
        """The walk; memory of 1/256 of the leaves' hashes."""
        frontier: Frontier | None = Frontier()
        above: list[bytes | None] = []
        for number, width in widths(self.size, 0):
            hashes = self._tile(0, number, width)
            self._bundle(number, width, hashes)
            if hashes is None:
                frontier = None
                above.append(None)
                continue
            top = merkle.fold(hashes, TILE_HEIGHT) if width == TILE else None
            above.append(top)
            if frontier is None:
                continue
            self._note_roots(frontier, hashes)
            if top is not None:
                frontier.add_node(top, TILE_HEIGHT)
            else:
                for at in range(0, len(hashes), SIZE):
                    frontier.add(hashes[at : at + SIZE])
        self.root = frontier.root() if frontier is not None else None
        level = 1
        while self.size >> (TILE_HEIGHT * level):
            above = self._level(level, above)
            level += 1

    def _note_roots(self, frontier: Frontier, hashes: bytes) -> None:
        """The roots at marks inside of the tile that comes next."""
        first = frontier.size
        here = [mark for mark in self._marks if first < mark <= first + len(hashes) // SIZE]
        if not here:
            return
        grown = frontier.copy()
        for mark in here:
            for at in range(grown.size - first, mark - first):
                grown.add(hashes[at * SIZE : (at + 1) * SIZE])
            self.roots[mark] = grown.root()

    def _level(self, level: int, below: list[bytes | None]) -> list[bytes | None]:
        """Holds the tiles of a level against the roots of those below; gives the roots of its own full ones."""
        made: list[bytes | None] = []
        for number, width in widths(self.size, level):
            wanted = below[number * TILE : number * TILE + width]
            hashes = self._tile(level, number, width)
            if hashes is not None:
                for place, expected in enumerate(wanted):
                    found = hashes[place * SIZE : (place + 1) * SIZE]
                    if expected is not None and found != expected:
                        first = (number * TILE + place) << (TILE_HEIGHT * level)
                        note = f"the tiles below, from entry {first + 1} on, lead to another hash"
                        self._fault("inner", path(level, number, width), None, found.hex(), expected.hex(), note)
            whole = [item for item in wanted if item is not None]
            made.append(merkle.fold(b"".join(whole), TILE_HEIGHT) if len(whole) == TILE else None)
        return made

    def _tile(self, level: int, number: int, width: int) -> bytes | None:
        """The hashes of a tile; a full one stands for a partial one of the same number."""
        name = path(level, number, width)
        data = self._read(name)
        if data is None and width < TILE:
            whole = self._read(path(level, number))
            data = whole[: width * SIZE] if whole is not None and len(whole) == TILE * SIZE else None
        if data is None:
            self._fault("missing", name)
        elif len(data) != width * SIZE:
            self._fault("malformed", name, note=f"{len(data)} bytes instead of {width * SIZE}")
            return None
        return data

    def _bundle(self, number: int, width: int, hashes: bytes | None) -> None:
        name = path("entries", number, width)
        data = self._read(name)
        longer = data is None and width < TILE
        if longer:
            data = self._read(path("entries", number))
        if data is None:
            self.absent.append(name)
            return
        self.bundles += 1
        count = used = 0
        for entry in _split(data):
            if count == width:
                break
            used += 2 + len(entry)
            at = number * TILE + count
            found = merkle.leaf_hash(entry)
            expected = hashes[count * SIZE : (count + 1) * SIZE] if hashes is not None else None
            if expected is not None and found != expected:
                self._fault("hash", name, at, expected.hex(), found.hex())
            elif expected is not None:
                self.entries += 1
            count += 1
        if count < width:
            self._fault("malformed", name, number * TILE + count, note=f"it holds {count} whole entries of {width}")
        elif used < len(data) and not longer:
            self._fault(
                "extra", name, number * TILE + count, note=f"{len(data) - used} bytes stand behind its {width} entries"
            )

    def _fault(
        self,
        kind: str,
        name: str,
        entry: int | None = None,
        expected: str | None = None,
        found: str | None = None,
        note: str = "",
    ) -> None:
        self.faults.append(Fault(kind, name, entry, expected, found, note))


def _split(data: bytes) -> Iterator[bytes]:
    """The whole entries of a bundle."""
    at = 0
    while at + 2 <= len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        if at + 2 + length > len(data):
            return
        yield data[at + 2 : at + 2 + length]
        at += 2 + length
