"""Lines of one shape, read into a class made for them: taken where they are clean, and never where they are not."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditrail.verify import bulk, fast, typed
from auditrail.verify.agreement import Agreement
from tests.verify._run import kinds, one, report
from tests.verify.test_bulk import _twice, chain

HOW = bulk.Bulk(("hash",), "hash", "previous_hash", "", b"", orjson.OPT_SORT_KEYS, "")
RECORD = {"text": "plain", "n": 1, "rows": [{"b": 1.5, "a": None}, {"a": "x"}], "on": True, "none": None}


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each block was taken by its shape; small blocks, so that there are several."""
    made: list[bool] = []
    original = fast._Reader._take

    def take(self: Any, how: Any, block: bytes, rows: Any, *rest: Any) -> Any:
        found = original(self, how, block, rows, *rest)
        made.append(isinstance(rows, typed.Typed) and found is not None)
        return found

    monkeypatch.setattr(fast, "LEAST", 1)
    monkeypatch.setattr(fast, "_BLOCK", 1500)
    monkeypatch.setattr(fast._Reader, "_take", take)
    return made


def written(lines: list[bytes], path: Path) -> Path:
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def read(values: list[dict[str, Any]], block: bytes) -> typed.Typed:
    shape = typed.shape_of(values, HOW.fields, Agreement("py-c-u8"))
    assert shape is not None
    return typed.Typed(shape, block)


def test_blocks_of_one_shape_are_taken_by_it(taken: list[bool], tmp_path: Path) -> None:
    texts = ("plain", "other", "more", "", 'a "quoted" \\ text\n')
    values = [{**RECORD, "n": number, "text": texts[number // 5 % 5 * (number % 5 == 0)]} for number in range(40)]
    result = one(written(chain(values), tmp_path / "log.jsonl"))
    assert (result.verdict, result.checked) == ("INTACT-UNANCHORED", 40)
    assert taken[0] is False
    assert all(taken[1:])
    assert len(taken) > 4


def test_members_that_some_records_lack_belong_to_the_shape(taken: list[bool], tmp_path: Path) -> None:
    values: list[Any] = [RECORD if number % 3 else {"text": "other", "error": {"code": 3}} for number in range(60)]
    result = one(written(chain(values), tmp_path / "log.jsonl"))
    assert (result.verdict, result.checked) == ("INTACT-UNANCHORED", 60)
    assert all(taken[1:])


def test_another_shape_is_learnt_and_at_last_left_alone(taken: list[bool], tmp_path: Path) -> None:
    """A member that was never seen costs a second look, not the verdict."""
    values = [{f"name {number // 8}": number, "text": "x" * 90} for number in range(160)]
    result = one(written(chain(values), tmp_path / "log.jsonl"))
    assert (result.verdict, result.checked) == ("INTACT-UNANCHORED", 160)
    assert True in taken
    assert taken[-3:] == [False] * 3


@pytest.mark.parametrize("place", [b'"id":"i', b'"text":', b'"hash":"', b'"b":'])
def test_a_dropped_member_is_seen(place: bytes, taken: list[bool], tmp_path: Path) -> None:
    lines = chain([RECORD] * 40)
    lines[30] = _twice(lines[30], place)
    assert kinds(one(written(lines, tmp_path / "log.jsonl"))) == [("duplicate-key", 31)]


def test_an_edited_record_is_seen(taken: list[bool], tmp_path: Path) -> None:
    lines = chain([RECORD] * 40)
    lines[30] = lines[30].replace(b'"n":1', b'"n":2')
    assert ("edited", 31) in kinds(one(written(lines, tmp_path / "log.jsonl")))


def test_blank_lines_keep_their_numbers(taken: list[bool], tmp_path: Path) -> None:
    lines = chain([RECORD] * 40)
    lines[30] = _twice(lines[30], b'"text":')
    lines[20:20] = [b"", b"  "]
    assert kinds(one(written(lines, tmp_path / "log.jsonl"))) == [("duplicate-key", 33)]


@pytest.mark.parametrize(
    "text", ["1e16", "1.0", "-0.0", "1e-7", "1E5", "123456789012345678901234567890", "0.10", "1e400"]
)
def test_numbers_are_never_told_otherwise_than_by_the_walk(
    text: str, taken: list[bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However a number is written and hashed: the shape takes no record that the exact walk refuses."""
    lines, prev = [], "0" * 64
    for number in range(24):
        inner = text.encode() if number == 20 else b"2.5"
        body = b'{"data":{"n":%b},"event_type":"e","id":"i%d","previous_hash":"%b","session_id":"s","timestamp":%d.5}'
        raw = body % (inner, number, prev.encode(), number)
        prev = hashlib.sha256(raw).hexdigest()
        lines.append(raw[:-1] + b',"hash":"%b"}' % prev.encode())
    path = written(lines, tmp_path / "log.jsonl")
    quick = report(path, profile="verityledger").results
    monkeypatch.setattr(fast, "LEAST", 1 << 40)
    exact = report(path, profile="verityledger").results
    assert [(item.verdict, kinds(item)) for item in quick] == [(item.verdict, kinds(item)) for item in exact]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=st.integers(10, 23), put=st.binary(min_size=1, max_size=3), where=st.floats(0, 1), replaced=st.booleans())
def test_changed_bytes_are_never_taken(
    number: int, put: bytes, where: float, replaced: bool, taken: list[bool], tmp_path: Path
) -> None:
    """Whatever is put into a line: what the shape takes, the exact walk finds intact as well."""
    lines = chain([RECORD] * 24)
    at = int(where * (len(lines[number]) - 1))
    lines[number] = lines[number][:at] + put + lines[number][at + len(put) * replaced :]
    path = written(lines, tmp_path / "log.jsonl")
    quick = report(path, profile="verityledger").results
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast, "LEAST", 1 << 40)
        exact = report(path, profile="verityledger").results
    assert [(item.verdict, kinds(item), item.checked) for item in quick] == [
        (item.verdict, kinds(item), item.checked) for item in exact
    ]


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(
    values=st.lists(st.dictionaries(st.text(max_size=5), json_values, min_size=1, max_size=6), min_size=1, max_size=6)
)
def test_what_is_written_says_what_was_read(values: list[dict[str, Any]]) -> None:
    """For any records: a shape of them reads them, and writes the same values with sorted names; or there is none."""
    try:
        lines = [orjson.dumps(value) for value in values]
    except (TypeError, orjson.JSONEncodeError):
        return  # half characters
    shape = typed.shape_of([orjson.loads(line) for line in lines], (), Agreement("py-c-u8"))
    if shape is None:
        return
    try:
        rows = typed.Typed(shape, b"\n".join(lines))
    except ValueError:
        return  # such a block is read otherwise
    for line, again, sample in zip(lines, rows.written(), values, strict=True):
        assert json.loads(again) == json.loads(line) == sample
        assert list(json.loads(again)) == sorted(json.loads(line))


def test_samples_hold_each_set_of_members() -> None:
    values: list[dict[str, Any]] = [{"a": 1}, {"a": 2, "b": {"c": 1}}, {"a": 3}]
    rows = read(values, b"\n".join(map(orjson.dumps, values)))
    assert rows.samples() == values[:2]
    assert rows.column("b")[0] is None
    assert rows.column("missing") == [None] * 3


@pytest.mark.parametrize("size", [1, 1 << 40])
def test_quotes_are_counted_alike_in_small_and_large_files(size: int) -> None:
    assert bulk.counter(size)(b'{"a":"\xff"}') == 4
