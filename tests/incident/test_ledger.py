"""The ledger of incidents: entries in order, ids given once, times apart, and what a broken one says."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from auditrail.errors import SealError, UsageError
from auditrail.incident import entries
from auditrail.incident.entries import Entry
from auditrail.incident.ledger import NAME, Ledger, operator, read

NOON = 1_789_000_000_000_000_000
EARLIER = NOON - 3_600_000_000_000


def opened(folder: Path) -> str:
    with Ledger(folder, operator="ada", recorded_ns=NOON) as ledger:
        name, _ = ledger.open("Refund paid twice", ["run-1", "run-1", "run-2"], at_ns=EARLIER)
        ledger.append(Entry(entries.NOTE, name, "", {"text": "seen by the desk"}))
        ledger.append(Entry(entries.ACTION, name, "bob", {"action": "pause", "what": "paused", "by": "bob"}, EARLIER))
    return name


def test_entries_come_back_as_they_were_written(tmp_path: Path) -> None:
    name = opened(tmp_path / "incidents")
    made = read(tmp_path / "incidents").entries
    assert [(entry.kind, entry.incident, entry.operator) for entry in made] == [
        ("open", "INC-2026-0001", "ada"), ("note", name, "ada"), ("action", name, "bob"),
    ]  # fmt: skip
    assert made[0].data == {"title": "Refund paid twice", "runs": ["run-1", "run-2"]}
    assert [(entry.at_ns, entry.recorded_ns, entry.source) for entry in made] == [
        (EARLIER, NOON, "given"), (NOON, NOON, "given"), (EARLIER, NOON, "given"),
    ]  # fmt: skip


def test_the_same_calls_give_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        opened(tmp_path / folder)
    assert (tmp_path / "a" / NAME).read_bytes() == (tmp_path / "b" / NAME).read_bytes()


def test_the_clock_is_named_where_nobody_gave_the_time(tmp_path: Path) -> None:
    with Ledger(tmp_path, operator="ada", clock=lambda: NOON) as ledger:
        ledger.open("t")
    (entry,) = read(tmp_path).entries
    assert (entry.source, entry.recorded_ns) == ("clock", NOON)


def _open_many(folder: Path) -> None:
    for _ in range(5):
        with Ledger(folder, operator="x") as ledger:
            ledger.open("at once")


def test_an_id_is_given_once_whoever_writes(tmp_path: Path) -> None:
    makers = [multiprocessing.get_context("fork").Process(target=_open_many, args=(tmp_path,)) for _ in range(3)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join(60)
    names = [entry.incident for entry in read(tmp_path).entries]
    assert len(names) == 15
    assert len(set(names)) == 15


def test_an_alert_is_written_once(tmp_path: Path) -> None:
    alert = {"id": "a1", "rule": "run-without-end", "severity": "high", "title": "no end"}
    for expected in (1, 1):
        with Ledger(tmp_path, operator="watch") as ledger:
            ledger.alert(alert)
            assert ledger.alert(alert) is None
        assert len(read(tmp_path).entries) == expected


@pytest.mark.parametrize(
    "entry",
    [
        Entry("note", "INC-2026-0001", "ada", {"text": " "}),
        Entry("note", None, "ada", {"text": "x"}),
        Entry("note", "../../etc", "ada", {"text": "x"}),
        Entry("note", "INC-2026-0009", "ada", {"text": "of no incident"}),
        Entry("action", "INC-2026-0001", "ada", {"what": "x", "action": "destroy"}),
        Entry("note", "INC-2026-0001", "ada", {"text": "x" * 70_000}),
        Entry("rewrite", "INC-2026-0001", "ada", {}),
    ],
)
def test_what_makes_no_sense_is_not_written(tmp_path: Path, entry: Entry) -> None:
    opened(tmp_path)
    before = (tmp_path / NAME).read_bytes()
    with Ledger(tmp_path, operator="ada") as ledger, pytest.raises(UsageError):
        ledger.append(entry)
    assert (tmp_path / NAME).read_bytes() == before


def test_hostile_texts_stay_texts(tmp_path: Path) -> None:
    texts = ["\x00\x1b[2J", "\ud800", 'a"},\n{"kind":"record"}', "\u202e"]
    with Ledger(tmp_path, operator="ada") as ledger:
        name, _ = ledger.open("t")
        for text in texts:
            ledger.append(Entry(entries.NOTE, name, "", {"text": text, "big": 1 << 70, "nan": float("nan")}))
    found = read(tmp_path)
    assert found.unread == 0
    assert [entry.data["text"] for entry in found.entries[1:]] == [texts[0], "\\ud800", *texts[2:]]


def test_a_damaged_ledger_is_read_as_far_as_it_goes_and_not_written_to(tmp_path: Path) -> None:
    opened(tmp_path)
    path = tmp_path / NAME
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], b"\xff\x00 no record\n", b"[" * 100_000 + b"\n", *lines[2:]]))
    found = read(tmp_path)
    assert (len(found.entries), found.unread) == (3, 2)
    with Ledger(tmp_path, operator="ada") as ledger, pytest.raises(SealError):
        ledger.append(Entry(entries.NOTE, "INC-2026-0001", "", {"text": "x"}))


def test_somebody_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUDITRAIL_OPERATOR", raising=False)
    with pytest.raises(UsageError):
        operator(None)
    monkeypatch.setenv("AUDITRAIL_OPERATOR", "ada")
    assert (operator(None), operator("bob")) == ("ada", "bob")
