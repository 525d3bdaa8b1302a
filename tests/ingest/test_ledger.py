"""Small sources share a transaction; each is whole or not at all, and the ledger says what the engine would."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditrail import case
from auditrail.errors import UnreadableError
from auditrail.ingest import ledger, load
from auditrail.ingest.inputs import expand
from auditrail.ingest.load import Loader


@pytest.fixture
def connection() -> Iterator[Any]:
    with case.memory_case() as opened:
        yield opened


def write(folder: Path, count: int) -> None:
    for number in range(count):
        line = f'{{"ts":"2026-01-01T00:00:00Z","run_id":"r{number}","event":"e{number}"}}\n'
        (folder / f"{number:04}.jsonl").write_text(line)


def test_many_small_files_take_few_transactions(
    connection: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, 2 * ledger.SHARED_SOURCES + 1)
    marked: list[bool] = []
    monkeypatch.setattr(ledger.case, "mark_settled", lambda _connection, settled: marked.append(settled))
    Loader(connection).load_all(expand([tmp_path]))
    assert marked == [False] * 3  # once in each
    assert connection.execute("SELECT count(*), count(DISTINCT source) FROM events").fetchone() == (401, 401)
    assert connection.execute("SELECT min(source), max(source) FROM sources").fetchone() == (1, 401)


def test_a_second_load_knows_them_all(connection: Any, tmp_path: Path) -> None:
    write(tmp_path, 5)
    Loader(connection).load_all(expand([tmp_path]))
    again = Loader(connection)
    again.load_all(expand([tmp_path]))
    assert [status for _, _, status in again.results] == ["unchanged"] * 5


def test_one_that_fails_leaves_nothing_and_takes_none_with_it(
    connection: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, 5)
    read = load._Job._read

    def fails(job: Any) -> Any:
        made = read(job)
        if job.item.path.name == "0002.jsonl":
            raise UnreadableError("the disk gave up")
        return made

    monkeypatch.setattr(load._Job, "_read", fails)
    loader = Loader(connection)
    loader.load_all(expand([tmp_path]))
    assert [status for _, _, status in loader.results] == ["new", "new", "unreadable", "new", "new"]
    rows = connection.execute("SELECT count(*), count(DISTINCT run_id) FROM events").fetchone()
    assert rows == (4, 4)
    numbers = connection.execute("SELECT source, status FROM sources ORDER BY source").fetchall()
    assert numbers == [(1, "new"), (2, "new"), (3, "unreadable"), (4, "new"), (5, "new")]


def test_an_interrupt_leaves_whole_sources_only(
    connection: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, 5)
    read = load._Job._read

    def stops(job: Any) -> Any:
        made = read(job)
        if job.item.path.name == "0003.jsonl":
            raise KeyboardInterrupt
        return made

    monkeypatch.setattr(load._Job, "_read", stops)
    with pytest.raises(KeyboardInterrupt):
        Loader(connection).load_all(expand([tmp_path]))
    assert connection.execute("SELECT count(*) FROM events").fetchone() == (0,)
    monkeypatch.undo()
    Loader(connection).load_all(expand([tmp_path]))
    assert connection.execute("SELECT count(*) FROM events").fetchone() == (5,)


def test_bytes_from_before_a_file_grew_are_no_source_any_more(connection: Any, tmp_path: Path) -> None:
    write(tmp_path, 2)
    one, two = (tmp_path / "0000.jsonl").read_bytes(), (tmp_path / "0001.jsonl").read_bytes()
    file = tmp_path / "sub" / "log.jsonl"
    file.parent.mkdir()
    loader = Loader(connection)
    for content, status in ((one, "new"), (one + two, "grown"), (one, "changed")):
        file.write_bytes(content)
        loader.load_all(expand([file]))
        assert loader.results[-1][2] == status


def test_numbers_of_forgotten_failures_are_used_again(connection: Any, tmp_path: Path) -> None:
    file = tmp_path / "a.log"
    loader = Loader(connection)
    for content, number in ((b"\x00\x01", 1), (b'{"ts":"2026-01-01T00:00:00Z","run_id":"r"}\n', 1)):
        file.write_bytes(content)
        loader.load_all(expand([file]))
        assert loader.results[-1][0] == number
