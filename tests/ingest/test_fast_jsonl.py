"""The vectorised reader of JSON lines gives the rows of the plain one, for any bytes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from auditrail import case, content
from auditrail.containers import limits
from auditrail.errors import UnreadableError
from auditrail.ingest import _fast_maker, _worker, fast_jsonl
from auditrail.ingest import _fast_values as values
from auditrail.ingest._fast_ahead import Ahead
from auditrail.ingest._fast_columns import marks
from auditrail.ingest._fast_index import index
from auditrail.ingest.inputs import expand
from auditrail.ingest.load import Loader, Options
from auditrail.readers._jsonl_values import USABLE, id_of
from auditrail.times import parse

FIXTURES = sorted((Path(__file__).parents[2] / "fixtures" / "readers" / "jsonl").glob("*/input*"))
TABLES = ("events", "ids_more", "quarantine", "remarks", "sources")


class Twins:
    """Two cases in memory: one loaded by the plain reader, one by the vectorised."""

    def __init__(self) -> None:
        self.connection = case.memory_case()
        self.connection.execute("ATTACH ':memory:' AS other")
        self.connection.execute("USE other")
        case.create(self.connection)
        self.left_to_plain = 0

    def clear(self) -> None:
        for name in ("memory", "other"):
            for table in TABLES:
                self.connection.execute(f"DELETE FROM {name}.{table}")

    def load(self, path: Path, **options: Any) -> None:
        for name, vectorised in (("memory", False), ("other", True)):
            self.connection.execute(f"USE {name}")
            loader = Loader(self.connection, Options(reader="jsonl", vectorised=vectorised, share_below=0, **options))
            loader.load_all(expand([path]))

    def differences(self) -> dict[str, list[tuple[Any, ...]]]:
        found = {}
        for table in TABLES:
            columns = "* EXCLUDE (loaded_ns)" if table == "sources" else "*"
            for one, other in (("memory", "other"), ("other", "memory")):
                rows = self.connection.execute(
                    f"SELECT {columns} FROM {one}.{table} EXCEPT ALL SELECT {columns} FROM {other}.{table}"
                ).fetchall()
                if rows:
                    found[f"{table}: only {'plain' if one == 'memory' else 'vectorised'}"] = rows
        return found

    def events(self) -> int:
        return int(self.connection.execute("SELECT count(*) FROM other.events").fetchall()[0][0])


@pytest.fixture(scope="module")
def pair() -> Iterator[Twins]:
    made = Twins()
    yield made
    made.connection.close()


@pytest.fixture
def twins(pair: Twins) -> Twins:
    pair.clear()
    return pair


@pytest.fixture
def plain_records(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The records that the vectorised reader leaves to the plain one."""
    seen: list[bytes] = []
    before = _fast_maker.Maker.plain

    def noted(self: Any, records: list[Any]) -> Iterator[Any]:
        seen.extend(record.raw for record in records)
        return before(self, records)

    monkeypatch.setattr(_fast_maker.Maker, "plain", noted)
    return seen


def write(folder: Path, data: bytes) -> Path:
    path = folder / "log.jsonl"
    path.write_bytes(data)
    return path


def record(**changed: Any) -> dict[str, Any]:
    made = {
        "timestamp": "2026-01-31T23:59:59.123456Z",
        "level": "INFO",
        "run_id": "run-0123456789ab",
        "trace_id": "16D8ed2c5a43ce74ca272eb2ae4b7a13",
        "event": "tool_call",
        "agent": "refunds",
        "tool": "issue_refund",
        "args": {"order": "o-1", "amount": 12.5, "lines": [1, 2, {"x": None}]},
        "result": None,
        "seq": 7,
        "note": "plain",
    }
    made.update(changed)
    return made


def lines(*records: Any) -> bytes:
    return b"".join(orjson.dumps(one) + b"\n" for one in records)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.parent.name)
