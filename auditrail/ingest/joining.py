"""An `Assembler` under guard: its fault costs the records that it held, never one behind them and never one twice."""

from __future__ import annotations

from collections.abc import Callable

from auditrail.containers import limits
from auditrail.containers.records import Record
from auditrail.readers._contract import Assembler


class Guarded:
    """Passes records through an assembler, and remembers which it still holds.

    Where it raises, the records that it held end in quarantine as `reader-failure`, and a new assembler goes on.
    So does what it returned never, or returned twice: the account of a source must add up whatever a reader does.
    """

    def __init__(self, make: Callable[[], Assembler]) -> None:
        self._make = make
        self._assembler = make()
        self._held: dict[int, Record] = {}  # by number, with no more of their bytes than quarantine shows

    @property
    def first(self) -> Record | None:
        """The earliest record that it holds; of its bytes no more than quarantine shows."""
        return min(self._held.values(), key=lambda record: record.number, default=None)

    def feed(self, record: Record) -> list[Record]:
        """What is complete with this record."""
        self._held[record.number] = record._replace(raw=record.raw[: limits.QUARANTINE_HEAD], header=None)
        try:
            return self._given(self._assembler.feed(record))
        except Exception:  # noqa: BLE001 - a reader's fault must cost what it concerns, not the evidence behind it
            return self._failed()

    def flush(self) -> list[Record]:
        """What is still open, at the end of a source or of a wrapper object."""
        try:
            given = self._given(self._assembler.flush())
        except Exception:  # noqa: BLE001 - as above
            return self._failed()
        return [*given, *self._failed()] if self._held else given

    def _given(self, records: list[Record]) -> list[Record]:
        given = []
        for record in records:
            numbers = [number for number, _, _ in record.pieces] or range(record.number, record.number + record.span)
            if len(numbers) == record.span and all(number in self._held for number in numbers):
                for number in numbers:
                    del self._held[number]
                given.append(record)
        return given

    def _failed(self) -> list[Record]:
        self._assembler = self._make()
        records, self._held = list(self._held.values()), {}
        return [record._replace(defect="reader-failure") for record in records]
