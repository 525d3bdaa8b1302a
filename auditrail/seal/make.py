"""Seals a log, and seals it again after it grew: only if what was sealed is still there, byte for byte.

1. The log is locked against a second sealer and its size is taken: what is written from then on is not sealed.
2. If there is a seal, it must be signed by a key that is trusted, and be whole.
3. The content is cut and hashed; a seal's own lengths come first, so earlier leaves are cut as they were.
4. The earlier root must be that of the first leaves, and the earlier tail must still lie behind them. Else the log
   was rewritten, and is not sealed over, unless that is asked for: then the new seal names the old one as broken off.
5. A checkpoint is made, signed and cosigned, with a proof that it grew from the one before.
6. The sidecar is written beside its place and renamed.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from auditrail import merkle, notes
from auditrail.errors import NoteError, RewrittenError, SealError, UnreadableError, UsageError
from auditrail.notes import Note, Signer, Verifier
from auditrail.seal import cutting, leaves, sidecar
from auditrail.seal import statement as statements
from auditrail.seal.cutting import Cut
from auditrail.seal.keys import with_cosigners
from auditrail.seal.leaves import Tree
from auditrail.seal.sidecar import Header, Region, Sealed, Sidecar
from auditrail.seal.statement import Earlier, Statement, Tail

_TIME = "%Y-%m-%dT%H:%M:%SZ"
# A longer tail is no closing bracket.
_MOST_CLOSING = 4096


class Wishes(NamedTuple):
    """How to seal.

    Attributes:
        origin: name of the log in its checkpoints; None: that of the earlier seal, else made of the key and the file.
        time: seconds since the epoch, as given; None: the clock's.
        closed: whether the log is finished.
        anew: whether to begin anew where the log was rewritten.
        after: the seal of the log that this one continues (rotation).
        cosigners: further keys to sign with.
        trusted: keys that may have signed the earlier seal, besides the signer's own.
        stamp: gives the token of RFC 3161 for a signed note; None: no token.
    """

    origin: str | None = None
    time: int | None = None
    closed: bool = False
    anew: bool = False
    after: Path | None = None
    cosigners: tuple[Signer, ...] = ()
    trusted: tuple[Verifier, ...] = ()
    stamp: Callable[[bytes], bytes] | None = None


class Outcome(NamedTuple):
    """What was done: `sealed`, `grown`, `anew`, `unchanged`, or `cosigned` (nothing but signatures were added)."""

    log: Path
    seal: Path
    status: str
    statement: Statement
    signers: tuple[str, ...]
    before: int | None = None


class _Found(NamedTuple):
    """The content as it is cut now; hashes and lengths are in files."""

    cut: str
    tree: Tree
    size: int
    closing: bool
    hashes: Path
    lengths: Path

    @property
    def tail(self) -> Tail | None:
        return Tail(self.tree.tail, self.tree.tail_hash, self.closing) if self.tree.tail else None


def seal(log: Path, signer: Signer, wishes: Wishes = Wishes()) -> Outcome:  # noqa: B008 - it cannot be changed
    """Seals a log, see the module.

    Raises:
        RewrittenError: it is no longer what was sealed. SealError: the seal is damaged, or of somebody else.
        UnreadableError: the log cannot be read.
    """
    place = sidecar.path_of(log)
    with _locked(log) as size, _folder(log) as folder:
        if not place.exists():
            found = _scan(log, size, None, folder, closed=wishes.closed)
            return _written(log, place, found, None, signer, wishes)
        with sidecar.opened(place) as old:
            _trusted(old.header, signer, wishes.trusted, place)
            found = _scan(log, size, old, folder, closed=wishes.closed or old.statement.closed)
            reason = _rewritten(log, size, old, found)
            if reason is None:
                if _is_same(old.statement, found, wishes):
                    return _cosigned(log, place, old, wishes)
                return _written(log, place, found, old, signer, wishes)
        if not wishes.anew:
            raise RewrittenError(
                f"{log} is not sealed again: {reason}",
                hint="look at it with: auditrail verify; --force-new seals it as it is, and names the old seal",
            )
        found = _scan(log, size, None, folder, closed=wishes.closed)
        return _written(log, place, found, None, signer, wishes, broken=sidecar.header_of(place))


def cosign(log: Path, wishes: Wishes) -> Outcome:
    """Adds the cosigners' signatures to a seal, if the log is still what it says and one of the trusted keys signed it.

    Raises:
        RewrittenError, SealError, UnreadableError: as for `seal`.
    """
    place = sidecar.path_of(log)
    if not place.exists():
        raise SealError(f"{log} is not sealed: there is no {place}")
    with (
        _locked(log) as size,
        sidecar.opened(place) as old,
        _folder(log) as folder,
    ):
        _trusted(old.header, None, wishes.trusted, place)
        reason = _rewritten(log, size, old, _scan(log, size, old, folder, closed=old.statement.closed))
        if reason is not None:
            raise RewrittenError(f"{log} is not cosigned: {reason}")
        return _cosigned(log, place, old, wishes)


@contextmanager
def _locked(log: Path) -> Iterator[int]:
    """Keeps a second sealer away, and gives the size to seal; the log is opened for reading alone."""
    try:
        file = log.open("rb")
    except OSError as error:
        raise UnreadableError(f"{log} can't be read: {(error.strerror or str(error)).lower()}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SealError(f"{log} is locked", hint="another process seals it, or its writer locks it") from error
        except OSError:  # a file system without locks, or with locks for writers alone: the renaming is atomic still
            pass
        yield os.fstat(file.fileno()).st_size


@contextmanager
def _folder(log: Path) -> Iterator[Path]:
    """A folder for hashes beside the log: where the seal goes there must be room for them anyway."""
    try:
        made = tempfile.TemporaryDirectory(prefix=f".{log.name}.", dir=log.parent)
    except OSError as error:
        raise SealError(f"{log.parent} can't be written to: {(error.strerror or str(error)).lower()}") from error
    with made as folder:
        yield Path(folder)


def _trusted(header: Header, signer: Signer | None, trusted: tuple[Verifier, ...], place: Path) -> None:
    """Whoever seals again vouches for what was sealed before: so it must be somebody's who is known."""
    keys = with_cosigners([*trusted, *([signer.verifier] if signer else [])])
    try:
        if notes.verify(header.sealed.note, keys):
            return
    except NoteError as error:
        raise SealError(f"{place}: {error.message}") from error
    names = ", ".join(one.name for one in header.sealed.note.signatures)
    raise SealError(
        f"{place} was not signed by this key, but by: {names}",
        hint="if that key is to be trusted, add --trust with its public key",
    )


