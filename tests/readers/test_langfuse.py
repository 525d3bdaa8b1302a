"""Langfuse: observations are spans, an update is no second one, and pages that are not here are told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditrail.containers.framing import look
from auditrail.containers.records import Record, Wrapper
from auditrail.errors import RecordError
from auditrail.readers import langfuse
from auditrail.readers._contract import Ignored
from tests.conformance import _pipeline as pipeline

TRACE = "5b8efff798038103d269b633813fc60c"
TOOL: dict[str, Any] = {
    "id": "eee19b7ec3c1b173", "traceId": TRACE, "parentObservationId": "eee19b7ec3c1b171", "type": "TOOL",
    "name": "refund", "startTime": "2026-01-01T00:00:02Z", "endTime": "2026-01-01T00:00:03Z", "level": "DEFAULT",
    "input": {"order": "A-1"}, "output": "ok",
}  # fmt: skip


def read(value: Any) -> Any:
    return langfuse.read(value, Record(1, 0, 0, b"", b""))


def one(**changes: Any) -> Any:
    return read({**TOOL, **changes})[0]


def ids(event: Any) -> dict[str, str]:
    return {an_id.kind: an_id.value for an_id in event.ids}


@pytest.mark.parametrize(
    ("kind", "layer"),
    [
        ("TOOL", "tool"), ("GENERATION", "llm"), ("EMBEDDING", "llm"), ("AGENT", "agent"), ("CHAIN", "agent"),
        ("GUARDRAIL", "policy"), ("RETRIEVER", "other"), ("SPAN", "other"), ("new kind", "other"),
    ],
)  # fmt: skip
def test_types_are_layers(kind: str, layer: str) -> None:
    assert one(type=kind).layer == layer


def test_a_tool_has_arguments_and_result() -> None:
    event = one()
    assert (event.kind, event.tool, event.args, event.result) == ("span", "refund", '{"order":"A-1"}', "ok")
    assert ids(event) == {"trace": TRACE, "span": TOOL["id"], "parent_span": TOOL["parentObservationId"]}


def test_names_of_exports_mean_the_same() -> None:
    snake = {
        "id": TOOL["id"], "trace_id": TRACE, "parent_observation_id": TOOL["parentObservationId"], "type": "TOOL",
        "name": "refund", "start_time": "2026-01-01 00:00:02.000000", "end_time": "2026-01-01 00:00:03.000000",
        "level": "DEFAULT", "input": '{"order":"A-1"}', "output": "ok",
    }  # fmt: skip
    assert read(snake) == read(TOOL)


def test_the_level_says_what_failed() -> None:
    event = one(level="ERROR", statusMessage="no answer")
    assert (event.status, event.error) == ("error", "no answer")
    warned = one(level="WARNING", statusMessage="slow")
    assert warned.status == "unknown"
    assert json.loads(warned.attributes)["langfuse.statusMessage"] == "slow"


def test_an_event_is_no_span() -> None:
    event = one(type="EVENT", endTime=None)
    assert (event.kind, "span" in ids(event), ids(event)["other"]) == ("log", False, TOOL["id"])


@pytest.mark.parametrize(
    "usage",
    [
        {"usageDetails": {"input": 7, "output": 3}},
        {"usageDetails": '{"input":7,"output":3}'},
        {"usage": {"promptTokens": 7, "completionTokens": 3}},
        {"promptTokens": 7, "completionTokens": 3},
    ],
)
def test_tokens(usage: dict[str, Any]) -> None:
    event = one(type="GENERATION", model="gpt-4o", **usage)
    assert (event.model, event.tokens_in, event.tokens_out) == ("gpt-4o", 7, 3)


def test_a_trace_begins_the_run() -> None:
    start, span = read(
        {"id": TRACE, "timestamp": "2026-01-01T00:00:00Z", "name": "refund", "sessionId": "s", "userId": "u",
         "input": "q", "observations": [{k: v for k, v in TOOL.items() if k != "traceId"}]}
    )  # fmt: skip
    assert (start.layer, start.kind, start.args, start.result_state) == ("agent", "start", "q", "absent")
    assert (ids(span)["trace"], ids(span)["session"], span.principal) == (TRACE, "s", "u")


def test_ids_of_observations_that_should_be_there_are_kept() -> None:
    (start,) = read({"id": TRACE, "timestamp": "2026-01-01T00:00:00Z", "sessionId": "s", "observations": ["a", "b"]})
    assert json.loads(start.attributes)["langfuse.observations"] == ["a", "b"]


def test_an_update_is_a_record_below_its_span() -> None:
    body = {"id": TOOL["id"], "traceId": TRACE, "endTime": "2026-01-01T00:00:03Z", "output": "ok"}
    sent = {"id": "ev-1", "type": "span-update", "timestamp": "2026-01-01T00:00:04Z", "body": body}
    (event,) = read(sent)
    assert (event.kind, event.result, event.ts_ns, event.end_ns) == ("log", "ok", 1767225603000000000, None)
    assert ids(event) == {"trace": TRACE, "parent_span": TOOL["id"]}
    assert event.dedupe_key == "langfuse:sent/ev-1"
    (created,) = read({**sent, "type": "span-create"})
    assert (created.kind, ids(created)["span"]) == ("span", TOOL["id"])


def test_a_body_without_a_time_has_that_of_its_envelope() -> None:
    (event,) = read({"id": "e", "type": "tool-create", "timestamp": "2026-01-01T00:00:04Z", "body": {"id": "x"}})
    assert (event.layer, event.ts_ns, event.ts_source) == ("tool", 1767225604000000000, "observed")


def test_pages_that_follow_are_told() -> None:
    def close(meta: Any) -> list[str]:
        return [code for code, _ in langfuse.close(Wrapper({"meta": meta}, "data", 1, 1, 0))]

    assert close({"page": 1, "totalPages": 3, "totalItems": 9}) == ["next-page-left"]
    assert close({"cursor": "abc"}) == ["next-page-left"]
    assert close({"page": 3, "totalPages": 3}) == close({"cursor": None}) == close("odd") == []


def test_what_is_claimed() -> None:
    def score(value: Any) -> float:
        return langfuse.sniff(look(json.dumps(value).encode(), complete=True))

    assert (
        score(TOOL)
        == score({"data": [TOOL], "meta": {}})
        == score({"batch": [{"type": "span-create", "body": {}}]})
        == 0.95
    )
    assert score({"id": "1", "timestamp": "2026-01-01", "observations": [TOOL]}) == 0.9
    assert score({"id": "1", "traceId": "2", "type": "TOOL", "startTime": "2026-01-01"}) == 0.0
    assert score({"data": [{"id": 1}]}) == score({"batch": []}) == 0.0


def test_an_answer_longer_than_the_head_is_claimed_by_what_is_seen() -> None:
    data = json.dumps({"data": [TOOL] * 50}).encode()
    assert langfuse.sniff(look(data[:3000], complete=False)) >= 0.9


def test_what_is_no_observation() -> None:
    with pytest.raises(RecordError):
        read("x")
    assert read({}) == Ignored("empty-object")
    assert read({"name": "score", "traceId": TRACE})[0].kind == "log"


def test_a_table_and_a_page_give_the_same_events() -> None:
    page = {
        row["dedupe_key"]: row
        for row in pipeline.read_case(pipeline.FIXTURES / "langfuse" / "observations-page").events
    }
    for row in pipeline.read_case(pipeline.FIXTURES / "langfuse" / "blob-csv").events:
        for column in ("ts_ns", "end_ns", "layer", "kind", "args", "result", "status", "tokens_in", "tool_call_id"):
            assert page[row["dedupe_key"]][column] == row[column], column


def test_a_download_of_one_trace_has_its_observations_beside_the_trace() -> None:
    trace = {"id": TRACE, "timestamp": "2026-01-01T00:00:00Z", "name": "t", "sessionId": "s-1"}
    inside = read({**trace, "observations": [TOOL]})
    assert read({"trace": trace, "observations": [TOOL]}) == inside
    assert [event.kind for event in inside] == ["start", "span"]
    document = json.dumps({"trace": trace, "observations": [TOOL]}, indent=2).encode()
    assert langfuse.sniff(look(document, True)) >= 0.9


def test_a_trace_that_is_no_object_makes_no_download() -> None:
    assert langfuse.sniff(look(b'{"trace": 1, "observations": []}', True)) == 0.0


ANSWER = {"type": "tool", "name": "refund", "tool_call_id": "call_7", "content": "no such order", "status": "success"}


@pytest.mark.parametrize("kind", ["SPAN", "TOOL"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_step_whose_output_is_a_message_of_a_tool_answers_that_call(kind: str, packed: bool) -> None:
    event = one(type=kind, name="run", output=json.dumps(ANSWER) if packed else ANSWER)
    assert (event.layer, event.kind, event.tool) == ("tool", "span", "refund")
    assert ids(event)["tool_call"] == "call_7"
    assert event.error is None
    assert ('"langfuse.type":"SPAN"' in (event.attributes or "")) is (kind == "SPAN")


def test_a_message_of_a_tool_tells_that_it_failed() -> None:
    assert one(type="SPAN", output={**ANSWER, "status": "error"}).error == "no such order"


@pytest.mark.parametrize(
    "output", [{"type": "tool"}, {"type": "tool", "content": "x"}, {"messages": [ANSWER]}, [ANSWER]]
)
def test_other_steps_that_mention_a_tool_are_no_tool(output: Any) -> None:
    assert one(type="SPAN", output=output).layer == "other"


def test_names_and_ids_that_the_tracer_gave_are_used() -> None:
    given = {"attributes": {"gen_ai.tool.name": "refund", "gen_ai.tool.call.id": "call_7", "tool.id": 7}}
    event = one(name="running tool", metadata=given)
    assert (event.tool, ids(event)["tool_call"]) == ("refund", "call_7")
    assert one(name="execute_tool refund").tool == "refund"
    assert one(metadata={"attributes": "none"}).tool == "refund"


def test_calls_among_the_further_arguments_of_a_message_are_calls() -> None:
    asked = {"id": "call_7", "type": "function", "function": {"name": "refund", "arguments": '{"order":"A-1"}'}}
    message = {"role": "assistant", "content": "", "additional_kwargs": {"tool_calls": [asked]}}
    events = read({**TOOL, "type": "GENERATION", "name": "ChatOpenAI", "output": message})
    assert [(event.kind, event.tool, event.args) for event in events[1:]] == [("call", "refund", '{"order":"A-1"}')]
    # The same call in both places is one call.
    both = {**message, "tool_calls": [{"id": "call_7", "name": "refund", "args": {"order": "A-1"}}]}
    assert len(read({**TOOL, "type": "GENERATION", "output": both})) == 2


def test_content_that_was_packed_twice_is_unpacked() -> None:
    sent = {"order": "A-1"}
    packed = json.dumps(json.dumps(sent))
    assert one(input=packed).args == '{"order":"A-1"}'
    assert read({"id": TRACE, "timestamp": "2026-01-01T00:00:00Z", "observations": [], "input": packed})[0].args == (
        '{"order":"A-1"}'
    )
    for other in ('"{', '"{"', '"{" "}"'):
        assert one(input=other).args == other
