"""Chains that break while they are written: "chain-broken"."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditrail.seal.log import SealedLog
from tests.watch._harness import Watch

CHAINS = Path(__file__).parents[3] / "shared" / "chains"
OFF = {"rules": {"stream-silent": {"enabled": False}}}


def written(path: Path, count: int, begin: int = 0, **more: int) -> list[bytes]:
    with SealedLog(path, log_id="test", fsync="never", clock=lambda: 1_788_257_979_000_000_000, **more) as log:
        for number in range(begin, begin + count):
            log.append({"event": "step", "n": number})
    return path.read_bytes().splitlines(keepends=True)


def test_an_honest_chain_says_nothing_through_rotation_and_restart(tmp_path: Path) -> None:
    folder, state = tmp_path / "logs", tmp_path / "state"
    folder.mkdir()
    path = folder / "audit.jsonl"
    watch = Watch(folder, OFF, state=state)
    written(path, 10)
    watch.run()
    written(path, 30, 10, max_bytes=3000)
    watch.run()
    assert len(list(folder.glob("audit.0*.jsonl"))) > 1
    watch.end()
    watch.engine.close(1)
    written(path, 10, 40)
    again = Watch(folder, OFF, state=state)
    again.run()
    again.wait(60)
    assert [*watch.rules(), *again.rules()] == []


@pytest.mark.parametrize("attack", ["edit", "delete", "insert"])
def test_an_attack_is_told_at_its_record(tmp_path: Path, attack: str) -> None:
    honest = written(tmp_path / "made.jsonl", 20)
    folder = tmp_path / "logs"
    folder.mkdir()
    path = folder / "audit.jsonl"
    path.write_bytes(b"".join(honest[:10]))
    watch = Watch(folder, OFF)
    assert watch.run() == []
    rest = honest[10:]
    if attack == "edit":
        rest[2] = rest[2].replace(b'"n":11', b'"n":99')
    elif attack == "delete":
        del rest[2]
    else:
        forged = json.loads(rest[2])
        forged["prev"] = "0" * 64
        rest.insert(2, json.dumps(forged, separators=(",", ":"), sort_keys=True).encode() + b"\n")
    with path.open("ab") as out:
        out.write(b"".join(rest))
    watch.run()
    assert set(watch.rules()) == {"chain-broken"}
    first = watch.handed[0]
    assert (first["severity"], first["values"]["profile"], first["values"]["record"]) == (
        "critical",
        "auditrail-sealed",
        13,
    )


def test_a_log_with_ids_that_look_like_hashes_is_no_chain(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [
        json.dumps(
            {"ts": f"2026-09-01T10:00:{n:02d}Z", "event": "x", "hash": f"{n:064x}", "prev_hash": f"{n * 7:064x}"}
        )
        for n in range(40)
    ]
    path.write_text("\n".join(rows) + "\n")
    watch = Watch(tmp_path, OFF)
    assert watch.run() == []


# What only an anchor or a key shows is not for a watch: heads and tails that are gone, whole rewrites.
ATTACKS = {
    "agent-governance-toolkit-core/tampered_delete.jsonl": ("link", 9),
    "agentproofchain/tampered_edit.log": ("edited", 9),
    "auditchain/tampered_plain_insert_dup.jsonl": ("link", 10),
    "autonomous-audit/tampered_splice_concatenated.jsonl": ("begin", 21),
    "verityledger/tampered_edit.jsonl": ("edited", 11),
    "agent-governance-toolkit-core/audit.jsonl": None,
    "agentproofchain/agent.log": None,
    "auditchain/plain.jsonl": None,
    "autonomous-audit/audit.jsonl": None,
    "verityledger/verityledger_log.jsonl": None,
    "witnesskit/entries.jsonl": None,
}


@pytest.mark.corpus
@pytest.mark.skipif(not CHAINS.is_dir(), reason="the chains are not here")
@pytest.mark.parametrize("name", ATTACKS)
def test_chains_of_real_writers(name: str) -> None:
    path = CHAINS / name
    watch = Watch(path.parent, OFF, paths=(path,), live=False)
    watch.run()
    watch.end()
    told = [(one["values"]["kind"], one["values"]["record"]) for one in watch.handed if one["rule"] == "chain-broken"]
    expected = ATTACKS[name]
    assert told[:1] == ([] if expected is None else [expected])
    watch.engine.follower.close()
