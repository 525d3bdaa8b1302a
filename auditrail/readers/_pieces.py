"""Container runtimes cut long lines into pieces; here they are joined again, per stream.

stdout and stderr interleave, so the pieces of a line need not touch. A joined record is the first piece's record with
`raw` written anew as one whole line of the format (`Pieces.whole`), `span` = number of pieces and `pieces` = where each
stood. Evidence is bytes that stand in the file, and the joined line does not: `length` and `digest` speak of the bytes
from the first piece to the last where the pieces touch, else of the first piece alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from itertools import pairwise
from typing import NamedTuple

from auditrail import digest
from auditrail.containers import limits
from auditrail.containers.records import Record
from auditrail.errors import RecordError

# What an open piece costs in memory besides its bytes; bounds the number of empty pieces too.
_OVERHEAD = 512
_BREAKS = {1: b"\n", 2: b"\r\n"}


def as_text(raw: bytes) -> str | bytes:
    """Text where the bytes are UTF-8, else the bytes as they are: a reader further in decides on them."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw


def stretch(records: list[Record]) -> bytes | None:
    """The bytes of the file from the first of these lines to the end of the last.

    None if they can't be known: something else than one line break stands between two of them.
    """
    if not all(record.line for record in records):
        return None
    parts = [records[0].raw]
    for before, record in pairwise(records):
        between = _BREAKS.get(record.offset - before.offset - before.length)
        if between is None:
            return None
        parts += [between, record.raw]
    raw = b"".join(parts)
    return raw if len(raw) == records[-1].offset + records[-1].length - records[0].offset else None


class Piece(NamedTuple):
    """What a line says of itself: its stream, and whether it ends a message."""

    stream: str
    last: bool


class Pieces(ABC):
    """An `Assembler` (see the contract) over lines that say whether they end a message."""

    def __init__(self) -> None:
        self._open: dict[str, list[Record]] = {}
        self._held = 0

    @abstractmethod
    def piece(self, record: Record) -> Piece | None:
        """What the line is, or None if it is not of the format (it is then passed on as it stands)."""

    @abstractmethod
    def whole(self, raws: list[bytes], *, complete: bool) -> bytes:
        """One line of the format that holds the message of all pieces; `complete`: the last piece ends it."""

    def feed(self, record: Record) -> list[Record]:
        if record.defect is not None:
            return [record]
        piece = self.piece(record)
        if piece is None or (piece.last and piece.stream not in self._open):
            return [record]
        out = []
        if self._held + len(record.raw) + _OVERHEAD > limits.MAX_RECORD:
            out = [self._let_go(stream, oversized=True) for stream in list(self._open)]
        self._open.setdefault(piece.stream, []).append(record)
        self._held += len(record.raw) + _OVERHEAD
        if piece.last:
            out.append(self._let_go(piece.stream, complete=True))
        return out

    def flush(self) -> list[Record]:
        return [self._let_go(stream) for stream in list(self._open)]

    def _let_go(self, stream: str, *, complete: bool = False, oversized: bool = False) -> Record:
        records = self._open.pop(stream)
        self._held -= sum(len(record.raw) + _OVERHEAD for record in records)
        first, last = records[0], records[-1]
        if len(records) == 1:
            return first._replace(defect="oversized") if oversized else first
        joined = first._replace(
            span=sum(record.span for record in records),
            pieces=tuple((record.number, record.offset, record.length) for record in records),
            last_unterminated=last.last_unterminated,
        )
        if (whole := stretch(records)) is not None:
            joined = joined._replace(length=len(whole), digest=digest.record_digest(whole))
        if oversized:
            return joined._replace(defect="oversized")
        try:
            return joined._replace(raw=self.whole([record.raw for record in records], complete=complete))
        except RecordError as error:
            return joined._replace(defect=error.code)
