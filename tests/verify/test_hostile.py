"""Hostile evidence: any bytes end in a verdict that is not intact, and in no crash."""

from __future__ import annotations

import gzip
import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.verify._run import one, report
from tests.verify._writers import WRITERS

LOGS = {name: make(4) for name, make in WRITERS.items() if not make(1).rows}
DATA = {name: log.write(log.records) for name, log in LOGS.items()}
GREEN = ("INTACT", "INTACT-UNANCHORED")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        path.write_bytes(data)
        assert report(path).exit_code != 0
        assert report(path, profile="autonomous-audit").exit_code != 0


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(DATA)), st.data())
def test_a_log_with_bytes_put_in_or_taken_out(name: str, choice: st.DataObject) -> None:
    data = DATA[name]
    start = choice.draw(st.integers(0, len(data) - 2))
    end = choice.draw(st.integers(start, min(start + 40, len(data) - 2)))
    put = choice.draw(st.binary(max_size=20))
    changed = data[:start] + put + data[end:]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        path.write_bytes(changed)
        for result in report(path, key=LOGS[name].keys).results:
            assert result.verdict
            assert result.checked <= result.records


@pytest.mark.parametrize(
    "line",
    [
        b'{"hash":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"hash":"' + b"x" * 3_000_000 + b'"}',
        b'{"a":"\x00\x1b[2J"}',
        b"\xff\xfe\x00",
        b'{"hash":1,"prev_hash":{}}',
        b'{"hash":null}',
        b"[1,2,3]",
        b'"text"',
        b"9" * 10_000,
    ],
    ids=range(9),
)
def test_a_line_that_is_no_record_costs_the_verdict(line: bytes, tmp_path: Path) -> None:
    data = DATA["autonomous-audit"].splitlines(keepends=True)
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"".join([*data[:2], line + b"\n", *data[2:]]))
    result = one(path)
    assert (result.verdict, result.profile) == ("BROKEN", "autonomous-audit")
    assert {defect.record for defect in result.defects} == {3}


def test_values_of_other_types_in_every_field(tmp_path: Path) -> None:
    for name, log in LOGS.items():
        for value in (None, 5, True, [], {}, "", 1e400):
            for field in log.records[1]:
                records = json.loads(json.dumps(log.records))
                records[1][field] = value
                path = tmp_path / f"log{log.suffix}"
                path.write_bytes(log.write(records))
                assert report(path, profile=name, key=log.keys).results


def test_a_line_beyond_the_limit_is_not_held(tmp_path: Path) -> None:
    data = DATA["autonomous-audit"].splitlines(keepends=True)
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"".join([*data[:2], b"x" * 5_000_000 + b"\n", *data[2:]]))
    result = one(path, max_record=1_000_000)
    assert [(defect.kind, defect.record) for defect in result.defects] == [("unparsable", 3)]
    assert "longer than" in result.defects[0].note


def test_damaged_compression_is_no_intact_log(tmp_path: Path) -> None:
    packed = gzip.compress(DATA["autonomous-audit"])
    path = tmp_path / "log.gz"
    for data in (packed[:-10], packed[: len(packed) // 2], packed + b"garbage"):
        path.write_bytes(data)
        assert not {result.verdict for result in report(path).results} & set(GREEN)


def test_a_chain_that_breaks_at_every_record(tmp_path: Path) -> None:
    log = WRITERS["autonomous-audit"](3000)
    result = one(log.file(tmp_path, log.records[::-1]))
    assert result.verdict == "BROKEN"
    assert len([defect for defect in result.defects if defect.kind == "reordered"]) > 2900
