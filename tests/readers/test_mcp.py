"""MCP as JSON: requests and responses pair by session, side and id; nothing is answered that was not."""

from __future__ import annotations

import json

import pytest

from auditrail.readers import _mcp
from tests.readers._rows import of, read, rest, rows, score


def rpc(**members):
    return {"jsonrpc": "2.0", **members}


def call(number, tool="t", **params):
    return rpc(id=number, method="tools/call", params={"name": tool, **params})


def done(number, text="ok", **result):
    return rpc(id=number, result={"content": [{"type": "text", "text": text}], **result})


HELLO = rpc(id=0, method="initialize", params={"protocolVersion": "2025-06-18", "capabilities": {}})


def test_a_call_and_its_result_share_an_id_that_names_session_and_side():
    asked, answered = read("mcp", call(1, arguments={"a": 1}), done(1))
    assert asked["tool_call_id"] == answered["tool_call_id"] == asked["request_id"]
    assert asked["tool_call_id"] == f"{asked['session_id']}#client#1"
    assert (asked["kind"], asked["args"], answered["kind"], answered["tool"]) == ("call", '{"a":1}', "result", "t")


def test_a_session_begins_with_initialize_even_when_its_bytes_are_the_same():
    first = read("mcp", HELLO, call(1), done(1), HELLO, call(1), done(1))
    ids = [row["tool_call_id"] for row in first if row["tool_call_id"]]
    assert ids[0] == ids[1]
    assert ids[2] == ids[3]
    assert ids[0] != ids[2]


def test_text_and_number_are_two_ids():
    assert _mcp.pair_key("client", 1) != _mcp.pair_key("client", "1")
    assert _mcp.pair_key("client", "abc") == "client#abc"
    assert _mcp.pair_key("client", None) is None
    assert _mcp.pair_key("client", True) is None


def test_both_sides_may_use_the_same_number():
    events = rows("mcp", "bare")
    by_client, by_server = of(events, name="initialize")[0], of(events, decision="ask")[0]
    assert by_client["request_id"].endswith("#client#0")
    assert by_server["request_id"].endswith("#server#0")


def test_a_request_without_a_response_is_a_call_without_a_result():
    events = rows("mcp", "bare")
    (lost,) = of(events, tool="search_mail")
    assert [row["kind"] for row in of(events, tool_call_id=lost["tool_call_id"])] == ["call", "log"]
    (cancelled,) = of(events, name="notifications/cancelled")
    assert rest(cancelled)["params"]["reason"] == "timed out"


def test_an_error_answers_the_call():
    asked, failed = of(rows("mcp", "bare"), tool="delete_mail")
    assert (failed["kind"], failed["status"], failed["error"]) == (
        "error",
        "error",
        "-32602: Unknown tool: delete_mail",
    )
    assert failed["tool_call_id"] == asked["tool_call_id"]


def test_an_error_to_another_request_is_no_tool_call():
    _, failed = read("mcp", rpc(id=5, method="resources/read", params={}), rpc(id=5, error={"code": 1, "message": "m"}))
    assert (failed["kind"], failed["name"], failed["tool_call_id"]) == ("error", "resources/read", None)


def test_a_tool_that_failed_says_so():
    row = of(rows("mcp", "bare"), kind="result")[-1]
    assert (row["status"], row["error"], row["result"]) == (
        "error",
        "quota exceeded",
        '[{"type":"text","text":"quota exceeded"}]',
    )


def test_a_ping_of_the_server_does_not_answer_a_call_with_its_number():
    events = read("mcp", call(7), rpc(id=7, result={}), done(7))
    assert [row["kind"] for row in events] == ["call", "log", "result"]
    assert events[2]["tool"] == "t"


def test_a_person_is_asked_and_answers():
    events = rows("mcp", "bare")
    asked, answered = of(events, layer="policy")
    assert (asked["decision"], answered["decision"]) == ("ask", "allow")
    assert asked["request_id"] == answered["request_id"]
    (declined,) = read("mcp", rpc(id=3, result={"action": "decline"}))
    assert (declined["decision"], declined["status"]) == ("deny", "denied")


