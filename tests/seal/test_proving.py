"""Proofs of records and of growth, checked by the published steps alone and by whoever tampers with them."""

from __future__ import annotations

import base64
import gzip
import json
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail import notes
from auditrail.errors import NoteError, ProofError, RewrittenError, UnreadableError, UsageError
from auditrail.seal import proving, sidecar
from tests.seal._logs import KEY, SIGNER, STRANGER, jsonl, line, seal, write

RECORDS = 600


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = write(tmp_path_factory.mktemp("proving") / "audit.jsonl", jsonl(range(RECORDS)) + b"half")
    seal(made)
    return made


def by_the_published_steps(text: str, public: bytes) -> bytes:
    """What RFC 6962 and C2SP say, with nothing of ours; returns the record."""
    head, _, note = text.partition("\n\n")
    lines = head.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    record = base64.b64decode(lines[1].removeprefix("extra "))
    index = int(lines[2].removeprefix("index "))
    signed, _, signature = note.rpartition("\n\n")
    origin, size, root, *_ = signed.split("\n")
    raw = base64.b64decode(signature.split("\n")[0].split(" ")[2])
    Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], (signed + "\n").encode())
    hashed = sha256(b"\x00" + record).digest()
    first, last = index, int(size) - 1
    for sibling in (base64.b64decode(item) for item in lines[3:]):
        if first % 2 or first == last:
            hashed = sha256(b"\x01" + sibling + hashed).digest()
            while first and not first % 2:
                first, last = first // 2, last // 2
        else:
            hashed = sha256(b"\x01" + hashed + sibling).digest()
        first, last = first // 2, last // 2
    assert last == 0
    assert base64.b64encode(hashed).decode() == root
    assert origin
    return record


@pytest.mark.parametrize("number", [1, 2, 255, 256, 257, 512, 513, 599, 600])
def test_a_record_is_proven_to_whoever_knows_the_standards(log: Path, number: int) -> None:
    proof = proving.prove(log, number)
    text = proof.render()
    assert by_the_published_steps(text, KEY.public) == line(number - 1)
    assert proving.parse(text.encode()) == proof
    assert [found.verifier for found in proving.check(proof, [KEY])] == [KEY]
    assert proving.check(proof, [STRANGER.verifier]) == []


def test_a_record_without_its_content(log: Path) -> None:
    proof = proving.parse(proving.prove(log, 7, with_record=False).render().encode())
    with pytest.raises(ProofError, match="none was given"):
        proving.check(proof, [KEY])
    assert proving.check(proof, [KEY], line(6))
    with pytest.raises(ProofError):
        proving.check(proof, [KEY], line(7))
    with pytest.raises(ProofError, match="not the one"):
        proving.check(proving.prove(log, 7), [KEY], line(7))


def test_a_record_is_proven_though_others_were_changed(tmp_path: Path) -> None:
    log = write(tmp_path / "log", jsonl(range(300)))
    seal(log)
    write(log, jsonl(range(9)) + b"{}\n" + jsonl(range(10, 300)))
    assert proving.check(proving.prove(log, 9), [KEY])
    with pytest.raises(RewrittenError, match="record 10"):
        proving.prove(log, 10)


@pytest.mark.parametrize("kind", ["gzip", "array"])
def test_records_of_other_formats(tmp_path: Path, kind: str) -> None:
    values = [{"timestamp": f"2026-01-01T00:00:0{n}Z", "event": "tool_call", "run_id": "r"} for n in range(9)]
    data = gzip.compress(jsonl(range(9))) if kind == "gzip" else json.dumps(values, indent=1).encode()
    log = write(tmp_path / "log", data)
    seal(log)
    for number in range(1, 10):
        record = by_the_published_steps(proving.prove(log, number).render(), KEY.public)
        assert (
            record == line(number - 1) if kind == "gzip" else json.loads(record.strip(b"[,\n ")) == values[number - 1]
        )


def test_what_can_not_be_proven(log: Path, tmp_path: Path) -> None:
    for number in (0, -1, RECORDS + 1):
        with pytest.raises(UsageError, match="1 to 600"):
            proving.prove(log, number)
    with pytest.raises(UnreadableError, match="no such file"):
        proving.prove(write(tmp_path / "log", b"x\n"), 1)
    short = write(tmp_path / "audit.jsonl", jsonl(range(5)))
    with pytest.raises(RewrittenError):
        proving.prove(short, 6, sidecar.path_of(log))


def test_growth_is_proven_to_whoever_kept_a_checkpoint(tmp_path: Path) -> None:
    log = write(tmp_path / "log", jsonl(range(300)))
    kept = notes.checkpoint(seal(log).statement.text())
    write(log, jsonl(range(777)))
    seal(log)
    growth = proving.prove_growth(log, kept)
    assert growth.render().startswith("old 300\n")
    assert proving.parse_growth(growth.render().encode()) == growth
    with pytest.raises(RewrittenError):
        proving.prove_growth(log, kept._replace(root=b"\0" * 32))
    with pytest.raises(RewrittenError):
        proving.prove_growth(log, kept._replace(size=778))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 3000), st.integers(0, 255), st.binary(max_size=60))
def test_hostile_proofs_end_in_a_typed_error(log: Path, at: int, byte: int, junk: bytes) -> None:
    good = proving.prove(log, 300).render().encode()
    for data in (junk, good[:at] + bytes([byte]) + good[at + 1 :], good[:at] + junk + good[at:], good[:at]):
        try:
            proof = proving.parse(data)
            found = proving.check(proof, [KEY])
        except (ProofError, NoteError):
            continue
        assert not found or proving.content_of(proof) == line(299)


def test_long_and_empty_proofs_are_refused(log: Path) -> None:
    note = proving.prove(log, 1).note.render()
    hashed = base64.b64encode(b"\0" * 32).decode() + "\n"
    for text in (
        "",
        proving.MAGIC,
        f"{proving.MAGIC}\n{note}",
        f"{proving.MAGIC}index 01\n\n{note}",
        f"{proving.MAGIC}index 0\n{hashed * 65}\n{note}",
        f"{proving.MAGIC}index 0\nAAAA\n\n{note}",
    ):
        with pytest.raises((ProofError, NoteError)):
            proving.parse(text.encode())
    assert SIGNER.name in note
