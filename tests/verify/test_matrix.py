"""Each attack on a log of each format: what the formats' hashes can show is found, and told for what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.verify import _attacks as attacks
from tests.verify._run import kinds, one, report
from tests.verify._writers import WRITERS, Log, other

# Signed one by one and not chained: what is missing or moved leaves no trace, and the limits of the profile say so.
UNCHAINED = ("protect-mcp", "protect-mcp-envelope", "acta-decision", "traceseal", "traceseal-flat")
CHAINED = sorted(set(WRITERS) - set(UNCHAINED))
# Rows of a table have no order but that of their index, so none can be moved.
TABLES = ("merkle-audit", "auditchain-sqlite", "auditchain-sqlite-hmac", "agt-flight-recorder", "obsigna-store")
NOT_MOVED = {(name, attack) for name in TABLES for attack in ("reorder", "move_far")}
# Sealed with HMAC: without their keys nothing can be checked.
KEYED = ("auditchain-hmac", "auditchain-sqlite-hmac")
COUNT = 10

# What each attack is told as. `deleted` or `edited`, where a format has no numbers: both leave the same trace.
TOLD = {
    "edit": {"edited", "bad-signature", "deleted"},
    "delete": {"deleted", "edited"},
    "delete_several": {"deleted", "edited"},
    "insert_copy": {"inserted"},
    "insert_old_copy": {"inserted"},
    "reorder": {"reordered"},
    "move_far": {"reordered"},
    "drop_head": {"truncated-head", "edited"},
    "edit_with_hash": {"edited", "deleted", "bad-signature"},
}


@pytest.fixture(scope="module")
def logs() -> dict[str, Log]:
    return {name: make(COUNT) for name, make in WRITERS.items()}


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_an_honest_log_is_intact_and_recognised(name: str, logs: dict[str, Log], tmp_path: Path) -> None:
    log = logs[name]
    result = one(log.file(tmp_path), key=log.keys)
    assert (result.verdict, result.profile, result.records) == ("INTACT-UNANCHORED", log.profile, COUNT)
    assert kinds(result) == []
    # The last record of a format without hashes of their own is checked by its signature alone, if at all.
    assert result.checked == COUNT
    if log.keys and name not in KEYED:
        assert (result.signed, result.verified) == (COUNT, COUNT)


@pytest.mark.parametrize("name", CHAINED)
@pytest.mark.parametrize("attack", sorted(attacks.CAUGHT))
def test_what_a_chain_can_show_is_found(name: str, attack: str, logs: dict[str, Log], tmp_path: Path) -> None:
    if (name, attack) in NOT_MOVED:
        pytest.skip("nothing is changed")
    log = logs[name]
    path = log.file(tmp_path, attacks.CAUGHT[attack](log))
    for key in [[], log.keys] if log.keys and name not in KEYED else [log.keys]:
        result = one(path, key=key)
        assert result.verdict == "BROKEN", result
        assert {kind for kind, _ in kinds(result)} & TOLD[attack]
        assert all(defect.note for defect in result.defects)


@pytest.mark.parametrize("name", UNCHAINED)
def test_signed_records_without_a_chain_show_edits_and_say_what_they_do_not_show(
    name: str, logs: dict[str, Log], tmp_path: Path
) -> None:
    log = logs[name]
    assert one(log.file(tmp_path, attacks.edit(log)), key=log.keys).verdict == "BROKEN"
    result = one(log.file(tmp_path, attacks.delete(log)), key=log.keys)
    assert result.verdict == "INTACT-UNANCHORED"
    assert any("leaves no trace" in sentence for sentence in result.not_checked)


@pytest.mark.parametrize("name", sorted(name for name in WRITERS if WRITERS[name](2).own))
def test_a_hash_or_a_link_that_was_changed_is_found(name: str, logs: dict[str, Log], tmp_path: Path) -> None:
    log = logs[name]
    result = one(log.file(tmp_path, attacks.edit_hash(log)), key=log.keys)
    assert ("edited", attacks.AT + 1) in kinds(result)
    if log.prev:
        result = one(log.file(tmp_path, attacks.edit_link(log)), key=log.keys)
        assert result.verdict == "BROKEN"


@pytest.mark.parametrize("name", sorted(attacks.SIGNED))
def test_a_signature_that_was_dropped_is_found(name: str, logs: dict[str, Log], tmp_path: Path) -> None:
    log = logs[name]
    path = log.file(tmp_path, attacks.strip_signature(log))
    for key in ([], log.keys):
        assert ("unsigned", attacks.AT + 1) in kinds(one(path, key=key))


@pytest.mark.parametrize("name", CHAINED)
def test_a_cut_end_shows_against_an_anchor_only(name: str, logs: dict[str, Log], tmp_path: Path) -> None:
    log = logs[name]
    whole = one(log.file(tmp_path, name="whole"), key=log.keys)
    cut = log.file(tmp_path, attacks.truncate_tail(log), name="cut")
    unanchored = one(cut, key=log.keys)
    assert unanchored.verdict == "INTACT-UNANCHORED"
    assert any(sentence.startswith("no anchor: the end may be cut") for sentence in unanchored.not_checked)
    for known in ({"head": whole.head}, {"count": COUNT}, {"head": whole.head, "count": COUNT}):
        assert [kind for kind, _ in kinds(one(cut, key=log.keys, **known))] == ["truncated-tail"]
    anchored = one(log.file(tmp_path, name="whole"), key=log.keys, head=whole.head, count=COUNT)
    assert (anchored.verdict, anchored.anchor is not None) == ("INTACT", True)


@pytest.mark.parametrize("name", CHAINED)
def test_a_log_that_was_written_anew_shows_against_an_anchor_only(
    name: str, logs: dict[str, Log], tmp_path: Path
) -> None:
    log = logs[name]
    whole = one(log.file(tmp_path, name="whole"), key=log.keys)
    # An attacker with all the means of the writer: the same format, other events.
    anew = log.file(tmp_path, other(name, COUNT).records, name="anew")
    assert one(anew, key=log.keys).verdict == "INTACT-UNANCHORED"
    assert one(anew, key=log.keys, count=COUNT).verdict == "INTACT-UNANCHORED"
    assert one(anew, key=log.keys, head=whole.head).verdict == "BROKEN"
    (defect,) = [d for d in one(anew, key=log.keys, head=whole.head, count=COUNT).defects if d.breaks]
    assert (defect.kind, defect.expected) == ("rewritten", whole.head)


@pytest.mark.parametrize("name", CHAINED)
def test_two_files_that_fork_are_seen_when_both_are_given(name: str, logs: dict[str, Log], tmp_path: Path) -> None:
    log = logs[name]
    first = log.file(tmp_path, name="a")
    second = log.file(tmp_path, other(name, COUNT - 2, since=5).records, name="b")
    assert {one(path, key=log.keys).verdict for path in (first, second)} == {"INTACT-UNANCHORED"}
    # Where no hash of its own is stored, the first record that differs is the first that names another one.
    for result in report(first, second, key=log.keys).results:
        assert [kind for kind, _ in kinds(result)] == ["forked"]
        assert kinds(result)[0][1] == 6


@pytest.mark.parametrize("name", ["autonomous-audit", "aat-06"])
def test_an_earlier_state_of_a_log_is_no_fork(name: str, logs: dict[str, Log], tmp_path: Path) -> None:
    log = logs[name]
    paths = log.file(tmp_path, name="a"), log.file(tmp_path, log.records[:6], name="b")
    results = report(*paths, key=log.keys).results
    assert [result.verdict for result in results] == ["INTACT-UNANCHORED"] * 2
    assert any("an earlier state" in note for note in results[1].notes)
