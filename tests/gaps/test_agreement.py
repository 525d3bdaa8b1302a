"""What `auditrail reconstruct` says of one run and what the rules say of all runs agree, where both know a rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditrail.gaps import engine
from auditrail.gaps.rule import rules
from auditrail.report.reconstruction import reconstruct
from tests.corpus._samples import CORPUS
from tests.gaps._case import loaded

FIXTURES = Path(__file__).parents[2] / "fixtures"
KNOWN = frozenset({"missing-parent", "call-not-executed", "call-without-result", "run-without-end"})
# Where the rules know more than one run tells, each with the reason.
MORE_IS_KNOWN = {
    ("call-not-executed", "lookalike"): "no stream of these logs tells of any execution",
    ("call-without-result", "lookalike"): "the stream never tells how a call ended",
    ("run-without-end", "lookalike"): "the stream never tells how a run ended",
    ("call-without-result", "hit of records-switched-off"): "results stopped being written, which other runs show",
    ("run-without-end", "hit-lost"): "other runs show that the record of the end is gone, though the root span is held",
}
# Fixtures of other rules, which take what is missing for their own.
OF_FOLDER = {"records-switched-off": "call-without-result"}
FOLDERS = [FIXTURES / "demo" / "evidence", *sorted(path for path in (FIXTURES / "rules").glob("*/*") if path.is_dir())]
SAMPLES = sorted(path for path in CORPUS.iterdir() if path.is_dir()) if CORPUS.is_dir() else []


def agree(folder: Path) -> None:
    """Compares (rule, run) -> number of missing things, over all runs of a folder of logs."""
    with loaded(folder) as connection:
        told: dict[tuple[str, str], int] = {}
        ids = [row[0] for row in connection.execute("SELECT DISTINCT id FROM runs ORDER BY id").fetchall()]
        for run in ids:
            for gap in reconstruct(connection, run).gaps:
                if gap.rule in KNOWN and (gap.rule != "run-without-end" or gap.cause == "crash"):
                    told[gap.rule, run] = told.get((gap.rule, run), 0) + 1
        engine.find(connection, tuple(rules().values()), engine.Question())
        rows = connection.execute(
            "SELECT f.rule, r.id, count(*) FROM findings f JOIN runs r ON r.run = f.run GROUP BY f.rule, r.id"
        ).fetchall()
    found = {(rule, run): number for rule, run, number in rows if rule in KNOWN}
    rule = OF_FOLDER.get(folder.parent.name, folder.parent.name)
    place = folder.name if rule == folder.parent.name else f"{folder.name} of {folder.parent.name}"
    excused = {known for known, name in MORE_IS_KNOWN if (known, name) == (rule, place)}
    differing = {key for key in told.keys() | found.keys() if told.get(key) != found.get(key)}
    assert {key for key in differing if key[0] not in excused} == set()
    assert bool(differing) == bool(excused), "an excuse that is not needed any more"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_marks_and_rules_agree(folder: Path) -> None:
    agree(folder)


@pytest.mark.corpus
@pytest.mark.skipif(not SAMPLES, reason="the samples are not here")
@pytest.mark.parametrize("folder", SAMPLES, ids=lambda path: path.name)
def test_marks_and_rules_agree_on_real_samples(folder: Path) -> None:
    agree(folder)
