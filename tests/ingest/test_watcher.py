"""A reader that watches a whole source: what it is shown, and that its fault costs no record."""

from __future__ import annotations

import io
from typing import Any

import pytest

from auditrail.containers.records import Record
from auditrail.containers.splitting import split
from auditrail.ingest import choose
from auditrail.ingest.plain import SourceReader
from auditrail.model import Event
from tests.conformance import _pipeline as pipeline


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


WATCHED = [reader for reader in choose.readers().values() if hasattr(reader, "Watcher")]
ODD: list[Any] = [None, True, -1, 1 << 70, "x", [], ["x"], {}, {"x": "y"}, [None, {"a": []}]]


@pytest.mark.parametrize("reader", WATCHED, ids=[reader.NAME for reader in WATCHED])
def test_nothing_in_a_record_or_its_header_makes_a_watcher_fail(reader: Any) -> None:
    for name, folder in pipeline.cases():
        if name != reader.NAME:
            continue
        for value in pipeline.head_of(pipeline.input_of(folder).read_bytes()).samples[:3]:
            for key in value if isinstance(value, dict) else ():
                for odd in ODD:
                    watcher = reader.Watcher()
                    for header in (None, {}, {**value, key: odd}):
                        watcher.see({**value, key: odd}, Record(1, 0, 1, b"x", b"", header=header))
                        watcher.see(odd, Record(2, 0, 1, b"x", b"", header=header))
                    assert all(isinstance(text, str) for pair in watcher.finish() for text in pair)
