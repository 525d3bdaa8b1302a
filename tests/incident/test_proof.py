"""A ledger is verified with the files that it names: a changed, removed or edited one is found."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from auditrail.incident import attach, ledger, proof, state
from auditrail.incident.attach import inside
from auditrail.seal import keys
from tests.incident import _demo


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "log.zip").write_bytes(b"")
    with zipfile.ZipFile(tmp_path / "log.zip", "w") as packed:
        packed.writestr("a.txt", "member")
    _demo.ledger(tmp_path / "incidents", attach=tmp_path / "log.zip")
    return tmp_path / "incidents"


def attached(folder: Path) -> Path:
    return next((folder / "INC-2026-0001" / "attachments").iterdir())


def test_intact_with_an_archive_attached(folder: Path) -> None:
    made = proof.verdict(folder)
    assert [(result.kind, result.verdict) for result in made.results] == [("incident-ledger", "INTACT-UNANCHORED")]
    assert made.exit_code == 0
    assert "1 attached file(s) are as the ledger says" in made.results[0].notes


def test_a_changed_file_is_found(folder: Path) -> None:
    attached(folder).write_bytes(b"other")
    made = proof.verdict(folder)
    assert (made.exit_code, [defect.kind for defect in made.results[0].breaking]) == (1, ["edited"])
    (file,) = attach.state(folder, state.one(ledger.read(folder).entries, "1"))
    assert file.state == "changed"
    assert "BROKEN at record" in proof.told(made)


def test_a_removed_file_is_found(folder: Path) -> None:
    attached(folder).unlink()
    made = proof.verdict(folder)
    assert (made.exit_code, [defect.kind for defect in made.results[0].breaking]) == (1, ["missing-file"])


def test_a_file_that_nobody_attached_is_not_green(folder: Path) -> None:
    (attached(folder).parent / "planted.txt").write_text("x")
    assert proof.verdict(folder).exit_code == 4


@pytest.mark.parametrize("change", ["edit", "drop"])
def test_an_edited_ledger_is_found(folder: Path, change: str) -> None:
    path = folder / ledger.NAME
    lines = path.read_bytes().splitlines(keepends=True)
    lines = (
        [line.replace(b"stopped it", b"stopped It") for line in lines] if change == "edit" else [*lines[:2], *lines[3:]]
    )
    path.write_bytes(b"".join(lines))
    made = proof.verdict(folder)
    assert made.exit_code == 1
    assert made.results[0].verdict == "BROKEN"


def test_a_signed_ledger_is_anchored_by_the_key(tmp_path: Path) -> None:
    signer = keys.create("example.com/ada", tmp_path / "ada.key")
    with ledger.Ledger(tmp_path / "incidents", operator="ada", signer=signer) as made:
        made.open("t")
    assert proof.verdict(tmp_path / "incidents", [str(tmp_path / "ada.key.pub")]).results[0].verdict == "INTACT"


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "", "a\0b"])
def test_names_that_lead_elsewhere_lead_nowhere(tmp_path: Path, name: str) -> None:
    assert inside(tmp_path, name) is None
