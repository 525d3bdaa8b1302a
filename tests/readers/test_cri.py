"""CRI lines: partial lines are joined per stream, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail.containers.records import Head, Record
from auditrail.digest import record_digest
from auditrail.errors import RecordError
from auditrail.readers import cri as reader
from auditrail.readers._contract import Inner

FIXTURES = Path(__file__).parents[2] / "fixtures" / "readers" / reader.NAME
NS = 1767225600000 * 10**6


def records(raw: bytes) -> list[Record]:
    made, offset = [], 0
    for number, line in enumerate(raw.removesuffix(b"\n").split(b"\n"), 1):
        made.append(Record(number, offset, len(line), line, record_digest(line)))
        offset += len(line) + 1
    return made


def assembled(fed: list[Record]) -> list[Record]:
    assembler = reader.Assembler()
    out = [done for record in fed for done in assembler.feed(record)]
    return out + assembler.flush()


def read(record: Record) -> Any:
    return reader.read(record.raw, record)


def attributes(reading: Inner) -> dict[str, Any]:
    return json.loads(reading.context.attributes or "{}")


def test_sniff() -> None:
    for case in ("partial-interleaved", "odd-lines"):
        raw = (FIXTURES / case / "input.log").read_bytes()
        lines = raw.split(b"\n")
        found = reader.sniff(Head(raw, True, "lines", False, [], frozenset(), lines))
        assert found == 0.95
    for raw in (b"", b"2026-01-01T00:00:00.000Z stdout is a word", b'{"log": "x"}', b"one\ntwo"):
        assert reader.sniff(Head(raw, True, "lines", False, [], frozenset(), raw.split(b"\n"))) == 0.0


@pytest.mark.parametrize(
    ("raw", "ns", "message", "stream"),
    [
        (b'2026-01-01T00:00:00.000000001Z stdout F {"a": 1}', NS + 1, '{"a": 1}', "stdout"),
        (b"2026-01-01T02:00:00.5+02:00 stderr F:tag:x  two spaces", NS + 500_000_000, " two spaces", "stderr"),
        (b"2026-01-01T00:00:00Z stdout F ", NS, "", "stdout"),
        (b"2026-01-01T00:00:00Z stdout F", NS, "", "stdout"),
        (b"2026-01-01T00:00:00Z stdout F \xff", NS, b"\xff", "stdout"),
    ],
)
def test_line(raw: bytes, ns: int, message: str | bytes, stream: str) -> None:
    reading = read(records(raw)[0])
    assert isinstance(reading, Inner)
    assert (reading.context.ts_ns, reading.context.ts_source) == (ns, "event")
    assert (reading.message, reading.group) == (message, stream)
    assert "auditrail.unterminated" not in attributes(reading)


def test_tags_and_impossible_times_are_kept() -> None:
    reading = read(records(b"2026-13-01T00:00:00Z stdout F:a:b text")[0])
    assert attributes(reading) == {"stream": "stdout", "time": "2026-13-01T00:00:00Z", "tags": ["a", "b"]}
    assert (reading.context.ts_ns, reading.context.ts_source) == (None, "order")


@pytest.mark.parametrize("value", [b"", b"text", b"2026-01-01T00:00:00Z stdout X text", "text", None, 5])
def test_anything_else_is_refused(value: Any) -> None:
    with pytest.raises(RecordError) as refused:
        reader.read(value, Record(1, 0, 0, b"", b"\0" * 32))
    assert refused.value.code == "malformed"


def test_fixture_joins_to_its_messages() -> None:
    fed = records((FIXTURES / "partial-interleaved" / "input.log").read_bytes())
    joined = assembled(fed)
    assert sum(record.span for record in joined) == len(fed) == 9
    whole = next(record for record in joined if record.span == 3)
    reading = read(whole)
    # the cut went through a character of two bytes
    assert json.loads(reading.message)["arguments"] == {"q": "é" * 30}
    assert reading.context.ts_ns == NS + 2
    assert attributes(reading) == {"stream": "stdout", "tags": ["end"], "auditrail.pieces": 3}
    assert whole.pieces == tuple((fed[n].number, fed[n].offset, fed[n].length) for n in (1, 3, 4))
    assert (whole.offset, whole.length, whole.digest) == (fed[1].offset, fed[1].length, fed[1].digest)


def test_partial_line_that_is_never_completed_is_marked() -> None:
    joined = assembled(records(b"2026-01-01T00:00:00Z stdout P a\n2026-01-01T00:00:01Z stdout P b"))
    assert [record.span for record in joined] == [2]
    reading = read(joined[0])
    assert reading.message == "ab"
    assert attributes(reading)["auditrail.unterminated"] is True


def test_last_piece_without_newline_is_known_as_such() -> None:
    first, second = records(b"2026-01-01T00:00:00Z stdout P a\n2026-01-01T00:00:01Z stdout F b")
    (joined,) = assembled([first, second._replace(last_unterminated=True)])
    assert joined.last_unterminated


def test_foreign_lines_pass_as_they_stand() -> None:
    fed = records(b"2026-01-01T00:00:00Z stdout P a\nforeign\n\n2026-01-01T00:00:01Z stdout F b")
    joined = assembled(fed)
    assert joined[:2] == fed[1:3]
    assert read(joined[2]).message == "ab"


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"stdout", b"stderr"]),
            st.sampled_from([b"P", b"F", b"F:t"]),
            st.binary(max_size=8).map(lambda raw: raw.replace(b"\n", b"")),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_joining_loses_nothing(parts: list[tuple[bytes, bytes, bytes]]) -> None:
    fed = records(b"\n".join(b"2026-01-01T00:00:00Z %b %b %b" % part for part in parts) + b"\n")
    joined = assembled(fed)
    assert sum(record.span for record in joined) == len(fed)
    for stream in (b"stdout", b"stderr"):
        message = b""
        for record in joined:
            reading = read(record)
            if reading.group.encode() == stream:
                message += reading.message.encode() if isinstance(reading.message, str) else reading.message
        assert message == b"".join(part[2] for part in parts if part[0] == stream)


@settings(max_examples=150, deadline=None)
@given(st.binary() | st.binary().map(lambda raw: b"2026-01-01T00:00:00Z stdout F" + raw))
def test_read_raises_nothing_but_record_errors(value: bytes) -> None:
    try:
        reading = reader.read(value, Record(1, 0, len(value), value, b"\0" * 32))
    except RecordError:
        return
    assert isinstance(reading, Inner)
