"""The vectorised OTLP reader gives the rows of the plain one, for any bytes; and is vectorised at all."""

from __future__ import annotations

import io
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditrail import case
from auditrail.containers.framing import look
from auditrail.containers.splitting import split
from auditrail.ingest import _otlp_reader, _worker, choose, fast_otlp, rows
from auditrail.ingest.plain import SourceReader, Tally
from auditrail.readers import otlp
from auditrail.readers._vocabulary import vocabulary

FIXTURES = Path(__file__).parents[2] / "fixtures" / "readers" / "otlp"
FILES = sorted(FIXTURES.glob("*/input.json*"))
TABLES = ("events", "ids_more", "quarantine", "remarks")
Resume = tuple[int | None, int]


def plain(data: bytes, start: int, first: int) -> tuple[Any, Tally, Resume]:
    connection = case.memory_case()
    splitter = split(io.BytesIO(data), "lines", start=start, first_number=first, max_record=20_000)
    reader = SourceReader(3, otlp, iter(splitter), stream="file")
    for batch in reader.batches():
        for table, listed in batch._asdict().items():
            if listed:
                connection.register("arrow_rows", rows.table(table, listed))
                connection.execute(f"INSERT INTO {table} SELECT * FROM arrow_rows")
                connection.unregister("arrow_rows")
    return connection, reader.tally, (splitter.resume_offset, splitter.resume_number)


def vectorised(data: bytes, start: int, first: int) -> tuple[Any, Tally, Resume]:
    connection = case.memory_case()
    tally, resume = fast_otlp.load(
        connection, io.BytesIO(data), source=3, stream_name="file", start=start, first_number=first, max_record=20_000
    )
    return connection, tally, resume


def hold_equal(data: bytes, start: int = 0, first: int = 1) -> Tally:
    """Loads both ways; every row, the account and the place to resume must be the same."""
    expected, expected_tally, expected_resume = plain(data, start, first)
    made, tally, resume = vectorised(data, start, first)
    try:
        for table in TABLES:
            made.register("expected", expected.sql(f"FROM {table}").to_arrow_table())
            missing = made.execute(f"FROM expected EXCEPT ALL FROM {table}").fetchall()
            added = made.execute(f"FROM {table} EXCEPT ALL FROM expected").fetchall()
            assert (missing, added) == ([], []), table
            made.unregister("expected")
        assert tally == expected_tally
        assert resume == expected_resume
        assert tally.balanced
    finally:
        expected.close()
        made.close()
    return tally


def line(*spans: Any, resource: Any = None, **group: Any) -> bytes:
    made = {"scopeSpans": [{"spans": list(spans)}], **group}
    if resource is not None:
        made["resource"] = resource
    return json.dumps({"resourceSpans": [made]}).encode()


def pairs(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value} for key, value in attributes.items()]


def text(value: str) -> dict[str, Any]:
    return {"stringValue": value}


def chat(**fields: Any) -> dict[str, Any]:
    attributes = {
        "gen_ai.operation.name": text("chat"),
        "gen_ai.request.model": text("atlas-4"),
        "gen_ai.usage.input_tokens": {"intValue": "12"},
        "gen_ai.conversation.id": text("conv-1"),
        "vendor.mode": text("fast"),
    }
    return {
        "traceId": "4bf92f3577b34da6a3ce929d0e0e4736",
        "spanId": "a1000000000000c1",
        "parentSpanId": "a100000000000001",
        "flags": 257,
        "name": "chat atlas-4",
        "kind": 3,
        "startTimeUnixNano": "1767225600020000000",
        "endTimeUnixNano": "1767225600900000000",
        "attributes": pairs({**attributes, **fields.pop("attributes", {})}),
        "status": {},
        **fields,
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_fixtures_give_the_same_rows(path: Path) -> None:
    hold_equal(path.read_bytes())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.name)
