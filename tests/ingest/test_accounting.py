"""Whatever the bytes: every record ends in exactly one of four ways, and every row finds its bytes again."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from auditrail.containers.framing import look
from auditrail.containers.records import Record, Wrapper
from auditrail.containers.splitting import split
from auditrail.errors import UnreadableError
from auditrail.ingest import choose
from auditrail.ingest.plain import SourceReader
from tests.conformance import _pipeline as pipeline

READERS = choose.readers()
CASES = list(pipeline.cases())
EVIDENCE = sorted(path for path in pipeline.EVIDENCE.rglob("*") if path.is_file())


def check(reading: pipeline.Reading) -> None:
    tally = reading.tally
    assert tally.balanced
    assert tally.events == len(reading.events)
    assert [row["reason"] for row in reading.quarantine if row["code"] == "reader-failure"] == []
    keys = [row["event"] for row in reading.events]
    assert len(set(keys)) == len(keys)
    seen: dict[tuple[int, int], str] = {}
    for kind, rows in (("events", reading.events), ("quarantine", reading.quarantine)):
        for row in rows:
            place = (row["record"], row["byte_offset"])
            assert seen.setdefault(place, kind) == kind, "a record gave events and stands in quarantine"
            assert 1 <= row["record"] <= tally.records
    pipeline.check_places(reading)


def lines_of_fixtures() -> list[bytes]:
    """Lines and JSON values of every reader's fixtures, so that every format occurs."""
    found: list[bytes] = []
    for name, case in CASES:
        raw = pipeline.decompressed(pipeline.input_of(case).read_bytes())
        found += [line for line in raw.split(b"\n") if 0 < len(line) < 3000][:6]
        if getattr(READERS[name], "INPUT", "json") == "json":
            samples = look(raw, complete=True).samples
            found += [json.dumps(sample).encode() for sample in samples[:3]]
    return sorted({line for line in found if len(line) < 3000})


GOOD = lines_of_fixtures()
HOSTILE = [
    b"", b"   ", b"\t", b"\xff\xfe", b"\x00", b"{", b"}", b"[", b"]", b'{"a":', b'{"timestamp":"2026-01-01T00:00:00Z"',
    b"[" * 300 + b"]" * 300, b'{"a":' * 300 + b"1" + b"}" * 300, b'{"run_id":"a","run_id":"b"}',
    b'{"ts":1' + b"0" * 30 + b"}", b'{"seq":' + b"9" * 5000 + b"}", b'{"x":NaN}', b'{"x":"\\ud800\\u0000"}',
    b"null", b"true", b"17", b'"text"', b"[1,2]", b"{}{}", b'{"events":[{"message":"x"}', b"\xef\xbb\xbf{}",
    b"not json at all", b"2026-01-01T00:00:00Z plain", b"2026-01-01T00:00:00.000000000Z stdout P part",
    b'{"log":"half","stream":"stdout","time":"2026-01-01T00:00:00Z"}',
    b'{"resourceSpans":[{"scopeSpans":[{"spans":[7]}]}]}',
    b'{"messageType":"DATA_MESSAGE","logEvents":[null,{"message":"{}"}]}',
    b'{"results":[[{"field":1}],[]],"status":[]}',
]  # fmt: skip
LINE = st.one_of(st.sampled_from(GOOD), st.sampled_from(HOSTILE), st.binary(max_size=30))
END = st.sampled_from([b"\n", b"\r\n", b"\n\n", b"\n   \n"])


