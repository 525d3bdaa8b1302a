"""Phoenix: whatever shape the attributes were exported in, they mean what OpenInference means."""

from __future__ import annotations

import json
from typing import Any

import pytest

from auditrail.containers.framing import look
from auditrail.containers.records import Record, Wrapper
from auditrail.errors import RecordError
from auditrail.readers import phoenix

TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b172"
BARE: dict[str, Any] = {
    "name": "ChatCompletion", "span_kind": "LLM", "parent_id": None, "start_time": "2026-01-01T00:00:01+00:00",
    "end_time": "2026-01-01T00:00:02+00:00", "status_code": "OK", "status_message": "", "events": [],
}  # fmt: skip
CONTEXT = {"context.trace_id": TRACE, "context.span_id": SPAN}
ATTRIBUTES = {
    "flat columns": {
        "attributes.llm.model_name": "gpt-4o", "attributes.llm.token_count.prompt": 7.0, "attributes.session.id": "s",
        "attributes.llm.input_messages": [{"message.role": "user", "message.content": "hi"}],
    },
    "dotted keys": {
        "attributes": {
            "llm.model_name": "gpt-4o", "llm.token_count.prompt": 7, "session.id": "s",
            "llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "hi",
        }
    },
    "nested": {
        "attributes": {
            "llm": {
                "model_name": "gpt-4o", "token_count": {"prompt": 7},
                "input_messages": [{"message": {"role": "user", "content": "hi"}}],
            },
            "session": {"id": "s"},
        }
    },
    "as JSON text": {
        "attributes": json.dumps({"llm": {"model_name": "gpt-4o", "token_count": {"prompt": 7}}, "session": {"id": "s"},
                                  "llm.input_messages": [{"message": {"role": "user", "content": "hi"}}]}),
    },
}  # fmt: skip


def read(value: Any) -> Any:
    return phoenix.read(value, Record(1, 0, 0, b"", b""))


def ids(event: Any) -> dict[str, str]:
    return {an_id.kind: an_id.value for an_id in event.ids}


@pytest.mark.parametrize("shape", ATTRIBUTES)
def test_every_shape_of_attributes_means_the_same(shape: str) -> None:
    (event,) = read({**BARE, **CONTEXT, **ATTRIBUTES[shape]})
    assert (event.layer, event.model, event.tokens_in, event.status) == ("llm", "gpt-4o", 7, "ok")
    assert event.args == '[{"message":{"role":"user","content":"hi"}}]'
    assert ids(event) == {"trace": TRACE, "span": SPAN, "session": "s"}


def test_a_context_may_be_an_object_or_its_text() -> None:
    context = {"trace_id": TRACE, "span_id": SPAN}
    assert (
        read({**BARE, "context": context})
        == read({**BARE, **CONTEXT})
        == read({**BARE, "context": json.dumps(context)})
    )


def test_null_columns_are_absent() -> None:
    (event,) = read({**BARE, **CONTEXT, "attributes.tool.name": None, "attributes.input.value": None})
    assert (event.tool, event.args_state) == (None, "absent")


def test_objects_that_are_content_stay_whole() -> None:
    (event,) = read({**BARE, **CONTEXT, "attributes": {"metadata": {"a": {"b": 1}}, "input": {"value": {"q": 1}}}})
    assert json.loads(event.attributes)["metadata"] == {"a": {"b": 1}}
    assert event.args == '{"q":1}'


def test_a_tool_without_a_name_has_that_of_its_span() -> None:
    (event,) = read(
        {**BARE, **CONTEXT, "span_kind": "TOOL", "name": "refund", "attributes.input.value": "__REDACTED__"}
    )
    assert (event.layer, event.tool, event.args_state) == ("tool", "refund", "redacted")


def test_what_failed() -> None:
    raised = [{"name": "exception", "timestamp": "2026-01-01T00:00:02Z", "attributes": {"exception.message": "m"}}]
    span, error = read({**BARE, **CONTEXT, "status_code": "ERROR", "events": json.dumps(raised)})
    assert (span.status, span.error, error.kind, error.ts_ns) == ("error", "m", "error", 1767225602000000000)


def test_a_time_without_a_zone_is_marked() -> None:
    assert read({**BARE, **CONTEXT, "start_time": "2026-01-01 00:00:01"})[0].tz_assumed
    (odd,) = read({**BARE, **CONTEXT, "start_time": "soon"})
    assert (odd.ts_source, json.loads(odd.attributes)["phoenix.start_time"]) == ("order", "soon")


def test_what_is_claimed() -> None:
    def score(value: Any) -> float:
        return phoenix.sniff(look(json.dumps(value).encode(), complete=True))

    context = {"context": {"trace_id": TRACE, "span_id": SPAN}}
    for value in ({**BARE, **CONTEXT}, {**BARE, **context}, {"data": [{**BARE, **context}], "next_cursor": None}):
        assert score(value) == 0.95
    assert score(BARE) == score({**context, "name": "x"}) == score({**CONTEXT, "span_kind": "CLIENT"}) == 0.0
    data = json.dumps({"data": [{**BARE, **context}] * 50}).encode()
    assert phoenix.sniff(look(data[:3000], complete=False)) == 0.9


def test_a_page_that_is_not_the_last_is_told() -> None:
    assert phoenix.close(Wrapper({"next_cursor": "c"}, "data", 1, 1, 0)) == [
        ("next-page-left", "the answer goes on behind the cursor: c")
    ]
    assert phoenix.close(Wrapper({"next_cursor": None}, "data", 1, 1, 0)) == []
    with pytest.raises(RecordError):
        read([])