def test_every_fixture(twins: Twins, path: Path) -> None:
    twins.load(path)
    assert twins.differences() == {}


def test_ordinary_lines_are_not_left_to_the_plain_reader(
    twins: Twins, plain_records: list[bytes], tmp_path: Path
) -> None:
    many = [
        record(seq=number, level=level, tool=tool, result=result, timestamp=f"2026-01-31T23:59:{number % 60:02d}.5Z")
        for number in range(60)
        for level in ("INFO", "ERROR")
        for tool, result in (("a", None), (None, 'done "well"\n'), ("b", {"ok": True}))
    ]
    twins.load(write(tmp_path, lines(*many)))
    assert twins.differences() == {}
    assert twins.events() == len(many)
    assert plain_records == []


def test_other_white_space_is_put_in_compact_form(twins: Twins, plain_records: list[bytes], tmp_path: Path) -> None:
    many = [json.dumps(record(seq=number, note="naïve \u2028 \\ / \t")) for number in range(50)]
    twins.load(write(tmp_path, "\n".join([*many, ""]).encode()))
    assert twins.differences() == {}
    assert plain_records == []


def raw(**changed: Any) -> bytes:
    return orjson.dumps(record(**changed))


# What a line may hold instead of an ordinary record. Each stands between ordinary lines, twice.
ODD = {
    "duplicate key": b'{"run_id":"run-aaaaaaaaaa","run_id":"run-bbbbbbbbbb","event":"x"}',
    "duplicate key of the shape": raw().replace(b'"seq":7', b'"seq":7,"seq":8'),
    "nested duplicate": raw().replace(b'"order":"o-1"', b'"order":"o-1","order":"o-2"'),
    "duplicate by escape": raw().replace(b'"note":', b'"no\\u0074e":1,"note":'),
    "trailing comma": raw()[:-1] + b",}",
    "comma inside": raw().replace(b'"seq":7,', b'"seq":7,,'),
    "comma in an array": raw().replace(b"[1,2,", b"[1,,2,"),
    "array open": raw().replace(b'"args":{"order"', b'"args":[{"order"'),
    "key of the next member inside": raw(args={"result": None, "seq": 1}),
    "value that reaches on": raw().replace(b'}]}', b'}]').replace(b'"seq":7', b'"seq":7}'),
    "NaN": raw().replace(b"12.5", b"NaN"),
    "NaN outside": raw().replace(b'"seq":7', b'"seq":NaN'),
    "infinity": raw().replace(b"12.5", b"-Infinity"),
    "beyond a double": raw().replace(b"12.5", b"1e400"),
    "big integer": raw().replace(b"12.5", b"123456789012345678901234567890"),
    "big integer outside": raw().replace(b'"seq":7', b'"seq":123456789012345678901'),
    "64 bits": raw(seq=2**63 - 1),
    "65 bits": raw(seq=2**64 - 1),
    "19 digits in a text": raw(note="1" * 40),
    "float written long": raw().replace(b"12.5", b"12.50"),
    "exponent": raw().replace(b"12.5", b"1.25E1"),
    "leading zero": raw().replace(b'"seq":7', b'"seq":07'),
    "minus zero": raw().replace(b'"seq":7', b'"seq":-0'),
    "plus": raw().replace(b'"seq":7', b'"seq":+7'),
    "negative": raw(seq=-7),
    "number for a text": raw(tool=7, agent=42, run_id=12),
    "junk ids": raw(run_id="unknown", trace_id="00000000000000000000000000000000"),
    "zeros and dashes": raw(run_id="0-0-0", trace_id="-"),
    "blank ids": raw(run_id="  ", trace_id="  abc  "),
    "UUID in capitals": raw(run_id="0198A1B2-0000-7000-8000-0000000000AF"),
    "wrong types": raw(run_id=[1], trace_id={"a": 1}, event=["x"], timestamp=[], level={}),
    "empty values": raw(run_id="", tool="", args={}, result=[], event=""),
    "literal cut": raw().replace(b'"result":null', b'"result":nul'),
    "literal long": raw().replace(b'"result":null', b'"result":nulll'),
    "no value": raw().replace(b'"result":null', b'"result":'),
    "two records": raw() * 2,
    "text behind": raw() + b"x",
    "quote lost": raw().replace(b'"plain"', b'"plain'),
    "escaped end": raw().replace(b'"plain"', b'"plain\\"'),
    "backslashes": raw(note="\\" * 5, tool='a"b\\', event="x\\"),
    "bad escape": raw().replace(b"plain", b"pl\\ain"),
    "slash escape": raw().replace(b"plain", b"a\\/b"),
    "nul escape": raw().replace(b"plain", b"a\\u0000b"),
    "quote escape": raw().replace(b"plain", b"a\\u0022b"),
    "escape character": raw(note="\x1b[31m", tool="\x1b[0m"),
    "lone surrogate": raw().replace(b"plain", b"\\ud800"),
    "raw nul": raw().replace(b"plain", b"a\0b"),
    "raw tab": raw().replace(b"plain", b"a\tb"),
    "tab between": raw().replace(b'"seq":7', b'"seq":\t7'),
    "not UTF-8": raw().replace(b"plain", b"\xff\xfe"),
    "half a character": raw().replace(b'"plain"}', b'"pl\xc3"}'),
    "surrogate in UTF-8": raw().replace(b"plain", b"\xed\xa0\x80"),
    "too deep": b'{"event":"x","a":' + b"[" * 600 + b"]" * 600 + b"}",
    "at the writer's limit": raw().replace(b'"plain"', b"[" * 253 + b"]" * 253),
    "beyond the writer's limit": raw().replace(b'"plain"', b"[" * 254 + b"]" * 254),
    "an array": b"[1,2]",
    "a text": b'"x"',
    "empty object": b"{}",
    "blank": b"",
    "white space": b"   ",
    "return": b"\r",
    "line end of Windows": raw() + b"\r",
    "two returns": raw() + b"\r\r",
    "byte order mark": b"\xef\xbb\xbf" + raw(),
    "form feed": raw().replace(b",", b",\f", 1),
    "zone assumed": raw(timestamp="2026-01-31 23:59:59,123"),
    "zone": raw(timestamp="2026-01-31T23:59:59+02:00"),
    "no such day": raw(timestamp="2026-02-30T00:00:00Z"),
    "leap second": raw(timestamp="2026-06-30T23:59:60Z"),
    "beyond 64 bits of time": raw(timestamp="2262-04-11T23:59:59.999Z"),
    "before": raw(timestamp="1600-01-01T00:00:00Z"),
    "epoch": raw(timestamp=1767225600),
    "epoch, ms": raw(timestamp=1767225600123),
    "epoch, float": raw(timestamp=1767225600.123),
    "epoch as text": raw(timestamp="1767225600.123"),
    "epoch too late": raw(timestamp=9999999999),
    "no time": raw(timestamp="yesterday"),
    "redacted": raw(args={"a": ["x", "[REDACTED]"]}, result="****"),
    "redacted by letters": raw(args={"a": "Redacted-by-LiteLLM"}, result="hidden_due_to_security_reasons"),
    "redacted behind blanks": raw(args={"a": "\u3000\u2003 [redacted]"}, result="\n<redacted>"),
    "redacted JSON text": raw(args='{"a": "[REDACTED]"}', result="xxxxx"),
    "empty as text": raw(args="null", result=" null "),
    "empty JSON as text": raw(args="{}", result='""'),
    "redacted, in quotes": raw(args='"[REDACTED]"', result=' {"a":"xxxxx"}'),
    "hashed": raw(args="sha256:" + "ab" * 32, result=" " + "0" * 32 + "\u3000"),
    "truncated": raw(args={"a": "x...[truncated 5 characters]"}, result="a [TRUNCATED]"),
    "truncated, in the middle": raw(args={"truncated": "no"}, result="litellm_Truncated skipped 5"),
    "calls asked for": raw(result={"tool_calls": [{"name": "f", "arguments": "{}", "id": "c1"}]}),
    "list of calls": raw(tool_calls=[{"name": "f", "arguments": "{}", "id": "c1"}]),
    "params": orjson.dumps(
        {"ts": "2026-01-01T00:00:00Z", "method": "tools/call", "params": {"name": "f", "arguments": {}}}
    ),
    "params, whole": orjson.dumps(
        {"ts": "2026-01-01T00:00:00Z", "tool": "f", "params": {"a": 1, "run_id": "run-1234567890"}}
    ),
    "span": raw(start_time="2026-01-01T00:00:00Z", end_time="2026-01-01T00:00:01Z"),
    "backwards": raw(start_time="2026-01-01T00:00:01Z", end_time="2026-01-01T00:00:00Z"),
    "begin and duration": raw(start_time="2026-01-01T00:00:00Z", duration_ms=5),
    "only an end": orjson.dumps({"end_time": "2026-01-01T00:00:01Z", "tool": "x"}),
    "negative duration": raw(duration_ms=-0.0, latency_s=-1.5),
    "long durations": raw(duration_ms=0.00012341200001537801, took_ms=1e25, latency_s=12.5),
    "durations that are none": raw(duration_ms=1e25, latency_s=-0.0),
    "observed": orjson.dumps({"observed_timestamp": "2026-01-01T00:00:01Z", "tool": "x"}),
    "nested": raw(data={"run": {"id": "run-12345678901"}, "x": 1, "y": {"z": []}}, trace={"id": "ab" * 16}),
    "nested, empty": raw(data={}, context=None, extra=[]),
    "ids twice": raw(request_id="req-1234567890", correlation_id="req-1234567890", user_id="u-1", parent_run_id="p-1"),
    "further ids": raw(
        request_id="req-1234567890", correlation_id="Req-2", user_id=5, principal="p", invocation_id='q"r'
    ),
    "errors": raw(error={"type": "E"}, status=503, exception=False),
    "error is a number": raw(error=0),
    "error is blank": raw(error=" \u3000"),
    "denied": raw(decision="BLOCK", policy="p", allowed=False, reason="r"),
    "long name": raw(event="e" * 300, tool="t" * 600, agent="ä" * 300),
    "name of two lines": raw(event="a\nb"),
    "stream": raw(service="s", logger="l", sampled=True, sampling_probability=0.5),
    "many stretches": orjson.dumps(
        {
            key: value
            for n, name in enumerate(("run_id", "trace_id", "agent", "tool", "seq", "model", "ts", "args", "result"))
            for key, value in ((f"x{n}", n), (name, f"value-{n}-{n}"))
        }
    ),
    "many keys": orjson.dumps({f"k{n}": n for n in range(300)}),
}  # fmt: skip


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
def test_an_odd_line_among_ordinary_ones(twins: Twins, tmp_path: Path, odd: bytes) -> None:
    ordinary = lines(*(record(seq=number) for number in range(3)))
    twins.load(write(tmp_path, ordinary + odd + b"\n" + ordinary + odd + b"\n" + odd + b"\n" + ordinary))
    assert twins.differences() == {}
    assert twins.connection.execute("SELECT framing FROM sources").fetchall() == [("lines",)]


