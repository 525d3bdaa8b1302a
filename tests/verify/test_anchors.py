"""Anchors: what is known from outside, and what each kind of it shows."""

from __future__ import annotations

import hmac
import json
from pathlib import Path

import pytest

from auditrail.errors import UsageError
from auditrail.notes import Checkpoint, Note, Signer
from auditrail.outputs import _verification
from auditrail.verify import anchors
from tests.verify._run import kinds, one, report
from tests.verify._writers import SECRET, WRITERS, other


def saved(tmp_path: Path, *paths: Path, key: list[str] | None = None) -> Path:
    anchor = tmp_path / "anchor.json"
    anchor.write_text(json.dumps(_verification.document(report(*paths, key=key or []))))
    return anchor


def test_a_saved_result_confirms_the_same_log_and_one_that_grew(tmp_path: Path) -> None:
    log = WRITERS["autonomous-audit"](10)
    path = log.file(tmp_path, log.records[:6])
    anchor = saved(tmp_path, path)
    assert one(path, anchor=[anchor]).verdict == "INTACT"
    grown = one(log.file(tmp_path), anchor=[anchor])
    assert (grown.verdict, grown.anchor) == ("INTACT", "anchor.json: record 6")
    assert any("4 record(s) behind the head" in text for text in grown.not_checked)


def test_a_saved_result_shows_rollback_rewriting_and_a_chain_that_is_gone(tmp_path: Path) -> None:
    log = WRITERS["autonomous-audit"](10)
    anchor = saved(tmp_path, log.file(tmp_path))
    assert kinds(one(log.file(tmp_path, log.records[:6]), anchor=[anchor])) == [("truncated-tail", 6)]
    branch = other("autonomous-audit", 12, since=5)
    assert kinds(one(branch.file(tmp_path), anchor=[anchor])) == [("rewritten", 10)]

    sessions = WRITERS["verityledger"](6)
    second = [dict(record, session_id="sess-B") for record in sessions.records]
    prev = "0" * 64
    for record in second:
        record["previous_hash"] = prev
        assert sessions.rehash is not None
        sessions.rehash(record)
        prev = record["hash"]
    path = sessions.file(tmp_path, [*sessions.records, *second], name="two")
    anchor = saved(tmp_path, path)
    results = report(sessions.file(tmp_path, sessions.records, name="two"), anchor=[anchor]).results
    assert [(result.chain, result.verdict) for result in results] == [("sess-A", "INTACT"), ("sess-B", "BROKEN")]


def test_a_file_that_an_anchor_knows_and_that_was_not_given_is_not_green(tmp_path: Path) -> None:
    log = WRITERS["agt-file-sink"](4)
    first, second = log.file(tmp_path, name="a"), other("agt-file-sink", 4).file(tmp_path, name="b")
    anchor = saved(tmp_path, first, second)
    done = report(first, anchor=[anchor])
    assert [result.verdict for result in done.results] == ["INTACT", "UNVERIFIABLE"]
    assert done.exit_code == 4


def test_a_checkpoint_of_auditchain_with_its_seal(tmp_path: Path) -> None:
    log = WRITERS["auditchain"](8)
    path = log.file(tmp_path)
    head = log.records[5]["hash"]
    seal = hmac.new(SECRET, f"5:{head}:k0".encode(), "sha256").hexdigest()
    checkpoint = {"version": 1, "seq": 5, "hash": head, "key_id": "k0", "ts": "x", "sig": seal}
    anchor = tmp_path / "checkpoint.json"
    anchor.write_text(json.dumps(checkpoint))
    assert one(path, anchor=[anchor]).verdict == "INTACT"
    assert one(path, anchor=[anchor], key=["text:" + SECRET.decode()]).verdict == "INTACT"
    anchor.write_text(json.dumps({**checkpoint, "sig": "0" * 64}))
    assert one(path, anchor=[anchor], key=["text:" + SECRET.decode()]).verdict == "BROKEN"
    anchor.write_text(json.dumps({**checkpoint, "hash": "f" * 64}))
    assert kinds(one(path, anchor=[anchor])) == [("rewritten", 6)]


SIGNER = Signer("example.org/log", bytes(range(32)))


def note_of(size: int, root: str, signer: Signer = SIGNER) -> str:
    text = Checkpoint("example.org/log", size, bytes.fromhex(root)).text()
    return Note(text, (signer.sign(text),)).render()


def test_a_note_whose_root_is_the_head(tmp_path: Path) -> None:
    log = WRITERS["autonomous-audit"](5)
    path, note = log.file(tmp_path), tmp_path / "checkpoint"
    note.write_text(note_of(5, log.records[4]["hash"]))
    assert one(path, anchor=[note]).verdict == "INTACT"
    note.write_text(note_of(4, log.records[4]["hash"]))
    assert one(path, anchor=[note]).verdict == "BROKEN"


