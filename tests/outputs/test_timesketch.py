"""Timesketch takes the rows: its columns, its times, and no formula."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime
from typing import Any

from auditrail.outputs import timesketch, timesketch_jsonl
from auditrail.outputs._view import View


def rows(report: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(timesketch.render(report, View())))))


def test_required_columns_are_there_on_every_row_and_times_agree(incident: Any) -> None:
    made = rows(incident)
    gaps = [row for row in made if row["data_type"] == "auditrail:gap"]
    assert len(made) - len(gaps) == len(incident.events)
    assert len(gaps) == 2
    for row in made:
        assert row["message"]
        assert row["timestamp_desc"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", row["datetime"])
        moment = datetime.fromisoformat(row["datetime"]).astimezone(UTC)
        assert round(moment.timestamp() * 1_000_000) == int(row["timestamp"])
    assert [row["datetime"] for row in made] == sorted(row["datetime"] for row in made)


def test_an_event_without_a_time_says_that_its_place_is_not_its_time(incident: Any) -> None:
    (row,) = (row for row in rows(incident) if row["ts_source"] == "order")
    assert row["timestamp_desc"].startswith("No Time")
    assert row["ts"] == ""


def test_no_cell_of_text_is_a_formula(hostile: Any) -> None:
    for row in rows(hostile):
        for name, value in row.items():
            assert not re.match(r"\s*[=+@-]", value), name


def test_jsonl_has_the_same_rows_with_values(incident: Any) -> None:
    made = [json.loads(line) for line in "".join(timesketch_jsonl.render(incident, View())).splitlines()]
    assert [row["datetime"] for row in made] == [row["datetime"] for row in rows(incident)]
    decision = next(row for row in made if row.get("decision") == "deny")
    assert decision["args"].startswith('{"amount":"4200.00"')
    assert decision["source_path"] == "evidence/opa/decisions.jsonl"
    assert isinstance(decision["timestamp"], int)
    assert all("" not in row.values() for row in made)