def test_all_odd_lines_together_in_small_blocks(twins: Twins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary = lines(record())
    path = write(tmp_path, b"".join(odd + b"\n" + ordinary for odd in [*ODD.values(), *reversed(ODD.values())]))
    monkeypatch.setattr(fast_jsonl, "BLOCK", 3000)
    monkeypatch.setattr(fast_jsonl, "_MAX_WAITING", 10)
    twins.load(path)
    assert twins.differences() == {}


def test_lines_that_are_json_only_together(twins: Twins, plain_records: list[bytes], tmp_path: Path) -> None:
    """`[1` of one line and `2]],[3]` of the next make good JSON when joined by a comma."""
    bodies = (b"[1", b"[2]],[3]", b'{"a":1', b'{"b":2}}', b"1,2", b"[1],[2")
    data = b"".join(b'{"event":"x","args":' + body + b',"seq":1}\n' for body in bodies)
    good = lines(*({"event": "x", "args": args, "seq": 1} for args in ([0], {"a": 1}) for _ in range(20)))
    twins.load(write(tmp_path, good + data + good))
    assert twins.differences() == {}
    assert twins.events() == 80
    assert len(plain_records) == len(bodies)


@pytest.mark.parametrize(
    "tail", [b'{"event":"x"', b'{"event":"x"}', b" ", b'{"event":"\xc3', b"\r", b'{"event":"x"}\r']
)
def test_a_last_line_without_its_end(twins: Twins, tmp_path: Path, tail: bytes) -> None:
    twins.load(write(tmp_path, lines(record(), record()) + tail))
    assert twins.differences() == {}


@pytest.mark.parametrize("cut", [1, 100, 350, 700])
def test_a_grown_file_is_read_on(twins: Twins, tmp_path: Path, cut: int) -> None:
    whole = lines(record(), record(seq=8), record(seq=9), record(seq=10))
    twins.load(write(tmp_path, whole[:cut]))
    assert twins.differences() == {}
    twins.load(write(tmp_path, whole))
    assert twins.differences() == {}


@pytest.mark.parametrize("limit", [50, 250, 320])
def test_lines_beyond_the_limit(twins: Twins, tmp_path: Path, limit: int) -> None:
    twins.load(write(tmp_path, lines(record(), record(note="x" * 500), record())), max_record=limit)
    assert twins.differences() == {}


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n\n\r\n"])
def test_starts_of_a_file(twins: Twins, tmp_path: Path, start: bytes) -> None:
    twins.load(write(tmp_path, start + lines(record(), record())))
    assert twins.differences() == {}


# --- random files ---------------------------------------------------------------------------------------------------

KEYS = (
    "timestamp", "ts", "start_time", "end_time", "duration_ms", "level", "event", "action", "status", "decision",
    "run_id", "trace_id", "span_id", "parent_span_id", "session", "thread_id", "user_id", "agent", "agent_id",
    "model", "tool", "name", "args", "arguments", "result", "output", "error", "policy", "rule", "input_tokens", "seq",
    "sampled", "message",
    "hash", "data", "context", "params", "trace", "id", "request_id", "correlation_id", "ünï", 'q"k', "",
)  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from((
        "", " ", "unknown", "0", "ok", "ERROR", "denied", "tool_call", "agent_start", "INFO", "ab" * 16, "AB" * 8,
        "2026-01-31T23:59:59.123456Z", "2026-01-31 23:59:59", "2026-02-29T00:00:00Z", "1767225600", "[REDACTED]",
        "call_0123456789", "0198a1b2-0000-7000-8000-0000000000AF", "x" * 600, "...[truncated]", "café", "\u2028",
    )),
    st.text(max_size=20),
)  # fmt: skip
NUMBERS = st.one_of(
    st.integers(-10, 1000), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from((1767225600, 1767225600123, 0, -0.0, 0.5, 1e22, 503)),
)  # fmt: skip
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=6,
)
SHAPES = st.lists(st.lists(st.sampled_from(KEYS), max_size=7, unique=True), min_size=1, max_size=3)


