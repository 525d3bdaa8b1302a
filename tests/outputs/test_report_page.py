"""The page of a report as text: whole, the same each time, and no value of a log is more than text."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from auditrail.outputs import report_page
from auditrail.outputs._view import View
from auditrail.report.overview_types import Overview
from tests.outputs import _report_samples as samples
from tests.outputs.test_html import MARKUP, Elements


def page(report: Overview, **pages: Any) -> str:
    return "".join(report_page.render(report, View(), report_page.Pages(**pages)))


def data(made: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', made, re.DOTALL)
    assert found
    document: dict[str, Any] = json.loads(found.group(1))
    return document


@pytest.fixture(scope="module")
def quarter() -> str:
    return page(samples.quarter())


def test_the_page_holds_all_parts_and_each_link_has_its_target(quarter: str) -> None:
    elements = Elements(quarter).found
    ids = [a["id"] for _, a in elements if a.get("id")]
    assert len(ids) == len(set(ids))
    targets = {(a["href"] or "").lstrip("#") for tag, a in elements if tag == "a"}
    assert targets <= set(ids)
    assert {
        "coverage",
        "completeness",
        "trend",
        "gaps-by-cause",
        "retention",
        "runs",
        "findings",
        "integrity",
    } <= targets


def test_each_drawing_has_words_and_a_table(quarter: str) -> None:
    for drawing in re.findall(r'<section id="[\w-]+">\s*<h2>[^<]*</h2>\s*<figure.*?</section>', quarter, re.DOTALL):
        assert 'role="img"' in drawing
        assert re.search(r"<desc>[^<]{20,}</desc>", drawing)
        assert re.search(r"<figcaption>[^<]{20,}</figcaption>", drawing)
        assert "<table" in drawing
    assert quarter.count("<figure") == 5


def test_the_columns_hold_every_run(quarter: str) -> None:
    report, made = samples.quarter(), data(quarter)
    columns, words = made["columns"], made["words"]
    assert columns["id"] == [run.id for run in report.runs]
    start = 0
    for row, run in enumerate(report.runs):
        start += columns["start"][row]
        assert start == (run.started_ns or 0) // 1_000_000
        assert words["agent"][columns["agent"][row]] == run.agent
        assert words["causes"][columns["causes"][row]] == ", ".join(run.causes)
        assert words["severity"][columns["severity"][row]] == (run.severity or "")
        assert columns["tokens_in"][row] == run.tokens_in
    order = sorted(words["severity"], key=lambda word: made["ranks"]["severity"][words["severity"].index(word)])
    assert order == ["critical", "high", "low", ""]


def test_runs_without_a_time_stand_in_the_list() -> None:
    runs = (samples.run(1), samples.run(2, started_ns=None, ended_ns=None), samples.run(3))
    made = data(page(samples.overview(samples.quarter().gaps, runs)))["columns"]
    assert [step is None for step in made["start"]] == [False, True, False]
    assert made["start"][0] + made["start"][2] == (runs[2].started_ns or 0) // 1_000_000
    assert made["length"][1] is None


def test_the_list_says_which_runs_have_a_page() -> None:
    report = samples.quarter()
    made = page(report, links={7: "runs/000007.html"})
    assert data(made)["pages"] == [[7, "runs/000007.html"]]
    assert "1 of 40 runs have a page beside this one" in made
    assert '<a href="runs/000007.html">run-000007</a>' in made
    assert "auditrail reconstruct RUN -o run.html" in page(report)


def test_a_run_is_told_in_the_page(incident: Any) -> None:
    made = page(samples.quarter(), inlined={3: incident})
    assert '<section id="run-3"' in made
    assert data(made)["pages"] == [[3, "#run-3"]]
    assert "issue_refund" in made


def test_hidden_content_is_not_in_the_runs_of_the_page(make_event: Any, make_run: Any) -> None:
    number = "DE44500105175407324931"
    one = make_event("agent", 1, "10:00:00", "tool", "call", tool="pay", args=f'{{"iban":"{number}"}}')
    pages = report_page.Pages(inlined={3: make_run((0, one))})
    report = samples.quarter()
    assert number in "".join(report_page.render(report, View(), pages))
    assert number not in "".join(report_page.render(report, View(content="digest"), pages))


@pytest.mark.parametrize("text", MARKUP)
def test_hostile_values_are_text(text: str, quarter: str) -> None:
    plain = {(tag, *sorted(a)) for tag, a in Elements(quarter).found}
    made = page(samples.hostile(text))
    foreign = {(tag, *sorted(a)) for tag, a in Elements(made).found} - plain
    assert {kind[0] for kind in foreign} <= {tag for tag, *_ in plain}
    assert not [name for _, *names in foreign for name in names if name.startswith("on") or name in ("src", "style")]
    assert len(Elements(made).inside) == len(Elements(quarter).inside)
    assert data(made)["columns"]["id"]


def test_the_page_is_the_same_each_time(quarter: str) -> None:
    assert page(samples.quarter()) == quarter


def test_an_empty_period_says_so() -> None:
    made = page(samples.empty())
    assert "No run began in this period" in made
    assert "<figure" not in made
