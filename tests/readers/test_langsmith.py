"""LangSmith: the trace is the run, the project is no session, and the dotted order proves ancestors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditrail.containers.framing import look
from auditrail.containers.records import Record, Wrapper
from auditrail.errors import RecordError
from auditrail.readers import langsmith
from tests.conformance import _pipeline as pipeline

ROOT, CHILD = "6f1b7c1e-0001-4a00-8000-00000000000a", "6f1b7c1e-0002-4a00-8000-00000000000b"
PROJECT = "aaaaaaaa-1111-4111-8111-aaaaaaaaaaaa"
ORDER = f"20260101T000000000000Z{ROOT}.20260101T000001000000Z{CHILD}"
RUN: dict[str, Any] = {
    "id": CHILD, "trace_id": ROOT, "name": "refund", "run_type": "tool", "start_time": "2026-01-01T00:00:01",
    "end_time": "2026-01-01T00:00:02.5", "session_id": PROJECT, "inputs": {"order": "A-1"}, "outputs": {"ok": True},
}  # fmt: skip


def read(value: Any) -> Any:
    return langsmith.read(value, Record(1, 0, 0, b"", b""))


def one(**changes: Any) -> Any:
    return read({**RUN, **changes})[0]


def ids(event: Any) -> dict[str, str]:
    return {an_id.kind: an_id.value for an_id in event.ids}


def rest(event: Any) -> Any:
    return json.loads(event.attributes)


def test_the_trace_is_the_run_and_the_trace_of_opentelemetry() -> None:
    assert ids(one()) == {"run": ROOT, "trace": ROOT.replace("-", ""), "span": CHILD}
    assert ids(read({"id": ROOT, "run_type": "chain", "start_time": "2026-01-01"})[0])["run"] == ROOT


def test_the_project_is_no_session() -> None:
    event = one()
    assert "session" not in ids(event)
    assert rest(event)["langsmith.session_id"] == PROJECT


@pytest.mark.parametrize("key", ["thread_id", "session_id", "conversation_id"])
def test_the_conversation_stands_in_the_metadata(key: str) -> None:
    assert ids(one(extra={"metadata": {key: "conv-1"}}))["conversation"] == "conv-1"
    assert ids(one(extra=json.dumps({"metadata": {key: "conv-1"}})))["conversation"] == "conv-1"


def test_the_dotted_order_names_parent_and_ancestors() -> None:
    event = one(dotted_order=ORDER, trace_id=None)
    assert (ids(event)["parent_span"], ids(event)["run"]) == (ROOT, ROOT)
    assert rest(event)["langsmith.ancestors"] == [ROOT]
    assert ids(one(dotted_order=ORDER, parent_run_id=PROJECT))["parent_span"] == PROJECT
    assert rest(one(dotted_order="odd"))["langsmith.dotted_order"] == "odd"


def test_inputs_and_outputs_are_arguments_and_results() -> None:
    event = one()
    assert (event.layer, event.tool, event.args, event.result) == ("tool", "refund", '{"order":"A-1"}', '{"ok":true}')
    hidden = one(inputs={}, outputs={})
    assert (hidden.args_state, hidden.result_state) == ("empty", "empty")
    assert one(outputs=None).result_state == "absent"
    assert one(inputs='{"order":"A-1"}').args == '{"order":"A-1"}'


def test_times_without_a_zone_are_utc() -> None:
    event = one()
    assert (event.ts_ns, event.end_ns, event.tz_assumed) == (1767225601000000000, 1767225602500000000, False)
    odd = one(start_time="soon")
    assert (odd.ts_ns, odd.ts_source, rest(odd)["langsmith.start_time"]) == (None, "order", "soon")


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [("success", None, "ok"), ("error", "E: x", "error"), (None, "E: x", "error"), ("pending", None, "unknown")],
)
def test_status(status: Any, error: Any, expected: str) -> None:
    event = one(status=status, error=error)
    assert (event.status, event.error) == (expected, error)


def test_calls_of_a_model_are_events() -> None:
    message = {"kwargs": {"tool_calls": [{"name": "refund", "args": {"a": 1}, "id": "call_1"}]}}
    outputs = {"generations": [[{"text": "", "message": message}]]}
    span, call = read(
        {**RUN, "run_type": "llm", "outputs": outputs, "prompt_tokens": 5, "completion_tokens": 2,
         "extra": {"invocation_params": {"model": "gpt-4o"}}}
    )  # fmt: skip
    assert (span.layer, span.model, span.tokens_in, span.tokens_out) == ("llm", "gpt-4o", 5, 2)
    assert (call.kind, call.tool, call.args, ids(call)["tool_call"]) == ("call", "refund", '{"a":1}', "call_1")
    assert ids(call)["run"] == ROOT


def test_the_sum_of_tokens_on_a_chain_counts_nothing_twice() -> None:
    event = one(run_type="chain", prompt_tokens=5)
    assert (event.tokens_in, rest(event)["langsmith.prompt_tokens"]) == (None, 5)


@pytest.mark.parametrize(
    "changes",
    [
        {"extra": {"tool_call_id": "call_1"}},
        {"extra": {"metadata": {"tool_call_id": "call_1"}}},
        {"outputs": {"output": {"tool_call_id": "call_1"}}},
        {"outputs": {"output": {"kwargs": {"tool_call_id": "call_1"}}}},
    ],
)
def test_the_call_that_a_tool_run_executes(changes: dict[str, Any]) -> None:
    assert ids(one(**changes))["tool_call"] == "call_1"


def test_a_run_posted_and_patched_is_two_records_of_it() -> None:
    assert one(end_time=None).dedupe_key != one().dedupe_key
    assert one(end_time="2026-01-01T00:00:02.500000+00:00").dedupe_key == one().dedupe_key


def test_child_runs_are_read() -> None:
    events = read({**RUN, "child_runs": [{**RUN, "id": "c1", "child_runs": [{**RUN, "id": "c2"}]}, "odd"]})
    assert [ids(event)["span"] for event in events] == [CHILD, "c1", "c2"]


def test_pages_that_follow_are_told() -> None:
    assert langsmith.close(Wrapper({"cursors": {"next": "abc"}}, "runs", 1, 1, 0)) == [
        ("next-page-left", "the answer goes on behind the cursor: abc")
    ]
    assert langsmith.close(Wrapper({"cursors": {"next": None}}, "runs", 1, 1, 0)) == []


def test_what_is_claimed() -> None:
    def score(value: Any) -> float:
        return langsmith.sniff(look(json.dumps(value).encode(), complete=True))

    assert score(RUN) == score([RUN]) == score({"runs": [RUN]}) == 0.95
    assert score({"id": "1", "run_type": "llm", "start_time": "2026-01-01", "inputs": {}}) == 0.8
    data = json.dumps({"runs": [RUN] * 50}).encode()
    assert langsmith.sniff(look(data[:3000], complete=False)) == 0.9
    assert score({"run_type": "llm"}) == score({"id": "1", "run_type": "batch", "trace_id": "x"}) == 0.0


def test_a_csv_and_a_page_give_the_same_events() -> None:
    page = {row["dedupe_key"]: row for row in pipeline.read_case(pipeline.FIXTURES / "langsmith" / "page").events}
    table = {row["dedupe_key"]: row for row in pipeline.read_case(pipeline.FIXTURES / "langsmith" / "csv").events}
    assert page.keys() == table.keys()
    for key, row in page.items():
        for column in ("ts_ns", "end_ns", "layer", "kind", "args", "result", "status", "tokens_in", "tool_call_id"):
            assert table[key][column] == row[column], (key, column)


def test_what_is_no_run() -> None:
    with pytest.raises(RecordError):
        read([])
    assert read({"x": 1})[0].kind == "log"


@pytest.mark.parametrize(
    ("order", "ns"),
    [(ORDER, 1767225601 * 10**9), (f"20260101T000000000000Z{ROOT}", 1767225600 * 10**9),
     ("20261301T000000000000Zx", None), (f"2026-01-01T00:00:00.5Z{ROOT}", None), ("", None), (5, None)],
)  # fmt: skip
def test_a_run_without_a_start_began_when_its_dotted_order_says(order: Any, ns: int | None) -> None:
    assert one(start_time=None, end_time=None, dotted_order=order).ts_ns == ns
    assert one(dotted_order=f"20200101T000000000000Z{CHILD}").ts_ns == 1767225601 * 10**9
