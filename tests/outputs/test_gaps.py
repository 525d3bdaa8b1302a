"""A gaps report as people and programs read it."""

from __future__ import annotations

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from auditrail import discover
from auditrail.outputs._gaps_words import CAUSE_WORDS, PROOF_WORDS
from auditrail.outputs._header import SEVERITIES
from auditrail.outputs._view import View
from auditrail.report.gap_types import RuleCard
from auditrail.text import width
from tests.outputs import _gap_samples as samples

SCHEMA = json.loads((Path(__file__).parent / "_schemas" / "sarif-2.1.0.json").read_text("utf-8"))
MARKUP = "</script><script>alert(1)</script><img src=x onerror=alert(1)>&\"']]>{{ 7*7 }}\x1b[31m\u202e\x00\n# x | y"


def rendered(name: str, report: Any, **view: Any) -> str:
    module = discover.module("auditrail.outputs", name)
    assert module is not None
    return "".join(module.render(report, View(**view)))


def cards(**reasons: str) -> tuple[RuleCard, ...]:
    """Cards of the rules of the sample, and of two that found nothing; `reasons` names those that could not judge."""
    names = dict.fromkeys([gap.rule for gap in samples.findings()] + ["rule_clean", "rule_blind"])
    return tuple(
        RuleCard(
            name, f"title of {name}", "high", "strong", "lost", "risk", "example", "remedy", ("AU-12",),
            name not in reasons, reasons.get(name, ""),
        )
        for name in names
    )  # fmt: skip


# --- for people -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [80, 120])
def test_text(golden: Any, columns: int) -> None:
    golden(f"gaps_{columns}.txt", rendered("text", samples.quarter(), width=columns))


def test_text_in_ascii_with_every_finding(golden: Any) -> None:
    made = rendered("text", samples.quarter(), width=80, unicode=False, fold=False)
    assert made.isascii()
    golden("gaps_80_ascii_all.txt", made)


def test_markdown(golden: Any) -> None:
    golden("gaps.md", rendered("markdown", samples.quarter()))


def test_text_of_nothing_missing_and_of_nothing_judged() -> None:
    assert "No gap was found" in rendered("text", samples.clean())
    assert "nothing could be judged" in rendered("text", samples.empty())


