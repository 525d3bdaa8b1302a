"""Signatures of records: keys that a chain hands over to."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from auditrail.verify.paths import ABSENT
from auditrail.verify.types import Result
from tests.verify._run import kinds, one, report
from tests.verify._writers import OTHER, SIGNER, WRITERS, Record, b64url, compact, lines, obsigna_receipts


def verified(folder: Path, records: list[Record], *keys: ed25519.Ed25519PrivateKey) -> Result:
    path = folder / "log.jsonl"
    path.write_bytes(lines(records, compact))
    return one(path, key=["hex:" + key.public_key().public_bytes_raw().hex() for key in keys])


def test_a_key_that_a_signed_record_hands_over_to_is_trusted_from_then_on(tmp_path: Path) -> None:
    records = obsigna_receipts(8, hand_over=3)
    for keys in ((SIGNER,), (SIGNER, OTHER), (OTHER, SIGNER)):
        result = verified(tmp_path, records, *keys)
        assert (result.verdict, result.verified, result.signed) == ("INTACT-UNANCHORED", 8, 8)


def test_the_new_key_alone_does_not_vouch_for_what_was_before(tmp_path: Path) -> None:
    result = verified(tmp_path, obsigna_receipts(8, hand_over=3), OTHER)
    assert kinds(result) == [("bad-signature", number) for number in (1, 2, 3, 4)]


def test_the_old_key_signs_nothing_after_it_was_handed_over(tmp_path: Path) -> None:
    """Records as who stole the old key would write them: those of a log that never changed its key, behind it."""
    records = obsigna_receipts(8, hand_over=3)
    for record, stolen in zip(records[4:], obsigna_receipts(8)[4:], strict=True):
        record["proof"]["proofValue"] = stolen["proof"]["proofValue"]
    assert kinds(verified(tmp_path, records, SIGNER)) == [("bad-signature", number) for number in (5, 6, 7, 8)]


def test_a_record_that_does_not_fit_hands_nothing_over(tmp_path: Path) -> None:
    records = obsigna_receipts(8, hand_over=3)
    records[3]["proof"]["proofValue"] = "u" + b64url(b"\0" * 64)
    found = kinds(verified(tmp_path, records, SIGNER))
    assert found == [("bad-signature", number) for number in (4, 5, 6, 7, 8)]


@pytest.mark.parametrize("name", ["trailproof", "agt-file-sink", "zeroclaw", "ai-audit-trail"])
def test_signatures_that_were_all_taken_off_leave_no_green_verdict(name: str, tmp_path: Path) -> None:
    log = WRITERS[name](5)
    signed = log.file(tmp_path, name="signed")
    for value in ("", None, ABSENT):
        for record in log.records:
            record.pop("signature", None)
            if value is not ABSENT:
                record["signature"] = value
        path = log.file(tmp_path)
        result = one(path, key=log.keys)
        assert (result.verdict, kinds(result)) == ("UNVERIFIABLE", [])
        assert "a key was given, and no record is signed" in result.not_checked[0]
        assert one(path).verdict == "INTACT-UNANCHORED"
        # The key is for the log beside it: nothing says that this one was ever signed.
        verdicts = {result.path: result.verdict for result in report(path, signed, key=log.keys).results}
        assert verdicts[str(signed)] == verdicts[str(path)] == "INTACT-UNANCHORED"


def test_a_key_of_another_kind_may_be_for_something_else(tmp_path: Path) -> None:
    """A writer that signs only if asked and seals its checkpoints: bytes may be that seal's key, a PEM file may not."""
    log = WRITERS["auditchain"](5)
    path = log.file(tmp_path)
    assert one(path, key=["hex:" + "ab" * 32]).verdict == "INTACT-UNANCHORED"
    pem = tmp_path / "key.pem"
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    pem.write_bytes(SIGNER.public_key().public_bytes(*form))
    assert one(path, key=[str(pem)]).verdict == "UNVERIFIABLE"
