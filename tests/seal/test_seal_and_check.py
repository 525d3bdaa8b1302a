"""Seals of logs: what is intact, what is grown, what was changed, and where."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail import merkle, notes
from auditrail.errors import RewrittenError, SealError, UnreadableError, UsageError
from auditrail.seal import check, make, proving, sidecar
from auditrail.seal.check import BROKEN, INTACT, UNANCHORED, UNVERIFIABLE
from auditrail.seal.statement import Statement
from tests.seal._logs import KEY, SIGNER, STRANGER, TIME, WITNESS, checked, jsonl, line, seal, told, write

RECORDS = 40
Tampering = Callable[[list[bytes]], object]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    made = write(tmp_path / "audit.jsonl", jsonl(range(RECORDS)))
    seal(made)
    return made


def said(log: Path) -> Statement:
    return sidecar.header_of(sidecar.path_of(log)).statement


def test_a_sealed_log_is_intact_and_untouched(log: Path) -> None:
    assert log.read_bytes() == jsonl(range(RECORDS))
    assert sorted(path.name for path in log.parent.iterdir()) == ["audit.jsonl", "audit.jsonl.seal"]
    found = checked(log)
    assert (found.verdict, found.records, found.checked, found.unsealed) == (INTACT, RECORDS, RECORDS, 0)
    assert found.findings == []
    assert found.anchors == ["sealed by example.com/sealing at 2026-09-17T10:06:02Z"]
    assert said(log).time_source == "given"
    assert any("set back" in sentence for sentence in found.not_checked)
    # The leaf is the line with its newline, and the tree that of RFC 6962: no step of ours is in between.
    hashes = b"".join(merkle.leaf_hash(line(number)) for number in range(RECORDS))
    assert said(log).root == merkle.root(merkle.Leaves(hashes), RECORDS)


def test_without_a_key_it_is_never_more_than_unanchored(log: Path) -> None:
    found = checked(log, ())
    assert found.verdict == UNANCHORED
    assert any("no key was given" in sentence for sentence in found.not_checked)


def test_a_key_of_the_same_name_is_another_key(log: Path) -> None:
    found = checked(log, [STRANGER.verifier])
    assert (found.verdict, found.findings) == (UNVERIFIABLE, [])
    # Whoever can write beside the log can seal it anew, but not with this key.
    (log.parent / "audit.jsonl.seal").unlink()
    write(log, jsonl(range(1, RECORDS)))
    seal(log, signer=STRANGER)
    assert checked(log).verdict == UNVERIFIABLE
    assert checked(log, ()).verdict == UNANCHORED


def test_a_log_that_grew_is_intact_and_what_is_new_is_counted(log: Path) -> None:
    with log.open("ab") as out:
        out.write(jsonl(range(RECORDS, RECORDS + 3)) + b'{"half')
    found = checked(log)
    assert (found.verdict, found.checked, found.unsealed) == (INTACT, RECORDS, 4)
    assert any(sentence.startswith("4 record(s)") for sentence in found.not_checked)
    outcome = seal(log, time=TIME + 60)
    assert (outcome.status, outcome.before, outcome.statement.leaves) == ("grown", RECORDS, RECORDS + 3)
    assert outcome.statement.tail is not None
    again = checked(log)
    assert (again.verdict, again.unsealed, again.checked) == (INTACT, 0, RECORDS + 3)
    assert any("sealed 2 times" in sentence for sentence in again.notes)
    header = sidecar.header_of(sidecar.path_of(log))
    (before,) = header.earlier
    merkle.verify_consistency(RECORDS, RECORDS + 3, before.statement.root, header.statement.root, before.proof)


def test_sealing_twice_changes_nothing(log: Path) -> None:
    before = sidecar.path_of(log).read_bytes()
    assert seal(log, time=TIME + 60).status == "unchanged"
    assert sidecar.path_of(log).read_bytes() == before


def test_the_same_log_key_and_time_give_the_same_bytes(tmp_path: Path) -> None:
    made = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        log = write(tmp_path / name / "log", jsonl(range(700)))
        seal(log)
        with log.open("ab") as out:
            out.write(jsonl(range(700, 900)))
        seal(log)
        made.append(sidecar.path_of(log).read_bytes())
    assert made[0] == made[1]


# --- changes --------------------------------------------------------------------------------------------------------


def lines() -> list[bytes]:
    return [line(number) for number in range(RECORDS)]


def replaced(*numbers: int) -> Tampering:
    def tamper(made: list[bytes]) -> None:
        for number in numbers:
            made[number - 1] = b"{}\n"

    return tamper


def swapped(made: list[bytes]) -> None:
    made[7], made[8] = made[8], made[7]


def grown_too(made: list[bytes]) -> None:
    made[7] = b"{}\n"
    made += [b"{}\n"] * 5


TAMPERINGS: dict[str, Tampering] = {
    "edit": replaced(8),
    "edit-two": replaced(8, 9),
    "edit-far": replaced(1, 40),
    "edit-and-grow": grown_too,
    "delete": lambda made: made.pop(7),
    "insert": lambda made: made.insert(7, b'{"event":"other"}\n'),
    "copy": lambda made: made.insert(8, made[7]),
    "swap": swapped,
    "move": lambda made: made.insert(20, made.pop(4)),
    "head": lambda made: made.__delitem__(slice(4)),
    "tail": lambda made: made.__delitem__(slice(37, None)),
    "crlf": lambda made: made.__setitem__(7, made[7].replace(b"\n", b"\r\n")),
    "blank": lambda made: made.insert(7, b"\n"),
    "join": lambda made: made.__setitem__(7, made[7][:-1]),
    "empty": lambda made: made.clear(),
}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("edit", [("edited", 8)]),
        ("edit-two", [("edited", 8), ("edited", 9)]),
        ("edit-far", [("edited", 1), ("edited", 40)]),
        ("delete", [("deleted", 8)]),
        ("insert", [("inserted", 8)]),
        ("copy", [("inserted", 9)]),
        ("swap", [("reordered", 8)]),
        ("move", [("reordered", 5)]),
        ("head", [("truncated-head", 1)]),
        ("tail", [("truncated-tail", 38)]),
        ("crlf", [("edited", 8)]),
        ("blank", [("inserted", 8)]),
        ("join", [("edited", 8), ("deleted", 9)]),
        ("empty", [("truncated-tail", 1)]),
        ("edit-and-grow", [("edited", 8)]),
    ],
)
def test_each_change_is_named_with_its_record(log: Path, name: str, expected: list[tuple[str, int]]) -> None:
    made = lines()
    TAMPERINGS[name](made)
    write(log, b"".join(made))
    found = checked(log)
    assert found.verdict == BROKEN
    assert told(found) == expected
    for finding in found.findings:
        if finding.found is not None and finding.kind != "truncated-tail" and finding.kind != "truncated-head":
            assert finding.offset is not None
            there = log.read_bytes()[finding.offset :].split(b"\n")[0] + b"\n"
            assert merkle.leaf_hash(there).hex() == finding.found
    if name == "edit-and-grow":
        assert (found.unsealed, found.checked) == (5, RECORDS - 1)
    with pytest.raises(RewrittenError) as caught:
        seal(log)
    assert caught.value.exit_code == 1


def test_a_log_that_was_rewritten_is_no_log_that_grew(log: Path) -> None:
    write(log, jsonl(range(100, 300)))
    found = checked(log)
    assert (found.verdict, found.checked) == (BROKEN, 0)
    assert {finding.kind for finding in found.findings} == {"edited"}
    before = sidecar.header_of(sidecar.path_of(log)).sealed.note
    with pytest.raises(RewrittenError):
        seal(log)
    outcome = seal(log, anew=True)
    assert outcome.status == "anew"
    header = sidecar.header_of(outcome.seal)
    assert header.earlier[0].note == before
    assert outcome.statement.previous is not None
    assert outcome.statement.previous.relation == "broken"
    again = checked(log)
    assert again.verdict == INTACT
    assert any("sealed anew" in sentence for sentence in again.notes)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_edit_is_found_and_the_rest_is_told_as_unchanged(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("any")
    texts = data.draw(st.lists(st.text("ab\r\té", max_size=4), max_size=30))
    sealed = [b"t" + text.encode() + b"\n" for text in texts]
    log = write(folder / "log", b"".join(sealed))
    seal(log)
    now = list(sealed)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(now)))
        kind = data.draw(st.sampled_from(["insert", "delete", "edit", "swap"]))
        if kind == "insert":
            now.insert(at, b"new\n")
        elif at < len(now):
            if kind == "delete":
                del now[at]
            elif kind == "edit":
                now[at] = b"?" + now[at]
            else:
                now[at], now[-1] = now[-1], now[at]
    write(log, b"".join(now))
    found = checked(log)
    if now[: len(sealed)] == sealed:
        assert found.findings == []
        assert found.verdict == (INTACT if sealed else UNVERIFIABLE)
        return
    assert found.verdict == BROKEN
    touched = [finding for finding in found.findings if finding.breaks]
    assert touched
    # What is told is what happened: undo it by numbers, and the sealed records come out.
    assert found.checked <= len(sealed)
    for finding in touched:
        assert finding.kind in {"edited", "deleted", "inserted", "reordered", "truncated-tail", "truncated-head"}
        if finding.kind in ("edited", "deleted"):
            assert finding.record is not None
            assert merkle.leaf_hash(sealed[finding.record - 1]).hex() == finding.expected


# --- what is not finished -------------------------------------------------------------------------------------------


def test_an_unfinished_line_may_be_finished_but_not_changed(tmp_path: Path) -> None:
    log = write(tmp_path / "log", jsonl(range(3)) + b'{"seq":3,"ev')
    outcome = seal(log)
    assert outcome.statement.leaves == 3
    assert outcome.statement.tail is not None
    assert outcome.statement.tail.length == 12
    assert checked(log).verdict == INTACT
    write(log, jsonl(range(3)) + b'{"seq":3,"event":"end"}\n{"seq":4}\n')
    assert checked(log).verdict == INTACT
    assert checked(log).unsealed == 2
    write(log, jsonl(range(3)) + b'{"seq":9,"event":"end"}\n')
    assert told(checked(log)) == [("edited", 4)]
    with pytest.raises(RewrittenError, match="behind record 3"):
        seal(log)
    write(log, jsonl(range(3)))
    assert told(checked(log)) == [("truncated-tail", 4)]
    write(log, jsonl(range(3)) + b'{"seq":3,"event":"end"}\n')
    assert seal(log).statement.leaves == 4


def test_a_finished_log_seals_its_last_line_and_may_not_grow(tmp_path: Path) -> None:
    log = write(tmp_path / "log", jsonl(range(300))[:-1])
    outcome = seal(log, closed=True)
    assert (outcome.statement.leaves, outcome.statement.tail) == (300, None)
    assert checked(log).verdict == INTACT
    assert seal(log, closed=True).status == seal(log).status == "unchanged"
    with log.open("ab") as out:
        out.write(b"\n")
    found = checked(log)
    assert (found.verdict, told(found)) == (BROKEN, [("inserted", 301)])
    with pytest.raises(RewrittenError):
        seal(log)
    write(log, jsonl(range(299)))
    assert told(checked(log)) == [("truncated-tail", 300)]


@pytest.mark.parametrize("data", [b"", b"\n", b"x", b"\n\n\n", b"a\n" * 256, b"a\n" * 513 + b"b", b"\0" * 9 + b"\n"])
def test_small_and_odd_logs(tmp_path: Path, data: bytes) -> None:
    log = write(tmp_path / "log", data)
    seal(log)
    found = checked(log)
    assert found.verdict == (INTACT if data else UNVERIFIABLE)
    assert found.findings == []
    write(log, data + b"more\n")
    assert checked(log).verdict == (INTACT if data else UNVERIFIABLE)
    assert seal(log).status == "grown"
    assert checked(log).verdict == INTACT


# --- other formats --------------------------------------------------------------------------------------------------


def events(*numbers: int) -> list[dict[str, object]]:
    return [
        {
            "logStreamName": "s",
            "timestamp": 1_700_000_000_000 + n,
            "message": f"message {n}",
            "ingestionTime": 1_700_000_000_500 + n,
            "eventId": f"{n:056}",
        }
        for n in numbers
    ]


def test_an_array_is_sealed_by_its_elements_and_may_grow_before_its_bracket(tmp_path: Path) -> None:
    log = write(tmp_path / "events.json", json.dumps({"events": events(*range(20))}, indent=1).encode())
    outcome = seal(log)
    assert (outcome.statement.cut, outcome.statement.leaves) == ("records", 20)
    assert checked(log).verdict == INTACT
    write(log, json.dumps({"events": events(*range(23))}, indent=1).encode())
    found = checked(log)
    assert (found.verdict, found.unsealed) == (INTACT, None)
    assert seal(log).statement.leaves == 23
    changed = events(*range(23))
    changed[4]["message"] = "another"
    write(log, json.dumps({"events": changed}, indent=1).encode())
    assert told(checked(log)) == [("edited", 5)]
    write(log, json.dumps({"events": [*events(*range(9)), *events(*range(10, 23))]}, indent=1).encode())
    assert told(checked(log)) == [("deleted", 10)]
    write(log, json.dumps({"events": events(*range(23))}, indent=1).encode()[:-2] + b"]}")
    assert checked(log).verdict == BROKEN


def test_a_table_and_its_header(tmp_path: Path) -> None:
    rows = b"time,tool,args\n" + b"".join(b'2026-01-01,"a ""b""\n c",%d\n' % number for number in range(9))
    log = write(tmp_path / "log.csv", rows)
    assert seal(log).statement.cut == "records"
    assert checked(log).verdict == INTACT
    write(log, rows + b"2026-01-02,b,1\n")
    assert checked(log).verdict == INTACT
    assert seal(log).status == "grown"
    assert checked(log).verdict == INTACT
    write(log, rows.replace(b"tool", b"toll"))
    assert told(checked(log))[0] == ("edited", 1)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_a_compressed_log_is_sealed_by_its_content(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    log = write(tmp_path / "log", pack(jsonl(range(600))))
    assert seal(log).statement.leaves == 600
    assert checked(log).verdict == INTACT
    write(log, pack(jsonl(range(600))) + pack(jsonl(range(600, 610))))
    assert (checked(log).verdict, checked(log).unsealed) == (INTACT, 10)
    # Rotation compresses: the content is the same, and so is the proof.
    write(log, jsonl(range(600)))
    assert checked(log).verdict == INTACT
    write(log, pack(jsonl(range(300)) + jsonl(range(301, 600))))
    assert told(checked(log)) == [("deleted", 301)]
    write(log, pack(jsonl(range(600)))[:-40])
    found = checked(log)
    assert found.verdict == BROKEN
    assert any("decompressed" in sentence for sentence in found.not_checked)


def test_archives_and_damaged_compression_are_sealed_as_they_lie_there(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.jsonl", os.urandom(200_000))
    for name, data in (("a.zip", packed.getvalue()), ("torn.gz", gzip.compress(os.urandom(150_000))[:-900])):
        log = write(tmp_path / name, data)
        assert seal(log).statement.cut == "chunks"
        assert checked(log).verdict == INTACT
        write(log, data + b"behind")
        assert checked(log).verdict == INTACT
        assert seal(log).status == "grown"
        assert checked(log).verdict == INTACT
        write(log, data[:70_000] + b"?" + data[70_001:] + b"behind")
        assert told(checked(log)) == [("edited", 2)]


# --- seals that were tampered with ----------------------------------------------------------------------------------


def test_every_byte_of_a_seal_counts(tmp_path: Path) -> None:
    log = write(tmp_path / "log", jsonl(range(5)) + b"half")
    seal(log)
    write(log, jsonl(range(7)))
    seal(log, anew=True)
    place = sidecar.path_of(log)
    good = place.read_bytes()
    head = good.index(b"\n", good.index(b"\n") + 1) + 1
    for at in range(len(good)):
        place.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        found = checked(log)
        if at < head:
            # The list of keys is only a word of the sealer's, and that an earlier signature is no longer known is told.
            keys = good.index(b'"keys"') < at < good.index(b'"leaves"')
            told_so = any("who made the seal of" in sentence for sentence in found.not_checked)
            assert found.verdict != INTACT or keys or told_so, at
        else:
            # The log still leads to the signed root; the hashes only serve to find changes.
            assert found.verdict == INTACT
    place.write_bytes(good[:-1])
    assert checked(log).verdict == UNVERIFIABLE


def test_hashes_of_a_seal_that_were_changed_can_not_name_changes(log: Path) -> None:
    place = sidecar.path_of(log)
    good = place.read_bytes()
    place.write_bytes(good[:-5] + b"?????")
    made = lines()
    made[3] = b"{}\n"
    write(log, b"".join(made))
    found = checked(log)
    assert (found.verdict, told(found)) == (BROKEN, [("edited", None)])
    with pytest.raises(SealError):
        proving.prove(log, 40)


def test_a_seal_of_another_log_does_not_fit(log: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other.jsonl", jsonl(range(500, 540)))
    sidecar.path_of(other).write_bytes(sidecar.path_of(log).read_bytes())
    assert checked(other).verdict == BROKEN


def test_a_log_set_back_with_its_seal_is_found_by_a_kept_checkpoint(log: Path) -> None:
    old_log, old_seal = log.read_bytes(), sidecar.path_of(log).read_bytes()
    with log.open("ab") as out:
        out.write(jsonl(range(RECORDS, RECORDS + 9)))
    seal(log)
    kept = check.head(said(log))
    earlier = notes.checkpoint(sidecar.header_of(sidecar.path_of(log)).earlier[0].note.text)
    found = checked(log, checkpoints=[kept, earlier])
    assert found.verdict == INTACT
    assert len(found.anchors) == 3
    write(log, old_log)
    sidecar.path_of(log).write_bytes(old_seal)
    assert checked(log).verdict == INTACT  # by itself it is
    found = checked(log, checkpoints=[kept])
    assert (found.verdict, told(found)) == (BROKEN, [("truncated-tail", RECORDS + 1)])
    # Another history of the same origin, sealed with the same key.
    sidecar.path_of(log).unlink()
    write(log, jsonl(range(1, RECORDS + 20)))
    seal(log)
    found = checked(log, checkpoints=[kept])
    assert (found.verdict, told(found)) == (BROKEN, [("rewritten", None)])


# --- who signs ------------------------------------------------------------------------------------------------------


def test_a_second_key_cosigns(log: Path) -> None:
    outcome = make.cosign(log, make.Wishes(time=TIME + 5, cosigners=(WITNESS,), trusted=(KEY,)))
    assert (outcome.status, outcome.signers) == ("cosigned", (SIGNER.name, WITNESS.name))
    found = checked(log, [KEY, WITNESS.verifier])
    assert found.verdict == INTACT
    assert [(one.key.name, one.time) for one in found.signed] == [(SIGNER.name, None), (WITNESS.name, TIME + 5)]
    assert checked(log, [WITNESS.verifier]).verdict == INTACT
    again = make.cosign(log, make.Wishes(time=TIME + 9, cosigners=(WITNESS,), trusted=(KEY,)))
    assert again.status == "unchanged"
    write(log, jsonl(range(1, RECORDS)))
    with pytest.raises(RewrittenError):
        make.cosign(log, make.Wishes(cosigners=(WITNESS,), trusted=(KEY,)))


def test_cosigning_needs_a_second_key_and_a_seal_of_a_known_one(log: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="own witness"):
        seal(log, cosigners=(SIGNER,))
    with pytest.raises(SealError, match="not signed by this key"):
        make.cosign(log, make.Wishes(cosigners=(WITNESS,)))
    with pytest.raises(SealError, match="not sealed"):
        make.cosign(write(tmp_path / "other", b"x\n"), make.Wishes(cosigners=(WITNESS,)))


def test_another_key_seals_on_only_if_the_first_is_trusted(log: Path) -> None:
    with log.open("ab") as out:
        out.write(b"{}\n")
    with pytest.raises(SealError, match="not signed by this key"):
        seal(log, signer=WITNESS)
    assert seal(log, signer=WITNESS, trusted=(KEY,)).status == "grown"
    found = checked(log, [WITNESS.verifier])
    assert found.verdict == INTACT
    assert any("its key was not given" in sentence for sentence in found.not_checked)


def test_a_seal_goes_on_from_another_log(log: Path, tmp_path: Path) -> None:
    following = write(tmp_path / "audit-2.jsonl", b"{}\n")
    outcome = seal(following, after=sidecar.path_of(log), origin="example.com/agents/audit")
    assert outcome.statement.origin == "example.com/agents/audit"
    assert outcome.statement.after is not None
    assert outcome.statement.after.size == RECORDS
    assert checked(following).verdict == INTACT
    with pytest.raises(UsageError, match="no origin"):
        seal(following, origin="two words")


def test_what_can_not_be_sealed(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError):
        seal(tmp_path / "none")
    log = write(tmp_path / "log", b"x\n")
    write(sidecar.path_of(log), b"something else")
    with pytest.raises(SealError, match="no seal"):
        seal(log)
    found = checked(log)
    assert found.verdict == UNVERIFIABLE
    assert "can't be read" in found.not_checked[0]
