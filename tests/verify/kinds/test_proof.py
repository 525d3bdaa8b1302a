"""Proofs, as `auditrail verify` judges them without the log."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditrail import notes
from auditrail.seal import proving, sidecar
from auditrail.verify.types import BROKEN, INTACT, UNVERIFIABLE
from tests.seal._logs import KEY, STRANGER, jsonl, line, seal, write
from tests.verify.kinds._calls import report, result

HEX = f"hex:{KEY.public.hex()}"


@pytest.fixture
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = write(tmp_path_factory.mktemp("log") / "audit.jsonl", jsonl(range(300)))
    seal(made)
    return made


def test_a_proof_needs_a_key_and_nothing_else(log: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "p.tlog-proof", proving.prove(log, 42).render().encode())
    found = result(path, key=(HEX,))
    assert (found.verdict, found.records, found.checked) == (INTACT, 1, 1)
    assert found.notes == ("the record of 69 byte(s) is number 42 of 300 of example.com/sealing/audit.jsonl",)
    assert report(path, key=(HEX,)).exit_code == 0
    assert result(path).verdict == UNVERIFIABLE
    assert result(path, key=(f"hex:{STRANGER.verifier.public.hex()}",)).verdict == UNVERIFIABLE


def test_another_record_is_not_proven(log: Path, tmp_path: Path) -> None:
    proof = proving.prove(log, 42)
    for wrong in (proof._replace(extra=line(42)), proof._replace(leaf=40), proof._replace(hashes=proof.hashes[:-1])):
        found = result(write(tmp_path / "p.tlog-proof", wrong.render().encode()), key=(HEX,))
        assert (found.verdict, [one.kind for one in found.defects]) == (BROKEN, ["edited"])
    text = proof.render().replace("\n300\n", "\n301\n")
    found = result(write(tmp_path / "p.tlog-proof", text.encode()), key=(HEX,))
    assert found.verdict == BROKEN
    assert "bad-signature" in [one.kind for one in found.defects]


def test_a_record_beside_its_proof(log: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "p.tlog-proof", proving.prove(log, 42, with_record=False).render().encode())
    assert result(path, key=(HEX,)).verdict == UNVERIFIABLE
    record = write(tmp_path / "record.json", line(41))
    assert result(path, record, key=(HEX,)).verdict == INTACT
    write(record, line(40))
    assert {one.path: one.verdict for one in report(path, record, key=(HEX,)).results}[str(path)] == UNVERIFIABLE


def test_growth_against_a_kept_checkpoint(log: Path, tmp_path: Path) -> None:
    kept = write(tmp_path / "kept", sidecar.header_of(sidecar.path_of(log)).sealed.note.render().encode())
    old = notes.checkpoint(notes.parse(kept.read_bytes()).text)
    with log.open("ab") as out:
        out.write(jsonl(range(300, 450)))
    seal(log)
    growth = proving.prove_growth(log, old)
    path = write(tmp_path / "growth", growth.render().encode())
    assert result(path, key=(HEX,), anchor=(kept,)).verdict == INTACT
    assert result(path, key=(HEX,)).verdict == UNVERIFIABLE
    write(path, growth._replace(hashes=growth.hashes[1:]).render().encode())
    found = result(path, key=(HEX,), anchor=(kept,))
    assert (found.verdict, [one.kind for one in found.defects]) == (BROKEN, ["forked"])


def test_what_begins_like_a_proof(tmp_path: Path) -> None:
    path = write(tmp_path / "p", proving.MAGIC.encode() + b"\xff\x00" * 9000)
    found = result(path, key=(HEX,))
    assert (found.verdict, found.checked) == (UNVERIFIABLE, 0)
