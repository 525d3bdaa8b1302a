"""Parquet is read as JSON lines: the same for the same file, exact, and never silently short."""

from __future__ import annotations

import datetime as dt
import decimal
import gzip
import io
import json
import subprocess
import sys
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from auditrail.containers import compression
from auditrail.errors import UnreadableError


def written(table: pa.Table, **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def unpacked(data: bytes, n: int = 1 << 16) -> tuple[bytes, str | None, str | None]:
    with compression.open_memory(data) as stream:
        out = b"".join(iter(lambda: stream.read(n), b""))
        return out, stream.compression, stream.defect


def rows(data: bytes) -> list[Any]:
    return [json.loads(line) for line in unpacked(data)[0].splitlines()]


def test_rows_are_lines_in_the_order_of_the_file() -> None:
    data = written(pa.table({"b": [1, None, 3], "a": ["x", "", None]}))
    assert unpacked(data, n=7) == (b'{"b":1,"a":"x"}\n{"b":null,"a":""}\n{"b":3,"a":null}\n', "parquet", None)


def test_times_keep_the_digits_of_their_unit_and_say_whether_they_are_utc() -> None:
    ns = 1_760_000_000_123_456_789
    table = pa.table(
        {
            "ns": pa.array([ns, None], pa.timestamp("ns", "Europe/Berlin")),
            "us": pa.array([ns // 1000, None], pa.timestamp("us")),
            "s": pa.array([-1, None], pa.timestamp("ms", "UTC")),
            "day": [dt.date(2026, 1, 2), None],
            "at": [dt.time(1, 2, 3), None],
        }
    )
    assert rows(written(table)) == [
        {
            "ns": "2025-10-09T08:53:20.123456789Z",
            "us": "2025-10-09T08:53:20.123456",
            "s": "1969-12-31T23:59:59.999Z",
            "day": "2026-01-02",
            "at": "01:02:03.000000",
        },
        {"ns": None, "us": None, "s": None, "day": None, "at": None},
    ]


def test_what_json_has_no_type_for() -> None:
    table = pa.table(
        {
            "bytes": [b"\x00\xff"],
            "decimal": [decimal.Decimal("12.340")],
            "nan": [float("nan")],
            "inf": [float("-inf")],
            "big": pa.array([(1 << 64) - 1], pa.uint64()),
            "word": pa.array(["x"]).dictionary_encode(),
        }
    )
    (row,) = rows(written(table))
    assert row == {
        "bytes": "AP8=", "decimal": "12.340", "nan": "NaN", "inf": "-Infinity", "big": (1 << 64) - 1, "word": "x",
    }  # fmt: skip


def test_nested_columns() -> None:
    when = pa.timestamp("ms", "UTC")
    kind = pa.list_(pa.struct([("at", when), ("tags", pa.map_(pa.string(), pa.int64()))]))
    table = pa.table(
        {"n": [0, 1, 2], "events": pa.array([[{"at": 1000, "tags": [("a", 1)]}, None], None, []], kind)}
    ).slice(0, 3)
    assert [row["events"] for row in rows(written(table, row_group_size=2))] == [
        [{"at": "1970-01-01T00:00:01.000Z", "tags": {"a": 1}}, None],
        None,
        [],
    ]


def test_rare_types_keep_their_nanoseconds() -> None:
    when = pa.timestamp("ns")
    table = pa.table(
        {
            "map": pa.array([[("a", 1)], None, [("b", 2), ("b", 3)]], pa.map_(pa.string(), when)),
            "numbers": pa.array([[(1, 1)], [], None], pa.map_(pa.int64(), pa.int64())),
            "pair": pa.array([[1, 2], None, [3, 4]], pa.list_(when, 2)),
            "time": pa.array([1, None, 86399999999999], pa.time64("ns")),
            "short": pa.array([1, None, 2], pa.time32("s")),
            "took": pa.array([5, None, 7], pa.duration("ns")),
        }
    )
    first, second, third = rows(written(table))
    assert first == {
        "map": {"a": "1970-01-01T00:00:00.000000001"}, "numbers": [[1, 1]], "time": "00:00:00.000000001",
        "pair": ["1970-01-01T00:00:00.000000001", "1970-01-01T00:00:00.000000002"], "short": "00:00:01.000", "took": 5,
    }  # fmt: skip
    assert second == {"map": None, "numbers": {}, "pair": None, "time": None, "short": None, "took": None}
    assert third["map"] == [["b", "1970-01-01T00:00:00.000000002"], ["b", "1970-01-01T00:00:00.000000003"]]
    assert (third["time"], third["pair"][1], third["took"]) == (
        "23:59:59.999999999",
        "1970-01-01T00:00:00.000000004",
        7,
    )


def test_maps_in_later_batches() -> None:
    table = pa.table(
        {"n": list(range(2000)), "m": pa.array([[("k", n)] for n in range(2000)], pa.map_(pa.string(), pa.int64()))}
    )
    assert all(row["m"] == {"k": row["n"]} for row in rows(written(table, row_group_size=900)))


def test_many_rows_are_read_in_batches() -> None:
    table = pa.table({"n": list(range(3000)), "l": [[n] * (n % 3) for n in range(3000)]})
    got = rows(written(table, row_group_size=700))
    assert [row["n"] for row in got] == list(range(3000))
    assert all(row["l"] == [row["n"]] * (row["n"] % 3) for row in got)


def test_inside_another_compression() -> None:
    out, kind, defect = unpacked(gzip.compress(written(pa.table({"a": [1]}))))
    assert (out, kind, defect) == (b'{"a":1}\n', "gzip+parquet", None)


def test_a_name_that_stands_twice() -> None:
    data = written(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]))
    assert rows(data) == [{"a": 1, "a#2": 2}]


@pytest.mark.parametrize("cut", [5, 100, -1, -9])
def test_without_its_end_it_is_unreadable(cut: int) -> None:
    with pytest.raises(UnreadableError, match="Parquet"):
        unpacked(written(pa.table({"a": list(range(100))}))[:cut])


def test_damaged_pages_are_told() -> None:
    data = bytearray(written(pa.table({"a": [f"text {n}" for n in range(5000)]}), row_group_size=1000))
    middle = len(data) // 2
    data[middle : middle + 200] = b"\xff" * 200
    out, _, defect = unpacked(bytes(data))
    assert defect is not None
    assert "Parquet" in defect
    assert out == b"".join(b'{"a":"text %d"}\n' % n for n in range(out.count(b"\n")))


def test_text_that_begins_alike_stays_text() -> None:
    assert unpacked(b"PAR1 is a format\n") == (b"PAR1 is a format\n", None, None)


def test_the_library_is_not_loaded_for_anything_else() -> None:
    code = (
        "import sys; from auditrail.containers import compression; compression.open_memory(b'{}').read(9);"
        "print('pyarrow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
