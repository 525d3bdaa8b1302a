"""Rotation, truncation, renaming, copies, compression: every record once, and what was destroyed is told."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail.watch.follow import GRACE, LINGER
from auditrail.watch.log import lineage
from tests.watch._harness import Watch, Writer

OFF = {"rules": {"stream-silent": {"enabled": False}}}


def lines(log: Writer, begin: int, end: int) -> None:
    for number in range(begin, end):
        log.write(number, event="step", n=number, message="x" * 40)


def test_partial_lines_wait(tmp_path: Path) -> None:
    log = Writer(tmp_path / "a.jsonl")
    watch = Watch(tmp_path)
    whole = log.line(0, event="step")
    for cut in (1, 10, len(whole) - 1):
        log.path.write_bytes(whole[:cut])
        watch.run()
        assert watch.engine.records == 0
    log.path.write_bytes(whole + whole[:5])
    watch.run()
    assert watch.engine.records == 1
    watch.end()
    assert watch.engine.records == 2, "at the end, what is left is a record that is torn"


def test_rename_and_create(tmp_path: Path) -> None:
    log = Writer(tmp_path / "app.log")
    watch = Watch(tmp_path, OFF)
    lines(log, 0, 50)
    watch.run()
    log.path.rename(tmp_path / "app.log.1")
    Writer(tmp_path / "app.log.1").write(50, event="step", n=50)  # by a writer that has not noticed yet
    lines(log, 51, 60)
    watch.run()
    assert watch.engine.records == 60
    assert {one.feed.stream for one in watch.engine.follower.logs.values()} == {"app"}
    watch.wait(GRACE + 1)
    assert watch.rules() == []


@pytest.mark.parametrize("named", [True, False])
def test_copytruncate(tmp_path: Path, named: bool) -> None:
    log = Writer(tmp_path / "app.log")
    watch = Watch(tmp_path, OFF, paths=(log.path,) if named else None)
    lines(log, 0, 50)
    watch.run()
    lines(log, 50, 55)  # not read before the copy is made
    shutil.copy(log.path, tmp_path / "app.log.1")
    log.path.write_bytes(b"")
    lines(log, 55, 60)
    watch.run()
    watch.wait(1)
    assert watch.engine.records == 60
    watch.wait(GRACE + 1)
    assert watch.rules() == []


def test_a_copy_before_the_cut_is_not_read_twice(tmp_path: Path) -> None:
    log = Writer(tmp_path / "app.log")
    watch = Watch(tmp_path, OFF)
    lines(log, 0, 3)  # less than the window by which logs are known
    watch.run()
    shutil.copy(log.path, tmp_path / "app.log.1")
    watch.run()
    log.path.write_bytes(b"")
    lines(log, 3, 6)
    watch.run()
    assert watch.engine.records == 6


def test_logs_that_begin_alike_are_two_logs(tmp_path: Path) -> None:
    one, two = Writer(tmp_path / "worker-a.log"), Writer(tmp_path / "worker-b.log")
    lines(one, 0, 2)
    watch = Watch(tmp_path, OFF)
    watch.run()
    lines(two, 0, 2)
    lines(two, 7, 9)
    watch.run()
    assert watch.engine.records == 6


@pytest.mark.parametrize("kind", ["cut", "rewritten", "gone"])
def test_log_cut_where_no_copy_turns_up(tmp_path: Path, kind: str) -> None:
    log = Writer(tmp_path / "app.log")
    watch = Watch(tmp_path, OFF)
    lines(log, 0, 50)
    watch.run()
    if kind == "gone":
        log.path.unlink()
        watch.wait(LINGER + 1)
        watch.wait(LINGER + 1)
    else:
        log.path.write_bytes(b"")
        lines(log, 100, 110 if kind == "cut" else 180)
        watch.run()
        assert watch.engine.records == (60 if kind == "cut" else 130)
    watch.wait(GRACE + 1)
    (alert,) = watch.handed
    assert (alert["rule"], alert["values"]["records"]) == ("log-cut", 50)
    assert {"cut": "was cut", "rewritten": "anew", "gone": "is gone"}[kind] in alert["message"]


def test_compressed_rotation_is_not_read_twice_and_its_rest_is(tmp_path: Path) -> None:
    log = Writer(tmp_path / "app.log")
    watch = Watch(tmp_path, OFF)
    lines(log, 0, 50)
    watch.run()
    old = tmp_path / "app.log.1"
    log.path.rename(old)
    lines(Writer(old), 50, 52)
    (tmp_path / "app.log.1.gz").write_bytes(gzip.compress(old.read_bytes()))
    lines(log, 52, 60)
    watch.run()
    old.unlink()
    watch.wait(LINGER + 1)
    watch.wait(GRACE + 1)
    assert watch.engine.records == 60
    assert watch.rules() == []


def test_old_compressed_logs_are_read(tmp_path: Path) -> None:
    log = Writer(tmp_path / "old.jsonl")
    lines(log, 0, 30)
    (tmp_path / "old.jsonl.2.gz").write_bytes(gzip.compress(log.path.read_bytes()))
    log.path.unlink()
    watch = Watch(tmp_path, OFF)
    watch.run()
    assert watch.engine.records == 30


def test_a_document_is_read_when_it_rests_and_grows(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    watch = Watch(tmp_path, OFF)
    rows = '{"timestamp": "2026-09-01T10:00:0%dZ", "event": "step", "run_id": "r"}'
    path.write_text("[\n  " + ",\n  ".join(rows % n for n in range(3)) + "\n]")
    watch.run()
    assert watch.engine.records == 3
    path.write_text("[\n  " + ",\n  ".join(rows % n for n in range(5)) + "\n]")
    watch.wait(1)
    assert watch.engine.records == 5


def test_from_end_leaves_out_what_is_there(tmp_path: Path) -> None:
    log = Writer(tmp_path / "app.log")
    lines(log, 0, 50)
    watch = Watch(tmp_path, OFF, from_end=True)
    watch.run()
    assert watch.engine.records == 0
    lines(log, 50, 53)
    other = Writer(tmp_path / "new.log")
    lines(other, 0, 4)
    watch.run()
    assert watch.engine.records == 7


@pytest.mark.parametrize("how", ["stays", "renamed", "compressed", "cut", "gone"])
def test_restart(tmp_path: Path, how: str) -> None:
    folder, state = tmp_path / "logs", tmp_path / "state.json"
    folder.mkdir()
    log = Writer(folder / "app.log")
    first = Watch(folder, OFF, state=state, paths=(log.path,))
    lines(log, 0, 50)
    first.run()
    first.end()
    first.engine.close(1)
    lines(log, 50, 55)
    if how == "renamed":
        log.path.rename(folder / "app.log.1")
    elif how == "compressed":
        (folder / "app.log.1.gz").write_bytes(gzip.compress(log.path.read_bytes()))
        log.path.unlink()
    elif how == "cut":
        log.path.write_bytes(b"")
    elif how == "gone":
        log.path.unlink()
    lines(log, 55, 60)
    second = Watch(folder, OFF, state=state, paths=(log.path,))
    second.run()
    second.wait(GRACE + 1)
    told = how in ("cut", "gone")
    assert second.engine.records == (55 if told else 60)
    assert second.rules() == (["log-cut"] if told else [])


def test_binary_and_unknown_files_are_counted_and_never_stop_the_rest(tmp_path: Path) -> None:
    (tmp_path / "image.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 50)
    (tmp_path / "notes.txt").write_text("hello\nworld\n")
    (tmp_path / "broken.gz").write_bytes(gzip.compress(b'{"a":1}\n' * 1000)[:40])
    lines(Writer(tmp_path / "app.log"), 0, 5)
    watch = Watch(tmp_path, OFF)
    watch.run()
    assert watch.engine.events == 5
    assert watch.engine.faults == {}


def test_a_line_beyond_the_limit_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auditrail.watch.feed.MAX_RECORD", 1000)
    monkeypatch.setattr("auditrail.watch.log.BLOCK", 512)
    log = Writer(tmp_path / "app.log")
    lines(log, 0, 3)
    with log.path.open("ab") as out:
        out.write(b'{"x":"' + b"y" * 5000 + b'"}\n')
    lines(log, 3, 6)
    watch = Watch(tmp_path, OFF)
    watch.run()
    (one,) = watch.engine.follower.logs.values()
    assert (watch.engine.events, one.feed.quarantined["oversized"], one.feed.number) == (6, 1, 7)
    assert one.feed.offset == log.path.stat().st_size


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, 2000), max_size=12), data=st.data())
def test_however_a_log_is_cut_into_writes_each_line_is_read_once(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[int], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("cuts")
    log = Writer(folder / "app.log")
    whole = b"".join(log.line(n, event="step", n=n) for n in range(25))
    watch = Watch(folder, OFF)
    at = 0
    for cut in [*sorted(cuts), len(whole)]:
        with log.path.open("ab") as out:
            out.write(whole[at : max(cut, at)])
        at = max(cut, at)
        if data.draw(st.booleans()):
            watch.run()
    watch.run()
    assert watch.engine.records == watch.engine.events == 25
    watch.engine.follower.close()


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("app.log", "app.log"), ("app.log.1", "app.log"), ("x/app.log.12.gz", "x/app.log"),
        ("app.log-20260917", "app.log"), ("app.log-20260917.gz", "app.log"), ("app-20260917.log", "app.log"),
        ("app.2026-09-17.jsonl", "app.jsonl"), ("audit.000001.jsonl", "audit.jsonl"),
        ("agent-07.jsonl", "agent-07.jsonl"),
    ],
)  # fmt: skip
def test_lineage(name: str, base: str) -> None:
    assert lineage(name) == base