@st.composite
def sources(draw: st.DrawFn) -> bytes:
    """Lines of several formats and none, cut, damaged, wrapped, compressed."""
    lines = draw(st.lists(LINE, max_size=12))
    if draw(st.booleans()) and lines:  # mostly of one kind, so that a reader claims the whole
        lines = [draw(st.sampled_from(GOOD))] * draw(st.integers(1, 5)) + lines
    end = draw(END)
    form = draw(st.sampled_from(["lines", "lines", "array", "wrapped", "joined", "frames"]))
    if form == "lines":
        data = b"".join(line + end for line in lines)
    elif form == "array":
        data = b"[" + b",".join(lines) + b"]"
    elif form == "wrapped":
        name = draw(st.sampled_from([b"events", b"logEvents", b"results", b"records"]))
        data = b'{"before":1,"' + name + b'":[' + b",".join(lines) + b'],"nextToken":"t"}'
    elif form == "joined":
        data = b"".join(lines)
    else:
        data = b"".join(len(line).to_bytes(4, "big") + line for line in lines)
    data = data[: draw(st.integers(0, len(data)))] if draw(st.integers(0, 3)) == 0 else data
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        data = data[:at] + draw(st.binary(min_size=1, max_size=2)) + data[at + 1 :]
    return gzip.compress(data, mtime=0) if draw(st.integers(0, 9)) == 0 else data


# Parts of one message that stand in an array: no line break is between them.
PARTS = b"[%b,%b]" % ((b'{"log":"half","stream":"stdout","time":"2026-01-01T00:00:00Z"}',) * 2)


@settings(max_examples=400, deadline=None)
@given(sources(), st.sampled_from([64, 1 << 20]))
@example(PARTS, 1 << 20)
def test_hostile_sources_balance(raw: bytes, max_record: int) -> None:
    check(pipeline.read(raw, max_record=max_record))


@settings(max_examples=400, deadline=None)
@given(sources(), st.sampled_from(sorted(READERS)))
def test_hostile_sources_balance_with_any_reader(raw: bytes, reader: str) -> None:
    check(pipeline.read(raw, reader=reader))


JSON = st.recursive(
    st.sampled_from([None, True, 0, -1, 1 << 63, 1 << 70, 1.5, "", "x", "2026-01-01T00:00:00Z", "null", "[]"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["message", "timestamp", "events", "logEvents", "results", "field", "value", "nextToken", "logGroup",
             "searchedLogStreams", "statistics", "status", "messageType", "ingestionTime", "a"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(JSON, JSON, JSON, st.sampled_from(sorted(READERS)))
def test_no_wrapper_stops_a_source(before: Any, inside: Any, behind: Any, name: str) -> None:
    """What stands around an array may be of any type: the elements are read, and the source goes on."""
    reader = READERS[name]
    for array in getattr(reader, "ARRAYS", ()):
        page = {"status": before, "nextToken": before, array: [inside], "statistics": behind, "logGroup": behind}
        data = json.dumps(page).encode()
        choice = choose.choose(look(data, complete=True), name)
        assert choice is not None
        check(pipeline.read(data + b"\n" + data, reader=name))


@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[f"{name}/{case.name}" for name, case in CASES])
@pytest.mark.parametrize("cut", [0.31, 0.5, 0.83])
def test_a_fixture_cut_anywhere_balances(case: Path, cut: float) -> None:
    raw = pipeline.input_of(case).read_bytes()
    for data in (raw[: int(len(raw) * cut)], raw[: int(len(raw) * cut)] + raw):
        try:
            check(pipeline.read(data))
        except UnreadableError:
            assert raw.startswith(b"PAR1")  # without its end there is no way into it


@pytest.mark.parametrize("file", EVIDENCE, ids=lambda file: file.name)
def test_the_demo_evidence_balances(file: Path) -> None:
    reading = pipeline.read(file.read_bytes())
    assert reading.reader is not None
    assert reading.events
    check(reading)


class Faulty:
    """A reader whose every function fails in a way that no reader may."""

    NAME = "faulty"

    @staticmethod
    def read(value: Any, record: Record) -> Any:
        raise ZeroDivisionError

    @staticmethod
    def close(wrapper: Wrapper) -> Any:
        raise ZeroDivisionError


def test_a_fault_of_a_reader_costs_its_record_only() -> None:
    import io

    records = split(io.BytesIO(b'{"events":[1,2],"x":3}{"events":[4]}'), "values", arrays=("events",))
    source = SourceReader(1, Faulty, iter(records), stream="s")
    rows = [row for batch in source.batches() for row in batch.quarantine]
    assert [(row[1], row[5]) for row in rows] == [(1, "reader-failure"), (2, "reader-failure"), (3, "reader-failure")]
    assert source.tally.balanced
