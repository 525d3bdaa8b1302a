"""Two runs compared, as a person and as a program read them."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest

from auditrail import discover
from auditrail.outputs import _paint
from auditrail.outputs._view import View


def rendered(name: str, report: Any, **view: Any) -> str:
    module = discover.module("auditrail.outputs", name)
    assert module is not None
    return "".join(module.render(report, View(**view)))


@pytest.mark.parametrize("width", [80, 120])
def test_text(compared: Any, golden: Any, width: int) -> None:
    golden(f"diff_{width}.txt", rendered("text", compared, width=width))


def test_text_in_ascii_with_every_step(compared: Any, golden: Any) -> None:
    made = rendered("text", compared, width=80, unicode=False, fold=False)
    assert made.isascii()
    golden("diff_80_ascii_all.txt", made)


def test_markdown(compared: Any, golden: Any) -> None:
    golden("diff.md", rendered("markdown", compared))


def test_json_names_where_they_part(compared: Any) -> None:
    document = json.loads(rendered("json", compared))
    assert document["schema"] == "auditrail.diff/1"
    assert document["alike"] is False
    assert document["same_before"] == 2
    assert document["parts_at"]["a"]["name"] == "issue_refund"
    assert document["counts"] == {"same": 3, "changed": 1, "only_a": 2, "only_b": 1}
    assert document["parts_at"]["changes"][0] == {"what": "arguments.amount", "a": "4200.00", "b": "140.00"}
    assert document["a"]["seconds"] == 13.401
    assert [step["mark"] for step in document["steps"]].count("same") == 3
    lines = rendered("jsonl", compared).splitlines()
    assert [json.loads(line)["mark"] for line in lines] == [step["mark"] for step in document["steps"]]


def test_csv_has_one_line_a_pair(compared: Any) -> None:
    rows = list(csv.DictReader(io.StringIO(rendered("csv", compared))))
    assert len(rows) == 7
    assert rows[2]["changes"] == "arguments.amount; status; missing"
    assert rows[2]["a_status"] == "error"
    assert rows[3]["b_status"] == ""


def test_alike_runs_are_said_to_be_alike(compared: Any, make_comparison: Any) -> None:
    report = make_comparison(compared.pairs[:2])
    assert "They did the same, step by step." in rendered("text", report)
    assert json.loads(rendered("json", report))["alike"] is True
    assert "2 steps the same" in rendered("html", report)


@pytest.mark.parametrize("columns", [8, 13, 40])
def test_wrapping_keeps_styles_and_loses_nothing(columns: int) -> None:
    line = [("call ", ""), ("issue_refund", "bold"), ("(order=1, note=a long note with words)", ""), ("  x", "dim")]
    lines = _paint.wrapped(line, columns)
    plain = "".join(text for part in lines for text, _ in part)
    assert plain.replace(" ", "") == "".join(text for text, _ in line).replace(" ", "")
    assert all(_paint.line_width(part) <= columns for part in lines)
    bold = "".join(text for part in lines for text, style in part if style == "bold")
    assert bold == "issue_refund"
