"""OTLP/JSON: spans, logs, what is inside them, non-conforming writers, and hostile input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditrail.containers.framing import look
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.jsontext import parse
from auditrail.model import DECISIONS, ID_KINDS, KINDS, LAYERS, STATES, STATUSES, TS_SOURCES, Event, Id
from auditrail.readers import otlp
from auditrail.readers._contract import Ignored

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "otlp"
RECORD = Record(1, 0, 0, b"", b"")
TRACE = "5B8EFFF798038103D269B633813FC60C"
SPAN = "EEE19B7EC3C1B174"
PARENT = "EEE19B7EC3C1B173"


def value_of(value: Any) -> dict[str, Any]:
    match value:
        case None:
            return {}
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case list():
            return {"arrayValue": {"values": [value_of(item) for item in value]}}
        case dict():
            return {"kvlistValue": {"values": pairs(value)}}
    return {"stringValue": value}


def pairs(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value_of(value)} for key, value in attributes.items()]


def export(*spans: Any, resource: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    group: dict[str, Any] = {"scopeSpans": [{"spans": list(spans)}]}
    if resource:
        group["resource"] = {"attributes": pairs(resource)}
    return {"resourceSpans": [group], **more}


def span(attributes: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    made = {"traceId": TRACE, "spanId": SPAN, "startTimeUnixNano": "100", "endTimeUnixNano": "200"}
    return {**made, "attributes": pairs(attributes or {}), **fields}


def logs(*records: Any) -> dict[str, Any]:
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": list(records)}]}]}


def events(value: Any) -> list[Event]:
    found = otlp.read(value, RECORD)
    assert isinstance(found, list)
    return found


def one(value: Any) -> Event:
    (event,) = events(value)
    return event


def attributes(event: Event) -> dict[str, Any]:
    made = json.loads(event.attributes or "{}")
    assert isinstance(made, dict)
    return made


def ids(event: Event, kind: str) -> list[str]:
    return [an_id.value for an_id in event.ids if an_id.kind == kind]


def head(*samples: Any, keys: frozenset[str] = frozenset()) -> Head:
    return Head(b"", True, "lines", False, list(samples), keys, [])


# -- spans


def test_a_span() -> None:
    event = one(export(span({"x": 1}, name="GET /", kind=2, parentSpanId=PARENT), resource={"service.name": "shop"}))
    assert (event.kind, event.layer, event.name, event.stream) == ("span", "other", "GET /", "shop")
    assert (event.ts_ns, event.end_ns, event.ts_source) == (100, 200, "event")
    assert event.ids == (
        Id("trace", TRACE.lower()),
        Id("span", SPAN.lower()),
        Id("parent_span", PARENT.lower()),
    )
    assert event.dedupe_key == f"otlp:{TRACE.lower()}/{SPAN.lower()}"
    assert attributes(event) == {"x": 1, "kind": "server", "resource": {"service.name": "shop"}}


@pytest.mark.parametrize("zero", [None, "", "0", 0])
def test_no_time_is_none_and_in_the_order_of_the_file(zero: Any) -> None:
    event = one(export(span(startTimeUnixNano=zero, endTimeUnixNano=zero)))
    assert (event.ts_ns, event.end_ns, event.ts_source, event.attributes) == (None, None, "order", None)


def test_times_at_and_past_the_limit_of_64_bits() -> None:
    event = one(export(span(startTimeUnixNano=str(2**63 - 1), endTimeUnixNano=str(2**63))))
    assert (event.ts_ns, event.end_ns) == (2**63 - 1, None)
    assert attributes(event) == {"endTimeUnixNano": str(2**63)}


def test_times_as_numbers_are_exact() -> None:
    assert one(export(span(startTimeUnixNano=1640000000000000001))).ts_ns == 1640000000000000001


@pytest.mark.parametrize(
    ("status", "expected", "error"),
    [
        ({"code": 2, "message": "boom"}, "error", "boom"),
        ({"code": "STATUS_CODE_ERROR"}, "error", "T"),
        ({"code": 1, "message": "fine"}, "ok", "T"),
        ({}, "unknown", "T"),
        (None, "unknown", "T"),
        ({"code": 9}, "unknown", "T"),
        ([2], "unknown", "T"),
        ({"code": [2]}, "unknown", "T"),
    ],
)
def test_status(status: Any, expected: str, error: str) -> None:
    event = one(export(span({"error.type": "T"}, status=status)))
    assert (event.status, event.error) == (expected, error)
    assert attributes(event)["error.type"] == "T"


def test_the_exception_event_is_the_error_of_a_span_that_failed() -> None:
    exception = {
        "name": "exception",
        "timeUnixNano": "150",
        "attributes": pairs({"exception.type": "KeyError", "exception.message": "x"}),
    }
    failed, own = events(export(span(status={"code": 2}, events=[exception])))
    assert failed.error == own.error == "KeyError: x"
    assert (own.kind, own.status, own.ts_ns) == ("error", "error", 150)
    assert ids(own, "parent_span") == [SPAN.lower()]
    assert ids(own, "span") == []
    recovered, _ = events(export(span(status={"code": 1}, events=[exception])))
    assert recovered.error is None


def test_other_span_events_stay_in_the_attributes() -> None:
    event = one(export(span(events=[{"name": "cache.miss", "timeUnixNano": "5", "attributes": pairs({"k": 1})}])))
    assert attributes(event)["events"] == [{"name": "cache.miss", "timeUnixNano": "5", "attributes": {"k": 1}}]


def test_links_are_ids_and_attributes() -> None:
    event = one(export(span(links=[{"traceId": "AB" * 16, "spanId": "CD" * 8, "attributes": pairs({"why": "retry"})}])))
    assert ids(event, "linked_trace") == ["ab" * 16]
    assert ids(event, "linked_span") == ["cd" * 8]
    link = {"traceId": "AB" * 16, "spanId": "CD" * 8, "attributes": {"why": "retry"}}
    assert attributes(event)["links"] == [link]


def test_very_many_links_take_no_time() -> None:
    links = [{"traceId": f"{n + 1:032x}", "spanId": f"{n + 1:016x}"} for n in range(30_000)]
    event = one(export(span(links=links + links)))
    assert len(event.ids) == 2 + 2 * 30_000


@pytest.mark.parametrize(
    ("flags", "sampled", "rest"),
    [
        (1, True, {}),
        ("257", True, {"parent_remote": False}),
        (0x301, True, {"parent_remote": True}),
        (0x303, True, {"parent_remote": True, "flags": 0x303}),
        (0, False, {}),
        (256, None, {"parent_remote": False}),
        (0x200, False, {"flags": 0x200}),
        (None, None, {}),
        ("x", None, {"flags": "x"}),
        (True, None, {"flags": True}),
    ],
)
def test_flags(flags: Any, sampled: bool | None, rest: dict[str, Any]) -> None:
    event = one(export(span(flags=flags)))
    assert event.sampled is sampled
    assert attributes(event) == rest


@pytest.mark.parametrize(
    ("state", "probability"),
    [
        ("ot=th:c", 0.25),
        ("a=1, ot=rv:abc;th:8", 0.5),
        ("ot=th:0", 1.0),
        ("ot=th:zz", None),
        ("other=th:c", None),
        (5, None),
    ],
)
def test_trace_state(state: Any, probability: float | None) -> None:
    event = one(export(span({"sampling.probability": 0.1} if probability else {}, traceState=state)))
    assert event.sampling_probability == probability
    assert attributes(event)["traceState"] == state


def test_dropped_counts_are_kept_where_something_was_dropped() -> None:
    event = one(export(span(droppedAttributesCount=0, droppedEventsCount="3", droppedLinksCount=[1])))
    assert attributes(event) == {"droppedEventsCount": 3, "droppedLinksCount": [1]}


def test_every_type_of_value() -> None:
    given_ = {"s": "x", "b": False, "i": -(2**62), "d": 0.5, "l": ["a", None], "m": {"k": {"n": [1]}}, "e": None}
    raw = [
        *pairs(given_),
        {"key": "y", "value": {"bytesValue": "AAE="}},
        {"key": "n", "value": {"doubleValue": "NaN"}},
        {"key": "u", "value": {"intValue": 7}},
        {"key": "w", "value": {"newValue": 1}},
    ]
    event = one(export({**span(), "attributes": raw}))
    assert attributes(event) == {**given_, "y": "AAE=", "n": "NaN", "u": 7, "w": {"newValue": 1}}


def test_attributes_of_our_own_names_move_aside() -> None:
    event = one(export(span({"events": "a", "attributes.events": "b", "kind": "c"}, kind=1)))
    assert attributes(event) == {
        "attributes.attributes.events": "a",
        "attributes.events": "b",
        "attributes.kind": "c",
        "kind": "internal",
    }


def test_a_key_that_stands_twice() -> None:
    event = one(export({**span(), "attributes": [*pairs({"a": 1}), *pairs({"a": 2})]}))
    assert attributes(event) == {"a": 2, "duplicateAttributes": [{"key": "a", "value": 1}]}


def test_resource_ids_and_agent_are_those_of_every_span() -> None:
    resource = {"run.id": "R-1", "gen_ai.agent.name": "planner", "service.name": "s"}
    event = one(export(span({"session.id": "S"}), resource=resource))
    assert [an_id.kind for an_id in event.ids] == ["trace", "span", "session", "run"]
    assert event.agent == "planner"
    assert attributes(event)["resource"] == resource
    assert one(export(span({"gen_ai.agent.name": "own"}), resource=resource)).agent == "own"


# -- calls and messages


def chat(**more: Any) -> dict[str, Any]:
    output = [{"role": "assistant", "parts": [{"type": "tool_call", "id": "c1", "name": "f", "arguments": {"a": 1}}]}]
    known = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "session.id": "S"}
    return span({**known, "gen_ai.output.messages": json.dumps(output), "gen_ai.tool.call.id": "mine"}, **more)


def test_a_tool_call_of_a_model_is_an_event_of_its_own() -> None:
    model, call = events(export(chat(parentSpanId=PARENT), resource={"service.name": "s"}))
    assert (model.layer, model.kind) == ("llm", "span")
    assert (call.layer, call.kind, call.tool, call.model, call.stream) == ("llm", "call", "f", "m", "s")
    assert (call.args, call.args_state, call.ts_ns, call.ts_source) == ('{"a":1}', "present", 200, "event")
    assert call.ids == (
        Id("tool_call", "c1"),
        Id("parent_span", SPAN.lower()),
        Id("trace", TRACE.lower()),
        Id("session", "S"),
    )
    assert call.dedupe_key == f"{model.dedupe_key}#call1"


def test_the_call_of_a_span_without_end_is_at_its_start() -> None:
    assert events(export(chat(endTimeUnixNano=0)))[1].ts_ns == 100
    lost = events(export(chat(endTimeUnixNano=0, startTimeUnixNano=0)))[1]
    assert (lost.ts_ns, lost.ts_source) == (None, "order")


def message(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "timeUnixNano": "150", "attributes": pairs(fields)}


CALLS = [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}]


def test_old_message_events_fill_the_span_and_are_events() -> None:
    happened = [
        message("gen_ai.user.message", content="hello"),
        message("gen_ai.choice", index=0, message=json.dumps({"tool_calls": CALLS})),
    ]
    attrs = {"gen_ai.operation.name": "chat", "session.id": "S"}
    model, call, user, choice = events(export(span(attrs, events=happened)))
    assert model.args == '[{"name":"gen_ai.user.message","content":"hello"}]'
    assert model.result_state == "present"
    assert (call.kind, call.tool, call.args, ids(call, "tool_call")) == ("call", "f", '{"a":1}', ["c1"])
    assert (user.kind, user.layer, user.args, user.ts_ns) == ("message", "llm", "hello", 150)
    assert (choice.kind, choice.result) == ("message", json.dumps({"tool_calls": CALLS}))
    assert ids(user, "session") == ["S"]
    assert len(attributes(model)["events"]) == 2


def test_a_call_told_twice_in_a_span_is_one_call() -> None:
    happened = [message("gen_ai.choice", tool_calls=json.dumps(CALLS))]
    kinds = [event.kind for event in events(export(chat(events=happened)))]
    assert kinds == ["span", "call", "message"]


def test_equal_calls_without_an_id_in_one_message_are_two_calls() -> None:
    twice = [{"function": {"name": "f", "arguments": "{}"}}] * 2
    happened = [message("gen_ai.choice", tool_calls=json.dumps(twice))]
    found = events(export(span({"gen_ai.operation.name": "chat"}, events=happened)))
    assert [event.kind for event in found] == ["span", "call", "call", "message"]
    assert found[1].dedupe_key != found[2].dedupe_key


def test_a_choice_of_a_span_of_another_layer_asks_for_nothing() -> None:
    happened = [message("gen_ai.choice", tool_calls=json.dumps(CALLS))]
    found = events(export(span({"gen_ai.operation.name": "invoke_agent"}, events=happened)))
    assert [event.kind for event in found] == ["span", "message"]


def test_arguments_and_result_of_a_tool_span_in_its_events() -> None:
    happened = [message("gen_ai.tool.message", content='{"q":1}', id="c9"), message("gen_ai.choice", message="found")]
    tool, asked, _ = events(export(span({"gen_ai.operation.name": "execute_tool"}, events=happened)))
    assert (tool.args, tool.result, tool.args_state) == ('{"q":1}', "found", "present")
    assert ids(asked, "tool_call") == ["c9"]
    assert asked.layer == "tool"


def test_details_event_of_the_new_convention() -> None:
    sent = {"gen_ai.input.messages": [{"role": "user"}], "gen_ai.output.messages": [{"parts": [{**CALLS[0]}]}]}
    details = message("gen_ai.client.inference.operation.details", **sent)
    model, own = events(export(span({"gen_ai.operation.name": "chat"}, events=[details])))
    assert model.args == own.args == '[{"role":"user"}]'
    assert model.result_state == own.result_state == "present"


# -- logs


def test_a_log_record() -> None:
    record = {
        "timeUnixNano": "100",
        "observedTimeUnixNano": "150",
        "traceId": TRACE,
        "spanId": SPAN,
        "flags": 1,
        "severityNumber": 9,
        "severityText": "INFO",
        "body": value_of("hello"),
        "eventName": "greeting",
        "attributes": pairs({"run.id": "R"}),
    }
    event = one(logs(record))
    assert (event.kind, event.layer, event.name, event.status) == ("log", "other", "greeting", "unknown")
    assert (event.ts_ns, event.observed_ns, event.ts_source, event.sampled) == (100, 150, "event", True)
    assert event.ids == (Id("trace", TRACE.lower()), Id("parent_span", SPAN.lower()), Id("run", "R"))
    assert attributes(event) == {"body": "hello", "severityText": "INFO", "severityNumber": 9}
    assert event.dedupe_key is None


def test_a_log_with_the_collectors_time_only() -> None:
    event = one(logs({"timeUnixNano": "0", "observedTimeUnixNano": "150"}))
    assert (event.ts_ns, event.ts_source) == (150, "observed")
    assert one(logs({"body": {}})).ts_source == "order"


@pytest.mark.parametrize(
    ("severity", "status", "kept"),
    [
        (17, "error", 17),
        ("21", "error", 21),
        ("SEVERITY_NUMBER_ERROR2", "error", 18),
        (16, "unknown", 16),
        ([], "unknown", []),
    ],
)
def test_severity(severity: Any, status: str, kept: Any) -> None:
    event = one(logs({"severityNumber": severity}))
    assert (event.status, attributes(event)["severityNumber"]) == (status, kept)


def test_flags_of_a_log_say_nothing_outside_a_trace() -> None:
    assert one(logs({"flags": 0})).sampled is None
    assert one(logs({"flags": 0, "traceId": TRACE})).sampled is False


def test_ids_of_a_log_in_its_attributes_or_body() -> None:
    event = one(logs({"attributes": pairs({"otelTraceID": TRACE, "otelSpanID": "0"}), "body": value_of("x")}))
    assert event.ids == (Id("trace", TRACE.lower()),)
    body = {"trace_id": TRACE, "span_id": SPAN, "run_id": "R", "msg": "x"}
    event = one(logs({"body": value_of(body), "traceId": ""}))
    assert event.ids == (Id("trace", TRACE.lower()), Id("parent_span", SPAN.lower()), Id("run", "R"))
    assert attributes(event) == {"body": body}
    assert ids(one(logs({"traceId": "AB" * 16, "body": value_of(body)})), "trace") == ["ab" * 16]


def test_a_message_log() -> None:
    body = {"message": {"role": "assistant", "tool_calls": CALLS}, "index": 0}
    choice, call = events(logs({"eventName": "gen_ai.choice", "body": value_of(body), "spanId": SPAN}))
    assert (choice.kind, choice.layer, json.loads(choice.result or "")) == ("message", "llm", body["message"])
    assert attributes(choice) == {"body": {"index": 0}}
    assert (call.tool, ids(call, "parent_span")) == ("f", [SPAN.lower()])
    told = one(
        logs(
            {"attributes": pairs({"event.name": "gen_ai.tool.message"}), "body": value_of({"id": "c1", "content": "x"})}
        )
    )
    assert (told.args, ids(told, "tool_call")) == ("x", ["c1"])


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"content": "4 tables", "id": "call_7"}, "gen_ai.tool.message"),
        ({"content": [], "tool_calls": [{"id": "call_7"}]}, "gen_ai.assistant.message"),
        ({"index": 0, "finish_reason": "tool_calls", "message": {}}, "gen_ai.choice"),
        ({"content": "Hello"}, None),
    ],
)
def test_a_message_log_without_a_name(body: dict[str, Any], name: str | None) -> None:
    event = events(logs({"body": value_of(body), "attributes": pairs({"gen_ai.system": "aws.bedrock"})}))[0]
    assert (event.name, event.layer, event.kind) == (name, "llm" if name else "other", "message" if name else "log")
    assert one(logs({"body": value_of(body), "attributes": pairs({"app": "shop"})})).name is None


def test_a_decision_log() -> None:
    event = one(logs({"attributes": pairs({"policy.name": "p", "policy.decision": "deny"}), "body": value_of("no")}))
    assert (event.kind, event.layer, event.policy, event.decision) == ("decision", "policy", "p", "deny")


def test_logs_of_coding_agents() -> None:
    attrs = {
        "event.name": "tool_result",
        "tool_name": "Bash",
        "success": "false",
        "error": "exit 1",
        "event.sequence": 3,
    }
    event = one(logs({"body": value_of("claude_code.tool_result"), "attributes": pairs(attrs)}))
    assert (event.kind, event.layer, event.tool, event.status, event.error) == (
        "result",
        "tool",
        "Bash",
        "error",
        "exit 1",
    )
    assert (event.seq_kind, event.seq) == ("event.sequence", 3)


def test_the_unique_id_of_a_log_record_is_its_dedupe_key() -> None:
    assert one(logs({"attributes": pairs({"log.record.uid": "01J"})})).dedupe_key == "otlp:log/01J"


# -- writers that do not conform


def test_base64_ids_names_of_enums_and_tempos_wrapper() -> None:
    item = {
        "traceId": "W47/95gDgQPSabYzgT/GDA==",
        "spanId": "7uGbfsPBsXQ=",
        "kind": "SPAN_KIND_CLIENT",
        "status": {"code": "STATUS_CODE_OK"},
    }
    event = one({"trace": export(item), "status": "PARTIAL"})
    assert event.ids == (Id("trace", TRACE.lower()), Id("span", SPAN.lower()))
    assert event.status == "ok"
    assert attributes(event) == {"kind": "client", "remarks": ["base64-ids"], "export": {"status": "PARTIAL"}}


def test_the_wrapper_of_jaegers_query_interface() -> None:
    assert one({"result": export(span())}).ids == one(export(span())).ids


@pytest.mark.parametrize("wrapper", ["trace", "result"])
def test_an_answer_that_is_longer_than_the_head_is_known_by_its_beginning(wrapper: str) -> None:
    text = json.dumps({wrapper: export(span(), span(), resource={"service.name": "a"})}, indent=2).encode()
    assert otlp.sniff(look(text, complete=True)) == 0.95
    assert otlp.sniff(look(text[: len(text) // 2], complete=False)) == 0.95
    assert otlp.sniff(look(b'{"result": {"data": [{"resource": 1,', complete=False)) == 0.0


def test_batches_and_instrumentation_library() -> None:
    inner = {"instrumentationLibrary": {"name": "old"}, "spans": [span()]}
    event = one({"batches": [{"instrumentationLibrarySpans": [inner]}]})
    assert attributes(event) == {"scope": {"name": "old"}}


def test_snake_case() -> None:
    item = {"trace_id": TRACE, "span_id": SPAN, "start_time_unix_nano": "5", "dropped_events_count": 2}
    item |= {"attributes": [{"key": "a", "value": {"array_value": {"values": [{"int_value": "3"}]}}}]}
    event = one({"resource_spans": [{"scope_spans": [{"spans": [item]}]}]})
    assert (event.ts_ns, ids(event, "span")) == (5, [SPAN.lower()])
    assert attributes(event) == {"a": [3], "droppedEventsCount": 2, "remarks": ["snake-case-keys"]}


def test_old_logs() -> None:
    value = {"resourceLogs": [{"instrumentationLibraryLogs": [{"logs": [{"name": "n", "body": value_of("x")}]}]}]}
    assert attributes(one(value)) == {"body": "x", "otherMembers": {"name": "n"}}


# -- what is no event, and what breaks the format


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({}, "empty-export"),
        ({"resourceSpans": []}, "empty-export"),
        ({"resourceSpans": None}, "empty-export"),
        ({"resourceLogs": [{"resource": {}, "scopeLogs": [{"logRecords": []}]}]}, "empty-export"),
        ({"resourceMetrics": [{}]}, "metrics"),
        ({"resourceProfiles": [{}]}, "profiles"),
    ],
)
def test_ignored(value: Any, reason: str) -> None:
    assert otlp.read(value, RECORD) == Ignored(reason)


@pytest.mark.parametrize("value", [None, 1, "x", [], [{"resourceSpans": []}], True])
def test_not_an_object(value: Any) -> None:
    with pytest.raises(RecordError) as caught:
        otlp.read(value, RECORD)
    assert caught.value.code == "not-an-object"


def test_an_object_of_another_kind_is_kept() -> None:
    event = one({"hello": "world"})
    assert (event.kind, event.ts_source, attributes(event)) == ("log", "order", {"hello": "world"})


def test_metrics_beside_spans_are_kept() -> None:
    _, metrics = events({**export(span()), "resourceMetrics": [{"a": 1}]})
    assert attributes(metrics) == {"resourceMetrics": [{"a": 1}]}


def test_elements_of_the_wrong_type_are_kept() -> None:
    value = {"resourceSpans": [7, {"scopeSpans": [[], {"spans": ["x", span()], "odd": 1}], "strange": 2}]}
    kept = [attributes(event) for event in events(value)]
    assert kept == [
        {"resourceSpans": 7},
        {"scopeSpans": []},
        {"spans": "x"},
        {},
        {"scopeSpans": {"odd": 1}},
        {"resourceSpans": {"strange": 2}},
    ]


def test_a_huge_resource_is_kept_once() -> None:
    found = events(export(span(), span(), resource={"service.name": "s", "x": "y" * 100_000}))
    assert [event.name for event in found] == ["resource", None, None]
    assert len(attributes(found[0])["resource"]["x"]) == 100_000
    assert all(len(event.attributes or "") < 100 and event.stream == "s" for event in found[1:])
    huge = {"z" * 100_000: 1}
    assert [event.name for event in events({**export(span()), "more": huge})] == [None, "export"]


def test_fields_of_the_wrong_type_are_kept() -> None:
    odd = {
        "traceId": [1],
        "spanId": "0000000000000000",
        "parentSpanId": {"a": 1},
        "name": 5,
        "kind": [1],
        "startTimeUnixNano": "soon",
        "attributes": ["x", {"key": 1}],
        "events": "e",
        "links": 4,
        "new": True,
    }
    event = one(export(odd))
    assert (event.ids, event.name, event.dedupe_key) == ((), None, None)
    assert attributes(event) == {
        **{key: odd[key] for key in ("traceId", "spanId", "parentSpanId", "name", "kind", "startTimeUnixNano")},
        "malformedAttributes": ["x", {"key": 1}],
        "events": "e",
        "links": 4,
        "otherMembers": {"new": True},
    }


def test_values_nested_too_deep_are_refused_or_kept() -> None:
    value: dict[str, Any] = {"stringValue": "x"}
    for _ in range(5000):
        value = {"arrayValue": {"values": [value]}}
    with pytest.raises(RecordError) as caught:
        otlp.read(export({**span(), "attributes": [{"key": "a", "value": value}]}), RECORD)
    assert caught.value.code == "too-deep"


# -- choosing the reader


@pytest.mark.parametrize(
    ("found", "score"),
    [
        (head({"resourceSpans": []}), 0.95),
        (head({"invalid": 1}, {"resource_logs": []}), 0.95),
        (head(keys=frozenset({"resourceMetrics"})), 0.95),
        (head({"trace": {"resourceSpans": []}}), 0.95),
        (head({"batches": [{"scopeSpans": []}]}), 0.95),
        (head({"batches": [1, {"jobs": []}]}), 0.0),
        (head({"trace": "t", "message": "m"}), 0.0),
        (head(1, None, "resourceSpans", ["resourceSpans"]), 0.0),
    ],
)
def test_sniff(found: Head, score: float) -> None:
    assert otlp.sniff(found) == score


# -- anything at all

_ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_WORDS = st.sampled_from(
    [
        "resourceSpans", "resourceLogs", "batches", "trace", "resource", "scopeSpans", "scopeLogs", "scope", "spans",
        "logRecords", "attributes", "key", "value", "stringValue", "intValue", "arrayValue", "kvlistValue", "values",
        "traceId", "spanId", "links", "events", "name", "status", "code", "message", "flags", "body", "eventName",
        "timeUnixNano", "startTimeUnixNano", "traceState", "severityNumber", "trace_id", "kind", "schemaUrl",
        "gen_ai.choice", "gen_ai.operation.name", "chat", "gen_ai.output.messages", "gen_ai.prompt.0.role",
        "gen_ai.prompt.0", "tool_calls", "execute_tool x", "gen_ai.client.inference.operation.details", "session.id",
        "gen_ai.tool.call.arguments", "policy.decision", "deny", "SampleRate", "sampling.threshold", "content",
    ]
)  # fmt: skip
_JSON = st.recursive(
    _ATOMS | _WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS | st.text(max_size=5), inner, max_size=6),
    max_leaves=25,
)
_KEY_VALUES = st.lists(st.fixed_dictionaries({"key": _WORDS | _ATOMS, "value": _JSON}) | _JSON, max_size=5)
_ITEM = st.dictionaries(_WORDS, _JSON, max_size=6).flatmap(
    lambda item: st.fixed_dictionaries({"attributes": _KEY_VALUES, "events": _JSON | st.lists(_JSON, max_size=2)}).map(
        lambda more: {**item, **more}
    )
)


def check(value: Any) -> None:
    try:
        found = otlp.read(value, RECORD)
    except RecordError:
        return
    for event in found if isinstance(found, list) else []:
        assert isinstance(event, Event)
        assert event.kind in KINDS
        assert event.layer in LAYERS
        assert event.status in STATUSES
        assert event.ts_source in TS_SOURCES
        assert event.decision is None or event.decision in DECISIONS
        assert {event.args_state, event.result_state} <= set(STATES)
        assert all(an_id.kind in ID_KINDS and an_id.value for an_id in event.ids)
        assert len(set(event.ids)) == len(event.ids)
        for text in (event.name, event.error, event.agent, event.tool, event.model, event.args, event.result):
            assert text is None or isinstance(text, str)
        assert event.attributes is None or isinstance(json.loads(event.attributes), dict)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_JSON)
def test_any_json_is_read_or_refused(value: Any) -> None:
    check(value)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_ITEM, _JSON, _KEY_VALUES)
def test_any_span_or_log_is_read_or_refused(item: dict[str, Any], resource: Any, shared: Any) -> None:
    check(
        {"resourceSpans": [{"resource": {"attributes": shared}, "scopeSpans": [{"scope": resource, "spans": [item]}]}]}
    )
    check({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [item]}]}]})


# -- real files; the counts are those of the corpus's KEY.md


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.exists(), reason="the shared corpus is absent")
@pytest.mark.parametrize(
    ("name", "spans", "log_records", "bad"),
    [
        ("duckdb-otlp/empty.jsonl", 0, 0, 0),
        ("duckdb-otlp/logs_document.json", 0, 1, 0),
        ("duckdb-otlp/logs_nulls.jsonl", 0, 3, 0),
        ("duckdb-otlp/logs_simple.jsonl", 0, 3, 0),
        ("duckdb-otlp/malformed.jsonl", 1, 1, 2),
        ("duckdb-otlp/multifile_malformed_traces.jsonl", 0, 0, 1),
        ("duckdb-otlp/multifile_valid_traces.jsonl", 1, 0, 0),
        ("duckdb-otlp/single_trace.jsonl", 1, 0, 0),
        ("duckdb-otlp/traces_deep_nesting.jsonl", 1, 0, 0),
        ("duckdb-otlp/traces_large_attrs.jsonl", 1, 0, 0),
        ("duckdb-otlp/traces_nulls.jsonl", 3, 0, 0),
        ("duckdb-otlp/traces_simple.jsonl", 3, 0, 0),
        ("duckdb-otlp/ts_boundary_logs.jsonl", 0, 1, 0),
        ("duckdb-otlp/ts_overflow_logs.jsonl", 0, 1, 0),
        ("duckdb-otlp/whitespace.jsonl", 0, 0, 0),
        ("opentelemetry-proto/events.json", 0, 1, 0),
        ("opentelemetry-proto/logs.json", 0, 1, 0),
        ("opentelemetry-proto/trace.json", 1, 0, 0),
    ],
)
def test_corpus(name: str, spans: int, log_records: int, bad: int) -> None:
    raw = (CORPUS / name).read_bytes()
    records = [raw] if name.endswith(".json") else [line for line in raw.splitlines() if line.strip()]
    found: list[Event] = []
    refused = 0
    for record in records:
        try:
            found += events(parse(record)[0])
        except RecordError:
            refused += 1
    kinds = [event.kind for event in found]
    assert (kinds.count("span"), kinds.count("log"), refused) == (spans, log_records, bad)
    if name.endswith("ts_boundary_logs.jsonl"):
        assert found[0].ts_ns == 9223372036854775000
    if name.endswith("ts_overflow_logs.jsonl"):
        assert found[0].ts_ns is None
        assert attributes(found[0])["timeUnixNano"] == "18446744073709551000"
