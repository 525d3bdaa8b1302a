"""CSV: RFC 4180, one line a record, no formula of a log, numbers as they are."""

from __future__ import annotations

import csv
import io
from typing import Any

from auditrail.outputs import csv as output
from auditrail.outputs._view import View
from auditrail.report.types import Column, Listing, Reconstruction


def table(report: Any) -> list[dict[str, str]]:
    text = "".join(output.render(report, View()))
    assert text.count("\r\n") == text.count("\n")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == text.count("\n") - 1
    return rows


def test_events_have_a_line_each_with_place_and_join(incident: Reconstruction) -> None:
    rows = table(incident)
    assert len(rows) == len(incident.events)
    (denial,) = (row for row in rows if row["decision"] == "deny")
    assert denial["source_path"] == "evidence/opa/decisions.jsonl"
    assert denial["source_record"] == "5"
    assert denial["stitched_by_kind"] == "request"
    assert denial["marks"] == "account number erased"
    assert denial["depth"] == "4"


def test_hostile_text_is_no_formula_and_negative_numbers_stay_numbers() -> None:
    columns = (Column("a", "A"), Column("b", "B"), Column("c", "C", "list"), Column("d", "D"))
    rows = (("=cmd|' /C calc'!A0", -5, ["@x", "y"], "-5"), ("+1", -0.5, [], None), ('a,"b"\nc', True, [1, 2], "x"))
    made = table(Listing("query", "rows", "", columns, rows))
    assert made[0] == {"a": "'=cmd|' /C calc'!A0", "b": "-5", "c": "'@x; y", "d": "'-5"}
    assert made[1] == {"a": "'+1", "b": "-0.5", "c": "", "d": ""}
    assert made[2] == {"a": 'a,"b"\\nc', "b": "true", "c": "1; 2", "d": "x"}


def test_no_cell_of_the_hostile_run_is_a_formula(hostile: Reconstruction, make_event: Any, make_run: Any) -> None:
    run = make_run(
        (0, make_event("=1+1", 1, "10:00:00", "tool", "call", tool="=2+2", args="@SUM(A1)", attributes='["-1"]'))
    )
    for report in (hostile, run):
        for row in table(report):
            for name, value in row.items():
                numeric = name in ("skew_seconds", "depth", "copies")
                assert numeric or value[:1] not in ("=", "+", "-", "@"), name
