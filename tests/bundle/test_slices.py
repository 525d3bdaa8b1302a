"""The events written slice by slice: the rows and their order are those of a sort of the whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from auditrail import case, text
from auditrail.bundle import scope, slices, tables
from auditrail.bundle.scope import Asked
from auditrail.cli._main import run

CALLS = 40
VALUES = ("plain", "caf\u00e9", "=cmd|' /C calc'!A0", " +1", "a\u202eb", "\uff1dA1", "two\nlines", "\u2014", "")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs that take turns in two files, so that none lies in one place, and values of every kind."""
    folder = tmp_path_factory.mktemp("slices")
    for stream in ("a", "b"):
        lines = [
            {
                "run_id": f"run-{number % 7}", "agent": "refunds", "event": "tool_call", "tool": "t",
                "tool_call_id": f"call-{stream}-{number}", "args": {"n": number}, "level": VALUES[number % len(VALUES)],
                "result": "done" if number % 2 else "caf\u00e9 au lait", "error": "=1+1" if number == 30 else None,
                "ts": f"2026-09-17T10:00:{number:02d}Z",
            }
            for number in range(CALLS)
        ]  # fmt: skip
        lines.append({"event": "nothing", "agent": None, "ts": "2026-09-17T09:00:00Z"})
        (folder / f"{stream}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    made = folder / "auditrail.duckdb"
    words = [str(folder / f"{stream}.jsonl") for stream in ("a", "b")]
    assert run(["ingest", "--case", str(made), "-q", "--no-verify", *words]) == 0
    return made


@pytest.fixture
def connection(path: Path, tmp_path: Path) -> Iterator[Any]:
    with case.open_analysis(path, results=tmp_path) as opened:
        scope.select(opened, scope.resolve(opened, Asked()))
        yield opened


@pytest.mark.parametrize(("size", "block", "ranges"), [(2500, 1, 64), (5000, 4, 2), (40_000, 2048, 64)])
def test_slices_hold_the_rows_of_the_whole_in_their_order(
    size: int, block: int, ranges: int, connection: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "_BYTES", size)
    monkeypatch.setattr(slices, "_BLOCK", block)
    monkeypatch.setattr(slices, "_MOST_RANGES", ranges)
    monkeypatch.setattr(slices, "_MOST_READ", 1000)
    clean = slices.write(connection, tmp_path / "events.parquet")
    assert clean is not None
    with case.open_converter(tmp_path) as converter:
        source = case.literal(str(tmp_path / "events.parquet"))
        found = converter.execute(f"FROM read_parquet({source})").fetchall()
        groups = converter.execute(f"SELECT count(DISTINCT row_group_id) FROM parquet_metadata({source})").fetchall()
    assert found == connection.execute(tables.events().select).fetchall()
    assert len(found) == 2 * (CALLS + 1)
    assert groups[0][0] > 1
    for place, field in enumerate(tables.events().fields):
        if field.sql_type == "VARCHAR":
            changed = {
                row[place] for row in found if row[place] is not None and text.csv_cell(row[place]) != row[place]
            }
            assert not (changed and field.name in clean), (field.name, changed)
    assert {"result", "args", "blake3", "time", "agent", "policy"} <= clean
    assert {"error", "attributes"}.isdisjoint(clean)


def test_what_is_one_slice_or_lies_scattered_is_left_to_the_engine(
    connection: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert slices.write(connection, tmp_path / "events.parquet") is None
    monkeypatch.setattr(slices, "_BYTES", 2500)
    assert slices.write(connection, tmp_path / "events.parquet") is None
    assert not list(tmp_path.iterdir())
