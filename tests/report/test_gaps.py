"""The gaps report: period, waivers, baseline, inventory and frameworks around what the rules found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auditrail import times
from auditrail.errors import UsageError
from auditrail.gaps.engine import Question
from auditrail.gaps.settings import GapSettings, Waiver
from auditrail.outputs._gaps import document
from auditrail.report import baseline, inventory
from auditrail.report.gap_types import GapsReport, Period
from auditrail.report.gaps import Judging, gaps
from tests.gaps._case import loaded


def lines(folder: Path, runs: int = 6, *, crashed: tuple[int, ...] = (2, 4), agent: str = "refunds") -> Path:
    """Runs a day apart from 2026-08-01 on; the crashed ones have no end."""
    rows: list[dict[str, Any]] = []
    for number in range(runs):
        base = {"run_id": f"run-{number}", "agent": agent, "service": "agent"}
        day = f"2026-08-{number + 1:02d}T10:00"
        rows.append({"timestamp": f"{day}:00Z", "event": "run_started", **base})
        call = {"tool": "t", "tool_call_id": f"c{number}", **base}
        rows.append({"timestamp": f"{day}:01Z", "event": "tool_call_started", "args": {"id": number}, **call})
        rows.append({"timestamp": f"{day}:02Z", "event": "tool_call_finished", "result": {"ok": True}, **call})
        if number not in crashed:
            rows.append({"timestamp": f"{day}:03Z", "event": "run_finished", "status": "ok", **base})
    folder.mkdir(exist_ok=True)
    (folder / "agent.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def report(folder: Path, question: Question | None = None, **judging: Any) -> GapsReport:
    with loaded(folder) as connection:
        return gaps(connection, question, Judging(**judging))


def runs_of(made: GapsReport) -> list[str]:
    return sorted(run for gap in made.gaps if gap.rule == "run-without-end" for run in gap.runs)


def waiver(until: str, **where: str) -> GapSettings:
    return GapSettings(waivers=(Waiver("on purpose", until, tuple(where.items())),))


def day(text: str) -> int:
    moment = times.parse(text)
    assert moment is not None
    return moment.ns


def test_a_period_keeps_runs_that_began_in_it(tmp_path: Path) -> None:
    period = Period(day("2026-08-04"), day("2026-08-06"), "two days", "because")
    made = report(lines(tmp_path / "logs"), period=period)
    assert made.period is not None
    assert (made.period, made.runs_seen, made.runs_expected) == (period, 2, 2)
    assert runs_of(made) == ["run-4"]
    assert made.runs_complete == 1
    assert "two days: because" in made.notes
    assert "2 of the 6 runs of the case began in two days" in made.notes
    (late,) = [
        note for note in report(tmp_path / "logs", period=Period(None, day("2026-08-03"), "x")).notes if "began" in note
    ]
    assert late.startswith("2 of the 6")


def test_only_the_covered_part_of_a_finding_is_waived(tmp_path: Path) -> None:
    made = report(lines(tmp_path / "logs"), settings=waiver("2026-12-31", rule="run-without-end", run="run-2"))
    assert runs_of(made) == ["run-4"]
    (waived,) = made.waived
    assert (waived.gap.runs, waived.reason, waived.until, waived.expired) == (
        ("run-2",), "on purpose", "2026-12-31", False,
    )  # fmt: skip
    assert made.runs_complete == 4, "what is accepted is missing all the same"


def test_an_expired_waiver_waives_nothing_and_is_told(tmp_path: Path) -> None:
    folder = lines(tmp_path / "logs")
    made = report(folder, settings=waiver("2026-08-05", agent="ref*"))
    assert runs_of(made) == ["run-2", "run-4"]
    assert [each.expired for each in made.waived] == [True]
    assert any("ended on 2026-08-05" in note and "on purpose" in note for note in made.notes)
    # Its last day is the last day that is looked at: the evidence ends on the 6th.
    assert runs_of(report(folder, settings=waiver("2026-08-06", agent="ref*"))) == []
    early = Period(None, day("2026-08-05"), "before", "")
    assert runs_of(report(folder, period=early, settings=waiver("2026-08-05", agent="ref*"))) == []


def test_a_waiver_that_meets_nothing_is_told(tmp_path: Path) -> None:
    made = report(lines(tmp_path / "logs"), settings=waiver("2026-12-31", agent="REF*"))
    assert runs_of(made) == ["run-2", "run-4"]
    assert any("meets no finding" in note for note in made.notes)


def test_a_baseline_leaves_what_is_new(tmp_path: Path) -> None:
    before = tmp_path / "before.json"
    folder = lines(tmp_path / "logs")
    first = report(folder)
    before.write_text(json.dumps(document(first)))
    known = baseline.read(before)
    again = report(folder, baseline=known)
    assert (again.gaps, again.known) == ((), len(first.gaps))
    grown = report(lines(tmp_path / "logs", crashed=(1, 2, 4)), baseline=known)
    assert runs_of(grown) == ["run-1", "run-2", "run-4"]
    assert grown.known == 0


def test_an_inventory_names_runs_that_nothing_holds(tmp_path: Path) -> None:
    listed = tmp_path / "expected.csv"
    listed.write_text(
        "run_id,agent,started\nrun-1,refunds,2026-08-02T10:00:00Z\nrun-9,refunds,2026-08-03T10:00:00Z\n"
        "run-8,refunds,2026-09-09T10:00:00Z\nrun-7,,\n"
    )
    expected = inventory.read(listed)
    made = report(lines(tmp_path / "logs"), expected=expected)
    found = {run: gap for gap in made.gaps if gap.rule == "run-not-held" for run in gap.runs}
    assert set(found) == {"run-9", "run-8", "run-7"}
    assert "after the last record" in found["run-8"].title
    assert found["run-9"].evidence[0][:2] == (str(listed), 3)
    assert (made.runs_expected, made.runs_seen) == (9, 6)
    (agent,) = [row for row in made.coverage if row.layer == "agent"]
    assert (agent.runs_expected, agent.runs_seen) == (8, 6)
    assert str(listed) in agent.expected_from
    assert any(cell.day == "2026-09-09" and cell.runs_seen == 0 for cell in made.days)
    assert f"the inventory {listed} lists 4 run(s) by run_id, and 1 of them are held" in made.notes
    august = Period(None, day("2026-09-01"), "august", "")
    limited = report(tmp_path / "logs", period=august, expected=expected)
    assert {run for gap in limited.gaps if gap.rule == "run-not-held" for run in gap.runs} == {"run-9", "run-7"}
    assert limited.runs_expected == 8


def test_an_inventory_of_another_kind_of_id_is_weak(tmp_path: Path) -> None:
    listed = tmp_path / "expected.csv"
    listed.write_text("id\njob-1\njob-2\n")
    made = report(lines(tmp_path / "logs"), expected=inventory.read(listed))
    (found,) = [gap for gap in made.gaps if gap.rule == "run-not-held"]
    assert (found.confidence, found.agent) == ("weak", None)
    assert "another kind" in found.title


def test_frameworks_come_from_the_question_and_the_settings(tmp_path: Path) -> None:
    folder = lines(tmp_path / "logs")
    every = report(folder)
    assert {"eu-ai-act", "pci-dss", "sox"} <= {row.framework for row in every.retention}
    assert all(row.required_days for row in every.retention)
    assert every.fields == ()
    made = report(folder, require=("soc2",), settings=GapSettings(require=("PCI DSS",)))
    assert {row.framework for row in made.retention} == {"pci-dss"}
    assert {row.framework for row in made.fields} == {"soc2", "pci-dss"}
    with pytest.raises(UsageError, match="no framework"):
        report(folder, require=("none",))


def test_an_empty_case_answers(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    made = report(tmp_path / "logs", require=("pci",), settings=waiver("2026-01-01", agent="x"))
    assert (made.gaps, made.coverage, made.estimates, made.runs_seen, made.held) == ((), (), (), 0, (None, None))
    assert document(made)["schema"] == "auditrail.gaps/1"


def test_the_same_evidence_gives_the_same_report(tmp_path: Path) -> None:
    folder = lines(tmp_path / "logs", 30, crashed=(3, 9))
    assert document(report(folder)) == document(report(folder))