def _scan(log: Path, size: int, old: Sidecar | None, folder: Path, *, closed: bool) -> _Found:
    """Cuts and hashes the content into files of the folder."""
    cut = Cut(old.statement.cut) if old else cutting.choose(log, size)
    if old and cut.kind == cutting.RECORDS:
        cut = cutting.choose(log, size)
        if cut.kind != cutting.RECORDS:  # no longer what it was: then nothing is cut behind what was sealed
            cut = Cut(cutting.CHUNKS)
        return _records(log, size, cut, folder, old, kind=cutting.RECORDS)
    if cut.kind != cutting.LINES:
        return _records(log, size, cut, folder, old, kind=cut.kind)
    hashes = folder / "hashes"
    hashes.touch()
    if cutting.is_plain(log):
        parts = leaves.lines_of(log, size, hashes)
        total = size
    else:
        with cutting.content(log, size, cut.kind) as content, hashes.open("wb") as out:
            parts = [leaves.lines(content, sink=out.write)]
            total = parts[-1].end + parts[-1].tail
            if content.defect and not old:
                return _records(log, size, Cut(cutting.CHUNKS), folder, None, kind=cutting.CHUNKS)
    last = parts[-1]
    if closed and last.tail:
        parts.append(leaves.final(sum(part.size for part in parts), last.tail_hash, total))
        with hashes.open("ab") as out:
            out.write(last.tail_hash)
    return _Found(cut.kind, leaves.tree(parts), total, closing=False, hashes=hashes, lengths=folder / "none")


