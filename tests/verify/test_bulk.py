"""Blocks of records that are checked at once: taken where they are clean, and never where they are not."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditrail.verify import bulk, fast
from tests.verify._run import kinds, one, report

FIELDS = ("id", "session_id", "timestamp", "event_type", "data", "previous_hash")


def chain(values: list[Any]) -> list[bytes]:
    """Lines of verityledger, in the order of their fields and not of their names, one for each value."""
    prev, made = "0" * 64, []
    for number, value in enumerate(values):
        record = dict(zip(FIELDS, (f"i{number}", "s", number + 0.5, "e", value, prev), strict=True))
        prev = hashlib.sha256(json.dumps(record, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
        made.append(orjson.dumps({**record, "hash": prev}))
    return made


@pytest.fixture
def only_bulk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes away the way over single records: a log that passes has passed in blocks."""
    monkeypatch.setattr(fast, "LEAST", 1)
    monkeypatch.setattr(fast, "_STRETCH", 2000)
    monkeypatch.setattr(fast._Reader, "_block", lambda *_: None)


@pytest.fixture
def walks(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    made: list[bool] = []
    original = fast.walk

    def walk(*args: Any) -> Any:
        found = original(*args)
        made.append(found is not None)
        return found

    monkeypatch.setattr(fast, "walk", walk)
    return made


VALUES: list[Any] = [
    {"text": "plain", "n": 1},
    {"text": 'a line\n and \\ and "quotes" : {'},
    {"x": {"b": [1, {}], "a": None}},
]


@pytest.mark.parametrize("end", [b"\n", b""])
def test_clean_records_are_taken_in_blocks(end: bytes, only_bulk: None, walks: list[bool], tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"\n".join(chain(VALUES * 20)) + end)
    result = one(path)
    assert (result.verdict, result.checked, walks) == ("INTACT-UNANCHORED", 60, [True])
    assert (result.head, result.profile) == (json.loads(path.read_bytes().splitlines()[-1])["hash"], "verityledger")


def _twice(line: bytes, where: bytes) -> bytes:
    """The line with a member before one of its own name: a parser drops it, and the hash still fits."""
    assert where in line
    return line.replace(where, where.partition(b":")[0] + b":0," + where, 1)


@pytest.mark.parametrize("place", [b'"id":"i', b'"text":', b'"hash":"'])
@pytest.mark.parametrize("number", [3, 4])
def test_a_dropped_member_is_seen(place: bytes, number: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fast, "LEAST", 1)
    lines = chain(VALUES * 4)
    lines[number] = _twice(lines[number], place)
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    assert kinds(one(path)) == [("duplicate-key", number + 1)]


def test_two_lines_can_not_make_up_for_each_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Quotes are counted over a block: an escaped quote in one line must not hide a dropped member of another."""
    monkeypatch.setattr(fast, "LEAST", 1)
    lines = chain([{"text": "plain", "n": 1}, {"text": 'one " two "', "n": 2}] * 4)
    lines[2] = _twice(lines[2], b'"text":')
    lines[3] = lines[3].replace(b'\\"', b"\\u0022")
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    assert kinds(one(path)) == [("duplicate-key", 3)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    number=st.integers(0, 11),
    put=st.binary(min_size=1, max_size=3),
    where=st.floats(0, 1),
    replaced=st.booleans(),
)
def test_changed_bytes_are_never_taken(
    number: int, put: bytes, where: float, replaced: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is put into a line: what the blocks take, the exact walk finds intact as well."""
    lines = chain(VALUES * 4)
    at = int(where * (len(lines[number]) - 1))
    lines[number] = lines[number][:at] + put + lines[number][at + len(put) * replaced :]
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n")
    monkeypatch.setattr(fast, "LEAST", 1)
    quick = report(path, profile="verityledger").results
    monkeypatch.setattr(fast, "LEAST", 1 << 40)
    exact = report(path, profile="verityledger").results  # a change in the chain's own name makes two chains of one
    assert [(one.verdict, kinds(one), one.checked) for one in quick] == [
        (one.verdict, kinds(one), one.checked) for one in exact
    ]


def test_numbers_and_times_are_only_taken_in_order() -> None:
    assert bulk.counts_up(3, [4, 5, 6])
    assert bulk.counts_up(None, [None, "x"])
    assert not bulk.counts_up(3, [5, 6])
    assert not bulk.counts_up(3, [4, 6])
    assert not bulk.counts_up(3, [4, "5"])
    assert bulk.ascend(1.0, [1.0, 2, 3.5])
    assert not bulk.ascend(2.0, [1.0])
    assert not bulk.ascend(None, [2, 1])
    assert not bulk.ascend(None, [1, "2"])
    assert not bulk.ascend(None, [1, None])


def test_a_time_that_is_no_number_is_left_to_the_walk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fast, "LEAST", 1)
    prev, lines = "0" * 64, []
    for number in range(6):
        record = dict(zip(FIELDS, (f"i{number}", "s", "noon" if number == 3 else 1.5, "e", {}, prev), strict=True))
        prev = hashlib.sha256(json.dumps(record, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
        lines.append(json.dumps({**record, "hash": prev}))
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(lines) + "\n")
    assert one(path).verdict == "INTACT-UNANCHORED"