def test_a_sampled_answer_names_its_model():
    (row,) = of(rows("mcp", "bare"), layer="llm", kind="message")
    assert (row["model"], row["request_id"].split("#", 1)[1]) == ("small-1", "server#1")


def test_a_traceparent_and_the_models_id_join_the_call():
    meta = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "claudecode/toolUseId": "toolu_1"}
    (row,) = read("mcp", call(1, _meta=meta))
    assert row["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert row["parent_span_id"] == "00f067aa0ba902b7"
    assert row["sampled"] is True
    assert "toolu_1" in json.dumps(rest(row))


def test_a_wrapper_gives_time_direction_and_session():
    first = rows("mcp", "proxy")
    assert {row["ts_source"] for row in first} == {"event"}
    wrapped, answer = of(rows("mcp", "hostile"), session_id="s-77")
    assert (wrapped["stream"], wrapped["tz_assumed"], wrapped["trace_id"] is not None) == ("mcp:git", True, True)
    assert wrapped["tool_call_id"] == answer["tool_call_id"] == "s-77#client#1"


def test_sessions_that_the_log_names_do_not_mix():
    def line(session, message):
        return {"ts": "2026-05-01T10:00:00Z", "session_id": session, "message": message}

    events = read("mcp", line("a", call(1, "x")), line("b", call(1, "y")), line("a", done(1)), line("b", done(1)))
    assert [(row["tool"], row["tool_call_id"]) for row in events] == [
        ("x", "a#client#1"), ("y", "b#client#1"), ("x", "a#client#1"), ("y", "b#client#1"),
    ]  # fmt: skip


def test_request_and_response_in_one_record():
    asked, answered = of(rows("mcp", "hostile"), session_id="s-78")
    assert (asked["kind"], answered["kind"], answered["tool"]) == ("call", "result", "log")
    assert rest(asked)["wrapper"] == {"session_id": "s-78", "duration_ms": 4}


@pytest.mark.parametrize(
    ("word", "side"),
    [
        ("client->server", "client"), ("client_to_server", "client"), ("c2s", "client"), ("CLIENT", "client"),
        ("from-client", "client"), ("client → server", None), ("server->client", "server"), ("s2c", "server"),
        ("stdout", "server"), ("inbound", None), ("sent", None),
    ],
)  # fmt: skip
def test_directions(word, side):
    (row,) = read("mcp", {"direction": word, "message": rpc(id=1, method="ping")})
    assert row["request_id"].split("#")[1] == (side or "client")


def test_a_result_without_its_request_is_known_by_its_shape():
    tool, listed = read("mcp", done(4), rpc(id=5, result={"tools": []}))
    assert (tool["layer"], tool["kind"], tool["tool"]) == ("tool", "result", None)
    assert (listed["kind"], listed["tool_call_id"]) == ("log", None)


def test_other_protocols_on_json_rpc_are_not_claimed():
    assert score("mcp", rpc(id=1, method="textDocument/hover", params={})) == 0.0
    assert score("mcp", rpc(id=1, method="initialize", params={"processId": 1, "capabilities": {}})) == 0.0
    assert score("mcp", rpc(id=1, method="message/send", params={})) == 0.0
    assert score("mcp", {"jsonrpc": "1.0", "method": "tools/call"}) == 0.0
    assert score("mcp", {"direction": "in", "message": call(1)}) == 0.7
    assert score("mcp", call(1)) == 0.95


def test_a_body_of_server_sent_events_holds_messages():
    body = f"event: message\nid: 4\ndata: {json.dumps(done(1))}\n\nevent: message\ndata: {json.dumps(done(2))}\n\n"
    first, second = read("mcp", {"from": "server", "headers": {"mcp-session-id": "s-1"}, "body": body})
    assert (first["tool_call_id"], second["tool_call_id"]) == ("s-1#client#1", "s-1#client#2")
    assert "id: 4" in rest(first)["wrapper"]["body"]


def test_a_batch_in_a_wrapper_is_kept_whole():
    events = read("mcp", {"ts": "2026-05-01T10:00:00Z", "body": [call(1, "a"), call(2, "b")]})
    assert [row["tool"] for row in events] == ["a", "b"]
