"""AutoGen's events inside lines of Python's logging."""

from __future__ import annotations

from auditrail.readers import autogen_text
from tests.conformance import _pipeline as pipeline
from tests.readers._rows import of, rest, rows


def read(*lines: str):
    return pipeline.read("\n".join(lines).encode(), reader="autogen-text", path="logs/app.log")


def test_events_in_the_default_format_are_read():
    events = rows("autogen-text", "basic")
    assert of(events, layer="tool")[0]["result"] == "3"
    assert {row["tool"] for row in of(events, layer="llm", kind="call")} == {"add", "bad"}
    assert len({row["run_id"] for row in events}) == 1


def test_other_lines_are_kept_as_they_stand():
    events = rows("autogen-text", "basic")
    assert of(events, status="error", name="autogen_core")[0]["kind"] == "log"
    assert rest(events[-1]) == {"message": "ValueError: boom"}


def test_a_time_in_the_format_is_the_lines():
    events = rows("autogen-text", "times")
    assert {row["ts_source"] for row in events} == {"event"}
    assert (events[0]["ts_ns"], events[0]["tz_assumed"]) == (1770091506789000000, True)
    assert of(events, layer="tool")[0]["tz_assumed"] is False


def test_a_torn_event_stays_text():
    (row,) = of(rows("autogen-text", "times"), name="autogen_core.events", kind="log")
    assert rest(row)["message"].startswith('{"type": "ToolCall"')


def test_lines_without_an_event_of_autogen_are_not_claimed():
    for text in (b"INFO:autogen_core:Sending message", b'INFO:other:{"type": "ToolCall"}', b'{"type": "ToolCall"}'):
        assert autogen_text.sniff(pipeline.head_of(text)) == 0.0


def test_a_line_of_bytes_that_are_no_text():
    reading = pipeline.read(b"INFO:autogen_core.events:\xff{\n", reader="autogen-text", path="x.log")
    assert reading.tally.balanced
    assert len(reading.events) == 1
