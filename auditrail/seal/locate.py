"""Which records of a sealed log changed: number, place, and what happened, from the hashes that the seal holds."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from auditrail.merkle import SIZE
from auditrail.seal import compare, cutting, leaves
from auditrail.seal.compare import DELETED, EDITED, INSERTED, Change

if TYPE_CHECKING:
    from auditrail.merkle import Sliced
    from auditrail.seal.check import Checked
    from auditrail.seal.sidecar import Sidecar


class Finding(NamedTuple):
    """One thing that is wrong, at one place.

    Attributes:
        kind: a kind of defect as `auditrail verify` names them.
        record: 1-based number: of an edited, deleted or moved record, that under which it was sealed; of an inserted
            one, the one that it has now. None: the log as a whole.
        offset: where it stands now, or stood; bytes of the content. None if unknown.
        expected, found: leaf hashes in hex, where there are such.
        breaks: whether the log is not what was sealed.
    """

    kind: str
    record: int | None = None
    offset: int | None = None
    expected: str | None = None
    found: str | None = None
    note: str = ""
    breaks: bool = True


# Numbers of so many records are looked up in the log; of those behind, the kind and number is told alone.
_MOST_PLACES = 2000


def located(log: Path, size: int, opened: Sidecar, folder: Path, made: Checked) -> Iterator[Finding]:
    """The changes of a log whose records do not lead to the root of its seal; sets `checked` and `unsealed`."""
    said = opened.statement
    best: list[Change] | None = None
    for cut in _cuts(log, size, opened):
        hashes, lengths = folder / f"hashes-{cut}", folder / f"lengths-{cut}"
        count = _hash(log, size, opened, cut, hashes, lengths)
        with hashes.open("rb") as file:
            found: Sliced = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if count else b""
            changes = compare.changes(opened.hashes, said.leaves, found, count)
            if best is not None and _weight(changes) >= _weight(best):
                continue
            best = changes
            told = list(_findings(changes, opened, found, _places(log, size, said.cut, changes, lengths)))
        made.checked = said.leaves - sum(change.old_end - change.old for change in changes)
        last = changes[-1] if changes else None
        grew = last is not None and last.kind == INSERTED and last.old == said.leaves and last.new_end == count
        made.unsealed = last.new_end - last.new if last is not None and grew else 0
    yield from told


def _cuts(log: Path, size: int, opened: Sidecar) -> Iterator[str]:
    """Lines; or stretches as long as they were, and records as they are cut now: whichever tells the smaller change."""
    if opened.statement.cut == cutting.LINES:
        yield "lines"
        return
    yield "then"
    if opened.statement.cut == cutting.RECORDS and cutting.choose(log, size).kind == cutting.RECORDS:
        yield "now"


def _hash(log: Path, size: int, opened: Sidecar, cut: str, hashes: Path, lengths: Path) -> int:
    """Writes the leaf hashes and, but for lines, the lengths; how many there are."""
    kind = opened.statement.cut
    hashes.touch()
    if cut == "lines" and cutting.is_plain(log):
        parts = leaves.lines_of(log, size, hashes)
    else:
        with hashes.open("wb") as out, cutting.content(log, size, kind) as content:
            if cut == "lines":
                parts = [leaves.lines(content, sink=out.write)]
            else:
                _write_lengths(log, size, opened, cut, lengths)
                parts = [leaves.stretches(content, _read_lengths(lengths), out.write)]
    count = sum(part.size for part in parts)
    if parts[-1].tail and opened.statement.closed and cut == "lines":
        with hashes.open("ab") as out:
            out.write(parts[-1].tail_hash)
        count += 1
    return count


def _write_lengths(log: Path, size: int, opened: Sidecar, cut: str, path: Path) -> None:
    with path.open("wb") as out:
        if cut == "then":
            out.write(opened.lengths)
            return
        with cutting.content(log, size, cutting.RECORDS) as content:
            for length in cutting.lengths(content, cutting.choose(log, size), size):
                out.write(length.to_bytes(8, "little"))


def _read_lengths(path: Path) -> Iterator[int]:
    with path.open("rb") as file:
        while item := file.read(8):
            yield int.from_bytes(item, "little")


def _weight(changes: list[Change]) -> int:
    return sum(max(change.old_end - change.old, change.new_end - change.new) for change in changes)


def _places(log: Path, size: int, kind: str, changes: list[Change], lengths: Path) -> dict[int, int]:
    """Offsets of the records that changes speak of, by their number now (from 0)."""
    wanted: list[int] = []
    for change in changes:
        room = _MOST_PLACES - len(wanted)
        if room <= 0:
            break
        wanted += range(change.new, max(change.new + 1, min(change.new_end, change.new + room)))
    wanted = sorted(set(wanted))
    if kind != cutting.LINES:
        return _sums(lengths, wanted)
    with cutting.content(log, size, kind) as content:
        return _line_starts(content, wanted)


def _sums(lengths: Path, wanted: list[int]) -> dict[int, int]:
    places: dict[int, int] = {}
    waiting = iter(wanted)
    number, offset = next(waiting, -1), 0
    for place, length in enumerate([*_read_lengths(lengths), 0]):
        while place == number:
            places[place] = offset
            number = next(waiting, -1)
        if number < 0:
            break
        offset += length
    return places


def _line_starts(content: leaves.Readable, wanted: list[int]) -> dict[int, int]:
    places: dict[int, int] = {}
    line = base = index = 0
    if wanted and wanted[0] == 0:
        places[0] = 0
        index = 1
    while index < len(wanted) and (block := content.read(leaves.BLOCK)):
        ends = len(block.replace(b"\n", b"\n\n")) - len(block)
        at = -1
        passed = 0
        while index < len(wanted) and wanted[index] <= line + ends:
            while passed < wanted[index] - line:
                at = block.find(b"\n", at + 1)
                passed += 1
            places[wanted[index]] = base + at + 1
            index += 1
        line += ends
        base += len(block)
    return places


def _findings(changes: list[Change], opened: Sidecar, found: Sliced, places: dict[int, int]) -> Iterator[Finding]:
    size = opened.statement.leaves
    for change in changes:
        if change.kind == INSERTED and change.old == size:
            continue  # behind the seal: grown
        if change.kind == DELETED and (change.old_end == size or change.old == 0):
            yield _ends(change, size, places)
            continue
        for number in range(max(change.old_end - change.old, change.new_end - change.new)):
            yield _finding(change, number, opened, found, places)


def _ends(change: Change, size: int, places: dict[int, int]) -> Finding:
    """A stretch that is missing at an end is told as one."""
    count = change.old_end - change.old
    tail = change.old_end == size
    where = f"the last {count} of {size} sealed records are not there" if tail else f"the first {count} are not there"
    kind = "truncated-tail" if tail else "truncated-head"
    return Finding(kind, change.old + 1, places.get(change.new), str(size), str(size - count), where)


def _finding(change: Change, number: int, opened: Sidecar, found: Sliced, places: dict[int, int]) -> Finding:
    old, new = change.old + number, change.new + number
    expected = bytes(opened.hashes[old * SIZE : (old + 1) * SIZE]).hex() if change.kind != INSERTED else None
    now = bytes(found[new * SIZE : (new + 1) * SIZE]).hex() if change.kind != DELETED else None
    if change.kind == EDITED:
        note = f"record {old + 1} is not the one that was sealed" + (f"; it is record {new + 1} now" * (old != new))
    elif change.kind == DELETED:
        note = f"record {old + 1} of the sealed log is not there"
    elif change.kind == INSERTED:
        note = f"record {new + 1} stands between sealed records {old - number} and {old - number + 1}"
    else:
        note = f"record {old + 1} of the sealed log stands at place {new + 1}"
    record = (new if change.kind == INSERTED else old) + 1
    place = places.get(change.new if change.kind == DELETED else new)
    return Finding(change.kind, record, place, expected, now, note)