def test_fixtures_give_the_same_rows_when_cut_anywhere(path: Path) -> None:
    data = path.read_bytes()
    for end in range(1, len(data), max(1, len(data) // 7)):
        hold_equal(data[:end])


def test_a_fixture_is_left_to_the_columns() -> None:
    reader = _otlp_reader.PlannedReader(1, "file")
    chunk = reader.look(split(io.BytesIO(line(*[chat()] * 5)), "lines"))
    assert len(chunk.spans) == 5
    assert not chunk.others


def test_blank_and_damaged_lines() -> None:
    good = line(chat())
    tally = hold_equal(b"\n  \n" + good + b"\r\n{\n[]\n" + good + b"\n\xff\n" + b"x" * 30_000 + b"\n" + good[:-9])
    assert (tally.records_with_events, tally.blank, tally.quarantined) == (2, 2, 5)


def test_resumes_in_the_middle() -> None:
    good = line(chat())
    hold_equal(good + b"\n" + good + b"\n", start=len(good) + 1, first=2)


@pytest.mark.parametrize(
    "odd",
    [
        b'"12345678901234567890"',
        b"123456789012345678901",
        b"-9999999999999999999",
        b'"\\u0000"',
        b'"\\u0022"',
        b'"\\ud800"',
        b"NaN",
        b"1e999",
        b"[" * 600 + b"]" * 600,
        b"[" * 300 + b"]" * 300,
        b"[" * 200 + b"]" * 200,
        b'{"a":1,"a":2}',
    ],
)
def test_what_two_parsers_read_differently(odd: bytes) -> None:
    for key in ("stringValue", "intValue", "doubleValue"):
        data = line(chat(), chat(attributes={"odd": {key: "ODD"}}), chat())
        hold_equal(data.replace(b'"ODD"', odd))
    hold_equal(line(chat(), chat(kind="ODD")).replace(b'"ODD"', odd))
    hold_equal(line(chat(), resource={"attributes": [], "odd": "ODD"}).replace(b'"ODD"', odd))


@pytest.mark.parametrize("levels", range(239, 252))
def test_the_limit_on_depth_is_that_of_the_whole_record(levels: int) -> None:
    data = dumped(json.loads(line(chat(), chat(flags="ODD"), chat())), compact=True, ascii_only=True)
    hold_equal(data.replace(b'"ODD"', b"[" * levels + b"]" * levels))


def test_a_fault_in_a_chunk_costs_time_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        raise ValueError

    monkeypatch.setattr(_otlp_reader, "Columns", broken)
    assert hold_equal(line(chat(), chat()) + b"\n" + line(chat())).events == 3


def test_only_lines_are_taken() -> None:
    data = line(chat())
    head = look(data + b"\n" + data, complete=True)
    choice = choose.choose(head)
    assert choice is not None
    assert choice.reader is otlp
    assert fast_otlp.applies(choice, head)
    assert not fast_otlp.applies(choice._replace(framing="values"), head)


# -- generated documents

_words = vocabulary()
_KEYS = sorted(
    {
        *(use for use in _words._uses),
        *_words.deciding,
        *_words.placeholders,
        *(prefix + "0.message.role" for prefix in _words.prefixes),
        "vendor.mode",
        "kind",
        "name",
        "status",
        "resource",
        "attributes",
        "",
        "http.status_code",
    }
)
_TEXTS = st.sampled_from(
    [
        "",
        " ",
        "0",
        "-",
        "null",
        "chat",
        "execute_tool",
        "invoke_agent",
        "apply_guardrail",
        "LLM",
        "tool",
        "allow",
        "Deny",
        "atlas-4",
        "conv-1",
        "[REDACTED]",
        "***",
        "{}",
        "[]",
        "N/A",
        '{"a":"[REDACTED]"}',
        "12",
        "007",
        "-3",
        "1_0",
        "9223372036854775808",
        "99999999999999999999",
        "true",
        "0.5",
        "probabilistic",
        'é\u2028 "q" \\ \n',
        "A1B2C3D4-A1B2-C3D4-E5F6-A1B2C3D4E5F6",
        "x ...[truncated]",
        "d41d8cd98f00b204e9800998ecf8427e",
        '[{"role":"assistant","parts":[{"type":"tool_call","id":"call_1","name":"refund","arguments":{}}]}]',
        '{"tool_calls": []}',
    ]
)
_SCALARS = st.one_of(
    _TEXTS, st.integers(-5, 300), st.sampled_from([1 << 63, -(1 << 63), 1.5, 2.0, -0.0]), st.booleans(), st.none()
)
_ANY = st.one_of(
    st.builds(text, _TEXTS),
    st.builds(text, _TEXTS),
    st.builds(lambda n: {"intValue": str(n)}, st.integers(0, 9000)),
    st.builds(
        lambda kind, value: {kind: value},
        st.sampled_from(["stringValue", "intValue", "boolValue", "doubleValue", "bytesValue", "string_value", "odd"]),
        _SCALARS,
    ),
    st.sampled_from(
        [
            {},
            None,
            "bare",
            5,
            [],
            {"stringValue": "a", "intValue": "1"},
            {"arrayValue": {"values": [{"stringValue": "req-1"}]}},
            {"kvlistValue": {"values": pairs({"a": text("b")})}},
            {"stringValue": ["list"]},
            {"stringValue": {"a": 1}},
        ]
    ),
)
_PAIRS = st.lists(
    st.one_of(
        st.builds(lambda key, value: {"key": key, "value": value}, st.sampled_from(_KEYS), _ANY),
        st.builds(lambda key, value: {"key": key, "value": text(value)}, st.sampled_from(_KEYS), _TEXTS),
        st.sampled_from(
            [
                {"key": "lonely"},
                {"value": text("x")},
                {"key": 5, "value": text("x")},
                "odd",
                None,
                {"key": "more", "value": text("x"), "also": 1},
            ]
        ),
    ),
    max_size=6,
)
_GOOD_PAIRS = st.builds(
    pairs,
    st.dictionaries(st.sampled_from(_KEYS), st.one_of(st.builds(text, _TEXTS), st.just({"intValue": "7"})), max_size=6),
)
_ATTRIBUTES = st.one_of(_GOOD_PAIRS, _GOOD_PAIRS, _PAIRS, st.sampled_from([None, {}, {"run_id": "r-1"}, "", 0, "text"]))
_HEX = st.sampled_from(
    [
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "4BF92F3577B34DA6A3CE929D0E0E4736",
        "0" * 32,
        "0" * 16,
        "a1000000000000c1",
        "A1000000000000C1",
        "",
        None,
        "S/kvNXezTaajzpKdDg5HNg==",
        "oQAAAAAAAME=",
        "trace-1",
        5,
        [],
        "a1000000000000c\u0661",
    ]
)
_TIMES = st.sampled_from(
    [
        "1767225600020000000",
        "1767225600900000000",
        1767225600020000000,
        "0",
        0,
        "",
        None,
        "soon",
        "99999999999999999999",
        "9999999999999999999",
        " 1767225600020000000",
        1.7e18,
        [],
        True,
        "\u0661767225600020000000",
    ]
)
_EVENTS = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from(["exception", "gen_ai.choice", "gen_ai.tool.message", "note", None])},
        optional={"timeUnixNano": _TIMES, "attributes": _ATTRIBUTES},
    ),
    max_size=2,
)
_STATUS = st.sampled_from(
    [
        {},
        None,
        {"code": 1},
        {"code": 2},
        {"code": 2, "message": "no"},
        {"code": 2, "message": " "},
        {"message": "no"},
        [],
        {"code": 0, "message": "x"},
        {"code": "STATUS_CODE_ERROR"},
        {"code": 9},
        {"code": 1, "more": 1},
        {"code": True},
        "ok",
        {"code": 2, "message": ""},
        {"code": 2, "message": 5},
        {"code": None},
        {"code": 2.0},
    ]
)
_NAMES = st.sampled_from(
    [
        "chat atlas-4",
        "chat to me now",
        "execute_tool refund",
        "execute_tool",
        "invoke_agent  shop",
        "guardrail pii",
        "POST",
        "",
        None,
        5,
        [],
        "apply_guardrail x",
    ]
)
_SPANS = st.one_of(
    st.fixed_dictionaries(
        {
            "traceId": _HEX.filter(lambda value: type(value) is str),
            "spanId": st.just("a1000000000000c1"),
            "name": _NAMES,
            "startTimeUnixNano": _TIMES,
            "attributes": _GOOD_PAIRS,
        },
        optional={
            "parentSpanId": _HEX,
            "status": _STATUS,
            "kind": st.sampled_from([0, 1, 3, "SPAN_KIND_CLIENT"]),
            "flags": st.sampled_from([0, 1, 257, 769]),
            "endTimeUnixNano": _TIMES,
        },
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "traceId": _HEX,
            "spanId": _HEX,
            "parentSpanId": _HEX,
            "name": _NAMES,
            "status": _STATUS,
            "events": _EVENTS,
            "kind": st.sampled_from([0, 3, "3", True, None, 99, [], 1.0, "SPAN_KIND_SERVER", 1 << 70]),
            "flags": st.sampled_from([0, 1, "1", 257, 768, True, None, -1, 1 << 40, 1.0, "x", 1 << 70]),
            "startTimeUnixNano": _TIMES,
            "endTimeUnixNano": _TIMES,
            "attributes": _ATTRIBUTES,
            "traceState": st.sampled_from(["", None, "ot=th:8", "a=b", 0, False, []]),
            "links": st.sampled_from([[], None, [{"traceId": "4bf92f3577b34da6a3ce929d0e0e4736"}], 0, "x", False]),
            "droppedAttributesCount": st.sampled_from([0, "0", 3, "", None, [], False]),
            "droppedEventsCount": st.sampled_from([0, {}, "x"]),
            "trace_id": _HEX,
            "vendorMember": _SCALARS,
        },
    ),
)
_RESOURCES = st.one_of(
    st.builds(lambda listed: {"attributes": listed}, _GOOD_PAIRS),
    st.builds(lambda name: {"attributes": pairs({"service.name": text(name)})}, _TEXTS),
    st.builds(lambda value: {"attributes": pairs({"run.id": text("r-1"), "session.id": text(value)})}, _TEXTS),
    st.sampled_from([None, {}, [], {"attributes": "odd"}, {"droppedAttributesCount": 1}]),
)
_GROUPS = st.fixed_dictionaries(
    {
        "scopeSpans": st.lists(
            st.fixed_dictionaries(
                {"spans": st.lists(st.one_of(_SPANS, _SPANS, _SPANS, st.sampled_from([None, 5])), max_size=4)},
                optional={
                    "scope": st.sampled_from([{}, None, {"name": "s"}, {"attributes": []}, "odd"]),
                    "schemaUrl": st.sampled_from(["", "https://x"]),
                    "odd": st.just(1),
                },
            ),
            min_size=1,
            max_size=2,
        )
    },
    optional={"resource": _RESOURCES, "schemaUrl": st.sampled_from(["", "https://y", 5]), "odd": st.just([])},
)
_RECORDS = st.one_of(
    st.builds(lambda groups: {"resourceSpans": groups}, st.lists(_GROUPS, min_size=1, max_size=2)),
    st.sampled_from(
        [
            b"",
            b" ",
            b"{",
            b"{}",
            b"[]",
            b"5",
            b'{"resourceSpans":[]}',
            b'{"resourceSpans":5}',
            b'{"resourceMetrics":[{}]}',
            b'{"resourceSpans":[],"more":1}',
            b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}}]}]}]}',
        ]
    ),
)


