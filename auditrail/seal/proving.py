r"""Proofs that a third party checks without the log: of one record (C2SP tlog-proof), and of growth.

A proof of a record:

    c2sp.org/tlog-proof@v1
    extra <base64 of the leaf: the record as it stands in the log, its newline included>
    index 41
    <base64 of a hash>               beside the way from the leaf up to the root, the lowest first
                                     an empty line
    <the signed checkpoint>

To check it: (1) the signature of the checkpoint, by a key that is trusted; (2) SHA-256(0x00 || record); (3) join it
with the hashes, SHA-256(0x01 || left || right), as RFC 6962 section 2.1.1 says for this index and the size in the
checkpoint; (4) the result must be the root in the checkpoint. A proof without `extra` needs the record from elsewhere.

A proof of growth is what C2SP tlog-witness sends to a witness: `old <size>`, the hashes of a consistency proof, an
empty line, the new checkpoint. It says something to whoever has kept the checkpoint of the old size.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from auditrail import merkle, notes
from auditrail.errors import ProofError, RewrittenError, SealError, UnreadableError, UsageError
from auditrail.merkle import SIZE
from auditrail.notes import Checkpoint, Note, Verified, Verifier
from auditrail.seal import cutting, leaves, sidecar
from auditrail.seal.keys import with_cosigners
from auditrail.seal.sidecar import Sidecar

MAGIC = "c2sp.org/tlog-proof@v1\n"
SUFFIX = ".tlog-proof"
# A longer record is left out of its proof: it has to be handed over beside it.
MOST_RECORD = 16 << 20
MOST_PROOF = 64 << 20
_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,18})\Z")


class Proof(NamedTuple):
    """A proof of a record: number of the leaf (from 0), hashes, the signed checkpoint, the record if it is in it."""

    leaf: int
    hashes: tuple[bytes, ...]
    note: Note
    extra: bytes | None

    @property
    def checkpoint(self) -> Checkpoint:
        return notes.checkpoint(self.note.text)

    def render(self) -> str:
        """The proof as it is stored."""
        extra = f"extra {_encode(self.extra)}\n" if self.extra is not None else ""
        lines = "".join(f"{_encode(item)}\n" for item in self.hashes)
        return f"{MAGIC}{extra}index {self.leaf}\n{lines}\n{self.note.render()}"


class Growth(NamedTuple):
    """A proof that the tree of a checkpoint grew from one of `old` leaves."""

    old: int
    hashes: tuple[bytes, ...]
    note: Note

    def render(self) -> str:
        """The proof as it is stored."""
        lines = "".join(f"{_encode(item)}\n" for item in self.hashes)
        return f"old {self.old}\n{lines}\n{self.note.render()}"


def prove(log: Path, number: int, seal: Path | None = None, *, with_record: bool = True) -> Proof:
    """The proof of record `number` (from 1) of a sealed log.

    The record must be there as it was sealed; others may have been changed.

    Raises:
        RewrittenError: it is not. UsageError: the seal holds no such record. SealError: the seal is damaged.
        UnreadableError: the log cannot be read.
    """
    place = seal or sidecar.path_of(log)
    try:
        with sidecar.opened(place) as opened:
            said = opened.statement
            if not 1 <= number <= said.leaves:
                behind = (
                    f"; what stood behind record {said.leaves} was sealed, but not as a record" if said.tail else ""
                )
                raise UsageError(f"{place} holds no record {number}, but 1 to {said.leaves}{behind}")
            leaf = bytes(opened.hashes[(number - 1) * SIZE : number * SIZE])
            hashes = merkle.inclusion_proof(opened.nodes(), number - 1, said.leaves)
            try:
                merkle.verify_inclusion(leaf, number - 1, said.leaves, hashes, said.root)
            except ProofError as error:
                raise SealError(f"{place} is damaged: its hashes do not lead to the signed root") from error
            record = _record(log, number, opened)
            if record is None or merkle.leaf_hash(record) != leaf:
                raise RewrittenError(
                    f"record {number} of {log} is not the one that was sealed",
                    hint=f"see what happened to it with: auditrail verify {log}",
                )
            kept = record if with_record and len(record) <= MOST_RECORD else None
            return Proof(number - 1, tuple(hashes), opened.header.sealed.note, kept)
    except FileNotFoundError as error:
        raise UnreadableError(
            f"{error.filename}: no such file", hint=f"seal the log first: auditrail seal {log}"
        ) from error
    except OSError as error:
        raise UnreadableError(f"{error.filename or log}: {(error.strerror or str(error)).lower()}") from error


def prove_growth(log: Path, old: Checkpoint, seal: Path | None = None) -> Growth:
    """The proof that the log of a seal grew from what an earlier checkpoint speaks of.

    Raises:
        RewrittenError: it did not. SealError: the seal is of another log, or damaged. OSError: it cannot be read.
    """
    place = seal or sidecar.path_of(log)
    with sidecar.opened(place) as opened:
        said = opened.statement
        if old.origin != said.origin:
            raise SealError(f"the checkpoint is one of {old.origin}, and the seal one of {said.origin}")
        if not 0 < old.size <= said.leaves:
            raise RewrittenError(f"the checkpoint knows {old.size} record(s), and the seal {said.leaves}")
        hashes = merkle.consistency_proof(opened.nodes(), old.size, said.leaves)
        try:
            merkle.verify_consistency(old.size, said.leaves, old.root, said.root, hashes)
        except ProofError as error:
            raise RewrittenError(f"the seal did not grow from that checkpoint: {error.message}") from error
        return Growth(old.size, tuple(hashes), opened.header.sealed.note)


def _record(log: Path, number: int, opened: Sidecar) -> bytes | None:
    """The bytes of a leaf as they stand in the log now; None if it ends before."""
    said = opened.statement
    size = log.stat().st_size
    if said.cut == cutting.LINES:
        with cutting.content(log, size, said.cut) as content:
            return _line(content, number - 1)
    begin = length = 0
    for place, length in enumerate(opened.each_length(), 1):
        if place == number:
            break
        begin += length
    with cutting.content(log, size, said.cut) as content:
        return _take(content, begin, length)


def _line(content: leaves.Readable, before: int) -> bytes | None:
    """The line behind so many others, its newline included if it has one."""
    parts: list[bytes] = []
    while block := content.read(leaves.BLOCK):
        if before:
            ends = len(block.replace(b"\n", b"\n\n")) - len(block)
            if ends < before:
                before -= ends
                continue
            at = 0
            for _ in range(before):
                at = block.index(b"\n", at) + 1
            before, block = 0, block[at:]
        end = block.find(b"\n")
        parts.append(block if end < 0 else block[: end + 1])
        if end >= 0:
            break
    return b"".join(parts) or None


def _take(content: leaves.Readable, skip: int, length: int) -> bytes | None:
    parts: list[bytes] = []
    while skip + length > 0:
        block = content.read(min(leaves.BLOCK, skip or length))
        if not block:
            return None
        if skip:
            skip -= len(block)
        else:
            parts.append(block)
            length -= len(block)
    return b"".join(parts)


def parse(data: bytes) -> Proof:
    """Reads a proof of a record; nothing is checked.

    Raises:
        ProofError: it is none. NoteError: its checkpoint is none.
    """
    lines, note = _split(data)
    if lines.pop(0) != MAGIC.rstrip():
        raise ProofError("this is no proof of a record")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = _decode(lines.pop(0)[6:])
    if not lines or not lines[0].startswith("index ") or not _NUMBER.match(lines[0][6:]):
        raise ProofError("the proof does not say which leaf it is of")
    index = int(lines.pop(0)[6:])
    return Proof(index, _hashes(lines), note, extra)


def parse_growth(data: bytes) -> Growth:
    """Reads a proof of growth; nothing is checked.

    Raises:
        ProofError: it is none. NoteError: its checkpoint is none.
    """
    lines, note = _split(data)
    first = lines.pop(0)
    if not first.startswith("old ") or not _NUMBER.match(first[4:]):
        raise ProofError("this is no proof of growth")
    return Growth(int(first[4:]), _hashes(lines), note)


def check(proof: Proof, trusted: Sequence[Verifier], record: bytes | None = None) -> list[Verified]:
    """Which of the keys vouch for the record; the steps are those of the module.

    Raises:
        NoteError: a signature fails (1). ProofError: the record, that of the proof or the one given, is not proven.
    """
    found = notes.verify(proof.note, with_cosigners(trusted))  # 1
    leaf = merkle.leaf_hash(content_of(proof, record))  # 2
    head = proof.checkpoint
    merkle.verify_inclusion(leaf, proof.leaf, head.size, proof.hashes, head.root)  # 3, 4
    return found


def content_of(proof: Proof, record: bytes | None = None) -> bytes:
    """The record that a proof is about.

    Raises:
        ProofError: it holds none and none was given, or two that differ.
    """
    if record is not None and proof.extra is not None and record != proof.extra:
        raise ProofError("the record that was given is not the one in the proof")
    made = proof.extra if record is None else record
    if made is None:
        raise ProofError("the proof holds no record, and none was given")
    return made


def _split(data: bytes) -> tuple[list[str], Note]:
    """The lines before the first empty one, and the note behind it."""
    if len(data) > MOST_PROOF:
        raise ProofError(f"a proof of {len(data)} bytes")
    head, gap, rest = data.partition(b"\n\n")
    if not gap:
        raise ProofError("a proof has an empty line before its checkpoint")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise ProofError("a proof is ASCII, but for its checkpoint") from None
    note = notes.parse(rest)
    notes.checkpoint(note.text)
    return lines, note


def _hashes(lines: list[str]) -> tuple[bytes, ...]:
    if len(lines) > merkle.MOST_LEVELS:
        raise ProofError(f"a proof of {len(lines)} hashes is longer than any tree is high")
    made = tuple(_decode(line) for line in lines)
    if any(len(item) != SIZE for item in made):
        raise ProofError(f"a hash has {SIZE} bytes")
    return made


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decode(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ProofError("this is no base64") from None
    if _encode(data) != text:
        raise ProofError("this base64 is written in another way than all do")
    return data


def is_proof(first: bytes) -> bool:
    """Whether a file that begins so is a proof of a record."""
    return first.startswith(MAGIC.encode())