@pytest.mark.parametrize("columns", [60, 80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal(columns: int) -> None:
    for report in (samples.quarter(), samples.hostile(MARKUP), samples.clean()):
        for line in rendered("text", report, width=columns).splitlines():
            assert width(line) <= columns, line


def test_colour_changes_nothing_but_colour() -> None:
    plain = rendered("text", samples.quarter(), width=100)
    coloured = rendered("text", samples.quarter(), width=100, colour=True)
    assert coloured != plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_the_first_screen_answers_a_manager() -> None:
    first = "\n".join(rendered("text", samples.quarter(), width=100).splitlines()[:24])
    for told in ("2026Q3", "1 critical, 4 high", "219 of 1,672 runs", "1,672 held of 1,690 expected", "82.5 %",
                 "scheduler.csv", "policy-missing", "Do first", "let the tool's own service ask"):  # fmt: skip
        assert told in first, told


def test_findings_of_one_rule_share_what_they_have_in_common() -> None:
    many = tuple(
        samples.gap("run-without-end", "crash", "high", f"agent-{n}: 1 run(s) never ended", agent=f"agent-{n}",
                    runs=(f"r{n}",), remedy="flush")
        for n in range(9)
    )  # fmt: skip
    made = rendered("text", samples.quarter(gaps=many), width=100)
    assert made.count("change   flush") == 1
    assert "9 findings" in made
    assert "6 more like this, 6 missing in 6 runs (--no-fold shows them): agent agent-3" in made
    whole = rendered("text", samples.quarter(gaps=many), width=100, fold=False)
    assert "more like this" not in whole
    assert all(f"agent-{n}: 1 run(s) never ended" in whole for n in range(9))


def test_every_word_of_the_closed_lists_is_explained() -> None:
    from auditrail.gaps import terms
    from auditrail.report import gap_types

    assert tuple(CAUSE_WORDS) == terms.CAUSES
    assert tuple(PROOF_WORDS) == terms.EVIDENCE
    assert terms.SEVERITIES == gap_types.SEVERITIES == SEVERITIES


# --- for programs ---------------------------------------------------------------------------------------------------


def test_json_is_as_the_contract_says() -> None:
    document = json.loads(rendered("json", samples.quarter(rules=cards())))
    assert document["schema"] == "auditrail.gaps/1"
    assert document["period"] == {
        "from": "2026-07-01T00:00:00.000000Z", "to": "2026-10-01T00:00:00.000000Z", "label": "2026Q3", "note": "",
    }  # fmt: skip
    assert set(document["coverage"][0]) == {
        "agent", "layer", "runs_expected", "expected_from", "runs_seen", "runs_complete", "calls", "args_present",
        "days_silent",
    }  # fmt: skip
    assert set(document["estimates"][0]) >= {"kind", "agent", "stream", "value", "low", "high", "method", "evidence"}
    assert set(document["retention"][0]) >= {
        "framework", "clause", "required_days", "stream", "oldest", "held_days", "status",
    }  # fmt: skip
    first = document["gaps"][0]
    assert set(first) >= {
        "rule", "cause", "severity", "confidence", "title", "explanation", "remedy", "agent", "layer", "stream", "tool",
        "first", "last", "count", "runs", "evidence", "controls",
    }  # fmt: skip
    assert first["evidence"][0] == {"path": "evidence/opa/decisions.jsonl", "record": 8127, "note": "decision DENY"}
    # Programs get every run, whatever people are shown.
    assert [len(gap["runs"]) for gap in document["gaps"]] == [len(gap.runs) for gap in samples.findings()]
    assert document["held"]["from"] == "2026-07-01T00:00:10.000000Z"
    assert document["waived"][0]["expired"] is True
    assert len(document["rules"]) == len(cards())


def test_a_report_is_its_own_baseline(tmp_path: Path) -> None:
    from auditrail.report import baseline

    path = tmp_path / "gaps.json"
    path.write_text(rendered("json", samples.quarter()), "utf-8")
    known = baseline.read(path)
    assert all(known.has(gap) for gap in samples.findings())
    assert not known.has(samples.gap("another", "lost", "high", "new"))


def test_json_lines_and_csv_have_a_line_for_each_finding() -> None:
    report = samples.quarter()
    lines = [json.loads(line) for line in rendered("jsonl", report).splitlines()]
    assert lines == json.loads(rendered("json", report))["gaps"]
    rows = list(csv.DictReader(io.StringIO(rendered("csv", report))))
    assert [row["rule"] for row in rows] == [gap.rule for gap in report.gaps]
    assert rows[0]["runs"] == "run-0b71c2; run-9f02aa"
    assert rows[1]["runs_touched"] == rows[1]["count"] == "72"
    assert rows[0]["evidence"].startswith("evidence/opa/decisions.jsonl:8127 decision DENY; ")
    assert rendered("jsonl", samples.clean()) == ""


def test_sarif_fits_the_schema_of_oasis() -> None:
    validator = jsonschema.Draft7Validator(SCHEMA)
    twice = samples.quarter(gaps=samples.findings() * 2)
    for report in (
        samples.quarter(rules=cards(rule_blind="no record")), samples.clean(), samples.empty(), twice,
        samples.hostile(MARKUP), samples.hostile("\ud800"), samples.hostile(""),
    ):  # fmt: skip
        document = json.loads(rendered("sarif", report))
        assert [error.message for error in validator.iter_errors(document)] == []
        marks = [result["partialFingerprints"]["auditrail/v1"] for result in document["runs"][0]["results"]]
        assert len(marks) == len(set(marks))


def test_sarif_holds_rules_places_and_waivers() -> None:
    run = json.loads(rendered("sarif", samples.quarter(rules=cards())))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    results = run["results"]
    for result in results:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert [result["level"] for result in results[:7]] == ["error"] * 5 + ["warning", "note"]
    assert rules[0]["properties"]["security-severity"] == "8.0"
    assert "Change: remedy" in rules[0]["help"]["text"]
    first = results[0]
    place = first["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "evidence/opa/decisions.jsonl"}, "region": {"startLine": 8127}}
    other = first["relatedLocations"][0]
    assert other["physicalLocation"] == {"artifactLocation": {"uri": "evidence/cw/accounts-api.json"}}
    assert other["message"]["text"] == "record 551: account closed"
    # A waiver suppresses; one that has expired does not.
    assert [result["ruleId"] for result in results if "suppressions" in result] == ["zone-assumed"]
    assert "until 2027-01-31" in results[-1]["suppressions"][0]["justification"]


def outcomes(report: Any) -> dict[str, str]:
    root = ET.fromstring(rendered("junit", report))
    suite = root[0]
    made = {}
    for case in suite.iter("testcase"):
        kinds = [child.tag for child in case if child.tag != "system-out"]
        made[case.attrib["name"]] = kinds[0] if kinds else "passed"
    assert int(suite.attrib["tests"]) == len(made)
    assert int(suite.attrib["failures"]) == list(made.values()).count("failure")
    assert int(suite.attrib["skipped"]) == list(made.values()).count("skipped")
    return made


def test_junit_has_a_case_for_each_rule() -> None:
    report = samples.quarter(rules=cards(rule_blind="no record of layer policy is held"))
    made = outcomes(report)
    assert made["rule_clean"] == "passed"
    assert made["rule_blind"] == "skipped"
    assert made["run-without-end"] == made["zone-assumed"] == "failure"
    text = rendered("junit", report)
    assert "no record of layer policy is held" in text
    assert "seen at evidence/opa/decisions.jsonl:8127 decision DENY" in text


def test_junit_fails_where_the_command_fails() -> None:
    report = samples.quarter(rules=cards())
    assert outcomes(report._replace(fail_on="high"))["content-redacted"] == "passed"
    assert outcomes(report._replace(fail_on="high"))["run-without-end"] == "failure"
    assert set(outcomes(report._replace(fail_on="never")).values()) == {"passed"}


def test_junit_of_hostile_text_is_xml() -> None:
    assert outcomes(samples.hostile(MARKUP))
    assert outcomes(samples.hostile("]]>\ud800"))
