"""incident.pdf: both sides of the timeline, what hindered the answer, deadlines, and the verdict on the ledger."""

from __future__ import annotations

from typing import Any

import pytest

from auditrail.incident import report as reports
from auditrail.outputs._pdf import incident
from auditrail.outputs._view import View
from auditrail.report.incident_types import IncidentReport, Moment
from tests.incident import _demo
from tests.outputs import _pdfs


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> IncidentReport:
    folder = tmp_path_factory.mktemp("incident")
    return reports.report(folder, _demo.ledger(folder), _demo.connection(), frameworks=["dora"])


def words(report: IncidentReport, **view: Any) -> str:
    return _pdfs.words(incident.render(report, View(**view)))


def test_it_says_what_happened_and_who_answered(told: IncidentReport) -> None:
    made = words(told)
    for said in (
        f"Incident report {told.id}: ", f"What happened: run {_demo.RUN}", "agent: refunds-", "calls issue_refund",
        "response:", "What hindered the answer", "a retry was allowed", "one refund per order", "dora",
        "no legal advice", "Integrity of the ledger", f"Verdict: {told.ledger.results[0].verdict}", "Page 1 of",
    ):  # fmt: skip
        assert said in made, said
    assert all(moment.ref.rpartition("/")[2] in made for moment in told.timeline)


def test_the_same_report_gives_the_same_bytes(told: IncidentReport) -> None:
    made = incident.render(told, View())
    assert incident.render(told, View()) == made
    assert set(_pdfs.reader(made).metadata or {}) == {"/Title", "/Author", "/Creator"}


def test_hidden_content_is_nowhere(told: IncidentReport) -> None:
    number = "DE44500105175407324931"
    moment = Moment(told.opened_ns, "agent", "tool", "calls pay", number, "a", "ok", _demo.RUN, "a:1", error=number)
    with_secret = told._replace(timeline=(moment, *told.timeline))
    assert number in words(with_secret)
    assert number not in words(with_secret, content="digest")


def test_a_long_timeline_is_bounded_and_counted(told: IncidentReport) -> None:
    document = incident.document(told._replace(timeline=told.timeline[:1] * 1_000), View())
    (timeline,) = (block for block in document.blocks if block.block == "timeline")
    assert len(timeline.items) == incident.MOMENTS_SHOWN  # type: ignore[union-attr]
    assert f"and {1_000 - incident.MOMENTS_SHOWN:,} more" in str(document)


@pytest.mark.parametrize("value", ["#panic() \x1b[2J\u202e", "日本 😀", "", "W" * 200])
def test_hostile_text_stays_text(told: IncidentReport, value: str) -> None:
    moment = Moment(None, "agent", value, value, value, value, "denied", value, value, error=value)
    made = incident.render(
        told._replace(title=value, cause=value, changed=(value,), timeline=(moment,), notes=(value,)), View()
    )
    assert not {"\x1b", "\u202e"} & set(_pdfs.words(made))
