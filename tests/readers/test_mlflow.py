"""MLflow: ids of three schemas are one, values are decoded, and missing spans can be counted."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from auditrail.containers.framing import look
from auditrail.containers.records import Record, Wrapper
from auditrail.errors import RecordError
from auditrail.readers import mlflow
from tests.conformance import _pipeline as pipeline

TRACE, SPAN, PARENT = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b173", "eee19b7ec3c1b171"


def attributes(kind: str = "TOOL", **more: Any) -> dict[str, str]:
    values = {"traceRequestId": f"tr-{TRACE}", "spanType": kind, "spanInputs": {"order": "A-1"}, "spanOutputs": "ok"}
    return {f"mlflow.{key}": json.dumps(value) for key, value in {**values, **more}.items()}


def b64(text: str) -> str:
    return base64.b64encode(bytes.fromhex(text)).decode()


V3: dict[str, Any] = {
    "trace_id": b64(TRACE), "span_id": b64(SPAN), "parent_span_id": b64(PARENT), "name": "refund",
    "start_time_unix_nano": 1767225602000000000, "end_time_unix_nano": 1767225603000000000,
    "status": {"code": "STATUS_CODE_OK", "message": ""}, "attributes": attributes(), "events": [],
}  # fmt: skip
V4 = {
    **V3, "trace_id": f"tr-{TRACE}", "otel_trace_id": TRACE, "span_id": SPAN, "parent_span_id": PARENT,
    "status": {"code": "OK", "message": None}, "span_dict_version": 4,
}  # fmt: skip
V2 = {
    "name": "refund", "context": {"trace_id": f"0x{TRACE}", "span_id": f"0x{SPAN}"}, "parent_id": f"0x{PARENT}",
    "start_time": 1767225602000000000, "end_time": 1767225603000000000, "status_code": "OK", "status_message": "",
    "attributes": attributes(), "events": [],
}  # fmt: skip


def read(value: Any) -> Any:
    return mlflow.read(value, Record(1, 0, 0, b"", b""))


def ids(event: Any) -> dict[str, str]:
    return {an_id.kind: an_id.value for an_id in event.ids}


def trace(spans: list[Any], **info: Any) -> dict[str, Any]:
    return {
        "info": {"trace_id": f"tr-{TRACE}", "request_time": "2026-01-01T00:00:00Z", **info},
        "data": {"spans": spans},
    }


@pytest.mark.parametrize("span", [V2, V3, V4], ids=["v2", "v3", "v4"])
def test_all_schemas_give_the_same_span(span: dict[str, Any]) -> None:
    (event,) = read(span)
    assert event == read(V3)[0]
    assert ids(event) == {"trace": TRACE, "span": SPAN, "parent_span": PARENT}
    assert (event.layer, event.tool, event.args, event.result, event.status) == (
        "tool", "refund", '{"order":"A-1"}', "ok", "ok",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "layer"),
    [("LLM", "llm"), ("CHAT_MODEL", "llm"), ("AGENT", "agent"), ("GUARDRAIL", "policy"), ("MY", "other")],
)
def test_types_are_layers(kind: str, layer: str) -> None:
    assert read({**V3, "attributes": attributes(kind)})[0].layer == layer


def test_a_model_has_tokens_and_calls() -> None:
    message = {
        "choices": [{"message": {"tool_calls": [{"id": "call_1", "function": {"name": "refund", "arguments": "{}"}}]}}]
    }
    own = attributes("CHAT_MODEL", spanOutputs=message) | {
        "mlflow.llm.model": '"gpt-4o"', "mlflow.chat.tokenUsage": '{"input_tokens":7,"output_tokens":3}',
    }  # fmt: skip
    span, call = read({**V3, "attributes": own})
    assert (span.model, span.tokens_in, span.tokens_out) == ("gpt-4o", 7, 3)
    assert (call.kind, call.tool, ids(call)["tool_call"]) == ("call", "refund", "call_1")


def test_missing_spans_can_be_counted() -> None:
    metadata = {"mlflow.trace.sizeStats": '{"num_spans":4}', "mlflow.trace.session": "s", "mlflow.trace.user": "u"}
    about, span = read(trace([V3], state="OK", trace_metadata=metadata))
    said = json.loads(about.attributes)
    assert (said["spansDeclared"], said["spansHeld"]) == (4, 1)
    assert (about.name, about.status, about.principal, about.ts_ns) == ("mlflow.trace", "ok", "u", 1767225600000000000)
    assert ids(span)["session"] == ids(about)["session"] == "s"
    assert ids(about)["other"] == f"tr-{TRACE}"


def test_an_experiments_run_is_no_agent_run() -> None:
    about, span = read(trace([V3], trace_metadata={"mlflow.sourceRun": "run123"}))
    assert "run" not in ids(about)
    assert "run" not in ids(span)


def test_values_that_are_no_json_stay_text() -> None:
    (event,) = read({**V3, "attributes": {"mlflow.spanInputs": "plain text", "mlflow.spanType": "TOOL", "n": "007"}})
    assert (event.args, event.layer, json.loads(event.attributes)["n"]) == ("plain text", "tool", "007")


def test_what_happened_inside_is_kept() -> None:
    events = [{"name": "exception", "time_unix_nano": 1767225602500000000, "attributes": {"exception.message": "m"}}]
    links = [
        {"trace_id": "tr-0af7651916cd43dd8448eb211c80319c", "span_id": "b7ad6b7169203331", "attributes": {"why": "x"}}
    ]
    span, error = read({**V3, "events": events, "links": links, "status": {"code": "STATUS_CODE_ERROR"}})
    assert (span.status, span.error, error.kind) == ("error", "m", "error")
    assert ids(span)["linked_span"] == "b7ad6b7169203331"
    assert json.loads(span.attributes)["mlflow.links"] == links


def test_a_row_of_a_search_is_a_trace() -> None:
    row = {"trace_id": f"tr-{TRACE}", "trace": json.dumps(trace([V4], state="ERROR")), "state": "ERROR", "request": "q"}
    about, span = read(row)
    assert (about.status, ids(span)["span"]) == ("error", SPAN)
    about, span = read({**row, "trace": "{}", "spans": json.dumps([V4])})
    assert ids(span)["span"] == SPAN


def test_what_is_claimed() -> None:
    def score(value: Any) -> float:
        return mlflow.sniff(look(json.dumps(value).encode(), complete=True))

    for value in (trace([V3]), {"traces": [trace([V3])]}, V3, {"spans": [V2]}):
        assert score(value) == 0.95
    assert score({"info": {}, "data": {"spans": []}}) == score({"spans": []}) == score({"data": {"spans": [{}]}}) == 0.0
    data = json.dumps(trace([V3] * 100)).encode()
    assert mlflow.sniff(look(data[:3000], complete=False)) == 0.9


def test_a_search_that_goes_on_is_told() -> None:
    assert mlflow.close(Wrapper({"next_page_token": "t"}, "traces", 1, 1, 0)) == [
        ("next-page-left", "the search goes on behind the token: t")
    ]
    with pytest.raises(RecordError):
        read([])


def test_over_opentelemetry_the_types_stand_in_quotes() -> None:
    attribute = {"key": "mlflow.spanType", "value": {"stringValue": '"TOOL"'}}
    export = {"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "n", "attributes": [attribute]}]}]}]}
    assert [row["layer"] for row in pipeline.read(json.dumps(export).encode()).events] == ["tool"]
