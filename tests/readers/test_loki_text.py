"""Lines printed by logcli: told by their labels, and counted."""

from __future__ import annotations

import pytest

from tests.readers._stores import TIME, attributes, codes, only, read


def line(message: str = "x", labels: str = '{app="care"}', time: str = "2026-09-17T10:00:00Z") -> str:
    return f"{time} {labels} {message}"


def test_labels_time_and_message_are_told_apart() -> None:
    event = only(read(line('{"run_id":"r","event":"step"}', '{app="care", note="a \\"b\\" }"}     ')))
    assert (event["ts_ns"], event["run_id"], event["stream"]) == (TIME, "r", "care")
    assert attributes(event)["envelope"]["labels"] == {"app": "care", "note": 'a "b" }'}


def test_a_line_without_the_form_is_kept_beside_the_others() -> None:
    reading = read(line("one"), "  second line", line("two"))
    assert [attributes(event)["message"] for event in reading.events] == ["one", "  second line", "two"]
    assert reading.events[1]["ts_ns"] is None


def test_empty_labels_and_offsets_are_read() -> None:
    event = only(read(line("x", "{}", "2026-09-17T12:00:00+02:00")))
    assert event["ts_ns"] == TIME


@pytest.mark.parametrize(("rows", "suspected"), [(29, False), (30, True), (31, False)])
def test_the_default_limit_is_a_suspicion(rows: int, suspected: bool) -> None:
    assert codes(read(*[line(str(n)) for n in range(rows)])) == (["limit-suspected"] if suspected else [])


def test_times_with_json_behind_are_no_labels() -> None:
    assert read('2026-09-17T10:00:00Z {"app":"care"} x').reader != "loki-text"
