"""Whatever the bytes: nothing but UnreadableError, records in order, and no byte of content outside of them."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail.containers import compression, framing, stretch
from auditrail.containers.records import Record, Wrapper
from auditrail.containers.splitting import Splitter, split
from auditrail.containers.values import ValueSplitter
from auditrail.digest import record_digest

SEPARATORS = b" \t\r\n\x1e,"
FRAMINGS = ("lines", "values", "length-prefixed", "varint-prefixed", "message", "csv", "tsv", "csv-semicolon")


class Trickle:
    """A stream that gives at most `most` bytes at a time."""

    def __init__(self, data: bytes, most: int) -> None:
        self._stream = io.BytesIO(data)
        self._most = most

    def read(self, n: int, /) -> bytes:
        return self._stream.read(min(n, self._most))


def run(data: bytes, how: str, most: int = 1 << 30, **options: Any) -> tuple[list[Record], list[Wrapper], Splitter]:
    splitter = split(Trickle(data, most), how, **options)
    items = list(splitter)
    return (
        [item for item in items if isinstance(item, Record)],
        [item for item in items if isinstance(item, Wrapper)],
        splitter,
    )


def gaps(data: bytes, records: list[Record]) -> bytes:
    """What lies outside of all records, after checking that they are in order and say what stands there."""
    at = 0
    out = bytearray()
    for number, record in enumerate(records, 1):
        assert record.number == number
        assert record.offset >= at
        assert record.offset + record.length <= len(data)
        stored = data[record.offset : record.offset + record.length]
        if record.defect == "oversized":
            assert stored.startswith(record.raw)
        else:
            assert record.raw == stored
        assert record.digest == record_digest(stored)
        out += data[at : record.offset]
        at = record.offset + record.length
    return bytes(out + data[at:])


TOKENS = st.sampled_from(
    [
        b"{", b"}", b"[", b"]", b",", b":", b"\n", b'"', b"\\", b"1", b"tru", b"true", b" ", b"  ", b"\n  ", b"\n{",
        b'{"a":1}', b'{"a":', b'"a"', b'"a":', b'{"events":[', b'"events":[', b']}', b'],"x":1}', b"\x00", b"\xff",
        b"\r\n", b'{"events":[{"id":1},{"id":2}]}', b'{"d":{',
        b'"d":{"events":[', b'{\n  "id": 1\n}', b"x", b"-", b"1.5e3", b"\xef\xbb\xbf",
    ]
)  # fmt: skip
STYLES: list[dict[str, Any]] = [{"separators": (",", ":")}, {}, {"indent": 2}, {"indent": 0}, {"ensure_ascii": False}]
SOUP = st.one_of(st.binary(max_size=200), st.lists(TOKENS, max_size=40).map(b"".join))


@settings(max_examples=200, deadline=None)
@given(SOUP, st.sampled_from([1, 3, 1 << 20]), st.sampled_from([5, 40, 1 << 20]))
def test_lines_are_all_there(data: bytes, most: int, max_record: int) -> None:
    records, _, splitter = run(data, "lines", most, max_record=max_record)
    content = data.removeprefix(b"\xef\xbb\xbf")
    lines = content.split(b"\n")
    if not lines[-1]:
        lines.pop()
    expected = [line.removesuffix(b"\r") for line in lines]
    assert [record.length for record in records] == [len(line) for line in expected]
    assert [record.raw for record in records if record.defect is None] == [
        line for line in expected if len(line) <= max_record
    ]
    assert set(gaps(data, records).removeprefix(b"\xef\xbb\xbf")) <= set(b"\r\n")
    assert [record.last_unterminated for record in records[:-1]] == [False] * (len(records) - 1 if records else 0)
    if records:
        assert records[-1].last_unterminated == (not content.endswith(b"\n"))
    assert splitter.position == len(data)
    assert splitter.resume_offset == (data.rfind(b"\n") + 1 if b"\n" in content else len(data) - len(content))
    assert splitter.resume_number == content.count(b"\n")


@settings(max_examples=250, deadline=None)
@given(SOUP, st.sampled_from([1, 3, 1 << 20]), st.sampled_from([8, 1 << 20]), st.sampled_from([4, 64, 1 << 20]))
def test_values_lose_no_content(data: bytes, most: int, max_record: int, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretch, "BLOCK", block)
        records, _, splitter = run(data, "values", most, max_record=max_record)
    outside = gaps(data, records).removeprefix(b"\xef\xbb\xbf")
    assert set(outside) <= set(SEPARATORS + b"[]")
    assert outside.count(b"[") >= outside.count(b"]")
    assert splitter.position == len(data)


@settings(max_examples=250, deadline=None)
@given(SOUP, st.sampled_from([1, 3, 1 << 20]), st.sampled_from([8, 1 << 20]), st.sampled_from([4, 64, 1 << 20]))
def test_wrappers_lose_no_content(data: bytes, most: int, max_record: int, block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretch, "BLOCK", block)
        records, wrappers, _ = run(data, "values", most, max_record=max_record, arrays=("events", "d.events"))
    outside = gaps(data, records)
    named = b"".join(key.encode() for wrapper in wrappers for key in wrapper.header)
    assert outside.count(b'"events"') >= len([w for w in wrappers if w.complete])
    for byte in set(outside.removeprefix(b"\xef\xbb\xbf")) - set(SEPARATORS + b'[]{}:"eventsd'):
        assert byte in named or wrappers  # members of wrappers only
    if not wrappers:
        assert set(outside.removeprefix(b"\xef\xbb\xbf")) <= set(SEPARATORS + b"[]")
    for wrapper in wrappers:
        assert 1 <= wrapper.first <= len(records) + 1


@settings(max_examples=250, deadline=None)
@given(SOUP, st.lists(st.binary(max_size=20), max_size=4), st.sampled_from([1, 3, 1 << 20]), st.sampled_from([8, 99]))
def test_frames_lose_no_content(soup: bytes, payloads: list[bytes], most: int, max_record: int) -> None:
    frames = b"".join(len(p).to_bytes(4, "big") + p for p in payloads)
    data = frames + soup
    records, _, splitter = run(data, "length-prefixed", most, max_record=max_record)
    at = 0
    for record in records:
        assert record.offset - at in (0, 1, 2, 3, 4)
        stored = data[record.offset : record.offset + record.length]
        assert record.digest == record_digest(stored)
        at = record.offset + record.length
    assert at == len(data)
    assert splitter.position == len(data)


@st.composite
def damaged_documents(draw: st.DrawFn) -> bytes:
    """Lists of alike objects in every style, wrapped or not, with a few bytes cut out, put in or overwritten."""
    rows = [
        {
            draw(st.sampled_from(["id", "k"])): n,
            "inner": [{"id": n, "t": draw(st.sampled_from(["", "}{", 'x"y', "],["]))}],
        }
        for n in range(draw(st.integers(1, 12)))
    ]
    style = draw(st.sampled_from(STYLES))
    shape = draw(st.sampled_from(["array", "concatenated", "lines", "pages"]))
    if shape == "array":
        data = json.dumps(rows, **style).encode()
    elif shape == "pages":
        data = b"".join(json.dumps({"g": 1, "events": rows, "z": 2}, **style).encode() for _ in range(2))
    else:
        data = (b"\n" if shape == "lines" else b"").join(json.dumps(row, **style).encode() for row in rows)
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(TOKENS | st.just(b"")) + data[at + draw(st.integers(0, 12)) :]
    return data


@settings(max_examples=250, deadline=None)
@given(damaged_documents() | SOUP, st.sampled_from([(), ("events",), ("d.events",)]), st.sampled_from([64, 1 << 20]))
def test_the_short_cut_gives_the_same_records(data: bytes, arrays: tuple[str, ...], block: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretch, "BLOCK", block)
        quick = list(split(Trickle(data, 1 << 20), "values", arrays=arrays))
        patch.setattr(ValueSplitter, "_more_alike", lambda *_: iter(()))
        plain = list(split(Trickle(data, 1 << 20), "values", arrays=arrays))
    assert quick == plain
    outside = gaps(data, [item for item in quick if isinstance(item, Record)])
    if not arrays:
        assert set(outside.removeprefix(b"\xef\xbb\xbf")) <= set(SEPARATORS + b"[]")


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=12)
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
)
MEMBERS = st.dictionaries(st.text(max_size=5).filter(lambda key: key != "events"), JSON, max_size=4)


def parsed(records: list[Record]) -> list[Any]:
    return [json.loads(record.raw) for record in records]


@settings(max_examples=60, deadline=None)
@given(st.lists(JSON, max_size=6), st.sampled_from(STYLES), st.sampled_from([1, 7, 1 << 20]), st.booleans())
def test_an_array_is_taken_apart(values: list[Any], style: dict[str, Any], most: int, bom: bool) -> None:
    data = (b"\xef\xbb\xbf" if bom else b"") + json.dumps(values, **style).encode()
    records, _, splitter = run(data, "values", most)
    assert parsed(records) == values
    assert set(gaps(data, records).removeprefix(b"\xef\xbb\xbf")) <= set(SEPARATORS + b"[]")
    assert (splitter.resume_offset, splitter.resume_number) == (len(data), len(values))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.one_of(st.dictionaries(st.text(max_size=5), JSON, max_size=4)), max_size=6),
    st.sampled_from(STYLES),
    st.sampled_from([b"", b"\n", b" ", b"\r\n\r\n", b",\n", b"\n\x1e"]),
    st.sampled_from([1, 7, 1 << 20]),
)
def test_objects_one_after_another(values: list[Any], style: dict[str, Any], between: bytes, most: int) -> None:
    data = between.join(json.dumps(value, **style).encode() for value in values)
    records, _, splitter = run(data, "values", most)
    assert parsed(records) == values
    assert not splitter.unclosed
    if values:
        assert (splitter.resume_offset, splitter.resume_number) == (len(data), len(values))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(MEMBERS, st.lists(JSON, max_size=4), MEMBERS), min_size=1, max_size=4),
    st.sampled_from(STYLES),
    st.sampled_from([b"", b"\n"]),
    st.sampled_from([1, 7, 1 << 20]),
    st.booleans(),
)
def test_wrappers_give_elements_and_header(
    pages: list[tuple[dict[str, Any], list[Any], dict[str, Any]]],
    style: dict[str, Any], between: bytes, most: int, in_array: bool,
) -> None:  # fmt: skip
    documents = [{**before, "events": events, **{k: v for k, v in behind.items() if k not in before}}
                 for before, events, behind in pages]  # fmt: skip
    if in_array:
        data = json.dumps(documents, **style).encode()
    else:
        data = between.join(json.dumps(document, **style).encode() for document in documents)
    records, wrappers, splitter = run(data, "values", most, arrays=("logs", "events"))
    assert parsed(records) == [event for document in documents for event in document["events"]]
    assert [w.elements for w in wrappers] == [len(document["events"]) for document in documents]
    for wrapper, document in zip(wrappers, documents, strict=True):
        assert list(wrapper.header) == [key for key in document if key != "events"]
        assert wrapper.complete
        assert wrapper.array == "events"
        for record in records[wrapper.first - 1 : wrapper.first - 1 + wrapper.elements]:
            assert record.header == wrapper.header
    gaps(data, records)
    assert splitter.resume_offset == len(data)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.dictionaries(st.text(max_size=5), JSON, max_size=4), min_size=1, max_size=8), st.booleans())
def test_look_agrees_with_how_it_was_written(values: list[Any], newline: bool) -> None:
    data = b"\n".join(json.dumps(value).encode() for value in values) + (b"\n" if newline else b"")
    head = framing.look(data, complete=True)
    assert head.framing == "lines"
    assert len(head.samples) == len(values)
    array = framing.look(json.dumps(values).encode(), complete=True)
    assert (array.framing, array.top_array, len(array.samples)) == ("values", True, len(values))


@settings(max_examples=250, deadline=None)
@given(SOUP, st.booleans())
def test_look_and_split_never_raise(data: bytes, complete: bool) -> None:
    head = framing.look(data, complete)
    assert head.framing in FRAMINGS
    with compression.open_memory(data) as stream:
        for _ in split(stream, head.framing, arrays=("events",)):
            pass


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=6), st.lists(st.integers(0, 10**6), max_size=6),
    st.sampled_from(["lines", "values", "length-prefixed"]), st.integers(0, 30),
)  # fmt: skip
def test_a_grown_source_is_read_on(first: list[int], second: list[int], how: str, torn: int) -> None:
    def pack(numbers: list[int]) -> bytes:
        payloads = [b'{"n":%d}' % number for number in numbers]
        if how == "length-prefixed":
            return b"".join(len(p).to_bytes(4, "big") + p for p in payloads)
        return b"".join(p + b"\n" for p in payloads)

    data = pack(first) + pack(second)
    half = min(len(pack(first)) + torn, len(data))
    _, _, splitter = run(data[:half], how)
    assert splitter.resume_offset is not None
    assert splitter.resume_number >= len(first)
    more, _, _ = run(data, how, start=splitter.resume_offset, first_number=splitter.resume_number + 1)
    whole, _, _ = run(data, how)
    assert whole[splitter.resume_number :] == more


# What the parser reads otherwise than it was written (NUL, huge integers) is its own matter, not that of headers.
PLAIN = st.recursive(
    st.none() | st.integers(0, 99) | st.text('az"{}[]:,\\', max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('az"{', max_size=3), inner, max_size=3),
)
PLAIN_MEMBERS = st.dictionaries(st.text('az"{', max_size=3), PLAIN, max_size=3)


@settings(max_examples=60, deadline=None)
@given(
    PLAIN_MEMBERS,
    PLAIN_MEMBERS,
    st.lists(JSON, max_size=4),
    PLAIN_MEMBERS,
    st.sampled_from(STYLES),
    st.sampled_from([1, 7, 1 << 20]),
)
def test_arrays_inside_inner_objects_give_elements_and_header(
    before: dict[str, Any], inner: dict[str, Any], events: list[Any], behind: dict[str, Any],
    style: dict[str, Any], most: int,
) -> None:  # fmt: skip
    rest = {key: value for key, value in behind.items() if key not in before}
    document = {**before, "d": {**inner, "e": {"events": events, "n": 1}, "e2": 2}, **rest}
    data = b"".join(json.dumps(document, **style).encode() for _ in range(2))
    records, wrappers, splitter = run(data, "values", most, arrays=("d.e.events",))
    assert parsed(records) == [*events, *events]
    expected = {**before, "d": {**inner, "e": {"n": 1}, "e2": 2}, **rest}
    for wrapper in wrappers:
        assert wrapper.header == expected
        assert (wrapper.array, wrapper.elements, wrapper.complete) == ("d.e.events", len(events), True)
    assert len(wrappers) == 2
    assert splitter.resume_offset == len(data)
