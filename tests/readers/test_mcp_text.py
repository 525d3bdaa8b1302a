"""MCP logs of Claude Desktop: messages in text lines, and all that stands between them."""

from __future__ import annotations

import json

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


def test_the_log_of_all_servers_keeps_their_sessions_apart():
    def line(second: int, server: str, text: str) -> str:
        return f"2026-05-06T07:08:{second:02}.000Z [info] [{server}] {text}"

    def asks(tool: str) -> str:
        call = {"method": "tools/call", "params": {"name": tool, "arguments": {}}, "jsonrpc": "2.0", "id": 9}
        return f"Message from client: {json.dumps(call)}"

    def answers(text: str) -> str:
        result = {"jsonrpc": "2.0", "id": 9, "result": {"content": [{"type": "text", "text": text}]}}
        return f"Message from server: {json.dumps(result)}"

    raw = "\n".join([
        line(1, "files", asks("read")), line(2, "notes", asks("add")), line(3, "files", answers("a")),
        line(4, "notes", answers("b")), line(5, "notes", "Server disconnected."),
    ])  # fmt: skip
    rows = pipeline.read(raw.encode()).events
    assert [(row["tool"], row["kind"], row["stream"]) for row in rows[:4]] == [
        ("read", "call", "mcp:files"), ("add", "call", "mcp:notes"),
        ("read", "result", "mcp:files"), ("add", "result", "mcp:notes"),
    ]  # fmt: skip
    ids = [row["tool_call_id"] for row in rows[:4]]
    assert ids[0] == ids[2] != ids[1] == ids[3]
    assert rows[4]["session_id"] == rows[1]["session_id"] != rows[0]["session_id"]


def test_the_words_before_initialize_are_of_its_session():
    first = pipeline.read(pipeline.input_of(pipeline.FIXTURES / "mcp-text" / "desktop").read_bytes()).events[:4]
    assert first[0]["name"] == "info"
    assert len({row["session_id"] for row in first}) == 1
