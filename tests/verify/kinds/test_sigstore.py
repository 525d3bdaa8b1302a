"""Sigstore bundles, against a Sigstore of our own: no network, no service."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from auditrail.verify import engine, keys
from auditrail.verify.evidence import Call
from auditrail.verify.types import BROKEN, INTACT, UNANCHORED, UNVERIFIABLE, VerificationReport
from tests.seal._logs import jsonl, write

pytest.importorskip("sigstore")
from tests.verify.kinds._sigstore import IDENTITY, ISSUER, Sigstore

pytestmark = pytest.mark.filterwarnings("ignore")  # of the library's own dependencies

DATA = jsonl(range(5))


@pytest.fixture(scope="module")
def own() -> Sigstore:
    return Sigstore()


@pytest.fixture
def folder(tmp_path: Path, own: Sigstore) -> Path:
    (tmp_path / "logs").mkdir()
    write(tmp_path / "root.json", own.root().encode())
    write(tmp_path / "logs" / "audit.jsonl", DATA)
    put(tmp_path, own.bundle(DATA))
    return tmp_path


def put(folder: Path, bundle: dict[str, Any]) -> None:
    write(folder / "logs" / "audit.jsonl.sigstore.json", json.dumps(bundle).encode())


def verify(folder: Path, name: str = "", **options: Any) -> VerificationReport:
    call = Call(keys=keys.load([]), trusted_root=folder / "root.json", **options)
    return engine.run([folder / "logs" / name], call)


def test_a_file_signed_by_who_is_expected_is_intact(folder: Path) -> None:
    for name in ("", "audit.jsonl.sigstore.json"):
        report = verify(folder, name, identity=IDENTITY, issuer=ISSUER)
        (found,) = report.results
        assert (found.verdict, found.anchor, report.exit_code) == (INTACT, f"signed by {IDENTITY}", 0)
    (found,) = verify(folder).results
    assert found.verdict == UNANCHORED
    assert any(IDENTITY in sentence for sentence in found.not_checked)


@pytest.mark.parametrize("options", [{"identity": "other@example.com"}, {"identity": IDENTITY, "issuer": "https://x"}])
def test_another_identity_is_not_the_one_expected(folder: Path, options: dict[str, str]) -> None:
    (found,) = verify(folder, **options).results
    assert (found.verdict, found.defects) == (UNVERIFIABLE, ())


def test_a_changed_file_is_broken(folder: Path) -> None:
    write(folder / "logs" / "audit.jsonl", DATA + b"{}\n")
    (found,) = verify(folder, identity=IDENTITY).results
    assert (found.verdict, [one.kind for one in found.defects]) == (BROKEN, ["edited"])


def test_every_part_of_a_bundle_counts(folder: Path, own: Sigstore) -> None:
    good = own.bundle(DATA)
    for change in (
        lambda made: made["messageSignature"].update(own.bundle(b"other")["messageSignature"]),
        lambda made: made["verificationMaterial"].update(Sigstore().bundle(DATA)["verificationMaterial"]),
        lambda made: made["verificationMaterial"]["tlogEntries"][0].update(integratedTime="1"),
        lambda made: made["verificationMaterial"]["tlogEntries"][0].update(canonicalizedBody="e30="),
    ):
        made = json.loads(json.dumps(good))
        change(made)
        put(folder, made)
        (found,) = verify(folder, identity=IDENTITY).results
        assert found.verdict in (BROKEN, UNVERIFIABLE)
        assert found.checked == 0


def test_an_attestation_speaks_of_its_subjects(folder: Path, own: Sigstore) -> None:
    subject = {"name": "audit.jsonl", "digest": {"sha256": sha256(DATA).hexdigest()}}
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [subject],
        "predicateType": "x",
        "predicate": {},
    }
    put(folder, own.attestation(statement))
    (found,) = verify(folder, identity=IDENTITY).results
    assert found.verdict == INTACT
    write(folder / "logs" / "audit.jsonl", DATA + b"{}\n")
    (found,) = verify(folder, identity=IDENTITY).results
    assert (found.verdict, [one.kind for one in found.defects]) == (BROKEN, ["edited"])
    (folder / "logs" / "audit.jsonl").unlink()
    (found,) = verify(folder, identity=IDENTITY).results
    assert found.verdict == INTACT
    assert any("not given" in sentence for sentence in found.not_checked)


def test_what_is_missing_or_no_bundle(folder: Path) -> None:
    (folder / "logs" / "audit.jsonl").unlink()
    (found,) = verify(folder, identity=IDENTITY).results
    assert (found.verdict, [one.kind for one in found.defects]) == (UNVERIFIABLE, ["missing-file"])
    write(folder / "logs" / "audit.jsonl", DATA)
    put(folder, {"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "x": 1})
    (found,) = verify(folder, identity=IDENTITY).results
    assert found.verdict == UNVERIFIABLE
