"""Made-up fleets with mixtures of faults: what the benchmark measures on thousands of runs holds on some hundreds."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import _content_faults  # noqa: F401 - registers its faults
import pytest
from _faults import FAULTS, spoil
from _judge import Tally, compare, judge
from _producers import FAMILIES, family

from auditrail.gaps.terms import CAUSES
from auditrail.report.types import Gap

RUNS = 160
BAR = 0.95
MIXTURES = {
    "agents_sdk": ("crash", "redaction-member", "export-cut"),
    "cloudwatch": ("crash", "policy-denied", "redaction-whole", "sampling-head-declared"),
    "langfuse": ("redaction-opa", "truncation-marker", "duplicate-conflict"),
    "runtime": ("redaction-collector", "truncation-count", "policy-bypassed"),
    "structlog": ("sampling-head", "hashing", "crash"),
}
REACHED = ("crash", "duplicate-conflict", "export-cut", "policy-missing", "redaction", "sampling", "truncation")


@pytest.fixture(scope="module")
def tallies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tally]:
    made: dict[str, Tally] = defaultdict(Tally)
    for name in FAMILIES:
        fleet = family(name).fleet(RUNS, seed=11)
        assert spoil(fleet, MIXTURES[name], seed=11)
        for cause, tally in judge(fleet, tmp_path_factory.mktemp(name)).tallies.items():
            made[cause].add(tally)
    return made


@pytest.mark.parametrize("cause", REACHED)
def test_a_cause_is_told(cause: str, tallies: dict[str, Tally]) -> None:
    assert tallies[cause].true
    assert tallies[cause].precision >= BAR
    assert tallies[cause].recall >= BAR


# What was once told wrongly or not at all: a family, a fault, and the seed of a small fleet that shows it.
MENDED = (
    ("langfuse", "clock-window", 1),  # the stream in the middle is off, and not its partners
    ("langfuse", "logging-stopped", 1),  # nothing names the agent but the stream that stopped
    ("langfuse", "policy-bypassed", 2),  # no log tells that calls are carried out
    ("runtime", "logging-stopped", 1),  # a caller without a log, and the run that it called
)


@pytest.mark.parametrize(("name", "fault", "seed"), MENDED)
def test_a_fault_alone_is_told_and_no_other_cause(name: str, fault: str, seed: int, tmp_path: Path) -> None:
    fleet = family(name).fleet(300, seed)
    assert spoil(fleet, [fault], seed)
    verdict = judge(fleet, tmp_path)
    assert {cause for cause, tally in verdict.tallies.items() if tally.true} == {
        cause for cause, tally in verdict.tallies.items() if tally.found
    }
    for tally in verdict.tallies.values():
        assert tally.precision >= BAR
        assert tally.recall >= BAR


@pytest.mark.parametrize("name", FAMILIES)
def test_an_intact_fleet_is_read_whole(name: str, tmp_path: Path) -> None:
    fleet = family(name).fleet(60, seed=5)
    assert fleet.truth() == []
    verdict = judge(fleet, tmp_path)
    assert verdict.quarantined == 0
    assert verdict.unknown_runs == []


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_takes_something_where_it_can(fault: str) -> None:
    done = []
    for name in FAMILIES:
        fleet = family(name).fleet(80, seed=3)
        if spoil(fleet, [fault], seed=3):
            done.append({item.cause for item in fleet.truth()})
    assert set().union(*done) <= set(CAUSES)
    assert any(len(causes) == 1 for causes in done)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        fleet = family("langfuse").fleet(30, seed=2)
        spoil(fleet, ("lost", "redaction-opa", "crash"), seed=2)
        fleet.write(tmp_path / folder)
    files = [sorted((tmp_path / folder).iterdir()) for folder in ("a", "b")]
    assert [path.name for path in files[0]] == [path.name for path in files[1]]
    assert [path.read_bytes() for path in files[0]] == [path.read_bytes() for path in files[1]]


def test_what_a_fault_took_before_another_acts_counts_for_the_first() -> None:
    fleet = family("runtime").fleet(40, seed=4)
    spoil(fleet, ("sampling-head",), seed=4)
    before = {(item.run.number, item.cause) for item in fleet.truth()}
    for record in fleet.records:
        record.lose("outage")
    assert fleet.truth() == []
    assert before
    assert {cause for _, cause in before} == {"sampling"}


def test_pairs_are_judged_by_run_and_cause() -> None:
    fleet = family("runtime").fleet(40, seed=4)
    first, second, third = fleet.runs[:3]
    next(record for record in fleet.records if record.run is first).lose("lost", "policy-missing")
    next(record for record in fleet.records if record.run is second).lose("outage")

    def gap(cause: str, *runs: str) -> Gap:
        return Gap("a-rule", cause, "high", "strong", "", "", "", runs=runs)

    verdict = compare([gap("policy-missing", first.id), gap("lost", second.trace, third.id, "nobody")], fleet)
    assert verdict.unknown_runs == ["nobody"]
    assert verdict.tallies["policy-missing"] == Tally(found=1, right=1)
    assert verdict.tallies["lost"] == Tally(found=3, right=0, true=1, met=1)
    assert verdict.tallies["outage"] == Tally(true=1)
    assert sorted((item.kind, item.cause, item.run) for item in verdict.wrong) == sorted(
        [
            ("false", "lost", second.id),
            ("false", "lost", third.id),
            ("false", "lost", "nobody"),
            ("missed", "outage", second.id),
        ]
    )
