"""What is in order must not look like tampering: rotation, two writers, crashes, line ends, very short logs."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.verify._run import kinds, one, remarks, report
from tests.verify._writers import WRITERS, Record, js, other, sha, sorted_compact

LINES = sorted(name for name in WRITERS if WRITERS[name](1).suffix in (".jsonl", ".log"))
# Formats whose lines are like those of others: what is cut off their last line is cut off those.
ALIKE = ("acta-draft", "acta-draft-base64url", "acta-payload", "acta-receipts-unsigned", "dcp-ai-v2", "traceseal-flat")


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_a_log_of_one_record(name: str, tmp_path: Path) -> None:
    log = WRITERS[name](1)
    result = one(log.file(tmp_path), key=log.keys)
    assert kinds(result) == []
    # Where only the next record would hold its hash, and nothing is signed, nothing is checked.
    unchecked = not log.own and not log.keys
    assert result.verdict in (("UNVERIFIABLE", "NOT-CHAINED") if unchecked else ("INTACT-UNANCHORED",)), result


@pytest.mark.parametrize("data", [b"", b"\n", b"[]", b"\xef\xbb\xbf", b"  \n\n"])
def test_a_log_of_no_records_is_not_intact_and_not_broken(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_bytes(data)
    for profile in (None, "autonomous-audit"):
        done = report(path, profile=profile)
        assert [result.verdict for result in done.results] == ["NOT-CHAINED"] or done.results[
            0
        ].verdict == "UNVERIFIABLE"
        assert done.exit_code == 4


@pytest.mark.parametrize("name", LINES)
def test_line_ends_marks_and_compression_change_nothing(name: str, tmp_path: Path) -> None:
    if name == "raw-line":
        pytest.skip("its hashes are over the lines as they stand")
    log = WRITERS[name](6)
    data = log.write(log.records)
    variants = {
        "crlf": data.replace(b"\n", b"\r\n"),
        "bom": b"\xef\xbb\xbf" + data,
        "no-newline": data.rstrip(b"\n"),
        "blank": data.replace(b"\n", b"\n\n"),
        "gzip": gzip.compress(data),
    }
    for variant, changed in variants.items():
        path = tmp_path / f"{variant}.jsonl"
        path.write_bytes(changed)
        result = one(path, key=log.keys)
        assert (result.verdict, result.records, kinds(result)) == ("INTACT-UNANCHORED", 6, []), (variant, result)


@pytest.mark.parametrize("name", [name for name in LINES if name not in ALIKE])
def test_a_torn_last_line_is_a_crash(name: str, tmp_path: Path) -> None:
    log = WRITERS[name](6)
    data = log.write(log.records)
    start = data.rstrip(b"\n").rindex(b"\n") + 1
    path = tmp_path / "torn.jsonl"
    for cut in range(start + 1, len(data) - 1):
        path.write_bytes(data[:cut])
        result = one(path, key=log.keys)
        assert (result.verdict, result.records, remarks(result)[-1:]) == ("INTACT-UNANCHORED", 5, ["torn-tail"]) or (
            # The weak hash of some formats is a remark behind it.
            result.verdict == "INTACT-UNANCHORED" and "torn-tail" in remarks(result)
        ), (cut, result)


def test_a_damaged_last_line_that_is_ended_is_no_crash(tmp_path: Path) -> None:
    log = WRITERS["autonomous-audit"](6)
    data = log.write(log.records)
    path = tmp_path / "log.jsonl"
    path.write_bytes(data[:-20] + b"\n")
    assert [kind for kind, _ in kinds(one(path))] == ["unparsable"]
    path.write_bytes(data[:-1] + b"}")
    assert [kind for kind, _ in kinds(one(path))] == ["unparsable"]


@pytest.mark.parametrize("name", ["autonomous-audit", "auditchain", "agt-file-sink", "oxios"])
def test_two_writers_at_once_are_no_attack(name: str, tmp_path: Path) -> None:
    """Each with a chain of its own, and both behind the same record."""
    one_log, two_log = WRITERS[name](8), other(name, 8)
    mixed = [record for pair in zip(one_log.records, two_log.records, strict=True) for record in pair]
    result = one(one_log.file(tmp_path, mixed), key=one_log.keys)
    assert (result.verdict, remarks(result), kinds(result)) == ("INTACT-UNANCHORED", ["forked"], [])
    branch = other(name, 8, since=3).records[3:]
    mixed = [*one_log.records[:3], *(r for pair in zip(one_log.records[3:], branch, strict=True) for r in pair)]
    result = one(one_log.file(tmp_path, mixed), key=one_log.keys)
    assert (result.verdict, remarks(result), kinds(result)) == ("INTACT-UNANCHORED", ["forked"], [])
    assert result.records == 13


def test_files_that_were_rotated_with_a_chain_each(tmp_path: Path) -> None:
    log = WRITERS["agt-file-sink"](4)
    later = other("agt-file-sink", 4)
    paths = log.file(tmp_path, name="a.20261123112743"), later.file(tmp_path, name="a")
    results = report(*paths, key=log.keys).results
    assert [(result.verdict, result.defects) for result in results] == [("INTACT-UNANCHORED", ())] * 2
    assert all(any("whole files were removed" in text for text in result.not_checked) for result in results)


@pytest.mark.parametrize("name", ["signet", "zeroclaw", "agentproofs"])
def test_a_chain_that_runs_on_from_file_to_file(name: str, tmp_path: Path) -> None:
    log = WRITERS[name](9)
    # By their names they would be in another order than by their links.
    paths = [
        log.file(tmp_path, log.records[start : start + 3], name=stem)
        for start, stem in ((0, "audit.2"), (3, "audit.1"), (6, "audit"))
    ]
    result = one(tmp_path, key=log.keys)
    assert (result.verdict, result.records, kinds(result)) == ("INTACT-UNANCHORED", 9, [])
    seams = [defect for defect in result.defects if defect.kind == "rotation-seam"]
    assert len(seams) == 2
    assert all(seam.expected == seam.found for seam in seams)
    assert [Path(path).stem for path in result.segments] == ["audit.2", "audit.1", "audit"]
    paths[1].unlink()
    result = one(tmp_path, key=log.keys)
    assert [kind for kind, _ in kinds(result)] == ["missing-file"]


def test_a_part_of_a_chain_goes_on_from_a_result_that_was_saved(tmp_path: Path) -> None:
    log = WRITERS["signet"](9)
    first, second = log.file(tmp_path, log.records[:5], name="a"), log.file(tmp_path, log.records[5:], name="b")
    anchor = tmp_path / "head.txt"
    anchor.write_text(one(first).head or "")
    assert [kind for kind, _ in kinds(one(second))] == ["truncated-head"]
    result = report(first, second, anchor=[anchor]).results
    assert [item.verdict for item in result] == ["INTACT"]


def test_z_against_an_offset(tmp_path: Path) -> None:
    log = WRITERS["agt-audit-log"](5)
    records = [{**record, "timestamp": record["timestamp"].replace("Z", "+00:00")} for record in log.records]
    for written in (log.records, records):
        assert one(log.file(tmp_path, written)).verdict == "INTACT-UNANCHORED"


def test_the_oldest_entries_that_a_writer_drops_by_itself(tmp_path: Path) -> None:
    log = WRITERS["agt-claude-code"](10_005)
    result = one(log.file(tmp_path, log.records[5:]))
    assert (result.verdict, kinds(result), remarks(result)) == ("INTACT-UNANCHORED", [], ["truncated-head"])
    assert [kind for kind, _ in kinds(one(log.file(tmp_path, log.records[6:])))] == ["truncated-head"]


def test_lines_and_arrays_hold_the_same_records(tmp_path: Path) -> None:
    log = WRITERS["autonomous-audit"](5)
    path = tmp_path / "log.json"
    for data in (log.records, {"exported": "now", "entries": log.records}):
        for indent in (None, 2):
            path.write_text(json.dumps(data, indent=indent))
            assert (one(path).verdict, one(path).records) == ("INTACT-UNANCHORED", 5)


def rolled(count: int, kept: int) -> dict[str, Any]:
    """An AGT log of `count` entries of which the newest are kept, with the hash that the first of them follows."""
    records = WRITERS["agt-claude-code"](count).records
    return {"seamHash": records[-kept - 1]["hash"], "entries": records[-kept:]}


def test_a_log_that_was_rolled_over_begins_at_its_seam(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    made = rolled(12, 8)
    path.write_text(json.dumps(made, indent=2))
    result = one(path)
    assert (result.verdict, result.profile, remarks(result)) == (
        "INTACT-UNANCHORED",
        "agt-claude-code",
        ["truncated-head"],
    )
    assert "evicts beyond 10,000 only" in result.defects[0].note
    for change in ({"entries": made["entries"][2:]}, {"seamHash": "1" * 64}):
        path.write_text(json.dumps({**made, **change}))
        assert kinds(one(path)) == [("truncated-head", 1)]
    path.write_text(json.dumps(made["entries"]))
    assert kinds(one(path)) == [("truncated-head", 1)]


def test_a_form_that_only_a_later_record_tells_from_its_twin(tmp_path: Path) -> None:
    """Python and JavaScript write the same entries until a number comes that they write differently."""
    for name in ("dcp-ai", "dcp-ai-js"):
        records: list[Record] = []
        for number in range(70):
            entry = {**WRITERS["dcp-ai"](1).records[0], "intent_id": f"i-{number}", "evidence": {"small": number}}
            if number == 66:
                entry["evidence"]["small"] = 1e-7
            if records:
                last = records[-1]
                entry["prev_hash"] = sha(sorted_compact(last) if name == "dcp-ai" else js(last))
            records.append(entry)
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        result = one(path)
        assert (result.verdict, result.profile) == ("INTACT-UNANCHORED", name)


@pytest.mark.parametrize("name", ["aat-06", "obsigna", "dcp-ai", "acta-draft", "arcaeon-ledger", "aegis", "signet"])
def test_a_log_that_was_turned_round_is_recognised(name: str, tmp_path: Path) -> None:
    log = WRITERS[name](10)
    result = one(log.file(tmp_path, log.records[::-1]), key=log.keys)
    assert (result.verdict, result.profile) == ("BROKEN", log.profile)
