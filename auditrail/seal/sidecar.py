r"""The file `LOG.seal`: two lines of text and hashes.

    auditrail-seal/1\n
    {"checkpoint": …, "earlier": […], "keys": […], "leaves": n, "lengths": n or 0, "stamps": […], "tiles": n // 256}\n
    tiles     32 bytes each: the roots of the full tiles of 256 leaves
    leaves    32 bytes each: the leaf hashes, in order
    lengths   8 bytes each, little-endian: the lengths of the leaves; none where the cut is `lines`

Leaf hashes are stored whole. With them each record is judged by itself: which one changed, and that the others did not;
and a record that is unchanged can be proven although its neighbours were changed. They are what costs the most (32
bytes a record); of shorter ones, alike ones could be made, and a record named as unchanged that is not. What is
stored here is trusted no further than it leads to the signed root.

A sidecar is written beside its place and renamed, so it is there whole or not at all.
"""

from __future__ import annotations

import base64
import binascii
import json
import mmap
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

from auditrail import notes
from auditrail.errors import NoteError, SealError
from auditrail.merkle import SIZE, TILE, Leaves
from auditrail.notes import Note, Verifier
from auditrail.seal import statement as statements
from auditrail.seal.statement import Statement

SUFFIX = ".seal"
MAGIC = b"auditrail-seal/1\n"
LENGTH = 8
# A header has an entry for each time that the log was sealed; those before are in the seals that were kept.
MOST_EARLIER = 500
MOST_HEADER = 64 << 20
_MEMBERS = {"checkpoint", "earlier", "keys", "leaves", "lengths", "stamps", "tiles"}


class Sealed(NamedTuple):
    """A checkpoint as signed, with the proof (hashes) from it to the next one; none where it was broken off."""

    note: Note
    statement: Statement
    proof: tuple[bytes, ...] = ()


class Header(NamedTuple):
    """What a seal holds besides hashes.

    Attributes:
        sealed: the seal in force. earlier: those before it, oldest first.
        keys: the public keys of those who signed, as the sealer wrote them down: a word to check a signature by, but no
            reason to trust it.
        stamps: tokens of RFC 3161 (DER) for the seal in force.
    """

    sealed: Sealed
    earlier: tuple[Sealed, ...] = ()
    keys: tuple[Verifier, ...] = ()
    stamps: tuple[bytes, ...] = ()

    @property
    def statement(self) -> Statement:
        return self.sealed.statement

    def render(self, lengths: int) -> bytes:
        """The two lines of text."""
        document = {
            "checkpoint": self.sealed.note.render(),
            "earlier": [
                {"checkpoint": one.note.render(), "proof": [_encode(item) for item in one.proof]}
                for one in self.earlier[-MOST_EARLIER:]
            ],
            "keys": [key.render() for key in self.keys],
            "leaves": self.statement.leaves,
            "lengths": lengths,
            "stamps": [_encode(stamp) for stamp in self.stamps],
            "tiles": self.statement.leaves // TILE,
        }
        return MAGIC + json.dumps(document, ensure_ascii=False).encode() + b"\n"


class Sidecar(NamedTuple):
    """An opened seal: its header and views of its hashes, valid while it is open."""

    header: Header
    tiles: memoryview
    hashes: memoryview
    lengths: memoryview

    @property
    def statement(self) -> Statement:
        return self.header.statement

    def nodes(self) -> Leaves:
        """The tree by its stored hashes; whoever uses it holds what comes out against the signed root."""
        return Leaves(self.hashes, self.tiles)

    def each_length(self) -> Iterator[int]:
        """The lengths of the leaves, where they are stored."""
        for at in range(0, len(self.lengths), LENGTH):
            yield int.from_bytes(self.lengths[at : at + LENGTH], "little")


def path_of(log: Path) -> Path:
    """Where the seal of a log is."""
    return log.with_name(log.name + SUFFIX)


@contextmanager
def opened(path: Path) -> Iterator[Sidecar]:
    """Opens a seal; hashes are mapped, not read.

    Raises:
        SealError: it is none, or damaged. OSError: it cannot be read.
    """
    with path.open("rb") as file:
        header, tiles, lengths, start = _header(file, path)
        leaves = header.statement.leaves
        sizes = (tiles * SIZE, leaves * SIZE, lengths * LENGTH)
        found = os.fstat(file.fileno()).st_size
        if found != start + sum(sizes):
            raise SealError(
                f"{path} is damaged: it has {found} bytes, and should have {start + sum(sizes)}",
                hint="take the seal from a backup, or hold the log against a checkpoint that was kept elsewhere",
            )
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as whole:
            views: list[memoryview] = []
            for size in sizes:
                views.append(whole[start : start + size])
                start += size
            try:
                yield Sidecar(header, *views)
            finally:
                for view in views:
                    view.release()


def header_of(path: Path) -> Header:
    """What a seal holds besides hashes.

    Raises:
        SealError: it is none, or damaged. OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return _header(file, path)[0]


def is_seal(first: bytes) -> bool:
    """Whether a file that begins so is a seal."""
    return first.startswith(MAGIC)


def _header(file: IO[bytes], path: Path) -> tuple[Header, int, int, int]:
    """The header, how many tiles and lengths follow, and where they begin."""
    if file.readline(len(MAGIC)) != MAGIC:
        raise SealError(f"{path} is no seal, or one of a later version")
    line = file.readline(MOST_HEADER)
    try:
        document = json.loads(line, object_pairs_hook=_once)
        if set(document) != _MEMBERS or not line.endswith(b"\n"):
            raise SealError(f"{path} is damaged: its second line lacks a part")
        header = Header(
            _sealed(document["checkpoint"], ()),
            tuple(_sealed(one["checkpoint"], one["proof"]) for one in document["earlier"]),
            tuple(notes.verifier(key) for key in document["keys"]),
            tuple(_decode(stamp) for stamp in document["stamps"]),
        )
        leaves = header.statement.leaves
        lengths = 0 if header.statement.cut == "lines" else leaves
        if (document["leaves"], document["tiles"], document["lengths"]) != (leaves, leaves // TILE, lengths):
            raise SealError(f"{path} is damaged: its counts do not fit the checkpoint")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, NoteError) as error:
        raise SealError(f"{path} is damaged: its second line can't be read ({error})") from error
    return header, leaves // TILE, lengths, file.tell()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a name stands twice")
    return made


def _sealed(text: str, proof: Iterable[str]) -> Sealed:
    note = notes.parse(text.encode())
    return Sealed(note, statements.statement(notes.checkpoint(note.text)), tuple(_decode(item) for item in proof))


def write(path: Path, header: Header, parts: Iterable[Path | bytes | memoryview], lengths: int) -> None:
    """Writes a seal: its header and, behind it, the parts (files are copied).

    Raises:
        SealError: the folder cannot be written to.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise SealError(f"{path} can't be written: {(error.strerror or str(error)).lower()}") from error
    made = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(header.render(lengths))
            for part in parts:
                if isinstance(part, Path):
                    with part.open("rb") as source:
                        shutil.copyfileobj(source, out, 1 << 20)
                else:
                    out.write(part)
            out.flush()
            os.fsync(out.fileno())
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        made.chmod(mode)
        made.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise SealError(f"{path} can't be written: {(error.strerror or str(error)).lower()}") from error
    finally:
        made.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Makes a renaming in a folder last through a loss of power, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("no base64") from error
