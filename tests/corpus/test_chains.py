"""Logs that real libraries wrote, and their tampered copies: each gets the verdict of the answer key beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.verify._run import kinds, one, report

CHAINS = Path(__file__).parents[3] / "shared" / "chains"
pytestmark = [pytest.mark.corpus, pytest.mark.skipif(not CHAINS.is_dir(), reason="the samples are not here")]

INTACT = "INTACT-UNANCHORED"
# file -> (profile, records); all are whole and untouched.
HONEST = {
    "autonomous-audit/audit.jsonl": ("autonomous-audit", 20),
    "autonomous-audit/other_run.jsonl": ("autonomous-audit", 10),
    "agentproofchain/agent.log": ("agentproofchain", 20),
    "witnesskit/evidence.json": ("witnesskit", 20),
    "witnesskit/entries.jsonl": ("witnesskit", 20),
    "auditchain/plain.jsonl": ("auditchain", 20),
    "auditchain/hmac.jsonl": ("auditchain-hmac", 20),
    "signet-auth/audit/2026-11-23.jsonl": ("signet", 20),
    "agent-governance-toolkit-core/audit.jsonl": ("agt-file-sink", 20),
    "agent-governance-toolkit-core/auditlog_entries.jsonl": ("agt-audit-log", 20),
    "agent-governance-toolkit-core/rotating.jsonl": ("agt-file-sink", 4),
    "agent-governance-toolkit-core/rotating.20261123112743.jsonl": ("agt-file-sink", 4),
    "agent-governance-toolkit-core/rotating.20261123112744.jsonl": ("agt-file-sink", 4),
    "agent-governance-toolkit-core/rotating.20261123112745.jsonl": ("agt-file-sink", 4),
}
KEYS = {
    "agentproofchain": "agentproofchain/pubkey.b64",
    "witnesskit": "witnesskit/pubkey.b64",
    "auditchain": "auditchain/TEST_ONLY_seal_key.hex",
    "signet-auth": "signet-auth/pubkey.txt",
    "agent-governance-toolkit-core": "agent-governance-toolkit-core/TEST_ONLY_hmac_key.hex",
}
TAMPERED = {
    "edit": "edited",
    "delete": "deleted",
    "insert_dup": "inserted",
    "reorder": "reordered",
    "drop_head": "truncated-head",
}


def key_of(path: str) -> list[str]:
    name = KEYS.get(path.partition("/")[0])
    return [str(CHAINS / name)] if name else []


@pytest.mark.parametrize("path", HONEST)
def test_an_untouched_log_is_intact(path: str) -> None:
    profile, records = HONEST[path]
    result = one(CHAINS / path, key=key_of(path))
    assert (result.verdict, result.profile, result.records, result.checked) == (INTACT, profile, records, records)
    assert result.signed == result.verified
    assert (result.signed > 0) == (
        path.partition("/")[0] in KEYS and profile not in ("auditchain", "auditchain-hmac", "agt-audit-log")
    )


def tampered() -> list[str]:
    files = [*CHAINS.glob("*/tampered_*.*"), *CHAINS.glob("signet-auth/tampered_*/*.jsonl")] if CHAINS.is_dir() else []
    return sorted(path.relative_to(CHAINS).as_posix() for path in files)


@pytest.mark.parametrize("path", [path for path in tampered() if "truncate_tail" not in path])
def test_a_tampered_copy_is_broken(path: str) -> None:
    name = path.rpartition("tampered_")[2].partition(".")[0].partition("/")[0]
    name = name.removeprefix("plain_").removeprefix("hmac_")
    results = report(CHAINS / path, key=key_of(path)).results
    broken = [result for result in results if result.verdict == "BROKEN"]
    if name in TAMPERED:
        assert broken, path
        assert TAMPERED[name] in {kind for result in broken for kind, _ in kinds(result)}
    elif name in ("splice_concatenated", "splice_other_file_mid", "whole_rewrite_other_key"):
        assert broken, path
    else:  # only what is known from outside can show these
        assert not broken, path
        assert name in (
            "whole_rewrite", "delete_and_rechain", "truncate_and_regrow", "rollback_to_12", "fork_branch_b",
            "whole_session_removed", "edit_uncovered_field",
        )  # fmt: skip


@pytest.mark.parametrize("path", [path for path in tampered() if "truncate_tail" in path])
def test_a_cut_end_shows_against_what_is_known(path: str) -> None:
    results = report(CHAINS / path, key=key_of(path)).results
    assert {result.verdict for result in results} == {INTACT}
    assert all(any("no anchor: the end may be cut" in text for text in result.not_checked) for result in results)
    if len(results) == 1:
        assert [kind for kind, _ in kinds(one(CHAINS / path, key=key_of(path), count=20))] == ["truncated-tail"]


@pytest.mark.parametrize(
    "name", ["whole_rewrite", "delete_and_rechain", "truncate_and_regrow", "rollback_to_12", "fork_branch_b"]
)
def test_what_only_the_head_shows(name: str) -> None:
    folder = CHAINS / "autonomous-audit"
    head = one(folder / "audit.jsonl").head
    assert one(folder / "audit.jsonl", head=head, count=20).verdict == "INTACT"
    assert one(folder / f"tampered_{name}.jsonl", head=head, count=20).verdict == "BROKEN"
    assert one(folder / f"tampered_{name}.jsonl", head=head).verdict == "BROKEN"


def test_a_fork_is_seen_when_both_files_are_given() -> None:
    folder = CHAINS / "autonomous-audit"
    results = report(folder / "audit.jsonl", folder / "tampered_fork_branch_b.jsonl").results
    assert [[kind for kind, _ in kinds(result)] for result in results] == [["forked"], ["forked"]]


@pytest.mark.parametrize("kind", ["plain", "hmac"])
def test_a_checkpoint_is_an_anchor(kind: str) -> None:
    folder = CHAINS / "auditchain"
    key = key_of("auditchain/")
    anchor = [folder / f"{kind}.checkpoint.json"]
    assert one(folder / f"{kind}.jsonl", key=key, anchor=anchor).verdict == "INTACT"
    cut = one(folder / f"tampered_{kind}_truncate_tail.jsonl", key=key, anchor=anchor)
    assert [kind for kind, _ in kinds(cut)] == ["truncated-tail"]


def test_a_file_with_a_head_is_an_anchor() -> None:
    folder = CHAINS / "witnesskit"
    assert one(folder / "evidence.json", anchor=[folder / "head.txt"]).verdict == "INTACT"
    assert one(folder / "tampered_truncate_tail.json", anchor=[folder / "head.txt"]).verdict == "BROKEN"
    rewritten = folder / "tampered_whole_rewrite_other_key.json"
    assert one(rewritten).verdict == INTACT
    assert one(rewritten, key=key_of("witnesskit/")).verdict == "BROKEN"


def test_events_whose_hash_is_over_other_bytes_are_unverifiable() -> None:
    result = one(CHAINS / "agent-governance-toolkit-core" / "cloudevents.jsonl")
    assert (result.verdict, result.records, result.checked) == ("UNVERIFIABLE", 20, 0)
    assert {"sandbox_id", "environment", "compute_driver"} == set(
        one(
            CHAINS / "agent-governance-toolkit-core" / "audit.jsonl", key=key_of("agent-governance-toolkit-core/")
        ).uncovered_fields
    )


def test_sessions_are_chains_of_their_own() -> None:
    results = report(CHAINS / "verityledger" / "verityledger_log.jsonl").results
    assert [(result.chain, result.records, result.verdict) for result in results] == [
        ("sess-A", 15, INTACT), ("sess-B", 9, INTACT)
    ]  # fmt: skip
    removed = one(CHAINS / "verityledger" / "tampered_whole_session_removed.jsonl")
    assert (removed.verdict, removed.chain) == (INTACT, "sess-A")
    assert any("leaves no trace" in text for text in removed.not_checked)


def test_merkle_roots_beside_the_logs_are_anchors() -> None:
    folder = CHAINS / "agent-governance-toolkit-core"
    assert one(folder / "auditlog_entries.jsonl", anchor=[folder / "merkle_root.txt"]).verdict == "INTACT"
    key = key_of("auditchain/")
    for kind in ("plain", "hmac"):
        root = [CHAINS / "auditchain" / f"{kind}.merkle_root"]
        assert one(CHAINS / "auditchain" / f"{kind}.jsonl", key=key, anchor=root).verdict == "INTACT"
        cut = one(CHAINS / "auditchain" / f"tampered_{kind}_truncate_tail.jsonl", key=key, anchor=root)
        assert cut.verdict == "BROKEN"