def test_the_signature_of_a_note_is_checked_with_the_keys_given(tmp_path: Path) -> None:
    log = WRITERS["autonomous-audit"](5)
    path, note = log.file(tmp_path), tmp_path / "checkpoint"
    note.write_text(note_of(5, log.records[4]["hash"]))
    public = SIGNER.verifier
    other_key = Signer("example.org/log", bytes(32)).verifier
    for key in (f"text:{public.render()}", f"hex:{public.public.hex()}"):
        done = report(path, anchor=[note], key=[key])
        assert (done.notes, done.not_checked) == (("checkpoint is signed by example.org/log",), ())
        assert done.results[0].verdict == "INTACT"
    for keys in ([], [f"text:{other_key.render()}"]):
        done = report(path, anchor=[note], key=keys)
        assert [sentence.partition(":")[0] for sentence in done.not_checked] == ["the signature of checkpoint"]


@pytest.mark.parametrize("kind", ["text", "hex"])
def test_a_note_whose_signature_by_a_known_key_fails_is_refused(kind: str, tmp_path: Path) -> None:
    log = WRITERS["autonomous-audit"](5)
    note = tmp_path / "checkpoint"
    # What an attacker does who cut the log: the head is that of now, the signature that of another note.
    signed = note_of(5, log.records[4]["hash"])
    forged = note_of(4, log.records[3]["hash"]).partition("\n\n")[0] + "\n\n" + signed.partition("\n\n")[2]
    note.write_text(forged)
    public = SIGNER.verifier
    key = {"text": f"text:{public.render()}", "hex": f"hex:{public.public.hex()}"}[kind]
    with pytest.raises(UsageError, match=r"example\.org/log.*refused"):
        report(log.file(tmp_path, log.records[:4]), anchor=[note], key=[key])


@pytest.mark.parametrize("end", ["", "\n", "\n\u2014 example.org/log abc=\n", "\nexample.org/log\n"])
def test_a_checkpoint_that_nobody_signed_is_refused(end: str, tmp_path: Path) -> None:
    note = tmp_path / "checkpoint"
    note.write_text(Checkpoint("example.org/log", 5, bytes(32)).text() + end)
    with pytest.raises(UsageError, match="no signed one"):
        anchors.load(note)


def test_a_forged_checkpoint_confirms_nothing(tmp_path: Path) -> None:
    log = WRITERS["auditchain"](8)
    anchor = tmp_path / "checkpoint.json"
    anchor.write_text(json.dumps({"seq": 5, "hash": log.records[5]["hash"], "key_id": "k0", "sig": "0" * 64}))
    path = log.file(tmp_path)
    result = one(path, anchor=[anchor], key=["text:" + SECRET.decode()])
    assert (result.verdict, result.anchor, kinds(result)) == ("BROKEN", None, [("bad-signature", None)])
    assert "the seal of checkpoint.json" in report(path, anchor=[anchor]).not_checked[0]


def test_a_count_alone_is_no_anchor(tmp_path: Path) -> None:
    path = WRITERS["autonomous-audit"](5).file(tmp_path)
    assert one(path, count=5).verdict == "INTACT-UNANCHORED"
    assert kinds(one(path, count=6)) == [("truncated-tail", 5)]
    assert kinds(one(path, count=4)) == [("inserted", 5)]


def test_a_head_of_one_of_several_chains_is_for_that_one(tmp_path: Path) -> None:
    paths = WRITERS["autonomous-audit"](5).file(tmp_path, name="a"), WRITERS["oxios"](4).file(tmp_path, name="b")
    head = one(paths[1]).head
    assert [result.verdict for result in report(*paths, head=head).results] == ["INTACT-UNANCHORED", "INTACT"]
    wrong = report(*paths, head="e" * 64).results
    assert sorted(result.verdict for result in wrong) == ["BROKEN", "INTACT-UNANCHORED", "INTACT-UNANCHORED"]


@pytest.mark.parametrize("text", ["", "{}", "[1]", "not a hash", '{"results": 5}', "a\nb\nc", "x" * 50_000])
def test_what_is_no_anchor_is_an_error(text: str, tmp_path: Path) -> None:
    path = tmp_path / "anchor"
    path.write_text(text)
    with pytest.raises(UsageError):
        anchors.load(path)


def test_a_head_that_is_no_hash_is_an_error() -> None:
    with pytest.raises(UsageError):
        anchors.expected("yes", None)
