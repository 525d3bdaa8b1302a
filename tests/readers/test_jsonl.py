"""The generic JSONL reader: what becomes a column, what stays, and what is a log of this kind at all."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail import config, jsontext, times
from auditrail.containers.framing import look
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.model import DECISIONS, ID_KINDS, KINDS, LAYERS, STATES, STATUSES, TS_SOURCES, Event
from auditrail.readers import _jsonl_values, jsonl
from auditrail.readers._aliases import Mapping, fields, table

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures/readers/jsonl"
CORPUS = ROOT.parent / "shared/corpus"
RECORD = Record(1, 0, 0, b"", b"")
DAY = 1_767_225_600 * 10**9  # 2026-01-01


def events(value: Any, *mapping: Mapping) -> list[Event]:
    return jsonl.read(value, RECORD, mapping)


def one(value: Any, *mapping: Mapping) -> Event:
    (event,) = events(value, *mapping)
    return event


def rest(event: Event) -> Any:
    return json.loads(event.attributes) if event.attributes else {}


def ids(event: Event) -> list[tuple[str, str]]:
    return [tuple(i) for i in event.ids]


def fixture(case: str) -> list[Any]:
    (path,) = (FIXTURES / case).glob("input.*")
    raw = path.read_bytes()
    if raw.lstrip()[:1] == b"[" and path.suffix == ".json":
        return list(jsontext.parse(raw)[0])
    found = []
    for line in raw.splitlines():
        if line.strip():
            try:
                found.append(jsontext.parse(line)[0])
            except RecordError:
                continue
    return found


def head(samples: list[Any], *, framing: str = "lines", top_array: bool = False) -> Head:
    lines = [json.dumps(sample).encode() for sample in samples]
    keys = frozenset(samples[0]) if samples and isinstance(samples[0], dict) else frozenset()
    return Head(b"\n".join(lines), True, framing, top_array, samples[:50], keys, lines[:50])


# --- columns ------------------------------------------------------------------------------------------------------


def test_columns_leave_the_attributes_and_the_rest_stays_in_its_place() -> None:
    event = one(
        {
            "timestamp": "2026-01-01T00:00:00.5Z",
            "event": "tool_call",
            "runId": "r",
            "tool": {"name": "t", "v": 2},
            "args": {"q": [1]},
            "ctx": {"session_id": "s", "deep": {"trace": {"id": "AB" * 16}}},
            "x": None,
        }
    )
    assert (event.ts_ns, event.ts_source, event.tz_assumed) == (DAY + 500_000_000, "event", False)
    assert (event.layer, event.kind, event.name, event.tool) == ("tool", "call", "tool_call", "t")
    assert (event.args, event.args_state, event.result, event.result_state) == ('{"q":[1]}', "present", None, "absent")
    assert ids(event) == [("run", "r"), ("session", "s")]
    assert rest(event) == {"tool": {"v": 2}, "ctx": {"deep": {"trace": {"id": "AB" * 16}}}, "x": None}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timestamp", "yesterday"),
        ("timestamp", {"a": 1}),
        ("tool", 5),
        ("tool", ""),
        ("tool", "x" * 600),
        ("agent", []),
        ("trace_id", "0" * 32),
        ("run_id", "null"),
        ("input_tokens", -1),
        ("input_tokens", 1 << 70),
        ("sampled", "yes"),
        ("sample_rate", 20),
        ("seq", 1.5),
        ("event", "two\nlines"),
        ("thread_id", 7),
        ("run", "12"),
        ("decision", "perhaps"),
    ],
)
def test_a_value_that_cannot_be_used_stays_in_the_attributes(field: str, value: Any) -> None:
    event = one({"level": "info", field: value, "z": 1})
    assert rest(event) == {"level": "info", field: value, "z": 1}
    assert event._replace(attributes=None) == one({"level": "info"})._replace(attributes=None)


def test_the_next_name_is_tried_where_the_first_is_unusable() -> None:
    event = one({"timestamp": None, "time": "2026-01-01T00:00:00Z", "input": {}, "prompt": "hi", "model": "m"})
    assert event.ts_ns == DAY
    assert event.args == "hi"
    assert rest(event) == {"timestamp": None, "input": {}}


def test_dotted_and_nested_ecs_read_alike() -> None:
    dotted, nested = fixture("ecs-dotted"), fixture("ecs-nested")
    for a, b in zip(dotted, nested, strict=False):
        flat, deep = one(a), one(b)
        same = ("ts_ns", "layer", "kind", "name", "tool", "args", "status", "error", "seq", "stream", "principal")
        assert [getattr(flat, name) for name in same] == [getattr(deep, name) for name in same]
        assert set(flat.ids) == set(deep.ids)
    assert (one(nested[0]).stream, one(nested[0]).seq, one(nested[0]).seq_kind) == ("billing-agent", 11, "sequence")
    assert one(nested[1]).principal == "mara"
    collector = one(nested[2])
    assert (collector.ts_source, collector.name) == ("observed", None)
    assert collector.ts_ns == collector.observed_ns == times.parse("2026-03-02T10:00:04Z").ns  # type: ignore[union-attr]


def test_null_and_empty_content_is_given_but_empty() -> None:
    event = one({"tool": "t", "args": {}, "result": None})
    assert (event.args, event.args_state, event.result, event.result_state) == ("{}", "empty", None, "empty")
    assert event.attributes is None


def test_a_column_that_is_always_written_and_null_tells_no_result() -> None:
    asked = {"event": "tool_call", "tool": "pay", "args": {"amount": 1}, "result": None, "duration_ms": None}
    assert one(asked).kind == "call"
    assert one(asked | {"result": "paid"}).kind == "result"
    assert one(asked | {"event": "tool_result", "args": None}).kind == "result"
    del asked["event"]
    assert one(asked).kind == "call"


def test_numbers_name_users_and_the_user_is_an_id_beside_a_principal() -> None:
    assert one({"user_id": 42}).principal == "42"
    both = one({"user_id": 42, "on_behalf_of": "dana"})
    assert (both.principal, ids(both)) == ("dana", [("user", "42")])


def test_only_the_first_run_is_a_run() -> None:
    event = one({"workflow_run_id": "w", "run_id": "r", "request_id": "q", "correlation_id": "c"})
    assert ids(event) == [("run", "r"), ("other", "w"), ("request", "q"), ("request", "c")]


def test_a_function_is_a_tool_only_in_company() -> None:
    assert one({"function_name": "my-lambda", "level": "info"}).tool is None
    assert one({"function": {"name": "f", "arguments": "{}"}}).tool == "f"
    assert one({"params": {"name": "f", "arguments": {"params": 1}}}).args == '{"params":1}'
    plain = one({"tool": "t", "params": {"arguments": 1, "run_id": "inside"}})
    assert (plain.args, plain.ids) == ('{"arguments":1,"run_id":"inside"}', ())
    assert one({"actor": "a", "tool": "t"}).agent == "a"
    assert one({"actor": "alice"}).agent is None


def test_json_in_a_message_stays_text() -> None:
    assert rest(one({"message": '{"run_id":"r"}'})) == {"message": '{"run_id":"r"}'}
    assert one({"message": '{"run_id":"r"}'}).kind == "log"


# --- times, status, decision ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "begin", "end", "kept"),
    [
        ({"ts": 0}, 0, None, set()),
        ({"start_time": 0, "end_time": 2}, 0, 2, set()),
        ({"ts": 2, "start_time": 0, "end_time": 2}, 0, 2, {"ts"}),
        ({"ts": 1, "start_time": 0}, 1, None, {"start_time"}),
        ({"ts": 1, "end_time": 2}, 1, 2, set()),
        ({"ts": 1, "end_time": 0}, 1, None, {"end_time"}),
        ({"start_time": 1, "end_time": 0}, 1, None, {"end_time"}),
        ({"ts": 3, "start_time": 2, "end_time": 1}, 3, None, {"start_time", "end_time"}),
        ({"end_time": 2}, 2, None, set()),
    ],
)
def test_begin_and_end(fields: dict[str, int], begin: int, end: int | None, kept: set[str]) -> None:
    event = one({**{key: f"2026-01-01T00:00:0{second}Z" for key, second in fields.items()}, "tool": "t"})
    assert event.ts_ns == DAY + begin * times.NS
    assert event.end_ns == (None if end is None else DAY + end * times.NS)
    assert set(rest(event)) == kept
    assert (event.kind == "span") == (end is not None)


def test_a_duration_gives_an_end_only_beside_a_begin() -> None:
    begun = one({"start_time": "2026-01-01T00:00:00Z", "latency_ms": 12.5, "tool": "t"})
    assert (begun.end_ns, begun.kind, rest(begun)) == (DAY + 12_500_000, "span", {"latency_ms": 12.5})
    assert one({"ts": "2026-01-01T00:00:00Z", "latency_ms": 12.5, "tool": "t"}).end_ns is None
    assert one({"start_time": "2026-01-01T00:00:00Z", "elapsed": 3, "tool": "t"}).end_ns is None


def test_a_naive_time_is_marked() -> None:
    assert one({"asctime": "2026-01-01 00:00:00,250"})[:5] == (DAY + 250_000_000, None, None, "event", True)


@settings(deadline=None)  # the machine may be busy
@given(st.from_regex(r"2026-0[0-3]-[0-3]\d[T ][0-2]\d:[0-6]\d:[0-7]\d\.[\d٣ ]{1,12}(Z|z|\+01:00)?", fullmatch=True))
def test_the_short_way_for_times_reads_as_the_long_one(text: str) -> None:
    assert _jsonl_values.USABLE["ts"](text) == times.parse(text)


@pytest.mark.parametrize(
    ("record", "status"),
    [
        ({"status": "completed"}, "ok"),
        ({"success": False}, "error"),
        ({"ok": True}, "ok"),
        ({"is_error": True}, "error"),
        ({"outcome": "denied"}, "denied"),
        ({"http": {"response": {"status_code": 503}}}, "error"),
        ({"status": 204}, "ok"),
        ({"level": "ERROR"}, "error"),
        ({"level": 50}, "error"),
        ({"level": 40}, "unknown"),
        ({"level": "info"}, "unknown"),
        ({"level": "error", "status": "ok"}, "ok"),
        ({"level": "error", "decision": "deny"}, "unknown"),
        ({"error": {"code": 5, "why": "x"}}, "error"),
        ({"error": None}, "unknown"),
        ({"error": False}, "unknown"),
        ({"status": "running"}, "unknown"),
        ({"event": "run_failed"}, "error"),
        ({"exc_info": "Traceback"}, "error"),
    ],
)
def test_status(record: dict[str, Any], status: str) -> None:
    assert one(record).status == status


@pytest.mark.parametrize(
    ("record", "decision"),
    [
        ({"decision": "ALLOWED"}, "allow"),
        ({"decision": "approved"}, "allow"),
        ({"allowed": False}, "deny"),
        ({"effect": "Deny"}, "deny"),
        ({"verdict": "CHECKPOINT"}, "ask"),
        ({"decision": "require-approval"}, "ask"),
        ({"decision": {"effect": "redact"}}, "modify"),
        ({"decision": "warn"}, "flag"),
        ({"blocked": True}, "deny"),
        ({"blocked": False}, None),
        ({"policy": "p", "action": "BLOCK"}, "deny"),
        ({"permission": "files:write"}, None),
        ({"event": "tool_denied", "tool": "t"}, "deny"),
    ],
)
def test_decision(record: dict[str, Any], decision: str | None) -> None:
    event = one(record)
    assert event.decision == decision
    assert (event.layer == "policy") == (decision is not None)


# --- whole runs -----------------------------------------------------------------------------------------------------


def test_a_run_is_read_from_begin_to_end() -> None:
    found = [event for value in fixture("agent-runtime") for event in events(value)]
    assert [(e.layer, e.kind) for e in found] == [
        ("agent", "start"),
        ("agent", "message"),
        ("llm", "call"),
        ("llm", "result"),
        ("llm", "call"),
        ("policy", "decision"),
        ("tool", "call"),
        ("tool", "result"),
        ("tool", "span"),
        ("tool", "span"),
        ("policy", "decision"),
        ("agent", "message"),
        ("agent", "log"),
        ("agent", "end"),
    ]
    assert {("run", "run-a1")} <= set.intersection(*(set(ids(e)) for e in found))
    asked = found[4]
    assert (asked.tool, asked.args, asked.model) == ("web.search", '{"q":"changes"}', "large-2")
    assert {("tool_call", "call_a"), ("parent_span", "53995c3f42cd8ad8"), ("request", "rq-1")} <= set(ids(asked))
    assert [e.seq for e in found if e.seq] == list(range(1, 14))
    assert (found[3].tokens_in, found[3].tokens_out) == (40, 12)
    assert (found[-2].sampled, found[-2].sampling_probability) == (True, 0.25)


def test_calls_are_found_in_three_shapes() -> None:
    calls = [
        {"id": "1", "type": "function", "function": {"name": "a", "arguments": "{}"}},
        {"type": "tool_use", "id": "2", "name": "b", "input": {"x": 1}},
        {"name": "c", "args": {}, "id": "3"},
        {"nothing": 1},
        7,
    ]
    first, *asked = events({"event": "llm_response", "toolCalls": calls})
    assert rest(first)["toolCalls"] == calls
    assert [(e.tool, e.args, e.ids[0].value) for e in asked] == [
        ("a", "{}", "1"),
        ("b", '{"x":1}', "2"),
        ("c", "{}", "3"),
    ]


def test_every_fixture_gives_what_the_model_allows() -> None:
    for case in FIXTURES.iterdir():
        for value in fixture(case.name):
            if isinstance(value, dict):
                for event in events(value):
                    check(event)


def check(event: Event) -> None:
    assert event.layer in LAYERS
    assert event.kind in KINDS
    assert event.status in STATUSES
    assert {event.args_state, event.result_state} <= set(STATES)
    assert event.decision is None or event.decision in DECISIONS
    assert event.ts_source in TS_SOURCES
    assert (event.ts_ns is None) == (event.ts_source == "order")
    assert event.end_ns is None or (event.ts_ns is not None and event.end_ns >= event.ts_ns)
    assert all(i.kind in ID_KINDS and isinstance(i.value, str) and i.value for i in event.ids)
    assert event.attributes is None or isinstance(json.loads(event.attributes), dict)
    texts = (
        "stream",
        "name",
        "error",
        "agent",
        "agent_version",
        "principal",
        "model",
        "tool",
        "args",
        "result",
        "policy",
        "rule",
        "seq_kind",
    )
    assert all(isinstance(getattr(event, name), str | None) for name in texts)


@pytest.mark.parametrize("value", [None, 1, "x", [{}], True])
def test_what_is_no_object_is_refused(value: Any) -> None:
    with pytest.raises(RecordError) as caught:
        events(value)
    assert caught.value.code == "not-an-object"


# --- hostile input --------------------------------------------------------------------------------------------------

NAMES = sorted(table().names) + sorted(table().containers) + sorted(table().heads) + [w.name for w in table().weak]
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["2026-01-01T00:00:00Z", "tool_call", "denied", "ok", "error", "0", "null", "a b"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)
RECORDS = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=4), VALUES, max_size=8)
MAPPINGS = st.builds(
    Mapping,
    match=st.just(()) | st.just((("a", "*"),)),
    fields=st.lists(
        st.tuples(st.sampled_from(sorted(fields())), st.sampled_from([*NAMES[:40], "a.b", "data.0.x", "", "a..b"])),
        max_size=3,
    ).map(tuple),
    tz=st.sampled_from([None, "Europe/Berlin"]),
    kinds=st.just((("tool_call", "tool/span"),)),
)


@settings(deadline=None)  # the machine may be busy
@given(RECORDS)
def test_no_record_makes_it_raise_and_nothing_is_lost(value: dict[str, Any]) -> None:
    for event in events(value):
        check(event)
    assert sniffable(value)


def sniffable(value: dict[str, Any]) -> bool:
    shown = Head(b"{}", True, "lines", False, [value], frozenset(value), [b"{}"])
    return 0.0 <= jsonl.sniff(shown) <= 0.2


@settings(deadline=None)  # the machine may be busy
@given(RECORDS, MAPPINGS)
def test_no_mapping_makes_it_raise(value: dict[str, Any], mapping: Mapping) -> None:
    for event in events(value, mapping):
        check(event)


@settings(deadline=None)  # the machine may be busy
@given(RECORDS)
def test_every_leaf_is_in_a_column_an_id_or_the_attributes(value: dict[str, Any]) -> None:
    numbers = iter(range(10**6))
    marked = {key: mark(below, numbers) for key, below in value.items()}
    event = events(marked)[0]
    text = "\x00".join(str(part) for part in event)
    missing = [leaf for leaf in leaves(marked) if leaf not in text]
    assert missing == []


def mark(value: Any, numbers: Any) -> Any:
    """The same shape with every leaf a text of its own."""
    if isinstance(value, dict) and value:
        return {key: mark(below, numbers) for key, below in value.items()}
    if isinstance(value, list) and value:
        return [mark(below, numbers) for below in value]
    return f"leaf{next(numbers):06d}z"


def leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for below in value.values() for leaf in leaves(below)]
    if isinstance(value, list):
        return [leaf for below in value for leaf in leaves(below)]
    return [value]


def test_an_object_of_very_many_keys_is_not_opened() -> None:
    wide = {"labels": {**{f"k{n}": n for n in range(300)}, "run_id": "r"}}
    assert rest(one(wide)) == wide


def test_many_keys_and_shapes_do_not_pile_up() -> None:
    wide = {f"k{n}": n for n in range(5000)}
    assert rest(one({**wide, "run_id": "r"})) == wide
    for n in range(3000):
        one({"labels": {f"l{n}": 1, "run_id": "r"}})
    assert jsonl._remembered.cache_info().currsize <= 1024


# --- mapping --------------------------------------------------------------------------------------------------------


def test_the_mapping_of_the_fixture() -> None:
    loaded = config.load(FIXTURES / "mapping/auditrail.toml")
    mapping = config.mapping_for(loaded, str(FIXTURES / "mapping/input.jsonl"))
    naive, zoned, worker, odd = [one(value, *mapping) for value in fixture("mapping")]
    assert naive.ts_ns == zoned.ts_ns - 2 * 3600 * times.NS  # summer time in Berlin
    assert not naive.tz_assumed
    assert (naive.layer, naive.kind, naive.stream, naive.agent) == ("agent", "end", "planner", "planner")
    assert ids(naive) == [("run", "j-1")]
    shipped = {"logged_at": "2026-07-02T03:00:00Z"}
    assert rest(naive) == {"app": "planner-eu", "ref": {"shard": 2}, **shipped}
    assert (worker.tool, worker.args, worker.kind, worker.tz_assumed) == ("resize", '{"w":10}', "call", True)
    assert rest(worker) == {"app": "worker", "calls": [{"what": "resize", "with": {"w": 10}}], **shipped}
    assert (odd.tool, odd.args_state) == (None, "absent")
    assert events(fixture("mapping")[0], *pickle.loads(pickle.dumps(mapping))) == [naive]  # noqa: S301


# --- sniff ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "case",
    [
        "python-json-logger",
        "structlog",
        "ecs-dotted",
        "ecs-nested",
        "pino",
        "agent-runtime",
        "nested-containers",
        "epoch-times",
    ],
)
def test_lines_are_known(case: str) -> None:
    assert jsonl.sniff(head(fixture(case))) == 0.2


def test_arrays_are_known_only_with_an_agent_or_the_like() -> None:
    assert jsonl.sniff(head(fixture("policy-array"), framing="values", top_array=True)) == 0.15
    assert (
        jsonl.sniff(head([{"timestamp": "2026-01-01", "level": "info"}] * 3, framing="values", top_array=True)) == 0.0
    )


def test_lines_without_time_are_known_by_run_and_event() -> None:
    samples = [{"event": "tool_call", "tool": "t", "run_id": "r"}] * 3
    assert jsonl.sniff(head(samples)) == 0.1
    assert one(samples[0]).ts_source == "order"
    assert jsonl.sniff(head(samples, framing="values", top_array=True)) == 0.0


@pytest.mark.parametrize(
    "sample",
    [
        {"traceId": "a", "id": "b", "timestamp": 1767225600000000, "duration": 5, "name": "x"},
        {"id": 1, "timestamp": "2026-01-01T00:00:00", "source": "agent", "action": "run", "args": {}},
        {"traceID": "a", "spans": [{}], "processes": {}},
        {"timestamp": "2026-01-01", "agent": "a", "messages": [{"role": "user"}]},
        {"startedAt": "2026-01-01", "runId": "r", "host": {"os": {"name": "x"}}, "messages": [{}]},
        {"a": 1},
    ],
)
def test_other_formats_are_left_alone(sample: dict[str, Any]) -> None:
    assert jsonl.sniff(head([sample])) == 0.0
    assert jsonl.sniff(head([sample], framing="values", top_array=True)) == 0.0


def test_a_lone_document_is_no_record() -> None:
    manifest = {"startedAt": "2026-01-01T00:00:00Z", "runId": "r", "host": {"os": {"name": "x"}}}
    assert jsonl.sniff(head([manifest], framing="values")) == 0.0
    record = {"timestamp": "2026-01-01T00:00:00Z", "runId": "r", "data": {"a": {"b": 1}}, "args": {"c": {}}}
    assert jsonl.sniff(head([record], framing="values")) == 0.15


@pytest.mark.parametrize("case", ["hostile", "mapping"])
def test_odd_fixtures_are_known_by_their_bytes(case: str) -> None:
    (path,) = (FIXTURES / case).glob("input.*")
    assert jsonl.sniff(look(path.read_bytes(), complete=True)) == 0.2


def test_one_json_line_in_a_text_log_is_not_enough() -> None:
    sample = {"time": "2026-01-01T00:00:00Z", "msg": "x", "level": 30}
    assert jsonl.sniff(head([sample])) == 0.2
    assert jsonl.sniff(head([sample])._replace(lines=[b"text"] * 9)) == 0.0
    assert jsonl.sniff(head([])) == 0.0


# --- corpus ---------------------------------------------------------------------------------------------------------


def corpus(path: str) -> bytes:
    file = CORPUS / path
    if not file.exists():
        pytest.skip("the shared corpus is not here")
    return file.read_bytes()


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "records", "decisions"),
    [
        ("aml", 87, {"allow": 55, "ask": 26, "deny": 6}),
        ("soc2", 9, {"allow": 5, "ask": 1, "deny": 3}),
    ],
)
def test_policy_trails(name: str, records: int, decisions: dict[str, int]) -> None:
    values, _ = jsontext.parse(corpus(f"agt-policy/{name}_audit_trail.json"))
    found = [one(value) for value in values]
    assert len(found) == records
    assert {d: sum(e.decision == d for e in found) for d in decisions} == decisions
    assert {(e.layer, e.kind, e.tz_assumed, e.ts_source) for e in found} == {("policy", "decision", True, "event")}
    assert all(e.agent for e in found)
    assert sum(e.tool is not None for e in found) == sum("tool" in v for v in values)
    assert jsonl.sniff(head(values, framing="values", top_array=True)) == 0.15


def test_a_record_of_a_hostile_file_keeps_what_it_can() -> None:
    found = [event for value in fixture("hostile") if isinstance(value, dict) for event in events(value)]
    assert [e.ids[0].value for e in found if e.ids] == ["h", "h", "7", *["h"] * 4, "second", *["h"] * 6]
    big, nan, half, wrong = found[9:13]
    assert rest(big)["seq"] == 123456789012345678901234567890
    assert (nan.args, big.agent, big.seq) == ('{"x":"NaN","y":"1e400"}', None, None)
    assert half.result == "half \\ud800 and nul \\u0000"
    assert (wrong.ts_source, wrong.layer, wrong.args_state, wrong.status, wrong.ids) == (
        "order",
        "other",
        "empty",
        "unknown",
        (),
    )
    assert [(e.layer, e.tool) for e in found if e.tool == "ok"] == [("llm", "ok")]


@pytest.mark.corpus
def test_aegis_observed() -> None:
    raw = corpus("aegis-observed-expected/runs/2026-08-13T17-11-03Z-S1-agent-lifecycle-A/observed.ndjson")
    values = [jsontext.parse(line)[0] for line in raw.splitlines()]
    found = [one(value) for value in values]
    assert [e.name for e in found] == ["file-created", "file-deleted"] * 2
    assert found[0].ts_ns == times.parse("2026-08-13T17:11:09.892Z").ns  # type: ignore[union-attr]
    assert rest(found[0])["event"] == {"kind": "event", "category": ["file"], "type": ["creation"]}
    assert jsonl.sniff(head(values)) == 0.2


@pytest.mark.corpus
@pytest.mark.parametrize(
    "path",
    [
        "openhands/basic.json",
        "zipkin-jaeger/zipkin_skew.json",
        "zipkin-jaeger/jaeger_ui_01.json",
        "who-and-when/Hand-Crafted/3.json",
        "tau-bench/gpt-4o-airline_first20.json",
        "inspect-ai/log_read_sample.json",
        "zipkin-jaeger/jaeger_example_trace.json",
    ],
)
def test_documents_of_other_formats_are_left_alone(path: str) -> None:
    value, _ = jsontext.parse(corpus(path))
    is_array = isinstance(value, list)
    assert jsonl.sniff(head(value if is_array else [value], framing="values", top_array=is_array)) == 0.0
