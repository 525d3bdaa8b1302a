"""The search for the profile of an unknown log: what it finds verifies the log, and is a profile a user can keep."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditrail.verify import evidence, infer, keys
from auditrail.verify.evidence import Call
from auditrail.verify.profile import load
from tests.verify import _attacks as attacks
from tests.verify._run import one
from tests.verify._writers import WRITERS

FOUND = (
    "autonomous-audit", "verityledger", "witnesskit", "arcaeon-ledger", "ai-audit-trail", "agt-claude-code", "agt-rust",
    "signet", "zeroclaw", "agent-scroll", "idprova", "oxios", "icebox", "raw-line", "dcp-ai", "ujex", "agentproofchain",
)  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_a_profile_is_found_and_works(name: str, tmp_path: Path) -> None:
    log = WRITERS[name](8)
    path = log.file(tmp_path)
    found = infer.infer(evidence.look(path, str(path), path.stat().st_size), Call(keys.Keyring()))
    assert found is not None
    file = tmp_path / "found.toml"
    file.write_text(infer.toml(found))
    assert load(file).digest == found.digest
    assert one(path, profile=str(file)).verdict == "INTACT-UNANCHORED"
    assert one(log.file(tmp_path, attacks.delete(log), name="cut"), profile=str(file)).verdict == "BROKEN"


def test_a_log_whose_hashes_mean_nothing_gives_no_profile(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text("".join(f'{{"n":{n},"prev":"{n:064x}","hash":"{n + 1:064x}"}}\n' for n in range(4)))
    assert infer.infer(evidence.look(path, "log", path.stat().st_size), Call(keys.Keyring())) is None