def _records(log: Path, size: int, cut: Cut, folder: Path, old: Sidecar | None, *, kind: str) -> _Found:
    """Cuts by the format first, which gives the lengths, and then hashes stretches of these lengths."""
    lengths, hashes = folder / "lengths", folder / "hashes"
    with lengths.open("wb") as out, cutting.content(log, size, kind) as content:
        after = 0
        if old and len(old.lengths):
            out.writelines(old.lengths.blocks())
            after = old.statement.end
        if cut.kind == kind:
            for length in cutting.lengths(content, cut, size, after):
                out.write(length.to_bytes(sidecar.LENGTH, "little"))
    with hashes.open("wb") as out, cutting.content(log, size, kind) as content:
        part = leaves.stretches(content, _lengths(lengths), out.write)
        if content.defect and not old and kind != cutting.CHUNKS:
            return _records(log, size, Cut(cutting.CHUNKS), folder, None, kind=cutting.CHUNKS)
    if part.size * sidecar.LENGTH < lengths.stat().st_size:
        os.truncate(lengths, part.size * sidecar.LENGTH)
    closing = 0 < part.tail <= _MOST_CLOSING and cutting.closes(_bytes(log, size, kind, part.end, part.tail))
    return _Found(kind, leaves.tree([part]), part.end + part.tail, closing, hashes, lengths)


def _lengths(path: Path) -> Iterator[int]:
    with path.open("rb") as file:
        while block := file.read(sidecar.LENGTH << 12):
            for at in range(0, len(block), sidecar.LENGTH):
                yield int.from_bytes(block[at : at + sidecar.LENGTH], "little")


def _bytes(log: Path, size: int, kind: str, begin: int, length: int) -> bytes:
    """A short stretch of the content."""
    with cutting.content_behind(log, size, kind, begin) as content:
        made = b""
        while len(made) < length and (block := content.read(length - len(made))):
            made += block
        return made


def _rewritten(log: Path, size: int, old: Sidecar, found: _Found) -> str | None:
    """Why the content is not what was sealed, with or without more behind it; None: it is."""
    said, now = old.statement, found.tree
    if now.size < said.leaves:
        return f"of {said.leaves} sealed record(s), {now.size} are there"
    if said.leaves:
        with found.hashes.open("rb") as file:
            hashes = Region(file.fileno(), 0, now.size * merkle.SIZE)
            if merkle.root(merkle.Leaves(hashes, now.tiles), said.leaves) != said.root:
                return "records that were sealed have been changed, removed or moved"
    if said.closed and (now.size, found.size) != (said.leaves, said.size):
        return "it was sealed as finished, and more was written"
    if said.tail is None or (said.tail.closing and now.size > said.leaves):
        return None
    with cutting.content_behind(log, size, said.cut, said.end) as content:
        if leaves.digest(content, said.tail.length) != said.tail.hash:
            return f"what stood behind record {said.leaves}, and was sealed with it, has been changed"
    return None


def _is_same(said: Statement, found: _Found, wishes: Wishes) -> bool:
    return (
        (said.leaves, said.size) == (found.tree.size, found.size)
        and said.closed >= wishes.closed
        and wishes.origin in (None, said.origin)
        and wishes.after is None
    )


