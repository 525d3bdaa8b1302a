"""Syslog: three forms of one header, no invented year, and messages that are read on."""

from __future__ import annotations

import pytest

from tests.readers._stores import TIME, TRACE, attributes, ids, only, read

JSON = '{"run_id":"r","event":"step"}'


def new(message: str = JSON, sd: str = "-", pri: int = 134, time: str = "2026-09-17T10:00:00Z") -> str:
    return f"<{pri}>1 {time} web1 care 4711 ID7 {sd} {message}"


def test_the_header_of_rfc_5424() -> None:
    event = only(read(new()))
    assert (event["ts_ns"], event["run_id"], event["stream"]) == (TIME, "r", "care")
    assert attributes(event)["envelope"] == {
        "host": "web1", "app": "care", "pid": "4711", "msgid": "ID7", "facility": "local0", "severity": "info",
    }  # fmt: skip


def test_structured_data_with_escapes_and_ids() -> None:
    sd = rf'[agent@32473 trace_id="{TRACE}" note="a \"b\" \] \\ c"][origin ip="10.0.0.1" ip="10.0.0.2"]'
    reading = read(new("text", sd))
    assert ids(reading, "trace") == [TRACE]
    found = attributes(only(reading))["structured_data"]
    assert found["agent@32473"]["note"] == 'a "b" ] \\ c'
    assert found["origin"]["ip"] == "10.0.0.1\n10.0.0.2"


def test_the_senders_counter_is_its_sequence() -> None:
    reading = read(new("text", '[meta sequenceId="7"]'), new(JSON, '[meta sequenceId="9"]'))
    assert [(event["seq_kind"], event["seq"]) for event in reading.events] == [
        ("syslog:web1:care:4711", 7),
        ("syslog:web1:care:4711", 9),
    ]


@pytest.mark.parametrize(
    "line", [f"<134>Sep 17 10:00:00 web1 care[4711]: {JSON}", f"Sep  7 10:00:00 web1 care: {JSON}"]
)
def test_no_year_is_invented(line: str) -> None:
    event = only(read(line))
    assert (event["ts_ns"], event["ts_source"], event["run_id"], event["stream"]) == (None, "order", "r", "care")
    assert attributes(event)["envelope"]["timestamp"].startswith("Sep ")


def test_the_messages_own_time_stands_in() -> None:
    event = only(read('<134>Sep 17 10:00:00 web1 care: {"ts":"2026-09-17T10:00:00Z","run_id":"r","event":"step"}'))
    assert event["ts_ns"] == TIME


@pytest.mark.parametrize(("pri", "status"), [(0, "error"), (131, "error"), (132, "unknown"), (134, "unknown")])
def test_the_severity_is_the_status_of_a_plain_message(pri: int, status: str) -> None:
    assert only(read(new("lost", pri=pri)))["status"] == status


def test_cef_behind_a_header_is_read_and_its_word_is_no_tag() -> None:
    for line in (
        "<134>Sep 17 10:00:00 web1 CEF:0|Acme|Guard|2|1|No|8|act=blocked rt=1789639200000",
        "Sep 17 10:00:00 web1 CEF:0|Acme|Guard|2|1|No|8|act=blocked rt=1789639200000",
        new("CEF:0|Acme|Guard|2|1|No|8|act=blocked rt=1789639200000"),
    ):
        reading = read(line)
        assert (reading.reader, only(reading)["decision"], only(reading)["ts_ns"]) == ("syslog", "deny", TIME)


def test_lines_of_rsyslogs_files() -> None:
    event = only(read(f"2026-09-17T12:00:00.000000+02:00 web1 care[4711]: {JSON}"))
    assert (event["ts_ns"], event["run_id"]) == (TIME, "r")


def test_a_count_before_the_header_is_passed_over() -> None:
    assert only(read(f"{len(new())} {new()}"))["run_id"] == "r"


def test_a_line_without_host_or_tag_is_read() -> None:
    reading = read("Sep 17 10:00:00 kernel: out of memory", "Sep 17 10:00:01 web1 words and more", "<13>just words")
    assert [event["stream"] for event in reading.events] == ["kernel", "web1", "stream"]


def test_other_text_is_quarantined_where_the_file_is_syslog() -> None:
    reading = read(*[new()] * 9, "not of the form")
    assert [row["code"] for row in reading.quarantine] == ["malformed"]


@pytest.mark.parametrize(
    "lines",
    [["<html>", "<body>"], ["<3 hearts"], ["2026-09-17T10:00:00.000000+00:00 stream/1 INFO: text"],
     ["2026-09-17T10:00:00Z stdout F text"], [new(), "one", "two"], ["Sep 17 was a good day"]],
)  # fmt: skip
def test_other_files_are_left_alone(lines: list[str]) -> None:
    assert read(*lines).reader != "syslog"
