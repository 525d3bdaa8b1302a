"""The quick way over clean logs against the walk: the same results, and never intact where the walk is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditrail.verify import fast
from auditrail.verify.kinds import profile_chain
from tests.verify import _attacks as attacks
from tests.verify._run import one, report
from tests.verify._writers import WRITERS

NAMES = sorted(
    name for name, make in WRITERS.items() if (log := make(2)).own and log.prev and log.suffix in (".jsonl", ".log")
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the quick way take any file, in stretches of some records."""
    monkeypatch.setattr(fast, "LEAST", 1)
    monkeypatch.setattr(fast, "_STRETCH", 1500)


@pytest.fixture
def walks(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each file was walked the quick way."""
    made: list[bool] = []
    original = fast.walk

    def walk(*args: object) -> object:
        found = original(*args)  # type: ignore[arg-type]
        made.append(found is not None)
        return found

    monkeypatch.setattr(fast, "walk", walk)
    return made


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("processes", [1, 2])
def test_a_clean_log_gets_the_same_result(
    name: str, processes: int, small: None, walks: list[bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name in ("signet", "agentwatch-aat"):
        pytest.skip("its fields are inner ones: see below")
    log = WRITERS[name](40)
    path = log.file(tmp_path)
    head = one(path, key=log.keys).head
    calls = ({}, {"head": head}, {"count": 40}, {"head": head, "count": 40})
    quick = [one(path, key=log.keys, processes=processes, **known) for known in calls]
    assert walks
    assert all(walks)
    monkeypatch.setattr(fast, "LEAST", 1 << 40)
    assert quick == [one(path, key=log.keys, **known) for known in calls]


@pytest.mark.parametrize("name", NAMES)
def test_what_was_done_to_a_log_is_told_as_the_walk_tells_it(
    name: str, small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = WRITERS[name](12)
    paths = {attack: log.file(tmp_path, made(log), name=attack) for attack, made in attacks.CAUGHT.items()}
    quick = {attack: report(path, key=log.keys).results for attack, path in paths.items()}
    monkeypatch.setattr(fast, "LEAST", 1 << 40)
    for attack, path in paths.items():
        assert quick[attack] == report(path, key=log.keys).results
        assert quick[attack][0].verdict == "BROKEN"


def test_a_key_that_stands_twice_is_seen_though_the_hash_fits(small: None, tmp_path: Path) -> None:
    """The line's own bytes give the hash; what the parser dropped is in them all the same."""
    import hashlib

    prev, lines = "0" * 64, []
    for number in range(5):
        body = f'{{"a":{number},"a":{number + 1},"data":"x","event_type":"e","id":"i","previous_hash":"{prev}"'
        body += ',"session_id":"s","timestamp":1.5'
        prev = hashlib.sha256(f"{body}}}".encode()).hexdigest()
        lines.append(f'{body},"hash":"{prev}"}}')
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(lines) + "\n")
    result = one(path, profile="verityledger")
    assert result.verdict == "BROKEN"
    assert "duplicate-key" in {defect.kind for defect in result.defects}


def test_a_profile_of_one_file_is_not_taken_the_quick_way_where_it_can_not(tmp_path: Path) -> None:
    assert profile_chain.NAME == "profile-chain"
    log = WRITERS["witnesskit"](3)
    path = tmp_path / "log.json"
    path.write_text(json.dumps(log.records))
    assert one(path, key=log.keys).verdict == "INTACT-UNANCHORED"
