"""What the walk remembers of a chain, in bounded memory: stretches of records that link to one another.

A stretch (`Segment`) grows as long as a record's link is the hash of its last record. A record that links elsewhere
begins a new one. So a clean chain is one segment, whatever its length, and what was done to a damaged one shows in how
its segments hang together (`diagnose`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from auditrail.verify.trees import Tree
from auditrail.verify.types import Defect

# A file that breaks more often than this is not told apart any further: each segment costs about a kilobyte.
MAX_SEGMENTS = 20_000
# Defects listed for one chain; those beyond are counted.
MAX_DEFECTS = 50_000


class Entry(NamedTuple):
    """One record of a chain.

    Attributes:
        file: place of its file among those of the walk. number, offset, seq: as in `Defect`.
        link: the hash it names as its predecessor's; None if it names none.
        own: its hash as it declares it; None if its format has none. computed: as recomputed, None if it can't be.
        first: whether its link is one that begins a chain.
        position: its place in its chain, from 1.
        id, parent: its id, and the id that it names as its predecessor's, where the format has them.
    """

    file: int
    number: int
    offset: int
    seq: int | None
    link: str | None
    own: str | None
    computed: str | None
    first: bool
    position: int
    id: str | None = None
    parent: str | None = None

    @property
    def ident(self) -> str | None:
        """The hash that the next record names."""
        return self.own if self.own is not None else self.computed

    @property
    def place(self) -> tuple[int, int]:
        return self.file, self.number


class Segment:
    """A stretch of records that link to one another; `runs` counts its unbroken stretches in the order of the file."""

    __slots__ = ("count", "first", "index", "last", "runs")

    def __init__(self, index: int, entry: Entry) -> None:
        self.index = index
        self.first = entry
        self.last = entry
        self.count = 1
        self.runs = 1


class Chain:
    """One chain of a walk."""

    def __init__(self, key: str | None) -> None:
        self.key = key
        self.count = 0
        self.checked = 0
        self.segments: list[Segment] = []
        self.current: Segment | None = None
        self.last: Entry | None = None
        self.defects: list[Defect] = []
        self.left_out = 0
        self.too_many = False
        self.open_ends: dict[str, Segment] = {}
        self.recent: deque[tuple[str, Entry]] = deque(maxlen=64)
        self.signed = self.verified = self.inline = self.unsigned = self.no_key = 0
        # Records sealed under key ids that no given key is for.
        self.locked: dict[str, int] = {}
        self.notes: dict[str, None] = {}
        self.terminal: Entry | None = None
        self.sealed = False
        self.unchained_lead = 0
        self.signing_key: str | None = None
        # Whether the last signed record carried no key, where those of its format do.
        self.keyless = False
        self.tree: Tree | None = None
        self.anchored: dict[int, tuple[Entry | None, Entry | None]] = {}

    def defect(self, defect: Defect) -> None:
        """Lists a defect, or counts it where the list is full."""
        if len(self.defects) < MAX_DEFECTS:
            self.defects.append(defect)
        else:
            self.left_out += 1

    def lock(self, key_id: str | None) -> None:
        """Counts a record whose hash can't be checked, since the key of that id was not given."""
        self.locked[key_id or ""] = self.locked.get(key_id or "", 0) + 1

    def extend(self, segment: Segment, entry: Entry) -> None:
        """Appends a record to a segment."""
        for text in _texts(segment.last):
            if self.open_ends.get(text) is segment:
                del self.open_ends[text]
        if self.current is not segment:
            segment.runs += 1
        segment.last = entry
        segment.count += 1
        self._end(segment, entry)

    def begin(self, entry: Entry) -> None:
        """Begins a new segment."""
        if len(self.segments) >= MAX_SEGMENTS:
            self.too_many = True
            self.extend(self.segments[-1], entry)
            return
        segment = Segment(len(self.segments), entry)
        self.segments.append(segment)
        self._end(segment, entry)

    def _end(self, segment: Segment, entry: Entry) -> None:
        for text in _texts(entry):
            self.open_ends[text] = segment
        self.current = segment
        self.last = entry
        ident = entry.ident
        if ident is not None:
            self.recent.append((ident, entry))


def _texts(entry: Entry) -> Iterable[str]:
    return {text for text in (entry.own, entry.computed) if text is not None}
