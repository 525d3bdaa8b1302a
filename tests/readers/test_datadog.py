"""Datadog: whose message it is, what the trace id means, and when a search was cut."""

from __future__ import annotations

from typing import Any

import pytest

from tests.readers._stores import TIME, TRACE, attributes, codes, dumped, ids, only, read, remarks


def hit(key: str = "A1", **attrs: Any) -> dict[str, Any]:
    return {"id": key, "type": "log", "attributes": {"timestamp": "2026-09-17T10:00:00Z", "service": "care", **attrs}}


def page(*hits: Any, **header: Any) -> dict[str, Any]:
    return {"data": list(hits), **header}


def test_the_parsed_members_and_the_message_are_one_message() -> None:
    event = only(read(page(hit(message="calling", attributes={"run_id": "r", "event": "tool_call", "tool": "refund"}))))
    assert (event["run_id"], event["tool"], event["kind"], event["ts_ns"]) == ("r", "refund", "call", TIME)
    assert attributes(event)["message"] == "calling"
    assert attributes(event)["envelope"]["auditrail.message_made_of"]


def test_a_json_message_is_read_and_its_parsed_form_kept() -> None:
    inner = {"run_id": "r", "event": "step"}
    event = only(read(page(hit(message=dumped(inner), attributes=inner))))
    assert (event["run_id"], event["name"]) == ("r", "step")
    assert attributes(event)["envelope"]["attributes"] == inner


def test_an_archive_holds_the_same_log_under_the_same_key() -> None:
    log = {"service": "care", "message": "calling", "attributes": {"run_id": "r"}}
    archived = only(read({"_id": "A1", "date": "2026-09-17T10:00:00Z", **log}))
    searched = only(read(page(hit(message="calling", attributes={"run_id": "r"}))))
    assert archived["dedupe_key"] == searched["dedupe_key"] == "datadog:A1"
    assert (archived["run_id"], archived["ts_ns"]) == (searched["run_id"], searched["ts_ns"])


@pytest.mark.parametrize("nested", [True, False])
def test_a_decimal_trace_id_is_kept_beside_its_hex(nested: bool) -> None:
    decimal = str(int(TRACE[16:], 16))
    dd: dict[str, Any] = {"trace_id": decimal, "span_id": 77231}
    fields = {"dd": dd} if nested else {f"dd.{key}": value for key, value in dd.items()}
    reading = read(page(hit(message="x", attributes={"run_id": "r", **fields})))
    assert ids(reading, "trace") == [TRACE[16:]]
    assert "0000000000012daf" in ids(reading, "span")
    assert decimal in ids(reading, "other")
    assert "decimal" in attributes(only(reading))["envelope"]["auditrail.trace_from"]


@pytest.mark.parametrize(
    ("value", "trace"), [(TRACE, [TRACE]), ("0", []), ("", []), ("9" * 20, []), ([1], []), (True, [])]
)
def test_other_trace_ids_stay_as_they_are(value: Any, trace: list[str]) -> None:
    reading = read(page(hit(message="x", attributes={"dd": {"trace_id": value}})))
    assert ids(reading, "trace") == trace
    assert "trace_from" not in dumped(attributes(only(reading)))


def test_a_level_is_the_status_of_a_plain_message_only() -> None:
    assert only(read(page(hit(message="lost", status="error"))))["status"] == "error"
    assert only(read(page(hit(message="lost", status="warn"))))["status"] == "unknown"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({"meta": {"page": {"after": "token"}, "status": "done"}}, ["next-token-left"]),
        ({"links": {"next": "https://x"}}, ["next-token-left"]),
        ({"meta": {"page": {"after": "t"}}, "links": {"next": "https://x"}}, ["next-token-left"]),
        ({"meta": {"status": "timeout"}}, ["query-status"]),
        ({"meta": {"status": "done", "warnings": [{"code": "c", "detail": "d"}, "odd"]}}, ["query-warning"] * 2),
        ({"meta": {"page": {}, "status": "done"}}, []),
        ({"meta": 7, "links": []}, []),
    ],
)
def test_what_shows_that_a_search_was_cut(header: dict[str, Any], expected: list[str]) -> None:
    assert codes(read(page(hit(message="x"), hit("A2", message="y"), **header))) == expected


def test_the_token_says_behind_which_record_it_stands() -> None:
    reading = read(page(hit(message="x"), meta={"page": {"after": "t" * 40}}), page(hit("A2", message="y")))
    assert remarks(reading) == [("next-token-left", f"meta.page.after {'t' * 16}... after record 1")]


def test_a_message_of_exactly_one_megabyte_looks_cut() -> None:
    event = only(read(page(hit(message="x" * 1_000_000))))
    assert "1000000" in attributes(event)["auditrail.message_cut"]


@pytest.mark.parametrize(
    "sample", [{"data": [{"id": "1", "type": "users", "attributes": {}}]}, {"data": []}, {"data": {}}]
)
def test_other_answers_of_such_apis_are_left_alone(sample: dict[str, Any]) -> None:
    assert read(sample).reader is None
