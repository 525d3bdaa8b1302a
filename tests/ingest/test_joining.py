"""A reader's fault while it joins records: it costs the records that were held, and no record comes twice."""

from __future__ import annotations

import io
from typing import Any

import pytest

from auditrail.containers.records import Record
from auditrail.containers.splitting import split
from auditrail.ingest.plain import SourceReader
from auditrail.model import Event

DATA = b'{"n":1}\n{"n":2}\n{"n":3}\n{"n":4}\n{"n":5}\n'


class Pairs:
    """Joins every two records."""

    def __init__(self) -> None:
        self.open: list[Record] = []

    def feed(self, record: Record) -> list[Record]:
        self.open.append(record)
        return self.flush() if len(self.open) == 2 else []

    def flush(self) -> list[Record]:
        records, self.open = self.open, []
        return [records[0]._replace(span=len(records))] if records else []


class FailsOnThree(Pairs):
    def feed(self, record: Record) -> list[Record]:
        if b"3" in record.raw:
            raise ZeroDivisionError
        return super().feed(record)


class FailsOnFour(Pairs):
    def feed(self, record: Record) -> list[Record]:
        out = super().feed(record)
        if b"4" in record.raw:
            raise ZeroDivisionError
        return out


class FailsAtTheEnd(Pairs):
    def flush(self) -> list[Record]:
        if len(self.open) == 1:
            raise ZeroDivisionError
        return super().flush()


class Keeps(Pairs):
    """Never gives back the first record."""

    def feed(self, record: Record) -> list[Record]:
        return [] if record.number == 1 else [record]

    def flush(self) -> list[Record]:
        return []


class Repeats(Pairs):
    """Gives every record twice."""

    def feed(self, record: Record) -> list[Record]:
        return [record, record]


class _Module:
    NAME = "made"

    def __init__(self, assembler: Any) -> None:
        self.Assembler = assembler

    @staticmethod
    def read(value: Any, record: Any) -> list[Event]:
        return [Event()]


@pytest.mark.parametrize(
    ("assembler", "read", "failed"),
    [
        (Pairs, [1, 3, 5], []),
        (FailsOnThree, [1, 4], [3]),
        (FailsOnFour, [1, 5], [3, 4]),
        (FailsAtTheEnd, [1, 3], [5]),
        (Keeps, [2, 3, 4, 5], [1]),
        (Repeats, [1, 2, 3, 4, 5], []),
    ],
)
def test_a_fault_costs_what_was_held(assembler: Any, read: list[int], failed: list[int]) -> None:
    source = SourceReader(1, _Module(assembler), iter(split(io.BytesIO(DATA), "lines")), stream="s")
    batches = list(source.batches())
    assert [row[2] for batch in batches for row in batch.events] == read
    quarantine = [row for batch in batches for row in batch.quarantine]
    assert [row[1] for row in quarantine] == failed
    assert {row[5] for row in quarantine} <= {"reader-failure"}
    assert source.tally.balanced
    assert source.tally.records == 5
