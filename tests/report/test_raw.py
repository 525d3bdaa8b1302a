"""Raw records are read back from where they stand, and shown only if they are what was loaded."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from auditrail import case
from auditrail.correlate.settle import settle
from auditrail.ingest.inputs import expand
from auditrail.ingest.load import Loader
from auditrail.report import raw
from auditrail.report.reconstruction import reconstruct
from auditrail.report.types import RawRecord, Reconstruction

LINES = [f'{{"ts":"2026-01-01T00:00:0{n}Z","run_id":"r1","event":"step {n}","note":"é{n}"}}' for n in range(4)]


def loaded(path: Path) -> Reconstruction:
    with case.memory_case() as connection:
        Loader(connection).load_all(expand([path]))
        settle(connection)
        return reconstruct(connection, "r1")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "agent.jsonl"
    path.write_text("\n".join(LINES) + "\n", encoding="utf-8")
    return path


def test_every_record_is_shown_as_it_stands(log: Path) -> None:
    report = raw.read_back(loaded(log))
    assert [report.raw[event.id].text for event in report.events] == LINES
    assert {record.note for record in report.raw.values()} == {""}


def test_of_a_compressed_file_too(log: Path) -> None:
    packed = log.with_suffix(".jsonl.gz")
    packed.write_bytes(gzip.compress(log.read_bytes()))
    report = raw.read_back(loaded(packed))
    assert sorted(record.text for record in report.raw.values()) == LINES


def test_a_record_that_was_changed_since_is_not_shown(log: Path) -> None:
    report = loaded(log)
    log.write_text(log.read_text("utf-8").replace("step 2", "step X"), encoding="utf-8")
    report = raw.read_back(report)
    assert report.raw["1:3"] == RawRecord("", "not shown: the bytes at this place are not those that were loaded")
    assert report.raw["1:4"].text == LINES[3]


def test_a_file_that_is_gone_or_shorter_is_said(log: Path) -> None:
    report = loaded(log)
    log.write_bytes(log.read_bytes()[:100])
    assert "not those that were loaded" in raw.read_back(report).raw["1:4"].note
    log.unlink()
    assert {record.note for record in raw.read_back(report).raw.values()} == {
        "not shown: the file is not at this place any more"
    }


def test_a_page_has_bounds(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw, "MOST_BYTES", 10)
    monkeypatch.setattr(raw, "ALL_BYTES", 200)
    notes = [record.note for record in raw.read_back(loaded(log)).raw.values()]
    assert sum(note.startswith("the first 10 of") for note in notes) == 2
    assert sum(note == "not shown: more than this page can hold" for note in notes) == 2
