"""How records are divided is told by content."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from auditrail.containers.framing import begun, look

LINE = b'{"a":1,"b":"x"}\n'
ZSTD = bytes(pa.compress(LINE, codec="zstd", asbytes=True))


@pytest.mark.parametrize(
    ("framing", "data"),
    [
        ("lines", b""),
        ("lines", b" \n\t\n"),
        ("lines", LINE * 3),
        ("lines", LINE),
        ("lines", LINE.strip()),
        ("lines", b'{"a":1,"b"\n' + LINE * 3),
        ("lines", LINE + b'{"a":1}{"a":2}\n' + LINE),
        ("lines", b"2026-01-01 started\n" + LINE),
        ("lines", b"[2026-01-01 10:00:00] started\n[2026-01-01 10:00:01] stopped\n"),
        ("lines", b"[1234] started\n[1235] stopped\n"),
        ("lines", b"[INFO] started\n"),
        ("lines", b"{user} said\n{user} did\n"),
        ("lines", b'"text"\n'),
        ("lines", b"\x00\xff\x01 binary"),
        ("values", b"[" + LINE + b"]"),
        ("values", b"[1,2,3]\n[4]\n"),
        ("values", b"[]"),
        ("values", b'{"a":1}{"a":2}'),
        ("values", json.dumps({"a": [{"b": 1}]}, indent=2).encode() * 2),
        ("values", json.dumps([{"a": 1}], indent=2).encode()),
        ("values", b"[\n" + LINE.strip() + b",\n" + LINE + b"]\n"),
        ("values", b"[\n" + LINE),
        ("values", b'{"events":[{"a":1},{"a":'),
        ("length-prefixed", b"\x00\x00\x00\x10" + LINE),
        ("length-prefixed", len(ZSTD).to_bytes(4, "big") + ZSTD),
    ],
)
def test_framing(framing: str, data: bytes) -> None:
    assert look(data, complete=True).framing == framing
    if not data.startswith(b"\x00"):
        assert look(b"\xef\xbb\xbf" + data, complete=True).framing == framing


def test_a_head_of_lines() -> None:
    head = look(b"\xef\xbb\xbf" + LINE + b"\r\n" + b"oops\n" + LINE + b'{"cut":1', complete=False)
    assert head.framing == "lines"
    assert head.samples == [{"a": 1, "b": "x"}] * 2
    assert head.keys == {"a", "b"}
    assert head.lines == [LINE.strip(), b"", b"oops", LINE.strip()]


def test_an_unfinished_last_line_is_no_sample_unless_it_is_the_end() -> None:
    assert look(LINE + LINE.strip(), complete=False).samples == [{"a": 1, "b": "x"}]
    assert len(look(LINE + LINE.strip(), complete=True).samples) == 2


def test_at_most_fifty() -> None:
    head = look(LINE * 80, complete=True)
    assert (len(head.samples), len(head.lines)) == (50, 50)
    assert len(look(b"[" + b",".join([LINE] * 80) + b"]", complete=True).samples) == 50


def test_keys_of_an_object_that_reaches_beyond_the_head() -> None:
    data = b'{"messageType": "DATA", "n": 1, "deep": {"x": [1]}, "logEvents": [{"id": 1}, {"id'
    head = look(data, complete=False)
    assert (head.framing, head.samples) == ("values", [])
    assert head.keys == {"messageType", "n", "deep", "logEvents"}


def test_a_top_array() -> None:
    head = look(b' [ {"x": 1}, [2], 3, {"y"', complete=False)
    assert (head.framing, head.top_array, head.samples, head.keys) == ("values", True, [{"x": 1}, [2], 3], {"x"})


def test_samples_of_frames() -> None:
    head = look(len(ZSTD).to_bytes(4, "big") + ZSTD, complete=True)
    assert (head.samples, head.keys, head.lines) == ([{"a": 1, "b": "x"}], {"a", "b"}, [])


@pytest.mark.parametrize(
    ("data", "samples"),
    [
        (b'{"a": {"b": [1, {"c": "x}"}, {"d": "torn', [{"a": {"b": [1, {"c": "x}"}, {}]}}]),
        (b'{\n "a": [\n  {"b": 1},\n  {"b": 2', [{"a": [{"b": 1}, {}]}]),
        (b'[{"a": 1, "b": "tor', [{"a": 1}]),
        (b'{"a": "\\"}", "b": 1, "c', [{"a": '"}', "b": 1}]),
        (b'{"tor', [{}]),
        (b'{"a": ]', []),
        (b'{"a": tru, "b": 1, ', []),
        (b'{"a":' * 400, []),
        (b"plain text, [and a", []),
    ],
)
def test_a_document_beyond_the_head_is_seen_as_far_as_it_goes(data: bytes, samples: list[object]) -> None:
    head = look(data, complete=False)
    assert head.samples == []
    assert begun(head).samples == samples
    assert begun(look(data, complete=True)).samples == look(data, complete=True).samples
