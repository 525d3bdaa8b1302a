"""Docker json-file: lines that were split are joined per stream, and every piece is still found in the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail import jsontext
from auditrail.containers import limits
from auditrail.containers.records import Head, Record
from auditrail.digest import record_digest
from auditrail.errors import RecordError
from auditrail.readers import docker as reader
from auditrail.readers._contract import Inner

FIXTURES = Path(__file__).parents[2] / "fixtures" / "readers" / reader.NAME
NS = 1767225600000 * 10**6


def line(log: Any, stream: str = "stdout", at: int = 0, **more: Any) -> bytes:
    value = {"log": log, "stream": stream, **more, "time": f"2026-01-01T00:00:00.{at:09d}Z"}
    return json.dumps(value, separators=(",", ":")).encode()


def records(*raws: bytes) -> list[Record]:
    made, offset = [], 0
    for number, raw in enumerate(raws, 1):
        made.append(Record(number, offset, len(raw), raw, record_digest(raw)))
        offset += len(raw) + 1
    return made


def assembled(fed: list[Record]) -> list[Record]:
    assembler = reader.Assembler()
    out = [done for record in fed for done in assembler.feed(record)]
    return out + assembler.flush()


def read(record: Record) -> Any:
    return reader.read(jsontext.parse(record.raw)[0], record)


def head(*values: Any) -> Head:
    return Head(b"", True, "lines", False, list(values), frozenset(), [])


def test_sniff() -> None:
    assert reader.sniff(head(json.loads(line("text\n")))) == 0.95
    assert reader.sniff(head([], json.loads(line("text\n", attrs={"tag": "v"})))) == 0.95
    assert reader.sniff(head(json.loads(line("text\n", kubernetes={})))) == 0.8
    assert reader.sniff(head({"log": "x", "stream": "other", "time": "t"}, {"log": {}, "stream": "stdout"})) == 0.0
    assert reader.sniff(head()) == 0.0


def test_line_is_handed_on_with_its_time() -> None:
    (record,) = records(line('{"a": 1}\n', at=5, attrs={"tag": "v7"}))
    reading = read(record)
    assert isinstance(reading, Inner)
    assert (reading.message, reading.group) == ('{"a": 1}', "stdout")
    assert (reading.context.ts_ns, reading.context.ts_source, reading.context.tz_assumed) == (NS + 5, "event", False)
    assert json.loads(reading.context.attributes) == {"stream": "stdout", "attrs": {"tag": "v7"}}


def test_split_lines_are_joined_per_stream() -> None:
    fed = records(
        line("whole\n", at=1),
        line('{"a": ', at=2),
        line("half of ", "stderr", at=3),
        line('"é', at=4),
        line("the other\n", "stderr", at=5),
        line('"}\n', at=6),
    )
    joined = assembled(fed)
    assert [(record.number, record.span) for record in joined] == [(1, 1), (3, 2), (2, 3)]
    whole, stderr, stdout = joined
    assert whole == fed[0]
    assert read(stderr).message == "half of the other"
    reading = read(stdout)
    assert reading.message == '{"a": "é"}'
    assert reading.context.ts_ns == NS + 2
    found = json.loads(reading.context.attributes)
    assert found["auditrail.pieces"] == 3
    assert found["auditrail.piece_times"] == ["2026-01-01T00:00:00.000000004Z", "2026-01-01T00:00:00.000000006Z"]
    assert (stdout.offset, stdout.length, stdout.digest) == (fed[1].offset, fed[1].length, fed[1].digest)
    assert stdout.pieces == tuple((fed[n].number, fed[n].offset, fed[n].length) for n in (1, 3, 5))


@pytest.mark.parametrize(
    ("log", "spans"),
    [
        ("ends in a backslash and n: \\n", [2]),
        ("ends in a backslash and a newline: \\\n", [1, 1]),
        ("two backslashes and n: \\\\n", [2]),
        ('quotes "," stream "\n', [1, 1]),
    ],
)
def test_end_of_line_is_told_from_text_that_looks_like_it(log: str, spans: list[int]) -> None:
    assert [record.span for record in assembled(records(line(log), line("next\n")))] == spans


def test_members_in_another_order_are_joined_too() -> None:
    fed = records(b'{"stream": "stdout", "time": "2026-01-01T00:00:00Z", "log": "a"}', line("b\n"))
    (joined,) = assembled(fed)
    assert read(joined).message == "ab"


def test_line_that_never_ends_is_marked() -> None:
    single, *_ = assembled(records(line("killed here")))
    assert single.pieces == ()
    assert json.loads(read(single).context.attributes)["auditrail.unterminated"] is True
    (joined,) = assembled(records(line("killed "), line("here")))
    assert json.loads(read(joined).context.attributes)["auditrail.unterminated"] is True


def test_what_is_not_of_the_format_passes_as_it_stands() -> None:
    fed = records(line("open"), b"{torn", b"[]", b'{"log": 5}', b"", line(" end\n"))
    fed[2] = fed[2]._replace(defect="broken-frame")
    joined = assembled(fed)
    assert joined[:4] == fed[1:5]
    assert read(joined[4]).message == "open end"


def test_endless_line_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_RECORD", 2000)
    fed = records(*(line("x" * 400) for _ in range(5)), line("\n"))
    joined = assembled(fed)
    assert sum(record.span for record in joined) == 6
    assert [record.defect for record in joined][:-1] == ["oversized"] * (len(joined) - 1)
    assert joined[-1].defect is None


def test_odd_values() -> None:
    odd = Record(1, 0, 0, b"", b"\0" * 32)
    assert reader.read({"log": {"a": 1}, "stream": 7, "time": 12}, odd).message == '{"a":1}'
    (event,) = reader.read({"stream": "stdout", "log": None}, odd)
    assert json.loads(event.attributes) == {"stream": "stdout", "log": None}
    assert event.ts_source == "order"
    with pytest.raises(RecordError):
        reader.read([], odd)


def test_fixture_joins_to_its_messages() -> None:
    raws = (FIXTURES / "split-interleaved" / "input.log").read_bytes().splitlines()
    joined = assembled(records(*raws))
    assert sum(record.span for record in joined) == len(raws)
    messages = [read(record).message for record in joined]
    assert json.loads(messages[2])["arguments"] == {"q": "é" * 30}
    assert messages[3] == "half of an error, the other half"
    assert messages[5] == "ends in a backslash and n: \\n"


PARTS = st.lists(st.tuples(st.text(max_size=8), st.sampled_from(["stdout", "stderr"])), max_size=12)


@settings(max_examples=150, deadline=None)
@given(PARTS)
def test_joining_loses_nothing(parts: list[tuple[str, str]]) -> None:
    fed = records(*(line(log, stream) for log, stream in parts))
    joined = assembled(fed)
    assert sum(record.span for record in joined) == len(fed)
    for stream in ("stdout", "stderr"):
        before = "".join(jsontext.parse(record.raw)[0]["log"] for record in fed if stream.encode() in record.raw[-70:])
        values = [jsontext.parse(record.raw)[0] for record in joined]
        assert "".join(value["log"] for value in values if value["stream"] == stream) == before


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(JSON | st.dictionaries(st.sampled_from(["log", "stream", "time", "attrs"]), JSON))
def test_read_raises_nothing_but_record_errors(value: Any) -> None:
    try:
        reading = reader.read(value, Record(1, 0, 0, b"", b"\0" * 32))
    except RecordError:
        assert not isinstance(value, dict)
        return
    context = reading.context if isinstance(reading, Inner) else reading[0]
    assert isinstance(json.loads(context.attributes or "{}"), dict)
