"""A reader that watches a whole source: what it is shown, and that its fault costs no record."""

from __future__ import annotations

import io
from typing import Any

import pytest

from auditrail.containers.splitting import split
from auditrail.ingest.plain import SourceReader
from auditrail.model import Event


class Seen:
    """Notes what it is shown."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def see(self, value: Any, record: Any) -> None:
        self.values.append((record.number, value))

    def finish(self) -> list[tuple[str, str]]:
        return [("seen", str(self.values))]


class Failing(Seen):
    def finish(self) -> list[tuple[str, str]]:
        raise ZeroDivisionError


class Blind(Seen):
    def see(self, value: Any, record: Any) -> None:
        raise ZeroDivisionError


class _Module:
    """A reader that makes one event of every record."""

    NAME = "made"

    def __init__(self, watcher: Any, **more: Any) -> None:
        self.Watcher = watcher
        vars(self).update(more)

    @staticmethod
    def read(value: Any, record: Any) -> list[Event]:
        return [Event()]


def run(watcher: Any, data: bytes = b'{"a":1}\n\nno json\n{"a":2}\n', **more: Any) -> tuple[Any, list[Any]]:
    reader = _Module(watcher, **more)
    source = SourceReader(1, reader, iter(split(io.BytesIO(data), "lines")), stream="s")
    batches = list(source.batches())
    return source.tally, [row for batch in batches for row in batch.remarks]


def test_it_is_shown_every_record_that_parses() -> None:
    tally, remarks = run(Seen)
    assert remarks == [(1, None, None, "seen", "[(1, {'a': 1}), (4, {'a': 2})]")]
    assert tally.balanced


def test_it_is_shown_text_as_it_stands() -> None:
    _, remarks = run(Seen, b"one\n", INPUT="text")
    assert remarks == [(1, None, None, "seen", "[(1, b'one')]")]


@pytest.mark.parametrize("watcher", [Failing, Blind])
def test_its_fault_is_told_and_costs_no_more_than_its_record(watcher: type[Seen]) -> None:
    tally, remarks = run(watcher)
    assert tally.balanced
    if watcher is Failing:
        assert tally.events == 2
        assert [row[3] for row in remarks] == ["reader-failure"]
    else:
        assert tally.quarantined == 3


def test_each_source_has_its_own() -> None:
    assert run(Seen) == run(Seen)