DAMAGE = st.sampled_from(
    (b"", b",", b'"', b"}", b"]", b"\\", b"\xff", b"\t", b"\r", b"NaN", b"0", b'"a":1,', b" ")
)  # fmt: skip


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Lines of few shapes, written in several ways, some of them damaged."""
    shapes = draw(SHAPES)
    made = []
    for _ in range(draw(st.integers(1, 12))):
        shape = draw(st.sampled_from(shapes))
        value = {key: draw(VALUES) for key in shape}
        compact = draw(st.sampled_from((True, True, True, False)))
        between = (",", ":") if compact else draw(st.sampled_from(((", ", ": "), (",", ": "))))
        line = json.dumps(value, ensure_ascii=not compact, separators=between).encode("utf-8", "surrogatepass")
        damage = draw(st.integers(0, 19))
        if damage == 0:
            at = draw(st.integers(0, len(line)))
            line = line[:at] + draw(DAMAGE) + line[at + draw(st.integers(0, 2)) :]
        elif damage == 1:
            line = line[: draw(st.integers(0, len(line)))]
        made.append(line)
    end = draw(st.sampled_from((b"\n", b"\n", b"\r\n")))
    return end.join(made) + draw(st.sampled_from((end, end, b"")))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=files())
@example(data=b'{"args":[],"args":1}\n')
def test_random_files(pair: Twins, tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    pair.clear()
    path = write(tmp_path_factory.getbasetemp(), data)
    pair.load(path)
    assert pair.differences() == {}


# --- in two processes -----------------------------------------------------------------------------------------------


@pytest.fixture
def second_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast_jsonl, "_ALONE", 1)
    monkeypatch.setattr(fast_jsonl, "BLOCK", 3000)
    monkeypatch.setattr(_worker, "processors", lambda: 2)


def many() -> bytes:
    ordinary = lines(record(), record(request_id="req-1234567890", correlation_id="req-2345678901"))
    return b"".join(odd + b"\n" + ordinary for odd in ODD.values())


def test_two_processes_give_the_same_rows(
    twins: Twins, tmp_path: Path, second_process: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = []
    take = _worker.Worker.take
    monkeypatch.setattr(_worker.Worker, "take", lambda worker: answers.append(take(worker)) or answers[-1])
    twins.load(write(tmp_path, many()))
    assert twins.differences() == {}
    assert answers
    assert None not in [made for _, made in answers]


@pytest.mark.parametrize("code", ["raise SystemExit(3)", "import time; time.sleep(0.2)"])
def test_a_process_that_dies_loses_nothing(
    twins: Twins, tmp_path: Path, code: str, second_process: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_worker, "_CODE", code)
    twins.load(write(tmp_path, many()))
    assert twins.differences() == {}


# --- made ahead -----------------------------------------------------------------------------------------------------


def test_a_stream_that_breaks_leaves_its_own_error(tmp_path: Path) -> None:
    class Broken:
        def __init__(self) -> None:
            self.blocks = [lines(*(record(seq=n) for n in range(50)))] * 3

        def read(self, _size: int, /) -> bytes:
            if not self.blocks:
                raise UnreadableError("the disk is gone")
            return self.blocks.pop()

    connection = case.memory_case()
    before = threading.active_count()
    connection.execute("BEGIN")
    with pytest.raises(UnreadableError, match="the disk is gone"):
        fast_jsonl.load(
            connection, Broken(), source=1, stream_name="s", start=0, first_number=1, max_record=limits.MAX_RECORD
        )
    connection.execute("ROLLBACK")
    assert threading.active_count() == before


def test_an_engine_that_stops_ends_the_thread() -> None:
    made = Ahead(iter(range(1000)))
    assert next(made) == 0
    made.close()
    assert not made._thread.is_alive()


def test_what_is_made_ahead_comes_in_order_and_ends() -> None:
    made = Ahead(iter(range(20)))
    assert list(made) == list(range(20))
    assert list(made) == []
    made.close()


# --- the parts ------------------------------------------------------------------------------------------------------


def spans(texts: list[str]) -> tuple[Any, Any, Any]:
    data = "\n".join(texts).encode()
    block = index(data)
    return block, block.starts, block.ends - block.starts


@given(numbers=st.lists(st.integers(0, 10**18 - 1), min_size=1, max_size=20))
def test_digits(numbers: list[int]) -> None:
    block, starts, lengths = spans([str(one) for one in numbers])
    assert values.number(block, starts, lengths).tolist() == numbers
    good, found = values.digits(block, starts, lengths)
    assert [found[row] for row in np.flatnonzero(good)] == [one for one in numbers if one < 10**16]


@pytest.mark.parametrize("text", ["", "01", "1a", "-1", "1.0", "1:2", "/9", "12345678x", "x12345678", "1" * 17])
def test_no_digits(text: str) -> None:
    block, starts, lengths = spans(["7", text])
    assert values.digits(block, starts, lengths)[0].tolist() == [True, False]


@given(st.datetimes(), st.sampled_from(("T", " ")), st.sampled_from(("", ".5", ",123", ".123456789")),
       st.sampled_from(("", "Z", "+00:00", "+02:00")))  # fmt: skip
def test_times(moment: Any, between: str, fraction: str, zone: str) -> None:
    text = f"{moment.replace(microsecond=0).isoformat(between)}{fraction}{zone}"
    block, starts, lengths = spans([text, text[:-1], "2026-01-31T23:59:59Z"])
    good, ns, assumed = values.times(block, starts, lengths)
    expected = [parse(one) for one in (text, text[:-1])]
    for row in range(2):
        if good[row]:
            assert (ns[row], assumed[row]) == expected[row]
    if moment.year not in (1677, 2262):  # 64 bits end within these years
        assert good[0] == (zone != "+02:00" and 1677 < moment.year < 2262)


@given(TEXTS, st.sampled_from(("trace", "run", "tool_call")))
def test_ids_that_are_plain_are_what_the_reader_makes_of_them(text: str, kind: str) -> None:
    raw = text.encode("utf-8", "surrogatepass")
    if b"\n" in raw or b"\r" in raw:
        return
    block = index(raw + b"\nx")
    sure = values.plain_ids(block, kind, block.starts[:1], block.ends[:1] - block.starts[:1])[0]
    if sure:
        made = id_of(kind, text, text_only=False)
        assert made is not None
        assert made.value == text


def test_every_word_of_redaction_is_marked() -> None:
    """The words themselves, and what the patterns begin with; a new one must be known here, too."""
    examples = [
        *content._REDACTED, *filter(None, content._EMPTY_JSON),
        "[REDACTED_PERSON_1]", "<REDACTED>", "__redacted__", "***", "<PERSON>", "{NAME}",
        "... [truncated 5 characters]", "<str len=5 truncated>", "x litellm_truncated y",
    ]  # fmt: skip
    for word in examples:
        upper = word if word == "null" else word.upper()
        for text in (word, upper, f" {word}", f"\u3000{word}", f"\x85{word}", f"\u2009{word}"):
            block = index(orjson.dumps({"a": text}) + b"\n{}")
            assert marks(block, block.starts, block.ends).tolist() == [True, False], text
    block = index(b'{"a":"nothing of the kind","b":"\xc3\xbcber \xe6\x97\xa5"}\n{}')
    assert not marks(block, block.starts, block.ends).any()


def test_usable_slots_are_those_of_the_reader() -> None:
    """A slot that the vectorised reader does not know would be taken for one that decides nothing."""
    from auditrail.ingest import _fast_outcome as known
    from auditrail.ingest import _fast_rows as judged

    slots = {*known.TEXTS, *known.COUNTS, *known.TIMES, *judged._WORDS, *judged.DURATIONS}
    assert set(USABLE) == slots


def test_the_limit_of_a_record_is_above_a_block() -> None:
    assert limits.MAX_RECORD > fast_jsonl.BLOCK