_POOL = [
    "",
    " ",
    "0",
    "null",
    "chat",
    "execute_tool",
    "[REDACTED]",
    "{}",
    '{"a":"b"}',
    "12",
    "007",
    "99999999999999999999",
    "4bf92f3577b34da6a3ce929d0e0e4736",
    "A1000000000000C1",
    "0" * 16,
    "1767225600020000000",
    "chat birch-2",
    "soon",
    'say "no" \\ \n \u2028',
    "\\",
    '"',
    '\\"',
    "é",
    "traceId",
    "key",
    '{"traceId":"',
    "\ue0000",
    "x" * 600,
    "\x01e",
    "\ud83d\ude00",
    '[{"role":"assistant","parts":[{"type":"tool_call","id":"call_2","name":"refund","arguments":{"a":"\\"q"}}]}]',
]


def varied(value: Any, random: Random) -> Any:
    """The same document with other texts in places of values."""
    if isinstance(value, dict):
        return {key: inner if key == "key" else varied(inner, random) for key, inner in value.items()}
    if isinstance(value, list):
        return [varied(inner, random) for inner in value]
    return random.choice(_POOL) if isinstance(value, str) and random.random() < 0.4 else value


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(_RECORDS, min_size=1, max_size=4),
    st.integers(0, 40),
    st.randoms(use_true_random=False),
    st.booleans(),
    st.booleans(),
)
def test_generated_documents_give_the_same_rows(
    records: list[Any], cut: int, random: Random, compact: bool, ascii_only: bool
) -> None:
    lines = []
    for record in records:
        versions = [record] if isinstance(record, bytes) else [record, varied(record, random), varied(record, random)]
        lines += [
            version if isinstance(version, bytes) else dumped(version, compact, ascii_only) for version in versions
        ]
    data = b"\n".join(lines)
    hold_equal(data[: len(data) - cut] if cut < 20 else data + b"\n")


