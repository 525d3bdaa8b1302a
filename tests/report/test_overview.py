"""The overview: its parts count the same runs, and say what `gaps` and `reconstruct` say."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from auditrail import __version__
from auditrail.gaps.engine import Question
from auditrail.outputs import _overview
from auditrail.report import lookup, overview_runs
from auditrail.report.gap_types import Period
from auditrail.report.gaps import Judging
from auditrail.report.overview import _digest, overview
from auditrail.report.overview_types import Overview
from auditrail.report.reconstruction import reconstruct
from tests.gaps._case import loaded
from tests.report.test_gaps import day, lines

ROOT = Path(__file__).parents[2]
EVIDENCE = Path("fixtures/demo/evidence")
GOLDEN = Path(__file__).parent / "golden" / "overview-demo.json"


@pytest.fixture(scope="module")
def demo() -> Any:
    """The overview of the demo, and what `reconstruct` says of each of its runs."""
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        with loaded(EVIDENCE) as connection:
            made = overview(connection)
            return made, {run.id: reconstruct(connection, run.id) for run in made.runs}
    finally:
        os.chdir(before)


def asked(folder: Path, question: Question | None = None, **judging: Any) -> Overview:
    with loaded(folder) as connection:
        return overview(connection, question, Judging(**judging))


def test_the_parts_count_the_same_runs(demo: Any) -> None:
    made: Overview = demo[0]
    grades = Counter(run.grade for run in made.runs)
    for part in (made.agents, made.weeks, (made.totals,)):
        assert sum(row.runs for row in part) == len(made.runs) == 9
        for grade in ("complete", "partial", "fragment"):
            assert sum(getattr(row, grade) for row in part) == grades[grade]
    assert made.totals.events == sum(run.events for run in made.runs) == sum(row.events for row in made.layers)
    assert sum(row.findings for row in made.causes) == len(made.gaps.gaps)
    assert grades["complete"] == made.gaps.runs_complete


def test_a_run_is_told_as_reconstruct_tells_it(demo: Any) -> None:
    made, whole = demo
    worst = {"BROKEN": 0, "NOT-CHAINED": 1}
    for run in made.runs:
        told = whole[run.id]
        used = (told.usage.tokens_in, told.usage.tokens_out) if told.usage else (None, None)
        assert (run.tokens_in, run.tokens_out) == used
        assert run.score == told.completeness.score
        assert (run.events, run.status, run.agent, run.layers) == (
            len(told.events),
            told.status,
            told.agent,
            told.layers,
        )
        assert run.integrity == min((verdict for _, verdict in told.integrity), key=worst.__getitem__)


def test_a_run_lists_the_causes_of_the_findings_that_touch_it(demo: Any) -> None:
    made: Overview = demo[0]
    for run in made.runs:
        assert set(run.causes) == {gap.cause for gap in made.gaps.gaps if run.id in gap.runs}


def test_the_document_of_the_demo(demo: Any) -> None:
    text = "".join(_overview.encoded(demo[0])).replace(f'"{__version__}"', '"VERSION"')
    if os.environ.get("AUDITRAIL_UPDATE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(text)
    assert json.loads(text)["schema"] == "auditrail.report/1"
    assert text == GOLDEN.read_text()


def test_runs_weeks_and_agents_are_those_of_the_period(tmp_path: Path) -> None:
    period = Period(day("2026-08-03"), day("2026-08-05"), "two days")
    made = asked(lines(tmp_path / "logs", 12), period=period)
    assert [run.id for run in made.runs] == ["run-2", "run-3"]
    causes = tuple(gap.cause for gap in made.gaps.gaps if gap.rule == "run-without-end")
    assert [(run.grade, run.causes) for run in made.runs] == [("partial", causes), ("complete", ())]
    assert [(week.start, week.runs, week.partial) for week in made.weeks] == [("2026-08-03", 2, 1)]
    assert [(row.agent, row.runs) for row in made.agents] == [("refunds", 2)]
    assert made.totals.records == 12 * 4 - 2


def test_weeks_without_anything_stand_between_others(tmp_path: Path) -> None:
    folder = lines(tmp_path / "logs", 2, crashed=())
    log = folder / "agent.jsonl"
    log.write_text(log.read_text() + log.read_text().replace("2026-08-0", "2026-08-2").replace("run-", "late-"))
    made = asked(folder)
    assert [(week.start, week.runs) for week in made.weeks] == [
        ("2026-07-27", 2), ("2026-08-03", 0), ("2026-08-10", 0), ("2026-08-17", 2),
    ]  # fmt: skip


def test_a_question_about_runs_names_them(tmp_path: Path) -> None:
    with loaded(lines(tmp_path / "logs")) as connection:
        key = lookup.find(connection, "run-4").run
        made = overview(connection, Question(runs=(key,)))
    assert made.scope.runs == ("run-4",)
    assert [run.id for run in made.runs] == ["run-4"]


def test_an_empty_period_has_no_runs(tmp_path: Path) -> None:
    period = Period(day("2020-01-01"), day("2020-04-01"), "2020Q1")
    made = asked(lines(tmp_path / "logs"), period=period)
    assert (made.runs, made.agents, made.totals.runs, made.totals.unplaced) == ((), (), 0, 0)
    assert [source.records for source in made.sources] == [22]


def test_the_digest_names_the_evidence(demo: Any) -> None:
    sources = demo[0].sources
    assert _digest(sources) == _digest(sources[::-1]) == demo[0].digest
    assert _digest(sources[1:]) != demo[0].digest
    assert _digest((sources[0]._replace(blake3="00"), *sources[1:])) != demo[0].digest


def test_what_is_too_much_for_a_list_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview_runs, "COUNTED_EVENTS", -1)
    monkeypatch.setattr("auditrail.report.grading.GRADED_EVENTS", 1)
    made = asked(lines(tmp_path / "logs"))
    assert {run.score for run in made.runs} == {None}
    assert len(made.notes) == 2
