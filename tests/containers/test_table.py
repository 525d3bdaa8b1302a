"""Tables in text: rows with true places, and damage that costs one row."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail.containers import table
from auditrail.containers.framing import look
from auditrail.containers.records import Record
from auditrail.containers.splitting import split
from auditrail.digest import record_digest

DATA = b'id,text,n\r\n1,"two\r\nlines, ""quoted""",x\r\n2,,""\r\n'


def records(data: bytes, framing: str = "csv", max_record: int = 1 << 20) -> list[Record]:
    found = [item for item in split(io.BytesIO(data), framing, max_record=max_record) if isinstance(item, Record)]
    end = 0
    for number, record in enumerate(found, start=1):
        assert record.number == number
        assert record.offset >= end
        end = record.offset + record.length
        assert record.digest == record_digest(data[record.offset : end])
    return found


def values(data: bytes, framing: str = "csv") -> list[Any]:
    return [record.defect or (json.loads(record.raw) if record.raw else None) for record in records(data, framing)]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_rows_become_objects(mark: bytes) -> None:
    head = look(mark + DATA, complete=True)
    assert head.framing == "csv"
    assert head.samples == [{"id": "1", "text": 'two\r\nlines, "quoted"', "n": "x"}, {"id": "2", "text": None, "n": ""}]
    assert head.keys == {"id", "text", "n"}
    assert values(mark + DATA) == head.samples


def test_a_row_is_addressed_as_it_stands() -> None:
    first, second = records(DATA)
    assert DATA[first.offset : first.offset + first.length] == b'1,"two\r\nlines, ""quoted""",x'
    assert DATA[second.offset : second.offset + second.length] == b'2,,""'


@pytest.mark.parametrize(
    ("framing", "data"),
    [
        ("tsv", b"id\tname\n1\tx, y; z\n"),
        ("csv-semicolon", b"id;name\n1;x, y\n"),
        ("csv", b",name,kind\n0,a,b\n"),
        ("csv", b'"trace id","span id"\n"a","b"\n'),
        ("csv", b"attributes.llm.model_name,context.trace_id\na,b"),
        ("lines", b"id,name\n"),
        ("lines", b"id,name\n1\n"),
        ("lines", b"just words, no table\nother words, and, more\n"),
        ("lines", b"2026-01-01 10:00:00,123 INFO start\n2026-01-01 10:00:00,124 INFO stop\n"),
        ("lines", b"1,2\n3,4\n"),
        ("lines", b'{"a":1,"b":2}\n{"a":1,"b":2}\n'),
        ("lines", b"Hello, world: it begins\nHello, world: it ends\n"),
        ("lines", b'a,b\n1,"never closed\n'),
        ("csv", b'a,b\n1,2\n1,"never closed\n3,4\n5\n6,7\n'),
    ],
)
def test_what_counts_as_a_table(framing: str, data: bytes) -> None:
    head = look(data, complete=True)
    assert head.framing == framing
    assert head.lines == data.splitlines()


def test_a_row_cut_by_the_head_is_no_sample() -> None:
    head = look(b"id,name\n1,x\n2,yy", complete=False)
    assert head.samples == [{"id": "1", "name": "x"}]
    assert look(b'id,name\n1,x\n2,"yy', complete=False).framing == "csv"


def test_wrong_counts_cost_one_row() -> None:
    assert values(b"a,b\n1,2\n1\n1,2,3\n\n3,4") == [
        {"a": "1", "b": "2"}, "malformed", "malformed", None, {"a": "3", "b": "4"},
    ]  # fmt: skip


def test_a_stray_quote_does_not_swallow_its_neighbours() -> None:
    data = b'a,b\n1,"2\n3,4\n5,"6\n7,8\n'
    assert values(data) == ["malformed", {"a": "3", "b": "4"}, "malformed", {"a": "7", "b": "8"}]
    assert values(b'a,b\n1,"2"x\n3,4\n') == ["malformed", {"a": "3", "b": "4"}]
    assert values(b'a,b\n1,2\n3,"4') == [{"a": "1", "b": "2"}, "torn-tail"]


def test_bytes_that_are_no_text_cost_one_row() -> None:
    assert values(b"a,b\n\xff,2\n3,4\n") == ["invalid-utf8", {"a": "3", "b": "4"}]


def test_tables_behind_one_another() -> None:
    assert values(b"a,b\n1,2\na,b\n3,4\n") == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_columns_without_a_name_or_with_the_same() -> None:
    assert table.unique(["a", None, "a", "a#2", "", "a"]) == ["a", "column 2", "a#2", "a#2#2", "column 5", "a#3"]


def test_a_row_beyond_the_limit_is_let_go() -> None:
    data = b"a,b\n1," + b"x" * 3_000_000 + b"\n2,y\n"
    first, second = records(data, max_record=1 << 20)
    assert (first.defect, first.length, len(first.raw) < 1000) == ("oversized", 3_000_002, True)
    assert json.loads(second.raw) == {"a": "2", "b": "y"}


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), min_size=3, max_size=3)),
    st.sampled_from(["\n", "\r\n"]),
)
def test_what_a_writer_writes_is_read_back(cells: list[list[str]], end: str) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([["h1", "h2", "h3"], *cells])
    expected = [dict(zip(("h1", "h2", "h3"), row, strict=True)) for row in cells if row != ["h1", "h2", "h3"]]
    assert values(out.getvalue().encode()) == expected


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([b'"', b",", b"\n", b"\r\n", b"a", b"b", b"\xff", b'""'])))
def test_any_bytes_are_accounted_for(pieces: list[bytes]) -> None:
    data = b"a,b\n" + b"".join(pieces)
    covered = bytearray(data)
    for record in records(data):
        covered[record.offset : record.offset + record.length] = b"\n" * record.length
    left = [line for line in bytes(covered).replace(b"\r", b"").split(b"\n") if line]
    assert all(line == b"a,b" for line in left)