def dumped(value: Any, compact: bool, ascii_only: bool) -> bytes:
    separators = (",", ":") if compact else None
    return json.dumps(value, separators=separators, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.randoms(use_true_random=False), min_size=2, max_size=6),
    st.sampled_from([{}, {"code": 2, "message": "no"}]),
)
def test_spans_with_other_texts_are_read_through_a_template(randoms: list[Random], status: dict[str, Any]) -> None:
    group = {"resource": {"attributes": pairs({"service.name": text("shop")})}, "scopeSpans": [{"spans": []}]}
    record = {"resourceSpans": [group]}
    group["scopeSpans"][0]["spans"] = [
        chat(status=status),
        chat(status=status),
        varied(chat(status=status), randoms[0]),
    ]
    hold_equal(b"\n".join(dumped(varied(record, random), True, False) for random in [*randoms, randoms[0]]))


def test_templates_are_used() -> None:
    reader = _otlp_reader.PlannedReader(1, "file")
    data = dumped(json.loads(line(*[chat()] * 5)), True, True)
    other = data.replace(b"conv-1", rb"conv \u0041\"")
    spans = reader.look(split(io.BytesIO(data + b"\n" + other), "lines")).spans
    assert [isinstance(span[6], str) for span in spans] == [False] + [True] * 9
    assert 'conv A"' in spans[-1][2]