def _written(
    log: Path,
    place: Path,
    found: _Found,
    old: Sidecar | None,
    signer: Signer,
    wishes: Wishes,
    broken: Header | None = None,
) -> Outcome:
    before = old.header if old else broken
    earlier = before.earlier if before else ()
    if before:
        proof: tuple[bytes, ...] = ()
        if old:
            with found.hashes.open("rb") as file:
                nodes = merkle.Leaves(Region(file.fileno(), 0, found.tree.size * merkle.SIZE), found.tree.tiles)
                proof = tuple(merkle.consistency_proof(nodes, before.statement.leaves, found.tree.size))
        earlier = (*earlier, before.sealed._replace(proof=proof))
    said = _said(log, found, before, signer, wishes, broken=broken is not None)
    text = said.text()
    note = Note(text, (signer.sign(text),))
    stamps = (wishes.stamp(note.render().encode()),) if wishes.stamp else ()
    note = _with_cosigners(note, wishes, said)
    known = [signer.verifier, *(one.verifier for one in wishes.cosigners), *(before.keys if before else ())]
    header = Header(Sealed(note, said), earlier, tuple(dict.fromkeys(known)), stamps)
    lengths = 0 if found.cut == cutting.LINES else found.tree.size
    sidecar.write(place, header, [found.tree.tiles, found.hashes, *([found.lengths] if lengths else [])], lengths)
    status = "anew" if broken else "grown" if before else "sealed"
    signers = tuple(one.name for one in note.signatures)
    return Outcome(log, place, status, said, signers, before.statement.leaves if before else None)


def _said(
    log: Path, found: _Found, before: Header | None, signer: Signer, wishes: Wishes, *, broken: bool
) -> Statement:
    name = log.name.encode("utf-8", "backslashreplace").decode()
    origin = wishes.origin or (before.statement.origin if before else f"{signer.name}/{statements.word(name)}")
    if not statements.is_origin(origin):
        raise UsageError(f"{origin!r} is no origin", hint="write it like example.com/agents/audit, without spaces")
    previous = None
    if before:
        relation = statements.BROKEN if broken else statements.GROWN
        previous = Earlier(before.statement.leaves, statements.digest(before.sealed.note.text), relation)
    after = None
    if wishes.after is not None:
        other = sidecar.header_of(wishes.after)
        after = Earlier(other.statement.leaves, statements.digest(other.sealed.note.text))
    return Statement(
        origin,
        found.tree.size,
        found.tree.root,
        name,
        found.cut,
        found.size,
        datetime.fromtimestamp(_seconds(wishes), UTC).strftime(_TIME),
        statements.CLOCK if wishes.time is None else statements.GIVEN,
        found.tail,
        previous,
        after or (before.statement.after if before and not broken else None),
        wishes.closed,
    )


def _seconds(wishes: Wishes) -> int:
    return int(datetime.now(UTC).timestamp()) if wishes.time is None else wishes.time


def _with_cosigners(note: Note, wishes: Wishes, said: Statement) -> Note:
    """The note with what is missing of the cosigners' signatures."""
    made = list(note.signatures)
    signed = {(one.name, one.key_id) for one in made}
    for one in wishes.cosigners:
        if any(one.seed == other.seed for other in wishes.cosigners if other is not one):
            raise UsageError("one key cosigns twice")
        key = one.verifier
        if (key.name, key.key_id) in signed:
            raise UsageError(f"{one.name} has signed this seal, and can't be its own witness")
        if (key.name, key.cosigner().key_id) not in signed:
            made.append(one.cosign(said.text(), _seconds(wishes)))
    return Note(note.text, tuple(made))


def _cosigned(log: Path, place: Path, old: Sidecar, wishes: Wishes) -> Outcome:
    """The same seal with more signatures, or as it is."""
    header, said = old.header, old.statement
    note = _with_cosigners(header.sealed.note, wishes, said)
    stamps = header.stamps
    if wishes.stamp:
        first = Note(note.text, note.signatures[:1])
        stamps = (*stamps, wishes.stamp(first.render().encode()))
    signers = tuple(one.name for one in note.signatures)
    if note == header.sealed.note and stamps == header.stamps:
        return Outcome(log, place, "unchanged", said, signers, said.leaves)
    keys = tuple(dict.fromkeys([*header.keys, *(one.verifier for one in wishes.cosigners)]))
    made = header._replace(sealed=header.sealed._replace(note=note), keys=keys, stamps=stamps)
    lengths = len(old.lengths) // sidecar.LENGTH
    sidecar.write(place, made, [old.tiles, old.hashes, old.lengths], lengths)
    return Outcome(log, place, "cosigned", said, signers, said.leaves)
