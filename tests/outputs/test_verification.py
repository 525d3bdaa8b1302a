"""A verification in every output that can hold it: with hostile text from logs, it acts on nothing."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from auditrail import discover
from auditrail.outputs._view import View
from auditrail.report.types import DEFECTS, VERDICTS, Defect, Result, VerificationReport
from tests.outputs.conftest import HOSTILE

MODULES = {
    name: module
    for name, module in discover.modules("auditrail.outputs").items()
    if not getattr(module, "REPORTS", ()) or "verification" in module.REPORTS
}
SCHEMA = json.loads((Path(__file__).parent / "_schemas" / "sarif-2.1.0.json").read_text("utf-8"))
ACTING = ("Cc", "Cf", "Cs", "Zl", "Zp")


def result(verdict: str, *defects: Defect, text: str = "log.jsonl") -> Result:
    many = (text,)
    return Result(text, "chain", text, text, 3, 2, verdict, None, text, defects, many, many, many, 3, 1, (text, text))


EVERY = VerificationReport(
    (
        *(result(verdict, text=HOSTILE) for verdict in VERDICTS),
        result(
            "BROKEN",
            *(Defect(kind, 2, 9, 7, HOSTILE, HOSTILE, HOSTILE, number % 2 == 0) for number, kind in enumerate(DEFECTS)),
            text=HOSTILE,
        ),
    ),
    strict=True,
    unreadable=((HOSTILE, HOSTILE),),
    not_checked=(HOSTILE,),
    notes=(HOSTILE,),
)
EMPTY = VerificationReport(())


@pytest.mark.parametrize("report", [EVERY, EMPTY], ids=["every", "empty"])
@pytest.mark.parametrize("name", sorted(MODULES))
def test_output_acts_on_nothing_and_is_the_same_each_time(name: str, report: VerificationReport) -> None:
    for view in (View(), View(width=20, unicode=False), View(width=60, colour=False, content="digest")):
        made = "".join(MODULES[name].render(report, view))
        assert made.endswith("\n") or (made == "" and name == "jsonl")
        assert made == "".join(MODULES[name].render(report, view))
        assert {hex(ord(char)) for char in set(made) if unicodedata.category(char) in ACTING} <= {"0xa", "0xd"}
        made.encode("utf-8")


@pytest.mark.parametrize("name", ["text", "markdown", "csv", "json", "sarif", "junit"])
def test_every_kind_of_defect_is_told(name: str) -> None:
    plain = VerificationReport((result("BROKEN", *(Defect(kind, 2, 9) for kind in DEFECTS)),))
    made = "".join(MODULES[name].render(plain, View(width=400)))
    assert all(kind in made for kind in list(DEFECTS)[:20])


def test_documents_parse() -> None:
    ET.fromstring("".join(MODULES["junit"].render(EVERY, View())))  # noqa: S314 - our own output
    sarif = json.loads("".join(MODULES["sarif"].render(EVERY, View())))
    assert len(sarif["runs"][0]["results"]) == len(DEFECTS) + 3
    assert json.loads("".join(MODULES["json"].render(EVERY, View())))["exit_code"] == 1
    rows = list(csv.DictReader(io.StringIO("".join(MODULES["csv"].render(EVERY, View())))))
    assert len(rows) == len(VERDICTS) + len(DEFECTS)


@pytest.mark.parametrize("text", ["log.jsonl", HOSTILE, "", "\ud800", "a b/%41?#.jsonl"])
def test_sarif_fits_the_schema_of_oasis(text: str) -> None:
    validator = jsonschema.Draft7Validator(SCHEMA)
    defects = [
        Defect(kind, place, place and place - 1, 7, text, text, text, path=text)
        for kind in DEFECTS
        for place in (None, 1, 9)
    ]
    every = VerificationReport(
        tuple(result(verdict, *defects, text=text) for verdict in VERDICTS), unreadable=((text, text),), notes=(text,)
    )
    for report in (every, EVERY, EMPTY):
        document = json.loads("".join(MODULES["sarif"].render(report, View())))
        assert [error.message for error in validator.iter_errors(document)] == []
        run = document["runs"][0]
        assert {found["ruleId"] for found in run["results"]} <= {rule["id"] for rule in run["tool"]["driver"]["rules"]}


def test_exit_codes_of_reports() -> None:
    def code(*verdicts: str, strict: bool = False, unreadable: bool = False) -> int:
        results = tuple(Result("p", "k", "f", None, 3, 3, verdict) for verdict in verdicts)
        return VerificationReport(results, strict, (("q", "no"),) if unreadable else ()).exit_code

    assert code("INTACT") == code("INTACT", "INTACT-UNANCHORED") == code("INTACT", strict=True) == 0
    assert code("BROKEN") == code("INTACT", "BROKEN", "UNVERIFIABLE") == 1
    assert code(unreadable=True) == 3
    assert code() == code("UNVERIFIABLE") == code("INTACT", "NOT-CHAINED") == code("INTACT", unreadable=True) == 4
    assert code("INTACT-UNANCHORED", strict=True) == 4