NUMBERS = ["0", "-0", "5", "-17", "1.50", "0.1", "-0.0", "1e3", "1E-2", "9007199254740993", "123456789012345678",
           "1234567890123456789", "12345678901234567890", "123456789012345678901", "-9223372036854775809", "01", "1.",
           "0.1000000000000000055", "123456789012345.123456789012345", "NaN", "-", "1.5e400", " 7", "7 "]  # fmt: skip


@pytest.mark.parametrize("kind", ["intValue", "doubleValue", "stringValue", "otherValue"])
def test_numbers_are_read_as_the_parser_reads_them(kind: str) -> None:
    span = chat(attributes={"vendor.score": {kind: "NUMBER"}, "vendor.more": {"intValue": 1}})
    template = dumped(json.loads(line(span)), True, True)
    hold_equal(b"\n".join(template.replace(b'"NUMBER"', number.encode()) for number in NUMBERS for _ in range(2)))


@pytest.mark.parametrize(
    "odd", ["\\x", "\\ud83d", "\\u12", "\t", "\x7f", "\\", '\\\\"', '"', "\\/", "\\u2028", "\ue0003"]
)
def test_texts_with_odd_escapes_are_read_as_the_parser_reads_them(odd: str) -> None:
    template = dumped(json.loads(line(chat(), chat())), True, True).decode()
    hold_equal("\n".join(template.replace("conv-1", f"conv{more}1") for more in ("", odd, "", odd)).encode())


def many() -> bytes:
    return b"\n".join([line(chat(), chat(name=f"chat m-{n}"), chat(status=[])) for n in range(60)] + [b"{", b""])


@pytest.fixture
def second_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast_otlp, "_ALONE", 1)
    monkeypatch.setattr(fast_otlp, "_BATCH_BYTES", 6000)
    monkeypatch.setattr(_worker, "processors", lambda: 2)


def test_two_processes_give_the_same_rows(second_process: None, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = []
    take = _worker.Worker.take
    monkeypatch.setattr(_worker.Worker, "take", lambda worker: answers.append(take(worker)) or answers[-1])
    assert hold_equal(many()).events == 180
    assert answers
    assert None not in [made for _, made in answers]


@pytest.mark.parametrize(
    "code", ["raise SystemExit(3)", "import time; time.sleep(0.2)", "print('x' * 100, flush=True)"]
)
def test_a_process_that_dies_loses_nothing(code: str, second_process: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_worker, "_CODE", code)
    assert hold_equal(many()).events == 180


def test_an_interrupt_ends_the_second_process(second_process: None, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    start = _worker.Worker.start
    monkeypatch.setattr(_worker.Worker, "start", lambda *given: started.append(start(*given)) or started[-1])
    monkeypatch.setattr(_worker.Together, "finish", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        vectorised(many(), 0, 1)
    assert started[0]._process.poll() is not None
