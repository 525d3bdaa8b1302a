"""Sealed logs, as `auditrail verify` judges them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from auditrail.seal import make, sidecar
from auditrail.verify import anchors
from auditrail.verify.types import BROKEN, DEFECTS, INTACT, UNANCHORED, UNVERIFIABLE
from tests.seal._logs import KEY, STRANGER, WITNESS, jsonl, seal, write
from tests.verify.kinds._calls import report, result


@pytest.fixture
def log(tmp_path: Path) -> Path:
    made = write(tmp_path / "audit.jsonl", jsonl(range(20)))
    seal(made)
    return made


@pytest.fixture
def key(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write(tmp_path_factory.mktemp("keys") / "seal.key.pub", KEY.render().encode() + b"\n"))


def test_the_seal_beside_a_log_is_found(log: Path, key: str) -> None:
    for paths in ((log,), (log, sidecar.path_of(log)), (log.parent,), (sidecar.path_of(log),)):
        found = result(*paths, key=(key,))
        assert (found.verdict, found.kind, found.records, found.checked) == (INTACT, "seal", 20, 20)
        assert (found.signed, found.verified) == (1, 1)
        assert found.anchor is not None
    assert report(log, key=(key,)).exit_code == 0
    assert result(log).verdict == UNANCHORED
    assert result(log).anchor is None


def test_a_bare_key_is_taken_by_its_key_id(log: Path) -> None:
    assert result(log, key=(f"hex:{KEY.public.hex()}",)).verdict == INTACT
    found = result(log, key=(f"hex:{STRANGER.verifier.public.hex()}",))
    assert found.verdict == UNANCHORED
    assert any("no keys of signed notes" in sentence for sentence in found.not_checked)


def test_changes_are_defects_with_numbers_and_places(log: Path, key: str) -> None:
    lines = log.read_bytes().splitlines(keepends=True)
    lines[4] = b"{}\n"
    del lines[11]
    write(log, b"".join(lines))
    found = result(log, key=(key,))
    assert found.verdict == BROKEN
    assert [(one.kind, one.record) for one in found.defects] == [("edited", 5), ("deleted", 12)]
    assert log.read_bytes()[found.defects[0].offset :].startswith(b"{}\n")
    assert all(one.kind in DEFECTS for one in found.defects)
    assert report(log, key=(key,)).exit_code == 1
    assert found.anchor is None


def test_what_the_caller_expects(log: Path, key: str) -> None:
    root = sidecar.header_of(sidecar.path_of(log)).statement.root.hex()
    assert result(log, expected=anchors.expected(root, 20)).verdict == INTACT
    assert result(log, expected=anchors.expected(None, 20)).verdict == UNANCHORED
    for head, count, kind in (("0" * 64, None, "rewritten"), (root, 21, "truncated-tail"), (None, 19, "rewritten")):
        found = result(log, key=(key,), expected=anchors.expected(head, count))
        assert (found.verdict, [one.kind for one in found.defects]) == (BROKEN, [kind])


def test_checkpoints_and_earlier_results_are_anchors(
    log: Path, key: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("kept")
    kept = write(folder / "checkpoint", sidecar.header_of(sidecar.path_of(log)).sealed.note.render().encode())
    before = result(log, key=(key,))
    row = {"path": str(log), "profile": before.profile, "verdict": "INTACT", "head": before.head, "records": 20}
    saved = write(folder / "saved.json", json.dumps({"results": [row]}).encode())
    old = {path.name: path.read_bytes() for path in log.parent.iterdir()}
    with log.open("ab") as out:
        out.write(jsonl(range(20, 30)))
    seal(log)
    later = write(folder / "later", sidecar.header_of(sidecar.path_of(log)).sealed.note.render().encode())
    other = write(log.parent / "other.jsonl", jsonl(range(5)))
    seal(other)
    for anchor in (kept, saved):
        found = {one.path: one for one in report(log, other, key=(key,), anchor=(anchor,)).results}
        assert found[str(log)].verdict == found[str(other)].verdict == INTACT
        assert "kept elsewhere" in (found[str(log)].anchor or "")
        assert "kept elsewhere" not in (found[str(other)].anchor or "")
    for name, data in old.items():
        (log.parent / name).write_bytes(data)
    assert result(log, key=(key,)).verdict == INTACT
    found_again = result(log, key=(key,), anchor=(later,))
    assert (found_again.verdict, [one.kind for one in found_again.defects]) == (BROKEN, ["truncated-tail"])


def test_a_seal_without_its_log(log: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    alone = shutil.copy(sidecar.path_of(log), tmp_path_factory.mktemp("alone") / "x.seal")
    found = result(Path(alone))
    assert (found.verdict, [one.kind for one in found.defects]) == (UNVERIFIABLE, ["missing-file"])


def test_archives_of_logs_and_seals(log: Path, key: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    packed = shutil.make_archive(str(tmp_path_factory.mktemp("zip") / "all"), "zip", log.parent)
    found = result(Path(packed), key=(key,))
    assert (found.verdict, found.checked) == (INTACT, 20)


def test_a_cosignature_alone_anchors(log: Path) -> None:
    make.cosign(log, make.Wishes(time=5, cosigners=(WITNESS,), trusted=(KEY,)))
    found = result(log, key=(f"hex:{WITNESS.verifier.public.hex()}",))
    assert (found.verdict, found.signed, found.verified) == (INTACT, 2, 1)
    assert "cosigned by witness.example.com/w1" in (found.anchor or "")


def test_a_chain_inside_a_sealed_log_is_checked_too(tmp_path: Path, key: str) -> None:
    import hashlib

    previous, lines = "0" * 64, []
    for number in range(6):
        body = {"agent_id": "a", "event": f"step {number}", "prev_hash": previous}
        previous = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        lines.append(json.dumps({**body, "hash": previous}, sort_keys=True))
    log = write(tmp_path / "log", ("\n".join(lines) + "\n").encode())
    seal(log)
    kinds = {one.kind: one.verdict for one in report(log, key=(key,)).results}
    assert kinds["seal"] == INTACT
    assert set(kinds) <= {"seal", "profile-chain"}


def test_a_damaged_seal_is_unverifiable(log: Path, key: str) -> None:
    place = sidecar.path_of(log)
    place.write_bytes(place.read_bytes()[:-1])
    found = result(log, key=(key,))
    assert found.verdict == UNVERIFIABLE
    assert "damaged" in found.not_checked[0]
    place.write_bytes(sidecar.MAGIC + b"{\x1b[31m" * 200_000 + b"\n")
    assert result(log, key=(key,)).verdict == UNVERIFIABLE
