"""S3 export lines and `aws logs tail`: which lines begin an event, and that a joined record is bytes of the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail.containers import limits
from auditrail.containers.records import Head, Record
from auditrail.digest import record_digest
from auditrail.errors import RecordError
from auditrail.model import Id
from auditrail.readers import cloudwatch_text as reader
from auditrail.readers._contract import Ignored, Inner

FIXTURES = Path(__file__).parents[2] / "fixtures" / "readers"
NS = 1767225600000 * 10**6


def lines(raw: bytes, newline: bytes = b"\n") -> list[Record]:
    records, offset = [], 0
    for number, line in enumerate(raw.split(newline), 1):
        records.append(Record(number, offset, len(line), line, record_digest(line)))
        offset += len(line) + len(newline)
    if raw.endswith(newline):
        records.pop()
    return records


def assembled(records: list[Record]) -> list[Record]:
    assembler = reader.Assembler()
    out = [done for record in records for done in assembler.feed(record)]
    return out + assembler.flush()


def read(raw: bytes, span: int = 1) -> Any:
    return reader.read(raw, Record(1, 0, len(raw), raw, record_digest(raw), span=span))


def head(raw: bytes) -> Head:
    return Head(raw, True, "lines", False, [], frozenset(), raw.splitlines()[:50])


@pytest.mark.parametrize(
    ("case", "score"),
    [
        ("cloudwatch-text/s3-export", 0.6),
        ("cloudwatch-text/s3-export-crlf", 0.6),
        ("cloudwatch-text/s3-export-epoch", 0.5),
        ("cloudwatch-text/tail-detailed", 0.7),
        ("cloudwatch-text/tail-json", 0.7),
        ("cloudwatch-text/tail-short", 0.3),
        ("cloudwatch-text/write-test", 0.95),
        ("cri/partial-interleaved", 0.0),
        ("docker/split-interleaved", 0.0),
        ("cloudwatch/events-jsonl", 0.0),
    ],
)
def test_sniff(case: str, score: float) -> None:
    assert reader.sniff(head(next((FIXTURES / case).glob("input.*")).read_bytes())) == score


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n\n",
        b"some text\nmore text\n",
        b"2026-01-01 00:00:00,123 INFO python\n",
        b"2026-01-01T00:00:00.123456789Z stdout F text\n",
        b"2026-01-01T00:00:00.123Z stderr P:x text\n2026-01-01T00:00:00+00:00 stdout F text\n",
        b'2026-01-01T00:00:00 starting\n{"a": 1}\n{"a": 2}\n',
        b'{"a": 1}\n2026-01-01T00:00:00 text\n2026-01-01T00:00:00 text\n2026-01-01T00:00:00 text\n',
        b"2026-01-01T00:00:00.000Z one line\nand then\nmany\nothers\n",
    ],
)
def test_other_text_is_not_claimed(raw: bytes) -> None:
    assert reader.sniff(head(raw)) == 0.0


@pytest.mark.parametrize(
    ("raw", "ns", "stream", "message", "assumed"),
    [
        (b'2026-01-01T00:00:00.123Z {"a": 1}', NS + 123_000_000, None, '{"a": 1}', False),
        (b"2026-01-01T00:00:00.123Z", NS + 123_000_000, None, "", False),
        (b"1767225600123 text", NS + 123_000_000, None, "text", False),
        (b"2026-01-01T00:00:00.123000+00:00 agent/1 text", NS + 123_000_000, "agent/1", "text", False),
        (b'2026-01-01T00:00:00+00:00 agent/1 \n{\n    "a": 1\n}', NS, "agent/1", '{\n    "a": 1\n}', False),
        (b"2026-01-01T00:00:00 text", NS, None, "text", True),
        (b"2026-01-01T00:00:00.000Z a\nb\n\n", NS, None, "a\nb", False),
    ],
)
def test_forms(raw: bytes, ns: int, stream: str | None, message: str, assumed: bool) -> None:
    reading = read(raw)
    assert isinstance(reading, Inner)
    context = reading.context
    assert (context.ts_ns, context.ts_source) == (ns, "event")
    assert (context.stream, context.tz_assumed) == (stream, assumed)
    assert reading.message == message
    assert json.loads(context.attributes or "{}").get("logStreamName") == stream


def test_time_of_the_short_form_has_its_zone_assumed() -> None:
    assert read(b"2026-01-01T00:00:00 text").context.tz_assumed
    assert not read(b"2026-01-01T00:00:00.000Z text").context.tz_assumed


def test_line_without_time_is_kept_in_the_order_of_the_file() -> None:
    reading = read(b"  the tail of something")
    assert reading.message == "  the tail of something"
    assert (reading.context.ts_ns, reading.context.ts_source) == (None, "order")


def test_time_that_does_not_exist_is_kept_as_it_stands() -> None:
    reading = read(b"2026-13-01T00:00:00.000Z text")
    assert reading.context.ts_ns is None
    assert json.loads(reading.context.attributes)["timestamp"] == "2026-13-01T00:00:00.000Z"


def test_write_test_object_is_no_event() -> None:
    assert read(b"Permission Check Successful") == Ignored("permission-check")


def test_bytes_that_are_no_text_are_handed_on_as_they_are() -> None:
    assert read(b"2026-01-01T00:00:00.000Z \xff\xfe").message == b"\xff\xfe"


def test_lambda_lines_are_read() -> None:
    request = "5f6b1c0e-1111-4222-8333-444455556666"
    (event,) = read(f"2026-01-01T00:00:00.000Z START RequestId: {request} Version: 1".encode())
    assert (event.kind, event.ids) == ("start", (Id("request", request),))


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_joined_record_is_the_bytes_of_the_file(newline: bytes) -> None:
    raw = newline.join(
        [
            b"head is missing",
            b"2026-01-01T00:00:00.000Z one",
            b"  more",
            b"",
            b"end",
            b"2026-01-01T00:00:01.000Z two",
            b"",
        ]
    )
    joined = assembled(lines(raw, newline))
    assert [(record.number, record.span) for record in joined] == [(1, 1), (2, 4), (6, 1)]
    for record in joined:
        assert raw[record.offset : record.offset + record.length] == record.raw
        assert record.digest == record_digest(record.raw)
        assert record.pieces == ()


def test_gap_that_cannot_be_known_leaves_pieces() -> None:
    first, second = lines(b"2026-01-01T00:00:00.000Z one\n  more")
    (joined,) = assembled([first, second._replace(offset=second.offset + 5)])
    assert joined.pieces == ((1, 0, first.length), (2, second.offset + 5, second.length))
    assert (joined.length, joined.digest) == (first.length, first.digest)
    assert joined.raw == first.raw + b"\n" + second.raw


def test_weak_form_begins_an_event_only_where_the_file_begins_with_it() -> None:
    export = (
        b"2026-01-01T00:00:00.000Z one\n2026-01-01T00:00:00 inner\n1767225600000 inner\n2026-01-01T00:00:01.000Z two"
    )
    assert [record.span for record in assembled(lines(export))] == [3, 1]
    short = b"2026-01-01T00:00:00 one\n2026-01-01T00:00:00 two\n1767225600000 inner"
    assert [record.span for record in assembled(lines(short))] == [1, 2]


def test_damaged_line_stands_alone() -> None:
    first, second, third = lines(b"2026-01-01T00:00:00.000Z one\n  more\n  cut")
    joined = assembled([first, second, third._replace(defect="torn-tail")])
    assert [(record.span, record.defect) for record in joined] == [(2, None), (1, "torn-tail")]


def test_blank_lines_before_any_event_stay_blank() -> None:
    joined = assembled(lines(b"\n\n2026-01-01T00:00:00.000Z one\n"))
    assert [(record.span, record.raw) for record in joined] == [
        (1, b""),
        (1, b""),
        (1, b"2026-01-01T00:00:00.000Z one"),
    ]


def test_endless_event_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_RECORD", 100)
    records = lines(b"2026-01-01T00:00:00.000Z one\n" + b"x" * 40 + b"\n" + b"y" * 40 + b"\n" + b"z" * 10)
    joined = assembled(records)
    assert [(record.span, record.defect) for record in joined] == [(2, "oversized"), (2, None)]


def test_last_line_without_newline_is_known_as_such() -> None:
    first, second = lines(b"2026-01-01T00:00:00.000Z one\n  more")
    (joined,) = assembled([first, second._replace(last_unterminated=True)])
    assert joined.last_unterminated


LINES = st.lists(
    st.sampled_from([b"", b"  more", b"2026-01-01T00:00:00.000Z a", b"2026-01-01T00:00:00 b", b"1767225600000 c", b"{"])
    | st.binary(max_size=30).map(lambda raw: raw.replace(b"\n", b"")),
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(LINES)
def test_every_line_is_in_exactly_one_record(made: list[bytes]) -> None:
    raw = b"\n".join(made)
    records = lines(raw)
    joined = assembled(records)
    assert sum(record.span for record in joined) == len(records)
    assert b"\n".join(record.raw for record in joined) == b"\n".join(record.raw for record in records)
    for record in joined:
        reading = reader.read(record.raw, record)
        assert isinstance(reading, (list, Ignored, Inner))


@settings(max_examples=150, deadline=None)
@given(st.binary() | st.text() | st.none() | st.lists(st.integers()))
def test_read_raises_nothing_but_record_errors(value: Any) -> None:
    record = Record(1, 0, 0, b"", b"\0" * 32)
    if isinstance(value, bytes):
        assert isinstance(reader.read(value, record), (list, Ignored, Inner))
        return
    with pytest.raises(RecordError):
        reader.read(value, record)
