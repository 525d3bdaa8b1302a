"""Documents of shippers: the line inside is read, and the shipper is never taken for the agent that acted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.readers._stores import TIME, attributes, dumped, only, read

LATER = "2026-09-17T10:00:05.000Z"
SHIPPED = {"@timestamp": LATER, "agent": {"type": "filebeat", "name": "web1", "version": "8"}, "host": {"name": "web1"}}
LINE = {"ts": "2026-09-17T10:00:00Z", "run_id": "r", "event": "step", "agent": "care"}


def event(**more: Any) -> dict[str, Any]:
    return only(read({**SHIPPED, **more}))


@pytest.mark.parametrize("form", [{"message": dumped(LINE)}, {"json": LINE}])
def test_a_json_line_is_read_as_if_it_stood_alone(form: dict[str, Any]) -> None:
    found = event(**form)
    assert (found["ts_ns"], found["observed_ns"], found["run_id"]) == (TIME, TIME + 5 * 10**9, "r")
    assert found["agent"] == "care"
    assert attributes(found)["envelope"]["agent"]["name"] == "web1"


def test_members_at_the_top_are_the_line() -> None:
    found = event(run_id="r", event="tool_call", tool="refund", message="calling")
    assert (found["run_id"], found["tool"], found["agent"]) == ("r", "refund", None)
    assert attributes(found)["message"] == "calling"
    assert (found["ts_ns"], found["ts_source"]) == (TIME + 5 * 10**9, "observed")


def test_a_shippers_name_is_never_the_agent() -> None:
    assert event(message="plain words")["agent"] is None
    assert attributes(event(message="plain words"))["message"] == "plain words"


def test_beside_its_reading_time_the_time_is_the_lines_own() -> None:
    found = event(message="plain", event={"created": "2026-09-17T10:00:09Z"})
    assert (found["ts_ns"], found["observed_ns"], found["ts_source"]) == (TIME + 5 * 10**9, TIME + 9 * 10**9, "event")


def test_path_offset_and_reading_time_are_the_key() -> None:
    log = {"file": {"path": "/var/log/a"}, "offset": 7}
    first, again = event(message="x", log=log), event(message="x", log=log)
    assert first["dedupe_key"] == again["dedupe_key"]
    assert first["dedupe_key"]
    others = [event(message="x", log={**log, "offset": 8}), event(message="x", log=log, host={"name": "web2"})]
    later = only(read({**SHIPPED, "@timestamp": "2026-09-17T10:00:06Z", "message": "x", "log": log}))
    assert len({found["dedupe_key"] for found in (first, *others, later)}) == 4
    assert event(message="x")["dedupe_key"] is None


def test_a_line_that_was_cut_says_so() -> None:
    assert attributes(event(message="x", log={"flags": ["truncated"]}))["auditrail.message_cut"]


def test_a_plain_ecs_log_has_no_shipper() -> None:
    assert (
        read({"@timestamp": LATER, "ecs.version": "1.6.0", "message": "x", "agent": {"name": "care"}}).reader == "jsonl"
    )
