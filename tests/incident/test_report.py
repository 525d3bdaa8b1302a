"""The report of an incident: both sides on one axis, in every output, and nothing that was not there."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from auditrail.incident import report as reports
from auditrail.incident.state import IncidentNotFoundError
from auditrail.outputs import csv, html, jsonl, markdown, text
from auditrail.outputs import json as as_json
from auditrail.outputs._view import View
from auditrail.report.incident_types import IncidentReport
from auditrail.text import markdown_cell
from tests.incident import _demo


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> IncidentReport:
    folder = tmp_path_factory.mktemp("incident")
    name = _demo.ledger(folder)
    return reports.report(folder, name, _demo.connection(), frameworks=["dora"])


def test_it_tells_what_happened_and_who_answered(made: IncidentReport) -> None:
    (run,) = made.runs
    assert (run.id, run.agent, run.denied, run.missing) == (_demo.RUN, "refunds-agent", 1, "")
    assert any("decision deny: issue_refund" in sentence for sentence in run.story)
    assert (made.status, made.cause, made.changed) == ("closed", "a retry was allowed", ("one refund per order",))
    assert {gap.cause for gap in made.gaps} >= {"lost", "redaction"}
    assert [row.report for row in made.deadlines] == ["initial", "intermediate", "final"]


def test_both_sides_stand_on_one_axis(made: IncidentReport) -> None:
    times = [moment.at_ns for moment in made.timeline]
    assert times == sorted(times)
    assert [moment.kind for moment in made.timeline if moment.side == "response"] == ["open", "action", "close"]
    refunds = [
        moment for moment in made.timeline if moment.side == "agent" and moment.what.startswith("calls issue_refund")
    ]
    assert len(refunds) == 4
    assert all(moment.ref.partition(":")[2].isdecimal() for moment in made.timeline if moment.side == "response")


def test_without_a_case_it_says_what_it_cannot_say(tmp_path: Path) -> None:
    made = reports.report(tmp_path, _demo.ledger(tmp_path), None)
    assert made.runs[0].missing == "no case was given"
    assert any("no case" in sentence for sentence in made.not_checked)


def test_a_run_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    from auditrail.incident.ledger import Ledger

    with Ledger(tmp_path, operator="ada") as ledger:
        name, _ = ledger.open("t", ["no-such-run", _demo.RUN])
    made = reports.report(tmp_path, name, _demo.connection())
    assert [bool(run.missing) for run in made.runs] == [True, False]
    with pytest.raises(IncidentNotFoundError):
        reports.report(tmp_path, "INC-2026-0099", None)


def test_each_output_holds_it(made: IncidentReport) -> None:
    view = View(width=100)
    for module in (text, markdown, html, csv, jsonl, as_json):
        whole = "".join(module.render(made, view))
        assert "issue_refund" in whole.replace("\\", ""), module.NAME
        assert whole == "".join(module.render(made, view))
    document = json.loads("".join(as_json.render(made, view)))
    assert document["schema"] == "auditrail.incident/1"
    assert document["ledger"][0]["verdict"] == "INTACT-UNANCHORED"
    assert len(document["timeline"]) == len(made.timeline)


def test_hidden_content_is_in_no_output(made: IncidentReport) -> None:
    for module in (text, markdown, html, csv, jsonl, as_json):
        assert "XX00DEMO000042000042" in "".join(module.render(made, View(width=400, content="whole"))), module.NAME
        assert "XX00DEMO000042000042" not in "".join(module.render(made, View(width=400, content="digest"))), (
            module.NAME
        )


def test_the_report_of_the_demo_is_the_expected_one(made: IncidentReport) -> None:
    told = "".join(markdown.render(made, View(width=100))).replace(str(_demo.EVIDENCE), "evidence")
    told = told.replace(markdown_cell(str(_demo.EVIDENCE)), "evidence")
    golden = Path(__file__).parent / "golden" / "refund.md"
    if os.environ.get("AUDITRAIL_UPDATE_GOLDEN"):
        golden.write_text(told, "utf-8")
    assert told == golden.read_text("utf-8")
