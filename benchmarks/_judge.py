"""Compares what `auditrail gaps` says with the truth, over pairs of (run, cause)."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from _streams import Fleet, Missing

from auditrail import case
from auditrail.correlate.settle import settle
from auditrail.gaps.engine import Question
from auditrail.gaps.terms import CAUSES, SEVERITIES
from auditrail.ingest.inputs import expand
from auditrail.ingest.load import Loader
from auditrail.report.gaps import gaps
from auditrail.report.types import Gap


@dataclass
class Tally:
    """Counts of pairs for one cause."""

    found: int = 0
    right: int = 0
    true: int = 0
    met: int = 0

    def add(self, other: Tally) -> None:
        self.found += other.found
        self.right += other.right
        self.true += other.true
        self.met += other.met

    @property
    def precision(self) -> float:
        """1 where nothing was found."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """1 where there was nothing to find."""
        return self.met / self.true if self.true else 1.0


class Wrong(NamedTuple):
    """A pair that is wrong or was missed, with the rules that spoke of the run and, if missed, the records touched."""

    kind: str  # false or missed
    cause: str
    run: str
    said: tuple[str, ...]


@dataclass
class Verdict:
    """How well one fleet was judged; `alarms` are the findings of severity medium or above."""

    tallies: dict[str, Tally]
    wrong: list[Wrong]
    alarms: list[Gap]
    seconds: float
    unknown_runs: list[str] = field(default_factory=list)
    quarantined: int = 0


@contextmanager
def loaded(folder: Path) -> Iterator[Any]:
    """A case in memory that holds every file of the folder, put together."""
    connection = case.memory_case()
    try:
        Loader(connection).load_all(expand(sorted(path for path in folder.rglob("*") if path.is_file())))
        settle(connection)
        yield connection
    finally:
        connection.close()


def judge(fleet: Fleet, folder: Path) -> Verdict:
    """Writes the fleet into the folder, loads it, looks for gaps and compares."""
    fleet.write(folder)
    with loaded(folder) as connection:
        quarantined = case.count(connection, "SELECT count(*) FROM quarantine")
        start = time.perf_counter()
        found = gaps(connection, Question()).gaps
        seconds = time.perf_counter() - start
    verdict = compare(found, fleet)
    verdict.seconds, verdict.quarantined = seconds, quarantined
    return verdict


def compare(found: Iterable[Gap], fleet: Fleet) -> Verdict:
    """Judges findings against the truth of the fleet."""
    found = list(found)
    names = _names(fleet)
    pairs: dict[tuple[int, str], set[str]] = defaultdict(set)
    unknown: dict[tuple[str, str], set[str]] = defaultdict(set)
    for gap in found:
        for run in gap.runs:
            if run in names:
                pairs[names[run], gap.cause].add(gap.rule)
            else:
                unknown[run, gap.cause].add(gap.rule)
    truth = fleet.truth()
    right = {(item.run.number, cause) for item in truth for cause in item.right}
    said: dict[int, set[str]] = defaultdict(set)
    for (number, cause), rules in pairs.items():
        said[number].update(f"{rule}:{cause}" for rule in rules)
    tallies = {cause: Tally() for cause in CAUSES}
    wrong = []
    shown = {run.number: run.id for run in fleet.runs}
    for (number, cause), rules in sorted(pairs.items()):
        tallies[cause].found += 1
        if (number, cause) in right:
            tallies[cause].right += 1
        else:
            wrong.append(Wrong("false", cause, shown[number], (*sorted(rules), *_true(truth, number))))
    for (run, cause), rules in sorted(unknown.items()):
        tallies[cause].found += 1
        wrong.append(Wrong("false", cause, run, (*sorted(rules), "(no such run)")))
    for item in (item for item in truth if item.asked):
        tallies[item.cause].true += 1
        if any((item.run.number, cause) in pairs for cause in item.right):
            tallies[item.cause].met += 1
        else:
            said_of = [f"{stream}:{kind} is touched" for stream, kind in item.touched]
            wrong.append(Wrong("missed", item.cause, item.run.id, (*sorted(said[item.run.number]), *said_of)))
    alarms = [gap for gap in found if SEVERITIES.index(gap.severity) <= SEVERITIES.index("medium")]
    return Verdict(tallies, wrong, alarms, 0.0, sorted({run for run, _ in unknown}))


def _true(truth: list[Missing], number: int) -> list[str]:
    return [f"(true: {item.cause})" for item in truth if item.run.number == number]


def _names(fleet: Fleet) -> dict[str, int]:
    """Id -> number of the run; ids that several runs have name none."""
    held: Counter[str] = Counter(name for run in fleet.runs for name in run.names)
    return {name: run.number for run in fleet.runs for name in run.names if held[name] == 1}
