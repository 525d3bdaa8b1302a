"""What every output must do, whatever it is called: found by its file, not by a list."""

from __future__ import annotations

import itertools
import re
import unicodedata
from types import ModuleType
from typing import Any

import pytest

from auditrail import discover
from auditrail.outputs._view import View
from auditrail.report.types import Change, Comparison, Listing, Reconstruction, Step, StepPair
from tests.outputs import _answer_samples, _gap_samples
from tests.outputs.conftest import HOSTILE

MODULES = discover.modules("auditrail.outputs")
REPORTS = (
    "incident", "hostile", "listing", "empty_run", "empty_listing", "compared", "hostile_comparison", "no_steps",
    "gaps", "hostile_gaps", "no_gaps", "nothing_judged", "verbatim", "answered", "no_answer", "checks", "no_checks",
)  # fmt: skip
VIEWS = [
    View(width=width, unicode=unicode, content=content, tz=tz)  # type: ignore[arg-type]
    for width, unicode, content, tz in itertools.product(
        (20, 80, 120), (True, False), ("short", "whole", "digest"), ("UTC", "Europe/Berlin")
    )
]
ACTING = ("Cc", "Cf", "Cs", "Zl", "Zp")


@pytest.fixture(scope="module")
def reports(
    incident: Reconstruction,
    hostile: Reconstruction,
    listing: Listing,
    compared: Comparison,
    hostile_comparison: Comparison,
    make_run: Any,
    make_comparison: Any,
) -> dict[str, Any]:
    return {
        "answered": _answer_samples.incident(HOSTILE),
        "no_answer": _answer_samples.blank(),
        "checks": _answer_samples.checks(HOSTILE),
        "no_checks": _answer_samples.no_checks(),
        "gaps": _gap_samples.quarter(),
        "hostile_gaps": _gap_samples.hostile(HOSTILE),
        "no_gaps": _gap_samples.clean(),
        "nothing_judged": _gap_samples.empty(),
        "verbatim": Listing("rule", "facets", "R", listing.columns, (), verbatim=f"SELECT 1\n```\n{HOSTILE}"),
        "compared": compared,
        "hostile_comparison": hostile_comparison,
        "no_steps": make_comparison(()),
        "incident": incident,
        "hostile": hostile,
        "listing": listing,
        "empty_run": make_run(),
        "empty_listing": Listing("runs", "runs", "Runs", listing.columns, ()),
    }


def rendered(module: ModuleType, report: Any, view: View) -> str:
    return "".join(module.render(report, view))


def takes(module: ModuleType) -> tuple[str, ...]:
    return getattr(module, "REPORTS", ())


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_module_has_what_the_contract_names(name: str) -> None:
    module = MODULES[name]
    assert module.__name__ == f"auditrail.outputs.{name.replace('-', '_')}"
    assert re.fullmatch(r"[a-z]+", module.EXTENSION)
    assert callable(module.render)
    assert set(takes(module)) <= {"reconstruction", "diff", "gaps", "verification", "check"}


@pytest.mark.parametrize("kind", REPORTS)
@pytest.mark.parametrize("name", sorted(MODULES))
def test_output_ends_in_a_newline_is_the_same_each_time_and_acts_on_nothing(
    name: str, kind: str, reports: dict[str, Any]
) -> None:
    module, report = MODULES[name], reports[kind]
    if takes(module) and report.kind not in takes(module):
        pytest.skip("the format can't hold such a report")
    for view in VIEWS:
        made = rendered(module, report, view)
        # JSON Lines without a row is an empty file: a blank line would be no JSON.
        assert made.endswith("\n") or (made == "" and module.EXTENSION == "jsonl")
        assert rendered(module, report, view) == made
        assert {hex(ord(char)) for char in set(made) if unicodedata.category(char) in ACTING} <= {"0xa", "0xd"}
        assert "\r" not in made.replace("\r\n", "")
        made.encode("utf-8")


@pytest.mark.parametrize("name", sorted(MODULES))
def test_hidden_content_is_nowhere(name: str, make_event: Any, make_run: Any) -> None:
    if takes(MODULES[name]) and "reconstruction" not in takes(MODULES[name]):
        pytest.skip("the format can't hold such a report")
    number = "DE44500105175407324931"
    one = make_event(
        "agent", 1, "10:00:00", "tool", "span", tool="pay", args=f'{{"iban":"{number}"}}', status="error",
        result=f"paid to {number}", error=f"no such account: {number}", attributes=f'{{"raw":{{"to":"{number}"}}}}',
    )  # fmt: skip
    result = make_event("agent", 2, "10:00:01", "tool", "result", tool="pay", status="error", error=f"no {number}")
    decision = make_event(
        "agent", 3, "10:00:02", "policy", "decision", decision="deny", result=f'["{number}"]', args=number
    )
    report = make_run((0, one), (0, result), (0, decision))
    assert number not in rendered(MODULES[name], report, View(width=200, content="digest"))
    assert number in rendered(MODULES[name], report, View(width=200, content="whole"))


@pytest.mark.parametrize("name", sorted(MODULES))
def test_hidden_content_is_nowhere_in_a_comparison(name: str, make_comparison: Any) -> None:
    if takes(MODULES[name]) and "diff" not in takes(MODULES[name]):
        pytest.skip("the format can't hold such a report")
    number = "DE44500105175407324931"
    step = Step(
        "tool", "tool", "pay", f'{{"iban":"{number}"}}', "present", number, "present", "error", error=f"no {number}"
    )
    said = Step("message", "agent", "user_message", said=f"pay to {number}")
    pairs = (
        StepPair("changed", step, step, 1, 1, (Change("arguments.iban", number, None), Change("error", None, number))),
        StepPair("only-a", said, None, 2, None),
        StepPair("only-b", None, step, None, 2),
    )
    report = make_comparison(pairs)
    assert number not in rendered(MODULES[name], report, View(width=200, content="digest"))
    assert number in rendered(MODULES[name], report, View(width=200, content="whole"))
