"""SealedLog: threads, processes, crashes at every byte, rotation, and what `auditrail verify` says of it all."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from hashlib import sha256
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail.errors import SealError
from auditrail.notes import Signer
from auditrail.seal import records
from auditrail.seal.log import SealedLog
from auditrail.seal.segments import segment_path
from auditrail.verify.types import BROKEN, INTACT, UNANCHORED, Result
from tests.seal._logs import KEY, SIGNER, write
from tests.verify.kinds._calls import report

HEX = f"hex:{KEY.public.hex()}"
PACKAGE = Path(__file__).parents[2]


def ticking() -> Any:
    ticks = count(1_789_639_562_000_000_000, 1_000_000)
    return lambda: next(ticks)


def sealed(path: Path, **options: Any) -> SealedLog:
    return SealedLog(path, **{"log_id": "example.com/agent", "fsync": "never", "clock": ticking(), **options})


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def kinds(path: Path) -> list[str]:
    return [line["kind"] for line in lines(path)]


def verdict(path: Path, *, key: bool = True) -> Result:
    (found,) = report(path, key=(HEX,) if key else ()).results
    return found


def test_each_record_is_canonical_and_chained(tmp_path: Path) -> None:
    path = tmp_path / "agent.jsonl"
    with sealed(path) as log:
        receipts = [
            log.append({"tool": "issue_refund", "text": 'é "hash":"x", \u2028', "n": number}) for number in range(3)
        ]
    assert kinds(path) == ["genesis", "record", "record", "record"]
    previous = None
    for seq, (raw, line) in enumerate(zip(path.read_bytes().split(b"\n"), lines(path), strict=False)):
        assert rfc8785.dumps(line) == raw
        hashed = line.pop("hash")
        assert sha256(rfc8785.dumps(line)).hexdigest() == hashed
        assert (line["prev"], line["seq"], line["log"]) == (previous, seq, "example.com/agent")
        previous = hashed
    assert receipts[-1].hash == previous
    found = verdict(path)
    assert (found.verdict, found.kind, found.profile) == (UNANCHORED, "sealed-log", "auditrail-sealed")
    assert found.records == found.checked == 4


def test_the_lock_beside_a_log_is_no_log(tmp_path: Path) -> None:
    with sealed(tmp_path / "agent.jsonl") as log:
        log.append({})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["agent.jsonl", "agent.jsonl.lock"]
    found = report(tmp_path)
    assert ([one.path for one in found.results], found.exit_code) == ([str(tmp_path / "agent.jsonl")], 0)


def test_the_same_records_at_the_same_times_are_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with sealed(tmp_path / name, signer=SIGNER) as log:
            log.append({"a": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_checkpoints_anchor_what_stands_before_them(tmp_path: Path) -> None:
    path = tmp_path / "agent.jsonl"
    with sealed(path, signer=SIGNER, checkpoint_every=4) as log:
        for number in range(6):
            log.append({"n": number})
    assert kinds(path).count("checkpoint") == 2
    found = verdict(path)
    assert (found.verdict, found.signed, found.verified) == (INTACT, 2, 2)
    assert found.anchor == "a checkpoint of 8 record(s) signed by example.com/sealing"
    assert verdict(path, key=False).verdict == UNANCHORED
    with sealed(path) as log:  # somebody without the key goes on
        log.append({"n": 7})
    found = verdict(path)
    assert found.verdict == INTACT
    assert "1 record(s) behind the last signed checkpoint could be cut off unseen" in found.not_checked


@pytest.mark.parametrize("change", ["edit", "delete", "swap", "rewrite", "tail", "note"])
def test_changes_are_found(tmp_path: Path, change: str) -> None:
    path = tmp_path / "agent.jsonl"
    with sealed(path, signer=SIGNER) as log:
        for number in range(6):
            log.append({"n": number})
    made = path.read_bytes().splitlines(keepends=True)
    if change == "edit":
        made[3] = made[3].replace(b'"n":2', b'"n":9')
    elif change == "delete":
        del made[3]
    elif change == "swap":
        made[3], made[4] = made[4], made[3]
    elif change == "note":
        made[-1] = made[-1].replace(b"example.com/sealing", b"example.org/sealing")
    elif change == "rewrite":  # by somebody who knows the format and has not the key
        other = tmp_path / "other"
        with sealed(other) as log:
            for number in range(5, -1, -1):
                log.append({"n": number})
        note = json.loads(made[-1])["body"]
        made = other.read_bytes().splitlines(keepends=True)
        before = json.loads(made[-1])
        made.append(records.line("checkpoint", note, "example.com/agent", before["hash"], 1, 7, 5)[0])
    else:
        del made[5:]
    write(path, b"".join(made))
    found = verdict(path)
    if change == "tail":  # no checkpoint is left that could tell
        assert found.verdict == UNANCHORED
        return
    assert found.verdict == BROKEN
    assert found.breaking
    with pytest.raises(SealError, match="damaged"):
        sealed(path).append({})


def test_a_finished_log_is_finished(tmp_path: Path) -> None:
    path = tmp_path / "agent.jsonl"
    log = sealed(path, signer=SIGNER)
    log.append({"n": 1})
    log.finish()
    log.close()
    assert kinds(path) == ["genesis", "record", "checkpoint", "end"]
    with pytest.raises(SealError, match="finished"):
        sealed(path)
    assert verdict(path).verdict == INTACT
    with pytest.raises(SealError, match="finished"):
        log.append({})


def test_a_closed_log_is_closed(tmp_path: Path) -> None:
    log = sealed(tmp_path / "a")
    log.close()
    log.close()
    with pytest.raises(SealError, match="closed"):
        log.append({})


@pytest.mark.parametrize("body", [float("nan"), {"n": 1 << 60}, {1: 2}, {"s": "\ud800"}, b"bytes", {"a": object()}])
def test_what_has_no_canonical_form_is_refused_and_leaves_nothing(tmp_path: Path, body: Any) -> None:
    path = tmp_path / "a"
    with sealed(path) as log:
        before = path.read_bytes()
        with pytest.raises(SealError, match="can't hold"):
            log.append(body)
        assert path.read_bytes() == before
        log.append(records.plain(body))
    assert verdict(path).verdict == UNANCHORED


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LEAF = st.none() | st.booleans() | st.integers(-(1 << 53) + 1, (1 << 53) - 1) | TEXT
BODY = st.recursive(
    LEAF | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=60, deadline=None)
@given(BODY)
def test_any_body_is_written_and_read_back(body: Any) -> None:
    raw, hashed = records.line("record", body, 'a "log"', "0" * 64, 3, 9, 1)
    found = records.entry(raw.removesuffix(b"\n"))
    assert found is not None
    assert (found.seq, found.hash, found.segment, found.log) == (9, hashed, 3, 'a "log"')
    assert json.dumps(found.body, sort_keys=True) == json.dumps(json.loads(rfc8785.dumps(body)), sort_keys=True)
    assert records.entry(raw.replace(b'"seq":9', b'"seq":8').removesuffix(b"\n")) is None


# --- crashes --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("whole") / "log"
    with sealed(path) as log:
        log.append({"n": 1})
        log.append({"n": 2, "text": "x" * 40})
    return path.read_bytes()


def test_a_log_that_was_cut_at_any_byte_is_repaired_and_says_so(tmp_path: Path, whole: bytes) -> None:
    starts = [0, *(at + 1 for at, byte in enumerate(whole) if byte == 10)]
    for cut in range(len(whole) + 1):
        path = write(tmp_path / "log", whole[:cut])
        with sealed(path) as log:
            log.append({"after": "the crash"})
        made = lines(path)
        assert path.read_bytes().endswith(b"\n")
        repairs = [line["body"] for line in made if line["kind"] == "repair"]
        if cut in starts:
            assert repairs == []
        elif cut + 1 in starts:
            assert repairs == [{"completed": len([start for start in starts if start < cut]) - 1}]
        else:
            (torn,) = [repair["torn"] for repair in repairs]
            start = max(start for start in starts if start <= cut)
            assert (torn["offset"], torn["bytes"]) == (start, cut - start)
            assert torn["sha256"] == sha256(whole[start:cut]).hexdigest()
        # What was whole before is there, byte for byte.
        kept = max(start for start in starts if start <= cut)
        assert path.read_bytes()[:kept] == whole[:kept]
        if cut % 29 == 0 or cut + 1 in starts:
            assert verdict(path).verdict == UNANCHORED, cut


def test_a_long_torn_tail_is_kept_in_part(tmp_path: Path, whole: bytes) -> None:
    path = write(tmp_path / "log", whole + b'{"body":"' + b"y" * 300_000)
    with sealed(path) as log:
        log.append({})
    (torn,) = [line["body"]["torn"] for line in lines(path) if line["kind"] == "repair"]
    assert torn["bytes"] == 300_009
    assert len(torn["base64"]) < 90_000
    assert verdict(path).verdict == UNANCHORED


def test_zeros_that_a_loss_of_power_leaves_are_a_torn_tail(tmp_path: Path, whole: bytes) -> None:
    path = write(tmp_path / "log", whole + b"\0" * 4096)
    with sealed(path) as log:
        log.append({})
    assert kinds(path)[-2:] == ["repair", "record"]


def test_a_full_disk_is_an_error_and_the_next_append_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log"
    with sealed(path) as log:
        log.append({"n": 1})
        real = os.write
        monkeypatch.setattr(os, "write", lambda handle, data: real(handle, data[:50]) if len(data) > 50 else full())
        with pytest.raises(OSError, match="No space"):
            log.append({"n": 2})
        monkeypatch.setattr(os, "write", real)
        log.append({"n": 3})
    assert kinds(path) == ["genesis", "record", "repair", "record"]
    assert verdict(path).verdict == UNANCHORED


def full() -> int:
    raise OSError(28, "No space left on device")


KILLED = """
import sys
from auditrail.seal.log import SealedLog
log = SealedLog(sys.argv[1], fsync="never", max_bytes=20_000)
number = 0
while True:
    receipt = log.append({"n": number, "text": "x" * (number % 700)})
    print(receipt.seq, flush=True)
    number += 1
