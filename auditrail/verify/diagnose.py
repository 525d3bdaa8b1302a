"""Tells what was done to a chain from how its segments hang together.

For each segment but a clean first one, in the order of the file, by the link L of its first record:

- L begins a chain: a second chain stands in the file. If records of both alternate, two writers wrote at once, each
  from its own start. Else another chain was appended (`spliced`), or the writer began anew where its profile says so.
- L is the end of another segment that stands further down: the records were moved (`reordered`).
- L is the hash of a record inside another segment: two records follow the same one. A copy of a record, or a few
  records that nothing follows, were `inserted`; else the chain `forked`: by two writers if their records alternate,
  else one branch was written over or after the other.
- L is nowhere: its predecessor is gone, or was changed together with its hash. Sequence numbers, or the ids of
  predecessors, tell which (`deleted`, `edited`); a stretch inside another one's records came from elsewhere
  (`inserted`, `spliced`). At the start of the log it is a `truncated-head`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from auditrail.verify.profile import Profile
from auditrail.verify.segments import Chain, Entry, Segment
from auditrail.verify.types import Defect

# So few records that nothing follows were put in; more are a branch.
_PUT_IN = 2


class Located(NamedTuple):
    """Where records with a hash stand: (file, number, seq) of the first, and how many such there are."""

    file: int
    number: int
    seq: int | None
    copies: int


def wanted(chains: Iterable[Chain]) -> set[str]:
    """Hashes whose records must be looked up in a second pass: links that lead nowhere, and possible copies."""
    made: set[str] = set()
    for chain in chains:
        ends = {text for segment in chain.segments for text in (segment.last.own, segment.last.computed) if text}
        for number, segment in enumerate(chain.segments):
            first = segment.first
            if number == 0 and (first.first or len(chain.segments) == 1):
                continue
            if first.link is not None and first.link not in ends:
                made.add(first.link)
            if first.ident is not None:
                made.add(first.ident)
    return made


class Diagnosis:
    """The defects that the segments of one chain show."""

    def __init__(
        self,
        chain: Chain,
        profile: Profile,
        files: list[str],
        holes: list[tuple[int, int]],
        located: dict[str, Located],
        earlier: frozenset[str],
        outside: Mapping[str, Any] | None = None,
    ) -> None:
        self.chain = chain
        self.profile = profile
        self.files = files
        self.holes = holes
        self.located = located
        self.earlier = earlier
        self.seam = (outside or {}).get(profile.seam) if profile.seam is not None else None
        self.defects: list[Defect] = []
        self._order = sorted(chain.segments, key=lambda segment: segment.first.place)
        self._ends: dict[str, Segment] = {}
        for segment in chain.segments:
            for text in (segment.last.own, segment.last.computed):
                if text is not None:
                    self._ends.setdefault(text, segment)

    def run(self) -> list[Defect]:
        if not self.profile.links:
            return []
        for number, segment in enumerate(self._order):
            self._start(segment, number)
        return self.defects

    def _tell(self, kind: str, entry: Entry, note: str, *, expected: str | None = None, breaks: bool = True) -> None:
        self.defects.append(
            Defect(
                kind,
                entry.number,
                entry.offset,
                entry.seq,
                expected,
                entry.link,
                note,
                breaks=breaks,
                path=self.files[entry.file],
            )
        )

    def _start(self, segment: Segment, number: int) -> None:
        entry = segment.first
        if number == 0:
            self._head(segment)
            return
        if entry.first:
            self._second_chain(segment)
            return
        if entry.own is not None and entry.computed is not None and entry.own != entry.computed:
            last = self._previous_entry(segment)
            if last is not None and (last.file, last.number + 1) == entry.place and not self._is_copy(segment):
                return  # the record was changed, and so its link may be: that it does not fit is told with it
        before = self._before(segment)
        expected = before.last.ident if before is not None and before.last.place < entry.place else None
        other = self._ends.get(entry.link) if entry.link is not None else None
        if other is not None and other is not segment:
            if self._is_copy(segment):
                self._tell("inserted", entry, self._copy_note(segment), expected=expected)
            elif other.last.place > entry.place:
                self._tell(
                    "reordered", entry, f"it follows {self._name(other.last)}, which stands behind it",
                    expected=expected,
                )  # fmt: skip
            return
        found = self.located.get(entry.link) if entry.link is not None else None
        if self._is_copy(segment):
            self._tell("inserted", entry, self._copy_note(segment), expected=expected)
        elif found is not None:
            self._branch(segment, found, expected)
        else:
            self._gone(segment, expected)

    # -- the beginning of the log

    def _head(self, segment: Segment) -> None:
        entry, profile = segment.first, self.profile
        start = profile.seq_start
        if isinstance(self.seam, str):
            fits = entry.link == self.seam
            note = f"older records were evicted: {profile.seam} is the hash of the last of them"
            if fits and profile.keeps is not None and self.chain.count < profile.keeps:
                note += f"; but this writer evicts beyond {profile.keeps:,} only: more may have been cut off"
            note = note if fits else f"{profile.seam} names another record than this one follows: its head was cut"
            self._tell("truncated-head", entry, note, expected=self.seam, breaks=not fits)
            return
        if entry.first:
            if start is not None and entry.seq is not None and entry.seq != start:
                self._tell(
                    "edited", entry, f"the chain begins here, but its sequence number is {entry.seq} and not {start}"
                )
            return
        if entry.link is not None and entry.link in self.earlier:
            self._tell(
                "rotation-seam", entry, "goes on from a log that was checked earlier: proven by its hash",
                expected=entry.link, breaks=False,
            )  # fmt: skip
            return
        other = self._ends.get(entry.link) if entry.link is not None else None
        if other is not None and other is not segment:
            self._tell("reordered", entry, f"it follows {self._name(other.last)}, which stands behind it")
            return
        if entry.link is not None and entry.link in self.located:
            found = self.located[entry.link]
            self._tell("reordered", entry, f"it follows record {found.number}, which stands behind it")
            return
        if profile.hash is not None and profile.prev is None:
            return  # the link is implied: that the first record does not fit was told with it
        missing = ""
        if entry.seq is not None and start is not None:
            if entry.seq == start:
                self._tell("spliced", entry, "it counts as the first record, but links to one that is not here")
                return
            missing = f": {entry.seq - start:,} record(s) before it are not here" if entry.seq > start else ""
        kept = profile.keeps is not None and self.chain.count >= profile.keeps
        note = f"the first record is not the first of its chain{missing}"
        if kept:
            note += f"; this writer keeps the newest {profile.keeps:,} only, so this may be all there is"
        self._tell("truncated-head", entry, note, breaks=not kept)

    # -- a second chain

    def _second_chain(self, segment: Segment) -> None:
        entry = segment.first
        others = [item for item in self._order if item is not segment]
        if self._is_copy(segment):
            self._tell("inserted", entry, self._copy_note(segment))
        elif any(_alternate(item, segment) for item in others):
            self._tell(
                "forked", entry,
                "a second chain begins here, and its records alternate with those of the first: two writers used the "
                "file at once, each with a chain of its own", breaks=False,
            )  # fmt: skip
        elif self._new_file(segment):
            self._tell(
                "rotation-seam", entry,
                "a new chain begins in this file; nothing ties it to the one before", breaks=False,
            )  # fmt: skip
        elif self.profile.restart:
            self._tell(
                "rotation-seam", entry,
                "the writer was started anew here and began a new chain; nothing ties it to the one before, whose end "
                "may be cut", breaks=False,
            )  # fmt: skip
        else:
            self._tell(
                "spliced", entry,
                "a new chain begins in the middle of the file: another log was appended, or the writer was started "
                "anew and forgot its chain; the end of the one before may be cut",
            )  # fmt: skip

    def _new_file(self, segment: Segment) -> bool:
        """Whether the segment begins its file."""
        return not any(
            item is not segment and item.first.file <= segment.first.file <= item.last.file for item in self._order
        )

    # -- two records that follow the same one

    def _is_copy(self, segment: Segment) -> bool:
        ident = segment.first.ident
        found = self.located.get(ident) if ident is not None else None
        return found is not None and found.copies > 1 and (found.file, found.number) != segment.first.place

    def _copy_note(self, segment: Segment) -> str:
        return f"a copy of record {self.located[segment.first.ident or ''].number}"

    def _branch(self, segment: Segment, found: Located, expected: str | None) -> None:
        entry = segment.first
        base = f"it follows record {found.number}, as another record does"
        holder = self._holder(found, segment)
        if holder is not None and _alternate(holder, segment):
            self._tell(
                "forked", entry,
                f"{base}, and the records of both branches alternate: two writers used the file at once",
                expected=expected, breaks=False,
            )  # fmt: skip
            return
        inside = holder is not None and holder.last.place > segment.last.place
        if inside:
            self._tell("inserted", entry, f"{base}, and nothing follows {self._few(segment)}", expected=expected)
            return
        dead = 0 if holder is None else holder.last.position - self._position(holder, found)
        if holder is not None and 0 < dead <= _PUT_IN and holder.last.position + 1 == entry.position:
            self._tell(
                "inserted", holder.last,
                f"record {entry.number} follows record {found.number} and not this one: "
                f"{'it was' if dead == 1 else f'the last {dead:,} before it were'} put in between, or two writers "
                "wrote at once", expected=entry.link,
            )  # fmt: skip
            return
        self._tell("forked", entry, f"{base}: a second branch of the chain", expected=expected)

    def _position(self, holder: Segment, found: Located) -> int:
        """About where in its chain the located record stands: exact, where a segment is one stretch of the file."""
        return holder.last.position - (holder.last.number - found.number)

    def _holder(self, found: Located, segment: Segment) -> Segment | None:
        place = (found.file, found.number)
        inside = [s for s in self._order if s is not segment and s.first.place <= place <= s.last.place]
        return inside[0] if inside else None

    # -- a predecessor that is not here

    def _gone(self, segment: Segment, expected: str | None) -> None:
        entry = segment.first
        before = self._previous_entry(segment)
        surrounded = any(
            item is not segment and item.runs > 1 and item.first.place < entry.place and item.last.place > entry.place
            for item in self._order
        )
        if surrounded:
            kind = "inserted" if segment.count == 1 else "spliced"
            self._tell(
                kind, entry, f"the records around it link past it: {self._few(segment)} came from elsewhere",
                expected=expected,
            )  # fmt: skip
            return
        if before is None:
            self._tell("deleted", entry, "the record it follows is not here", expected=expected)
            return
        if before.file != entry.file:
            self._tell(
                "missing-file", entry,
                f"it does not go on from {self.files[before.file]}, record {before.number}: a file between the two is "
                f"not here, or its records were removed{self._counted(before, entry)}", expected=expected,
            )  # fmt: skip
            return
        if any(file == entry.file and before.number < number < entry.number for file, number in self.holes):
            return  # the record it follows stands there, and is told as what it is now
        if self._replaced(segment, before):
            self._tell(
                "spliced",
                entry,
                f"this record and the {segment.count - 1:,} behind it link to nothing before them, and nothing behind "
                "links to them, though the numbers go on: they stand in the place of others",
                expected=expected,
            )
            return
        if self._explained(before):
            return
        self._between(before, entry, expected)

    def _replaced(self, segment: Segment, before: Entry) -> bool:
        """Whether a stretch is tied at neither end, while sequence numbers run on through both: it was put in place."""
        after = self._after(segment)
        return (
            segment.count > 1
            and after is not None
            and after.first.link not in (None, *self._ends, *self.located)
            and _next(before, segment.first)
            and _next(segment.last, after.first)
        )

    def _explained(self, before: Entry) -> bool:
        """Whether the stretch before this one was told as put in place of others."""
        told = {(defect.path, defect.record) for defect in self.defects if defect.kind == "spliced"}
        earlier = [item for item in self._order if item.last is before]
        return any((self.files[item.first.file], item.first.number) in told for item in earlier)

    def _after(self, segment: Segment) -> Segment | None:
        behind = [item for item in self._order if item.first.place > segment.last.place]
        return min(behind, key=lambda item: item.first.place) if behind else None

    def _between(self, before: Entry, entry: Entry, expected: str | None) -> None:
        same = entry.parent is not None and entry.parent == before.id
        gap = None if entry.seq is None or before.seq is None else entry.seq - before.seq
        if same or gap == 1:
            self.defects.append(
                Defect(
                    "edited",
                    before.number,
                    before.offset,
                    before.seq,
                    entry.link,
                    before.ident,
                    f"record {entry.number} follows this one, but names another hash: it was changed"
                    f"{'' if before.own is None else ' together with its hash'}",
                    path=self.files[before.file],
                )
            )
        elif gap is not None and gap > 1:
            self._tell(
                "deleted", entry, f"{gap - 1:,} record(s) between it and record {before.number} are missing",
                expected=expected,
            )  # fmt: skip
        elif gap is not None:
            self._tell(
                "spliced", entry,
                f"it links to a record that is not here, and its sequence number goes back from {before.seq}",
                expected=expected,
            )  # fmt: skip
        else:
            whole = "" if before.own is None else " together with its hash"
            self._tell(
                "deleted",
                entry,
                f"the record it follows is not here: records between it and record {before.number} are missing, or "
                f"record {before.number} was changed{whole}",
                expected=expected,
            )

    def _counted(self, before: Entry, entry: Entry) -> str:
        if entry.seq is None or before.seq is None or entry.seq <= before.seq + 1:
            return ""
        return f" ({entry.seq - before.seq - 1:,} by their numbers)"

    def _previous_entry(self, segment: Segment) -> Entry | None:
        """The last record known to stand before the segment; exact where that is the end of a segment."""
        ends = [item.last for item in self._order if item is not segment and item.last.place < segment.first.place]
        return max(ends, key=lambda item: item.place) if ends else None

    def _before(self, segment: Segment) -> Segment | None:
        ends = [item for item in self._order if item is not segment and item.last.place < segment.first.place]
        return max(ends, key=lambda item: item.last.place) if ends else None

    def _name(self, entry: Entry) -> str:
        return f"record {entry.number}" if len(self.files) < 2 else f"{self.files[entry.file]}, record {entry.number}"

    def _few(self, segment: Segment) -> str:
        return "it" if segment.count == 1 else f"it and the {segment.count - 1:,} behind it"


def _next(before: Entry, after: Entry) -> bool:
    return before.seq is not None and after.seq == before.seq + 1


def _alternate(one: Segment, other: Segment) -> bool:
    """Whether records of two segments alternate in the file: both go on behind the start of the other."""
    if one.runs < 2 or other.runs < 2:
        return False
    return one.first.place < other.last.place and other.first.place < one.last.place
