"""Holds a log to its seal. What comes out is a list of findings, never an exception for what a log or a seal holds.

1. The signatures: of the keys that are trusted, each that signed must hold, and one must have signed. Without any, the
   keys that the seal itself names are taken: then it is only known that log and seal fit each other.
2. The records: the content, cut as the seal says, must lead to the signed root.
3. The tail: what stood behind the last record then must stand there still, completed or not.
4. What is behind it is not sealed, and is counted; of a log that was sealed as finished, nothing may be.
5. If 2 fails, the stored hashes of the records tell which ones changed; they must lead to the signed root themselves.
6. The seals before: each must be the one that the next one names, signed by one of the same keys, and the proof from
   one to the next must hold.
7. Checkpoints that were kept elsewhere: a log that was cut back together with its seal is found by nothing else.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from auditrail import merkle, notes
from auditrail.errors import NoteError, SealError, UnreadableError
from auditrail.notes import Checkpoint, Note, Verifier
from auditrail.seal import cutting, history, leaves, sidecar
from auditrail.seal.keys import with_cosigners
from auditrail.seal.locate import Finding, located
from auditrail.seal.sidecar import Header, Sidecar
from auditrail.seal.statement import Statement

INTACT, UNANCHORED, BROKEN, UNVERIFIABLE = "INTACT", "INTACT-UNANCHORED", "BROKEN", "UNVERIFIABLE"
MOST_FINDINGS = 1000


class Signed(NamedTuple):
    """A signature that holds: the key, whether it is one of those trusted, and the time of a cosignature."""

    key: Verifier
    trusted: bool
    time: int | None = None


@dataclass
class Checked:
    """What was found of one log.

    Attributes:
        verdict: INTACT (by a trusted key), INTACT-UNANCHORED, BROKEN or UNVERIFIABLE.
        statement: what the seal says; None if it cannot be read.
        records: sealed records. checked: those of them that are there unchanged.
        unsealed: records behind the seal; None: there is something, and it was not cut into records.
        signed: who signed the seal in force. findings: all, in order of the file; `left_out` counts those beyond
            `MOST_FINDINGS`.
        anchors: what confirmed it from outside. notes: what is in order; not_checked: what stays open.
    """

    verdict: str = UNVERIFIABLE
    statement: Statement | None = None
    records: int = 0
    checked: int = 0
    unsealed: int | None = 0
    unsealed_bytes: int = 0
    signed: list[Signed] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    left_out: int = 0
    anchors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    not_checked: list[str] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)
        else:
            self.left_out += 1


def check(
    log: Path,
    seal: Path | None = None,
    trusted: Sequence[Verifier] = (),
    checkpoints: Sequence[Checkpoint] = (),
    size: int | None = None,
) -> Checked:
    """Holds the first `size` bytes of a log to its seal.

    Args:
        log: the log.
        seal: its seal; None: the file `LOG.seal`.
        trusted: keys whose word counts; each also as a cosigner's.
        checkpoints: heads of this log that were kept elsewhere and are believed.
        size: bytes of the log to look at; None: all there are now.

    Raises:
        UnreadableError: the log, or its seal, cannot be read from the disk.
    """
    made = Checked()
    place = seal or sidecar.path_of(log)
    try:
        total = log.stat().st_size if size is None else size
        with sidecar.opened(place) as opened:
            made.statement = opened.statement
            made.records = opened.statement.leaves
            _check(made, log, total, opened, list(trusted), checkpoints)
    except SealError as error:
        made.not_checked.append(f"the seal can't be read: {error.message}")
    except OSError as error:
        raise UnreadableError(f"{error.filename or log}: {(error.strerror or str(error)).lower()}") from error
    return made


def _check(
    made: Checked, log: Path, size: int, opened: Sidecar, trusted: list[Verifier], checkpoints: Sequence[Checkpoint]
) -> None:
    said = opened.statement
    signatures = _signatures(made, opened.header, trusted)  # 1
    proven = _records(made, log, size, opened)  # 2 to 5
    earlier = history.earlier(made, opened, trusted) if proven else False  # 6
    history.anchored(made, opened, checkpoints, proven=proven)  # 7
    if any(finding.breaks for finding in made.findings):
        made.verdict = BROKEN
    elif signatures and proven and (said.leaves or said.tail):
        made.verdict = INTACT if made.anchors else UNANCHORED
    if said.leaves == 0 and said.tail is None:
        made.not_checked.append("the seal was made of an empty log: nothing is sealed")
    if proven and not earlier:
        made.not_checked.append("the seals before this one")
    if not checkpoints:
        made.not_checked.append(
            "whether log and seal were set back to an earlier state together: keep checkpoints elsewhere (--anchor)"
        )


def _signatures(made: Checked, header: Header, trusted: list[Verifier]) -> bool:
    """Step 1: whether somebody known signed; whose word counts becomes an anchor."""
    note, said = header.sealed.note, header.statement
    try:
        found = notes.verify(note, with_cosigners(trusted))
        made.signed = [Signed(one.verifier, trusted=True, time=one.time) for one in found]
    except NoteError as error:
        made.add(Finding("bad-signature", note=error.message))
        return False
    if made.signed:
        made.anchors += [_anchor(one, said) for one in made.signed]
        return True
    if trusted:
        names = ", ".join(one.name for one in note.signatures)
        made.not_checked.append(f"the seal's signature: none of the keys that were given made it (signed by: {names})")
        return False
    try:
        found = notes.verify(note, with_cosigners(header.keys))
        made.signed = [Signed(one.verifier, trusted=False, time=one.time) for one in found]
    except NoteError as error:
        made.add(Finding("bad-signature", note=error.message))
        return False
    made.not_checked.append(
        "who made the seal: no key was given, so whoever can write to the log could have made log and seal (--key)"
    )
    return bool(made.signed)


def _anchor(one: Signed, said: Statement) -> str:
    if one.time is not None:
        return f"cosigned by {one.key.name}"
    return f"sealed by {one.key.name} at {said.time}"


def _records(made: Checked, log: Path, size: int, opened: Sidecar) -> bool:
    """Steps 2 to 5; whether all sealed records are there, unchanged."""
    said = opened.statement
    tree, defect = _tree(log, size, opened)
    if defect is not None:
        made.not_checked.append(f"what could not be decompressed: {defect}")
    whole = (tree.size, tree.root) == (said.leaves, said.root)
    made.checked = said.leaves if whole else 0
    if not whole:
        _locate(made, log, size, opened)
        return False
    tail_there = _tail(made, log, size, said)
    _behind(made, log, size, said, tail_there=tail_there)
    return tail_there


def _tree(log: Path, size: int, opened: Sidecar) -> tuple[leaves.Tree, str | None]:
    """The tree over the sealed part of the content, and what is wrong with its compression."""
    said = opened.statement
    defect: str | None = None
    if said.cut == cutting.LINES and cutting.is_plain(log):
        parts = leaves.lines_of(log, min(size, said.end))
    else:
        with cutting.content(log, size, said.cut) as content:
            limited = _First(content, said.end)
            if said.cut == cutting.LINES:
                parts = [leaves.lines(limited)]
            else:
                parts = [leaves.stretches(limited, opened.each_length(), to_end=False)]
            defect = content.defect
    last = parts[-1]
    if said.closed and said.cut == cutting.LINES and last.tail:
        parts.append(leaves.final(sum(part.size for part in parts), last.tail_hash, said.end))
    return leaves.tree(parts), defect


class _First:
    """The first bytes of a stream."""

    def __init__(self, stream: leaves.Readable, size: int) -> None:
        self._stream = stream
        self._left = size

    def read(self, n: int, /) -> bytes:
        block = self._stream.read(min(n, self._left)) if self._left else b""
        self._left -= len(block)
        return block


def _tail(made: Checked, log: Path, size: int, said: Statement) -> bool:
    """Step 3; whether what stood behind the last record is there."""
    if said.tail is None:
        return True
    with cutting.content_behind(log, size, said.cut, said.end) as content:
        found = leaves.digest(content, said.tail.length)
    if found == said.tail.hash:
        return True
    if said.tail.closing and _content_size(log, size, said) > said.size:
        made.notes.append("the closing brackets moved on: records were added before them")
        return True
    kind = "truncated-tail" if found is None else "edited"
    what = "the brackets behind the last record" if said.tail.closing else "a record that was not finished"
    made.add(
        Finding(
            kind,
            said.leaves + 1,
            said.end,
            said.tail.hash.hex(),
            found.hex() if found else None,
            f"{what}: {said.tail.length} byte(s) were sealed as they stood behind record {said.leaves}",
        )
    )
    return False


def _content_size(log: Path, size: int, said: Statement) -> int:
    if said.cut == cutting.CHUNKS or cutting.is_plain(log):
        return size
    with cutting.content(log, size, said.cut) as content:
        return sum(len(block) for block in iter(lambda: content.read(leaves.BLOCK), b""))


def _behind(made: Checked, log: Path, size: int, said: Statement, *, tail_there: bool) -> None:
    """Step 4: what is not sealed."""
    made.unsealed_bytes = max(_content_size(log, size, said) - said.size, 0)
    if not made.unsealed_bytes:
        return
    made.unsealed = _count(log, size, said) if said.cut == cutting.LINES else None
    counted = f"{made.unsealed} record(s)" if made.unsealed is not None else "more"
    if said.closed:
        made.add(
            Finding(
                "inserted",
                said.leaves + 1,
                said.size,
                note=f"{counted} ({made.unsealed_bytes} bytes) behind the end of a log that was sealed as finished",
            )
        )
    elif tail_there:
        made.not_checked.append(
            f"{counted} ({made.unsealed_bytes} bytes) written since the log was sealed: not sealed yet"
        )


def _count(log: Path, size: int, said: Statement) -> int:
    """Lines behind the sealed ones; one that has not ended counts."""
    last = b"\n"
    lines = 0
    with cutting.content_behind(log, size, said.cut, said.end) as content:
        while block := content.read(leaves.BLOCK):
            lines += len(block.replace(b"\n", b"\n\n")) - len(block)
            last = block[-1:]
    return lines + (last != b"\n")


def _locate(made: Checked, log: Path, size: int, opened: Sidecar) -> None:
    """Step 5: which records changed."""
    said = opened.statement
    frontier = merkle.Frontier()
    for tile in _tiles(opened):
        if len(tile) == merkle.TILE * merkle.SIZE:
            frontier.add_node(merkle.fold(tile, merkle.TILE_HEIGHT), merkle.TILE_HEIGHT)
        else:
            for at in range(0, len(tile), merkle.SIZE):
                frontier.add(tile[at : at + merkle.SIZE])
    if frontier.root() != said.root:
        made.add(
            Finding("edited", note="the log does not lead to the signed root; which records changed can't be said")
        )
        made.not_checked.append("which records changed: the hashes in the seal were changed, too")
        return
    with tempfile.TemporaryDirectory() as folder:
        for finding in located(log, size, opened, Path(folder), made):
            made.add(finding)
    if not any(finding.breaks for finding in made.findings):
        made.add(Finding("edited", note="the log does not lead to the signed root"))


def _tiles(opened: Sidecar) -> Iterator[bytes]:
    step = merkle.TILE * merkle.SIZE
    for at in range(0, len(opened.hashes), step):
        yield bytes(opened.hashes[at : at + step])


def head(kept: Checkpoint | Statement) -> Checkpoint:
    """The head that a seal or a checkpoint tells."""
    return kept if isinstance(kept, Checkpoint) else Checkpoint(kept.origin, kept.leaves, kept.root)


def checkpoint_of(data: bytes, trusted: Sequence[Verifier] = ()) -> Checkpoint:
    """A checkpoint that was kept as a signed note.

    Raises:
        NoteError: it is none, or a signature of a trusted key fails.
    """
    note: Note = notes.parse(data)
    notes.verify(note, with_cosigners(trusted))
    return notes.checkpoint(note.text)
