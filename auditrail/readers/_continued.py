"""Events of text whose first line is told by its form: lines behind it continue it.

The joined record is the bytes of the file from the first line to the last: `raw`, `length` and `digest` speak of that
span. If the bytes between two lines can't be known (a gap other than one newline), `pieces` tells where each line
stood, and `length` and `digest` are those of the first line. Lines before the first event are one record.
"""

from __future__ import annotations

from auditrail import digest
from auditrail.containers import limits
from auditrail.containers.records import Record
from auditrail.readers._pieces import stretch


class Continued:
    """Joins an event's first line with the lines behind it."""

    def __init__(self) -> None:
        self._open: list[Record] = []
        self._held = 0

    def begins(self, raw: bytes) -> bool:
        """Whether a line is the first of an event."""
        raise NotImplementedError

    def feed(self, record: Record) -> list[Record]:
        if record.defect is not None:
            return [*self.flush(), record]
        if self.begins(record.raw):
            done = self.flush()
        elif self._open and self._held + len(record.raw) > limits.MAX_RECORD:
            done = [joined._replace(defect="oversized") for joined in self.flush()]
        else:
            done = []
            if not self._open and not record.raw.strip():
                return [record]
        self._open.append(record)
        self._held += len(record.raw) + 1
        return done

    def flush(self) -> list[Record]:
        records, self._open, self._held = self._open, [], 0
        return [_joined(records)] if records else []


def _joined(records: list[Record]) -> Record:
    first, last = records[0], records[-1]
    if len(records) == 1:
        return first
    raw = stretch(records)
    joined = first._replace(span=sum(record.span for record in records), last_unterminated=last.last_unterminated)
    if raw is not None:
        return joined._replace(raw=raw, length=len(raw), digest=digest.record_digest(raw))
    joined = joined._replace(raw=b"\n".join(record.raw for record in records))
    return joined._replace(pieces=tuple((record.number, record.offset, record.length) for record in records))
