"""Retention: days by the calendar, fields with denominators, and what log groups delete."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditrail import times
from auditrail.gaps import frameworks
from auditrail.gaps.engine import Question
from auditrail.gaps.frameworks import Clause, Framework
from auditrail.report import retention
from tests.gaps._case import loaded

DAY = 86_400 * times.NS


def ns(text: str) -> int:
    moment = times.parse(text)
    assert moment is not None
    return moment.ns


def one(months: int | None) -> Framework:
    return Framework("x", "X", (), (Clause("1", months, (), "note"),))


@pytest.mark.parametrize(
    ("months", "end", "days"),
    [
        (6, "2026-09-01", 184), (6, "2026-08-31", 184), (6, "2027-03-01", 181), (12, "2026-10-01", 365),
        (12, "2028-03-01", 366), (72, "2026-10-01", 2191),
    ],
)  # fmt: skip
def test_months_are_counted_by_the_calendar(months: int, end: str, days: int) -> None:
    assert retention.required_days([one(months), one(1), one(None)], ns(end)) == days


def test_no_number_asks_for_nothing() -> None:
    assert retention.required_days([one(None)], ns("2026-09-01")) == 0
    assert retention.required_days([], None) == 0


AGENT = [
    {"timestamp": "2026-01-05T10:00:00Z", "event": "run_started", "run_id": "r1", "agent": "a", "service": "old"},
    {"timestamp": "2026-08-05T10:00:00Z", "event": "tool_call", "run_id": "r1", "agent": "a", "tool": "t",
     "arguments": {"x": 1}, "service": "old"},
    {"timestamp": "2026-08-05T10:00:01Z", "event": "tool_call", "run_id": "r1", "agent": "a", "tool": "t",
     "service": "young", "user_id": "u1"},
]  # fmt: skip
GROUPS = {
    "logGroups": [
        {"logGroupName": "/svc/old", "retentionInDays": 30, "storedBytes": 1},
        {"logGroupName": "young", "retentionInDays": 400, "storedBytes": 1},
        {"logGroupName": "/never", "storedBytes": 1},
        {"logGroupName": "/absent", "retentionInDays": 1, "storedBytes": 1},
    ]
}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Any]:
    (tmp_path / "agent.jsonl").write_text("".join(json.dumps(row) + "\n" for row in AGENT))
    (tmp_path / "groups.json").write_text(json.dumps(GROUPS))
    with loaded(tmp_path) as made:
        yield made


def test_each_stream_against_each_clause(connection: Any) -> None:
    end = ns("2026-08-10")
    rows = retention.retention(connection, [one(6), one(None)], end, numberless=False)
    assert {row.stream: (row.status, row.held_days, row.required_days) for row in rows} == {
        "old": ("held", 216, 181), "young": ("shorter", 4, 181),
    }  # fmt: skip
    assert rows[0].required_since_ns == ns("2026-02-10")
    both = retention.retention(connection, [one(None)], end, numberless=True)
    assert {row.status for row in both} == {"not-judged"}
    assert {row.status for row in retention.retention(connection, [one(6)], None, numberless=True)} == {"not-judged"}


def test_fields_have_denominators(connection: Any) -> None:
    wanted = Framework("x", "X", (), (Clause("1", None, ("arguments", "time", "policy", "principal", "run"), "n"),))
    rows = {row.field: (row.held, row.of) for row in retention.fields(connection, [wanted], Question())}
    assert rows["time"] == (3, 3)
    assert rows["arguments"] == (1, 2)
    assert rows["policy"] == (0, 0)
    assert rows["principal"][1] == 1
    some = retention.fields(connection, [wanted], Question(from_ns=ns("2026-08-01"), agent="a"))
    assert {row.field: row.of for row in some}["time"] == 2
    assert retention.fields(connection, [], Question()) == ()


def test_every_field_of_the_file_can_be_counted(connection: Any) -> None:
    rows = retention.fields(connection, frameworks.frameworks(), Question(layer="tool"))
    assert len(rows) == sum(len(clause.fields) for each in frameworks.frameworks() for clause in each.clauses)
    assert all(0 <= row.held <= row.of for row in rows)


def test_what_log_groups_delete(connection: Any) -> None:
    rows = {row.group: row for row in retention.deletions(connection)}
    assert rows["/svc/old"].deletes_from_ns == ns("2026-01-05T10:00:00Z") + 30 * DAY
    assert "2026-02-04" in rows["/svc/old"].note
    assert "2026-09-04" in rows["/svc/old"].note
    assert rows["young"].days == 400
    assert (rows["/never"].days, rows["/never"].deletes_from_ns) == (None, None)
    assert rows["/absent"].deletes_from_ns is None
    assert "no record" in rows["/absent"].note
