"""MCP logs of Claude Desktop: messages in text lines, and all that stands between them."""

from __future__ import annotations

from tests.conformance import _pipeline as pipeline
from tests.readers._rows import of, rest, rows


def read(*lines: str):
    return pipeline.read("\n".join(lines).encode(), reader="mcp-text", path="Claude/mcp-server-files.log").events


def test_a_call_and_its_result_pair_with_their_times():
    events = rows("mcp-text", "desktop")
    asked, answered = of(events, tool="write_file")
    assert asked["tool_call_id"] == answered["tool_call_id"]
    assert (asked["stream"], answered["status"], answered["error"]) == ("mcp:files", "error", "Error: access denied")
    assert answered["ts_ns"] - asked["ts_ns"] == 100_000_000


def test_the_words_behind_a_message_are_cut_where_they_stand_last():
    (row,) = of(rows("mcp-text", "desktop"), tool="read_text_file", kind="result")
    assert row["result"] == '[{"type":"text","text":"buy milk { metadata: undefined }"}]'


def test_a_call_that_timed_out_has_no_result():
    events = of(
        rows("mcp-text", "desktop"),
        tool_call_id=of(rows("mcp-text", "desktop"), tool="search_files")[0]["tool_call_id"],
    )
    assert [row["kind"] for row in events] == ["call", "log"]


def test_a_restart_is_a_new_session():
    first, second = of(rows("mcp-text", "older"), tool="add_note", kind="call")
    assert first["tool_call_id"] != second["tool_call_id"]
    assert first["session_id"] != second["session_id"]


def test_lines_of_the_server_are_kept_in_order():
    row = of(rows("mcp-text", "desktop"), name="stderr")[1]
    assert (row["ts_source"], rest(row)) == ("order", {"message": "Traceback (most recent call last):"})


def test_a_shortened_message_stays_text():
    (row,) = read('2026-05-06T07:09:21.000Z [files] [info] Message from server: {"jsonrpc":"2.0","id":7,"res...')
    assert (row["kind"], row["tool_call_id"]) == ("log", None)


def test_an_error_of_the_app_is_an_error():
    (row,) = of(rows("mcp-text", "desktop"), name="error")
    assert row["status"] == "error"


def test_lines_without_a_server_name():
    (row,) = read("2026-05-06T07:09:21.000Z [info] Initializing server...\r")
    assert (row["kind"], row["stream"], rest(row)) == ("log", "stream", {"message": "Initializing server..."})
