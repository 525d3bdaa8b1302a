"""CloudWatch API answers and Insights results: what is read of an element, and what a wrapper says at its end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail.containers.records import Head, Record, Wrapper
from auditrail.errors import RecordError
from auditrail.model import Event, Id
from auditrail.readers import cloudwatch, cloudwatch_insights
from auditrail.readers._contract import Inner

FIXTURES = Path(__file__).parents[2] / "fixtures" / "readers"
T = 1767225600000
NS = T * 10**6
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def record(header: dict[str, Any] | None = None) -> Record:
    return Record(1, 0, 2, b"{}", b"\0" * 32, header=header)


def head(raw: bytes, framing: str = "values") -> Head:
    try:
        first = json.JSONDecoder().raw_decode(raw.decode())[0]
    except ValueError:
        return Head(raw, False, framing, False, [], frozenset(), raw.splitlines())
    top = isinstance(first, list)
    samples = first if top else [first]
    keys = frozenset(first) if isinstance(first, dict) else frozenset()
    return Head(raw, True, framing, top, samples, keys, raw.splitlines())


def event(**members: Any) -> dict[str, Any]:
    return {"timestamp": T, "message": "text", "ingestionTime": T + 320, **members}


def attributes(of: Event) -> dict[str, Any]:
    return json.loads(of.attributes or "{}")


def inner(reading: Any) -> Inner:
    assert isinstance(reading, Inner)
    return reading


def wrapper(elements: int, array: str = "events", first: int = 1, **header: Any) -> Wrapper:
    return Wrapper(header, array, elements, first, 0)


@pytest.mark.parametrize(
    ("reader", "case", "score"),
    [
        (cloudwatch, "cloudwatch/filter-next-token", 0.95),
        (cloudwatch, "cloudwatch/filter-two-pages", 0.95),
        (cloudwatch, "cloudwatch/get-log-events", 0.95),
        (cloudwatch, "cloudwatch/events-jsonl", 0.95),
        (cloudwatch, "cloudwatch/empty-answer", 0.95),
        (cloudwatch, "cloudwatch-insights/cut-and-timeout", 0.0),
        (cloudwatch, "cloudwatch-subscription/concatenated", 0.0),
        (cloudwatch_insights, "cloudwatch-insights/cut-and-timeout", 0.95),
        (cloudwatch_insights, "cloudwatch-insights/picked-fields", 0.95),
        (cloudwatch_insights, "cloudwatch-insights/console-rows", 0.85),
        (cloudwatch_insights, "cloudwatch/filter-next-token", 0.0),
    ],
)
def test_sniff(reader: Any, case: str, score: float) -> None:
    raw = next((FIXTURES / case).glob("input.*")).read_bytes()
    assert reader.sniff(head(raw)) == score


def test_sniff_of_an_object_that_reaches_beyond_the_head() -> None:
    raw = b'{"events": [{"logStreamName": "s", "timestamp": 1, "message": "m", "ingestionTime": 2'
    assert cloudwatch.sniff(Head(raw, False, "values", False, [], frozenset({"events"}), [raw])) == 0.9
    raw = b'{"results": [[{"field": "@timestamp", "value": "2026'
    assert cloudwatch_insights.sniff(Head(raw, False, "values", False, [], frozenset({"results"}), [raw])) == 0.9


def test_events_of_another_tool_are_not_claimed() -> None:
    assert cloudwatch.sniff(head(b'{"events": [{"id": 1, "message": "m", "timestamp": "2026-01-01"}]}')) == 0.0
    assert cloudwatch.sniff(head(b'{"timestamp": 1, "message": "m", "level": "info"}')) == 0.0
    assert cloudwatch_insights.sniff(head(b'{"results": [{"id": 1}], "status": "ok"}')) == 0.0
    assert cloudwatch_insights.sniff(head(b'{"@timestamp": "2026-01-01T00:00:00Z", "message": "ecs"}')) == 0.0


def test_element_gives_its_message_and_the_context() -> None:
    value = event(logStreamName="agent/1", eventId="39", message='{"run_id": "r"}', further=[1])
    reading = inner(cloudwatch.read(value, record({"nextToken": "x", "searchedLogStreams": []})))
    assert reading.message == '{"run_id": "r"}'
    context = reading.context
    assert (context.ts_ns, context.observed_ns, context.ts_source) == (NS, NS + 320 * 10**6, "event")
    assert (context.stream, context.dedupe_key) == ("agent/1", "cw:39")
    assert attributes(context) == {"logStreamName": "agent/1", "eventId": "39", "further": [1]}


@pytest.mark.parametrize(
    "given_as",
    ["/aws/agent", "123456789012:/aws/agent", "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/agent:*"],
)
def test_group_is_the_stream_wherever_it_stands_and_part_of_the_key(given_as: str) -> None:
    value = event(logStreamName="agent/1", eventId="39")
    of_header = inner(cloudwatch.read(value, record({"logGroupIdentifier": given_as})))
    of_element = inner(cloudwatch.read({**value, "logGroup": given_as}, record()))
    for reading in (of_header, of_element):
        assert (reading.context.stream, reading.context.dedupe_key) == ("/aws/agent", "cw:/aws/agent:39")
        assert reading.group == "/aws/agent:agent/1"
        assert given_as in attributes(reading.context).values()


def test_get_log_events_has_neither_id_nor_stream() -> None:
    context = inner(cloudwatch.read(event(), record({"nextForwardToken": "f"}))).context
    assert (context.stream, context.dedupe_key, context.attributes) == (None, None, None)


def test_times_that_cannot_be_read_stay_as_they_stand() -> None:
    context = inner(cloudwatch.read(event(timestamp="soon"), record())).context
    assert (context.ts_ns, context.ts_source) == (NS + 320 * 10**6, "observed")
    assert attributes(context) == {"timestamp": "soon"}
    context = inner(cloudwatch.read({"message": "m", "timestamp": [1], "ingestionTime": True}, record())).context
    assert (context.ts_ns, context.observed_ns, context.ts_source) == (None, None, "order")
    assert attributes(context) == {"timestamp": [1], "ingestionTime": True}


def test_message_of_another_type() -> None:
    assert inner(cloudwatch.read(event(message={"a": 1}), record())).message == '{"a":1}'
    missing = event()
    del missing["message"]
    assert isinstance(cloudwatch.read(missing, record()), list)
    null = cloudwatch.read(event(message=None), record())
    assert isinstance(null, list)
    assert attributes(null[0]) == {"message": None}


@pytest.mark.parametrize("value", [None, [], "text", 3])
def test_element_that_is_no_object_is_refused(value: Any) -> None:
    with pytest.raises(RecordError) as refused:
        cloudwatch.read(value, record())
    assert refused.value.code == "not-an-object"


@pytest.mark.parametrize(
    ("message", "word"),
    [
        ("a" * 262_118, "262118"),
        ("é" * 131_072, "262144"),
        ("a" * 1_048_550, "1048550"),
        ("some text [Truncated...]\n", "Truncated"),
    ],
)
def test_message_that_looks_cut_is_marked(message: str, word: str) -> None:
    reading = inner(cloudwatch.read(event(message=message), record()))
    assert word in attributes(reading.context)["auditrail.message_cut"]
    assert reading.message == message


@pytest.mark.parametrize("message", ["a" * 262_119, "a" * 300_000, "[Truncated...] is a mark", ""])
def test_message_of_another_length_is_not_marked(message: str) -> None:
    assert inner(cloudwatch.read(event(message=message), record())).context.attributes is None


def test_close_reports_token_streams_and_group() -> None:
    found = cloudwatch.close(
        wrapper(
            4,
            first=11,
            nextToken="Bxkq6kVFtXinventedToken",
            searchedLogStreams=[
                {"logStreamName": "a", "searchedCompletely": True},
                {"logStreamName": "b", "searchedCompletely": False},
                "odd",
            ],
        )
    )
    assert found == [
        ("next-token-left", "nextToken Bxkq6kVFtXinvent... after record 14"),
        ("stream-not-searched", "b"),
        ("no-log-group", "an answer of filter-log-events does not name its log group"),
    ]


def test_close_of_get_log_events() -> None:
    tokens = {"nextForwardToken": "f/1", "nextBackwardToken": "b/1", "logGroupName": "/aws/agent"}
    assert cloudwatch.close(wrapper(10, **tokens)) == []
    assert [code for code, _ in cloudwatch.close(wrapper(10_000, **tokens))] == ["limit-reached"]
    assert cloudwatch.close(wrapper(2, **tokens, NextToken="eyJ")) == [
        ("next-token-left", "NextToken eyJ after record 2")
    ]


def test_close_names_a_bounded_number_of_streams() -> None:
    streams = [{"logStreamName": f"s{n}", "searchedCompletely": False} for n in range(1000)]
    found = [item for item in cloudwatch.close(wrapper(0, searchedLogStreams=streams)) if item[0] != "no-log-group"]
    assert len(found) == 201
    assert found[-1] == ("stream-not-searched", "and 800 more streams")


# Insights


def row(*fields: tuple[str, Any]) -> list[dict[str, Any]]:
    return [{"field": name, "value": value} for name, value in fields]


def test_insights_row_is_in_utc_by_definition() -> None:
    reading = inner(
        cloudwatch_insights.read(
            row(
                ("@timestamp", "2026-01-01 00:00:00.000"),
                ("@ingestionTime", "2026-01-01 00:00:00.320"),
                ("@message", "text"),
                ("@log", "123456789012:/aws/agent"),
                ("@logStream", "s"),
                ("@ptr", "Cm"),
                ("@requestId", "5F6B1C0E-1111-4222-8333-444455556666"),
                ("level", "INFO"),
            ),
            record(),
        )
    )
    context = reading.context
    assert (context.ts_ns, context.observed_ns, context.tz_assumed) == (NS, NS + 320 * 10**6, False)
    assert (context.stream, context.dedupe_key) == ("/aws/agent", "cw-ptr:Cm")
    assert context.ids == (Id("request", "5f6b1c0e-1111-4222-8333-444455556666"),)
    assert attributes(context)["level"] == "INFO"
    assert attributes(context)["@log"] == "123456789012:/aws/agent"


def test_insights_row_of_picked_fields_becomes_a_json_message() -> None:
    reading = inner(
        cloudwatch_insights.read(row(("@ptr", "Cm"), ("run_id", "r"), ("tool", "t"), ("tool", "u")), record())
    )
    assert json.loads(reading.message) == {"run_id": "r", "tool": ["t", "u"]}
    assert attributes(reading.context) == {
        "@ptr": "Cm",
        "auditrail.message_made_of": "the fields of an Insights row",
    }


def test_insights_row_without_any_field_of_its_own_is_an_event() -> None:
    (event,) = cloudwatch_insights.read([*row(("@ptr", "Cm")), 3, {"field": "@x", "value": 1, "more": 2}], record())
    assert attributes(event) == {
        "@ptr": "Cm",
        "@auditrail.unnamed": [3],
        "@x": 1,
        "@auditrail.extra": [{"@x": {"more": 2}}],
    }


@pytest.mark.parametrize("value", ["row", None, 5, {}, {"results": []}])
def test_insights_row_of_another_type_is_refused(value: Any) -> None:
    with pytest.raises(RecordError) as refused:
        cloudwatch_insights.read(value, record())
    assert refused.value.code == "not-an-object"


def test_insights_row_as_an_object_is_read_like_one_of_fields() -> None:
    members = {"@timestamp": "2026-01-01 00:00:00.000", "@message": "m", "@log": "1:/aws/agent"}
    assert cloudwatch_insights.read(members, record()) == cloudwatch_insights.read(row(*members.items()), record())


def test_insights_close() -> None:
    statistics = {"recordsMatched": 12000.0, "estimatedRecordsSkipped": 7, "estimatedBytesSkipped": 0.0}
    assert cloudwatch_insights.close(wrapper(10_000, "results", status="Timeout", statistics=statistics)) == [
        ("query-status", "status Timeout"),
        ("records-matched", "matched 12000, returned 10000"),
        ("records-skipped", "estimatedRecordsSkipped 7"),
        ("limit-reached", "10000 rows, the most that a query returns"),
    ]
    whole = {"recordsMatched": 2.0, "recordsScanned": 9.0}
    assert cloudwatch_insights.close(wrapper(2, "results", status="Complete", statistics=whole)) == []
    assert cloudwatch_insights.close(wrapper(2, "results", nextToken="abc")) == [
        ("next-token-left", "nextToken abc after record 2")
    ]


# Lambda's own lines

REQUEST = "5f6b1c0e-1111-4222-8333-444455556666"
REQUEST_ID = Id("request", REQUEST)


@pytest.mark.parametrize(
    ("message", "kind", "name", "status", "error"),
    [
        (f"START RequestId: {REQUEST} Version: $LATEST\n", "start", "START", "unknown", None),
        (f"END RequestId: {REQUEST}\n", "end", "END", "unknown", None),
        (f"REPORT RequestId: {REQUEST}\tDuration: 3.1 ms\tBilled Duration: 4 ms\t\n", "end", "REPORT", "unknown", None),
        (f"REPORT RequestId: {REQUEST}\tDuration: 3.1 ms\tStatus: timeout\n", "end", "REPORT", "error", "timeout"),
        (
            f"REPORT RequestId: {REQUEST}\tStatus: error\tError Type: Runtime.ExitError\n",
            "end",
            "REPORT",
            "error",
            "Runtime.ExitError",
        ),
        (
            f"2026-01-01T00:00:04.001Z {REQUEST} Task timed out after 3.00 seconds\n\n",
            "error",
            "Task timed out",
            "error",
            "Task timed out after 3.00 seconds",
        ),
        (
            json.dumps({"time": "t", "type": "platform.start", "record": {"requestId": REQUEST}}),
            "start",
            "platform.start",
            "unknown",
            None,
        ),
        (
            json.dumps({"time": "t", "type": "platform.report", "record": {"requestId": REQUEST, "status": "timeout"}}),
            "end",
            "platform.report",
            "error",
            "timeout",
        ),
    ],
)
def test_lambda_platform_lines(message: str, kind: str, name: str, status: str, error: str | None) -> None:
    (made,) = cloudwatch.read(event(message=message), record())
    assert (made.layer, made.kind, made.name, made.status, made.error) == ("other", kind, name, status, error)
    assert made.ids == (REQUEST_ID,)
    assert made.ts_ns == NS
    assert attributes(made)["message"] == message


def test_lambda_report_gives_the_trace_of_x_ray() -> None:
    message = (
        f"REPORT RequestId: {REQUEST}\tDuration: 3.1 ms\t\n"
        "XRAY TraceId: 1-5759e988-bd862e3fe1be46a994272793\tSegmentId: 557abcec3ee5a047\tSampled: true\t\n"
    )
    (made,) = cloudwatch.read(event(message=message), record())
    assert made.ids == (REQUEST_ID, Id("trace", "5759e988bd862e3fe1be46a994272793"))
    assert attributes(made)["auditrail.lambda"]["Sampled"] == "true"
    assert attributes(made)["auditrail.lambda"]["Duration"] == "3.1 ms"


@pytest.mark.parametrize(
    ("message", "rest", "level"),
    [
        (f"2026-01-01T00:00:00.000Z\t{REQUEST}\tINFO\t" + '{"a":1}', '{"a":1}', "INFO"),
        (f"2026-01-01T00:00:00.000Z\t{REQUEST}\t" + '{"a":1}\n', '{"a":1}\n', None),
        (f"[ERROR]\t2026-01-01T00:00:00.000Z\t{REQUEST}\tplain\ttext", "plain\ttext", "ERROR"),
    ],
)
def test_lambda_prefix_is_taken_off(message: str, rest: str, level: str | None) -> None:
    reading = inner(cloudwatch.read(event(message=message), record()))
    assert reading.message == rest
    assert reading.context.ids == (REQUEST_ID,)
    found = attributes(reading.context)["auditrail.lambda"]
    assert (found["time"], found["request_id"], found.get("level")) == ("2026-01-01T00:00:00.000Z", REQUEST, level)


@pytest.mark.parametrize(
    "message",
    [
        "START of something",
        "START RequestId: not-an-id Version: 1",
        f"END RequestId: {REQUEST}x",
        "2026-01-01T00:00:00.000Z plain",
        "[INFO] plain",
        '{"type": "platform.start"}',
        '{"type": "platform.start", "record": ',
        '{"kind": "platform.start", "record": {}}',
    ],
)
def test_lines_that_only_look_like_lambda_are_handed_on(message: str) -> None:
    reading = inner(cloudwatch.read(event(message=message), record()))
    assert (reading.message, reading.context.ids) == (message, ())


# Hostile input

MEMBERS = st.sampled_from(
    ["timestamp", "message", "ingestionTime", "eventId", "logStreamName", "logGroup", "field", "value", "@message",
     "@timestamp", "@log", "@ptr", "@requestId"]
)  # fmt: skip
SHAPED = st.dictionaries(MEMBERS, JSON, max_size=6)


@settings(max_examples=150, deadline=None)
@given(JSON | SHAPED | st.lists(SHAPED, max_size=3), st.none() | SHAPED)
def test_read_raises_nothing_but_record_errors(value: Any, header: Any) -> None:
    for reader in (cloudwatch, cloudwatch_insights):
        try:
            reading = reader.read(value, record(header))
        except RecordError:
            continue
        contexts = [reading.context] if isinstance(reading, Inner) else reading
        assert contexts
        assert all(isinstance(json.loads(context.attributes or "{}"), dict) for context in contexts)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["nextToken", "NextToken", "status", "statistics", "searchedLogStreams", "logGroup"]), JSON
    )
)
def test_close_never_raises(header: dict[str, Any]) -> None:
    for reader in (cloudwatch, cloudwatch_insights):
        found = reader.close(Wrapper(header, "events", 3, 1, 0))
        assert all(isinstance(code, str) and isinstance(detail, str) for code, detail in found)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["START RequestId: ", "[INFO]\t", "REPORT RequestId: ", "2026-01-01T00:00:00.000Z\t", "{"]),
    st.text(),
)
def test_any_message_is_kept(start: str, rest: str) -> None:
    reading = cloudwatch.read(event(message=start + rest), record())
    kept = reading.message if isinstance(reading, Inner) else attributes(reading[0])["message"]
    assert kept == start + rest