"""


def test_killed_writers_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "agent.jsonl"
    highest = -1
    for turn in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, path], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(PACKAGE)}
        )
        assert process.stdout is not None
        for _ in range(60 + turn * 17):
            highest = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().splitlines()
        process.stdout.close()
        process.wait()
        highest = max([highest, *map(int, rest[:-1])])
    with SealedLog(path) as log:
        last = log.append({})
    assert last.seq > highest
    files = sorted(tmp_path.glob("agent.*jsonl"))
    assert len(files) > 2
    seqs = [line["seq"] for file in [*files[1:], path] for line in lines(file)] if files[0] == path else [
        line["seq"] for file in files for line in lines(file)
    ]  # fmt: skip
    assert sorted(seqs) == list(range(last.seq + 1))
    assert report(*files).exit_code == 0


# --- several writers ------------------------------------------------------------------------------------------------


def write_many(path: Path, name: str, number: int) -> None:
    with SealedLog(path, fsync="never", max_bytes=30_000) as log:
        for turn in range(number):
            log.append({"writer": name, "turn": turn})


def test_processes_and_threads_write_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "agent.jsonl"
    SealedLog(path, log_id="example.com/agent").close()
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=write_many, args=(path, f"p{number}", 120)) for number in range(3)]
    for process in processes:
        process.start()
    shared = SealedLog(path, fsync="never", max_bytes=30_000)
    threads = [
        threading.Thread(target=lambda name=name: [shared.append({"writer": name, "turn": turn}) for turn in range(60)])  # type: ignore[misc]
        for name in ("t1", "t2")
    ]
    for thread in threads:
        thread.start()
    for worker in [*threads, *processes]:
        worker.join(60)
    shared.close()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    files = [path, *tmp_path.glob("agent.0*.jsonl")]
    assert len(files) > 3
    made = [line for file in files for line in lines(file)]
    assert sorted(line["seq"] for line in made) == list(range(len(made)))
    written = [line["body"] for line in made if line["kind"] == "record"]
    assert len(written) == 3 * 120 + 2 * 60
    for name in {body["writer"] for body in written}:
        turns = [line["body"]["turn"] for line in sorted(made, key=lambda line: line["seq"])
                 if line["kind"] == "record" and line["body"]["writer"] == name]  # fmt: skip
        assert turns == sorted(turns)
    assert report(*files).exit_code == 0


def test_a_forked_child_takes_its_own_lock(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = SealedLog(path, fsync="never")
    log.append({"n": 0})
    children = []
    for number in range(3):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                for turn in range(50):
                    log.append({"child": number, "turn": turn})
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    for turn in range(50):
        log.append({"parent": turn})
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    log.close()
    assert [line["seq"] for line in lines(path)] == list(range(202))
    assert verdict(path).verdict == UNANCHORED


# --- rotation -------------------------------------------------------------------------------------------------------


def rotated(folder: Path, number: int = 60) -> list[Path]:
    path = folder / "agent.jsonl"
    with sealed(path, signer=SIGNER, max_bytes=4000) as log:
        for turn in range(number):
            log.append({"turn": turn})
    return [*sorted(folder.glob("agent.0*.jsonl")), path]


def test_rotation_keeps_the_chain(tmp_path: Path) -> None:
    files = rotated(tmp_path)
    assert len(files) > 3
    for before, after in pairwise(files):
        last, first = lines(before)[-1], lines(after)[0]
        assert (last["kind"], first["kind"]) == ("rotated", "genesis")
        assert first["prev"] == last["hash"] == first["body"]["previous"]["hash"]
        assert (first["seq"], first["segment"]) == (last["seq"] + 1, last["segment"] + 1)
        assert first["body"]["previous"]["file"] == before.name
    found = report(*files, key=(HEX,))
    assert [result.verdict for result in found.results] == [INTACT]
    assert found.results[0].records == sum(len(lines(file)) for file in files)


def test_a_segment_that_is_missing_is_found(tmp_path: Path) -> None:
    files = rotated(tmp_path)
    found = report(*files[:1], *files[2:], key=(HEX,))
    assert found.exit_code == 1
    assert any(defect.kind in ("deleted", "missing-file") for result in found.results for defect in result.defects)


def test_a_crash_in_the_middle_of_a_rotation_is_made_good(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with sealed(path, max_bytes=None) as log:
        log.append({"n": 1})
        log._write(records.ROTATED, {"next": 2})  # and not renamed
    with sealed(path) as log:
        log.append({"n": 2})
    assert kinds(segment_path(path, 1))[-1] == "rotated"
    assert kinds(path) == ["genesis", "record"]
    segment_path(path, 1).rename(tmp_path / "kept")
    path.unlink()
    (tmp_path / "kept").rename(segment_path(path, 1))  # renamed, and the next segment not begun
    with sealed(path) as log:
        log.append({"n": 3})
    assert [line["segment"] for line in lines(path)] == [2, 2]
    assert report(segment_path(path, 1), path).exit_code == 0


def test_a_log_that_is_taken_away_is_not_begun_anew_unseen(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    log = sealed(path)
    log.append({})
    path.rename(tmp_path / "elsewhere")
    with pytest.raises(SealError, match="removed or replaced"):
        log.append({})
    (tmp_path / "elsewhere").rename(path)
    log.append({})
    os.truncate(path, 100)
    with pytest.raises(SealError, match="was cut"):
        log.append({})


def test_another_log_is_not_written_to(tmp_path: Path) -> None:
    sealed(tmp_path / "log").close()
    with pytest.raises(SealError, match="not 'another'"):
        sealed(tmp_path / "log", log_id="another")
    assert SealedLog(tmp_path / "log").log_id == "example.com/agent"
    write(tmp_path / "other", b"a log of another make\n")
    with pytest.raises(SealError, match="damaged"):
        sealed(tmp_path / "other")


# --- durability -----------------------------------------------------------------------------------------------------


def test_when_records_are_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    real = os.fsync

    def watched(handle: int) -> None:
        synced.append(handle)
        real(handle)

    monkeypatch.setattr(os, "fsync", watched)
    for policy, expected in (("always", 5), ("never", 0), ("interval", 0)):
        log = sealed(tmp_path / policy, fsync=policy, fsync_seconds=0.3)
        synced.clear()
        for number in range(5):
            log.append({"n": number})
        assert len(synced) == expected, policy
        if policy == "interval":
            deadline = time.monotonic() + 5
            while not synced and time.monotonic() < deadline:
                time.sleep(0.02)
            assert len(synced) == 1  # though nothing more was written
        synced.clear()
        log.close()
        assert synced
    with pytest.raises(ValueError, match="fsync"):
        sealed(tmp_path / "x", fsync="sometimes")


def test_the_key_is_not_in_the_log(tmp_path: Path) -> None:
    signer = Signer("example.com/sealing", bytes(range(32)))
    with sealed(tmp_path / "log", signer=signer) as log:
        log.append({})
    assert signer.render().rpartition("+")[2].encode() not in (tmp_path / "log").read_bytes()
