"""Digests of CloudTrail: what AWS's own validator tells apart, and more."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from auditrail.verify import keys as keyrings
from auditrail.verify.anchors import Anchor
from auditrail.verify.evidence import Call, look
from auditrail.verify.kinds import cloudtrail
from auditrail.verify.kinds._cloudtrail_digest import REQUIRED
from auditrail.verify.types import BROKEN, INTACT, UNANCHORED, UNVERIFIABLE, Result
from tests.verify.kinds._trail import Trail, public_keys, rewrite, rsa_key

SAMPLES = Path(__file__).parents[4] / "shared" / "chains" / "cloudtrail-digest"


def verified(folder: Path, keys: Path | None, *anchors: Anchor) -> list[Result]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    items = [look(path, str(path), path.stat().st_size) for path in paths]
    given = keyrings.load([str(keys)] if keys else [])
    call = Call(given, anchors)
    claims = [(item, cloudtrail.claim(item, items, call)) for item in items]
    own = [item for item, claim in claims if claim and not claim.companion]
    return cloudtrail.verify(own, [item for item, claim in claims if claim and claim.companion], call)


@pytest.fixture
def trail(tmp_path: Path) -> Trail:
    made = Trail(tmp_path / "evidence", rsa_key())
    for hour, logs in ((6, 2), (7, 1), (8, 0), (9, 2)):
        made.hour(hour, logs)
    (tmp_path / "keys.json").write_text(json.dumps(public_keys(rsa_key())))
    return made


def judged(trail: Trail, *anchors: Anchor, keys: bool = True) -> Result:
    (result,) = verified(trail.folder, trail.folder.parent / "keys.json" if keys else None, *anchors)
    return result


def kinds(result: Result, *, breaking: bool = True) -> list[str]:
    return [defect.kind for defect in result.defects if defect.breaks or not breaking]


def test_an_untouched_trail_is_intact_but_for_its_end(trail: Trail) -> None:
    result = judged(trail)
    assert (result.verdict, result.records, result.checked, result.defects) == (UNANCHORED, 9, 9, ())
    assert (result.signed, result.verified) == (4, 4)
    assert any("no anchor" in sentence for sentence in result.not_checked)


def test_an_anchor_makes_it_intact_and_tells_of_a_removed_end(trail: Trail) -> None:
    head = judged(trail).head
    assert judged(trail, Anchor("saved", head, exact=True)).verdict == INTACT
    trail.digests[-1].unlink()
    result = judged(trail, Anchor("saved", head, exact=True))
    assert (result.verdict, kinds(result)) == (BROKEN, ["truncated-tail"])
    assert [d.kind for d in result.defects if not d.breaks] == ["inserted", "inserted"]


def test_no_log_files_in_an_hour_is_no_defect(tmp_path: Path) -> None:
    trail = Trail(tmp_path / "evidence", rsa_key())
    (tmp_path / "keys.json").write_text(json.dumps(public_keys(rsa_key())))
    for hour in range(3):
        trail.hour(hour, 0)
    assert judged(trail).verdict == UNANCHORED


def test_an_edited_log_file(trail: Trail) -> None:
    trail.logs[0][1].write_bytes(gzip.compress(b'{"Records":[]}'))
    result = judged(trail)
    assert (result.verdict, kinds(result)) == (BROKEN, ["edited"])
    assert result.defects[0].path == str(trail.logs[0][1])
    assert result.defects[0].expected != result.defects[0].found


def test_a_deleted_log_file(trail: Trail) -> None:
    trail.logs[1][0].unlink()
    assert kinds(judged(trail)) == ["missing-file"]


def test_a_second_gzip_member_behind_a_log(trail: Trail) -> None:
    path = trail.logs[0][0]
    path.write_bytes(path.read_bytes() + gzip.compress(b'{"Records":[{"eventID":"forged"}]}'))
    result = judged(trail)
    assert (result.verdict, kinds(result)) == (BROKEN, ["inserted"])


def test_a_log_that_stops_in_the_middle(trail: Trail) -> None:
    path = trail.logs[0][0]
    path.write_bytes(path.read_bytes()[:-6])
    assert kinds(judged(trail)) == ["edited"]


def test_a_log_that_was_unpacked_is_the_same_log(trail: Trail) -> None:
    path = trail.logs[0][0]
    path.write_bytes(gzip.decompress(path.read_bytes()))
    assert judged(trail).verdict == UNANCHORED


def test_logs_that_were_unpacked_and_lost_their_ending_are_found(trail: Trail) -> None:
    for path in [log for logs in trail.logs for log in logs]:
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    result = judged(trail)
    assert (result.verdict, result.defects) == (UNANCHORED, ())


def test_a_log_that_no_digest_lists_is_named(trail: Trail) -> None:
    other = trail.logs[0][0].with_name(trail.logs[0][0].name.replace("_x0", "_forged"))
    other.write_bytes(gzip.compress(b'{"Records":[]}'))
    result = judged(trail)
    assert result.verdict == UNANCHORED
    assert [(d.kind, d.breaks, d.path) for d in result.defects] == [("inserted", False, str(other))]


def test_an_edited_digest_breaks_its_signature_and_the_hash_behind_it(trail: Trail) -> None:
    rewrite(trail.digests[1], logFiles=[])
    assert {"bad-signature", "edited"} <= set(kinds(judged(trail)))


def test_a_removed_digest_is_named(trail: Trail) -> None:
    trail.digests[1].unlink()
    result = judged(trail)
    assert kinds(result) == ["missing-file"]
    assert result.defects[0].expected is not None
    assert result.defects[0].expected.endswith(trail.digests[1].name)


def test_a_first_digest_that_is_not_here_is_no_break(trail: Trail) -> None:
    trail.digests[0].unlink()
    for log in trail.logs[0]:
        log.unlink()
    result = judged(trail)
    assert result.verdict == UNANCHORED
    assert [(d.kind, d.breaks) for d in result.defects] == [("truncated-head", False)]


def test_a_digest_that_was_copied_over_another(trail: Trail) -> None:
    shutil.copy(trail.digests[0], trail.digests[2])
    shutil.copy(f"{trail.digests[0]}.metadata.json", f"{trail.digests[2]}.metadata.json")
    assert "spliced" in kinds(judged(trail))


def test_a_digest_that_was_moved_to_another_folder(trail: Trail) -> None:
    digest = trail.digests[3]
    moved = digest.parent.parent / "02" / digest.name
    moved.parent.mkdir()
    digest.rename(moved)
    Path(f"{digest}.metadata.json").rename(f"{moved}.metadata.json")
    assert kinds(judged(trail)) == ["spliced"]


@pytest.mark.parametrize("name", ["digest-of-nine.json.gz", "copy of digest"])
def test_a_digest_under_a_name_of_ones_own_was_not_moved_for_all_one_knows(trail: Trail, name: str) -> None:
    digest = trail.digests[3]
    digest.rename(digest.with_name(name))
    Path(f"{digest}.metadata.json").rename(digest.with_name(f"{name}.metadata.json"))
    result = judged(trail)
    assert (result.verdict, kinds(result)) == (UNANCHORED, [])
    assert any("whether it lies where it was made" in note for note in result.not_checked)


def test_a_digest_that_was_unpacked_was_not_moved(trail: Trail) -> None:
    digest = trail.digests[3]
    digest.with_suffix("").write_bytes(gzip.decompress(digest.read_bytes()))
    digest.unlink()
    Path(f"{digest}.metadata.json").rename(f"{digest.with_suffix('')}.metadata.json")
    result = judged(trail)
    assert (result.verdict, kinds(result)) == (UNANCHORED, [])


def test_files_that_were_put_into_one_folder_are_found(trail: Trail, tmp_path: Path) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in trail.folder.rglob("*"):
        if path.is_file():
            shutil.copy(path, flat / path.name)
    (result,) = verified(flat, tmp_path / "keys.json")
    assert (result.verdict, result.checked) == (UNANCHORED, 9)


def test_signatures_are_found_in_the_digest_behind(trail: Trail) -> None:
    for digest in trail.digests[:-1]:
        Path(f"{digest}.metadata.json").unlink()
    assert judged(trail).verified == 4


def test_the_newest_digest_without_its_signature_is_not_checked(trail: Trail) -> None:
    Path(f"{trail.digests[-1]}.metadata.json").unlink()
    result = judged(trail)
    assert (result.verdict, result.verified, result.head) == (UNANCHORED, 3, None)
    assert any("signature is not here" in sentence for sentence in result.not_checked)


def test_an_answer_of_head_object_holds_the_signature(trail: Trail) -> None:
    path = Path(f"{trail.digests[-1]}.metadata.json")
    inner = json.loads(path.read_text())
    path.write_text(json.dumps({"LastModified": "2026-06-01T10:05:00Z", "ContentLength": 5, "Metadata": inner}))
    assert judged(trail).verified == 4


def test_a_swapped_previous_signature(tmp_path: Path) -> None:
    trail = Trail(tmp_path / "evidence", rsa_key())
    (tmp_path / "keys.json").write_text(json.dumps(public_keys(rsa_key())))
    trail.hour(1)
    trail.hour(2, previousDigestSignature="00" * 256)
    assert kinds(judged(trail)) == ["bad-signature"]


def test_without_the_public_key_nothing_is_green(trail: Trail) -> None:
    result = judged(trail, keys=False)
    assert result.verdict == UNVERIFIABLE
    assert any("list-public-keys" in sentence for sentence in result.not_checked)
    trail.logs[0][0].write_bytes(gzip.compress(b"{}"))
    assert judged(trail, keys=False).verdict == BROKEN


def test_a_digest_signed_by_another(trail: Trail) -> None:
    stranger = Trail(trail.folder, rsa_key(1), previous=trail.previous)
    own = public_keys(rsa_key())["PublicKeyList"][0]["Fingerprint"]
    stranger.hour(10, digestPublicKeyFingerprint=own)
    assert kinds(judged(trail)) == ["bad-signature"]


def test_a_key_that_was_not_valid_yet_is_a_remark(trail: Trail) -> None:
    late = public_keys(rsa_key(), start="2026-06-01T08:30:00Z")
    (trail.folder.parent / "keys.json").write_text(json.dumps(late))
    result = judged(trail)
    assert result.verdict == UNANCHORED
    assert kinds(result, breaking=False) == ["key-change", "key-change"]


def test_a_time_without_digests(tmp_path: Path) -> None:
    trail = Trail(tmp_path / "evidence", rsa_key())
    (tmp_path / "keys.json").write_text(json.dumps(public_keys(rsa_key())))
    trail.hour(1)
    trail.previous = None
    trail.hour(5)
    result = judged(trail)
    assert result.verdict == UNANCHORED
    assert any("no digest covers" in sentence for sentence in result.not_checked)


def test_backfill_digests_are_a_chain_of_their_own(trail: Trail) -> None:
    late = Trail(trail.folder, rsa_key(), suffix="_backfill")
    late.hour(11, 0)
    late.hour(12, 0)
    results = verified(trail.folder, trail.folder.parent / "keys.json")
    assert [(r.verdict, (r.chain or "").rpartition("/")[2]) for r in results] == [
        (UNANCHORED, "agents"),
        (UNANCHORED, "backfill"),
    ]


def test_another_bucket_from_some_hour_on(trail: Trail) -> None:
    trail.bucket = "evidence-2"
    trail.hour(10)
    assert judged(trail).verdict == UNANCHORED


@pytest.mark.parametrize("member", REQUIRED)
def test_a_digest_without_a_required_member(trail: Trail, member: str) -> None:
    path = trail.digests[1]
    value = json.loads(gzip.decompress(path.read_bytes()))
    del value[member]
    path.write_bytes(gzip.compress(json.dumps(value | {"logFiles": []}).encode()))
    results = verified(trail.folder, trail.folder.parent / "keys.json")
    assert any(result.verdict == BROKEN for result in results)


def test_a_member_that_stands_twice(trail: Trail) -> None:
    path = trail.digests[1]
    text = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(text.replace(b'{"awsAccountId"', b'{"logFiles": [], "awsAccountId"', 1)))
    results = verified(trail.folder, trail.folder.parent / "keys.json")
    assert any(defect.kind == "duplicate-key" for result in results for defect in result.defects)


@pytest.mark.parametrize("hostile", [b"", b"{", b"\x00\xff", b'{"digestS3Object":1,"digestEndTime":[]}', b"[" * 5000])
def test_hostile_digests_never_raise_and_are_never_intact(trail: Trail, hostile: bytes) -> None:
    trail.digests[1].write_bytes(hostile)
    results = verified(trail.folder, trail.folder.parent / "keys.json")
    assert any(result.verdict == BROKEN for result in results)


def test_every_byte_of_a_digest_counts(tmp_path: Path) -> None:
    trail = Trail(tmp_path / "evidence", rsa_key())
    (tmp_path / "keys.json").write_text(json.dumps(public_keys(rsa_key())))
    path = trail.hour(1, 1)
    text = gzip.decompress(path.read_bytes())
    for place in range(0, len(text), 7):
        path.write_bytes(text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :])
        results = verified(trail.folder, tmp_path / "keys.json")
        assert all(result.verdict in (BROKEN, UNVERIFIABLE) for result in results), place


@pytest.mark.parametrize(
    ("folder", "verdict", "found"),
    [
        ("audit-bucket", UNANCHORED, []),
        ("tampered_log_edited", BROKEN, ["edited"]),
        ("tampered_log_removed", BROKEN, ["missing-file"]),
        ("tampered_digest_removed", BROKEN, ["missing-file"]),
        ("tampered_last_digest_removed", UNANCHORED, []),
    ],
)
@pytest.mark.corpus
def test_real_digests(folder: str, verdict: str, found: list[Any]) -> None:
    if not SAMPLES.is_dir():
        pytest.skip("the shared samples are not here")
    (result,) = verified(SAMPLES / folder, SAMPLES / "list-public-keys.json")
    assert (result.verdict, kinds(result)) == (verdict, found)
