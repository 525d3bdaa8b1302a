"""Inventories: which column holds the ids, and which runs of them are held."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditrail.errors import UsageError
from auditrail.report import inventory
from auditrail.report.inventory import Expected
from tests.gaps._case import loaded

AT = 1_785_751_260_000_000_000
LOGS = Path(__file__).parents[2] / "fixtures" / "rules" / "run-without-end" / "clean"


def written(folder: Path, text: str, name: str = "runs.csv") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("run_id,agent,started_at\nr1,refunds,2026-08-03T10:01:00Z\n", "run_id"),
        ("\ufeffRun ID;Agent;Started At\r\nr1;refunds;2026-08-03T10:01:00Z\r\n", "Run ID"),
        ("when\tid\ttraceId\tagent\ttime\nx\ty\tr1\trefunds\t2026-08-03T10:01:00Z\n", "traceId"),
        ('{"runId": "r1", "agent": "refunds", "timestamp": 1785751260}\n\n', "runId"),
        ('[{"id": "r1", "agent": "refunds", "timestamp": 1785751260000}]', "id"),
    ],
)
def test_the_column_of_ids_is_found_by_its_name(tmp_path: Path, text: str, column: str) -> None:
    read = inventory.read(written(tmp_path, text))
    assert read.column == column
    (row,) = read.rows
    assert (row.id, row.agent, row.ts_ns) == ("r1", "refunds", AT)


def test_plain_ids_and_arrays_of_ids(tmp_path: Path) -> None:
    read = inventory.read(written(tmp_path, "r1\n\n r2 \nr1\n"))
    assert read.rows == (Expected("r1", None, None, 1), Expected("r2", None, None, 3))
    assert [row.id for row in inventory.read(written(tmp_path, '["r1", 7, null, "r1"]')).rows] == ["r1", "7"]


def test_rows_without_an_id_are_counted(tmp_path: Path) -> None:
    read = inventory.read(written(tmp_path, "id,agent\nr1,a\n,b\nnull,c\n"))
    assert ([row.id for row in read.rows], read.skipped) == (["r1"], 2)
    assert read.rows[0].record == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "agent,cost\na,3\n",
        '{"agent": "a"}\n',
        '{"run_id": "r1"}\n{',
        "[1,",
        "id\n",
        '"id","x"\n"r1,3\n',
        "id,x\n" + "y" * 200_000 + ",1\n",
        "[" * 100_000,
    ],
)
def test_what_holds_no_ids_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"runs\.csv") as caught:
        inventory.read(written(tmp_path, text))
    assert caught.value.hint


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        inventory.read(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"run_id\n\xff\xfe\n")
    with pytest.raises(UsageError, match="not UTF-8"):
        inventory.read(tmp_path / "bytes.csv")


@given(st.text(max_size=200))
def test_any_text_gives_rows_or_a_typed_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        read = inventory.read(path)
    except UsageError:
        return
    assert read.rows
    assert len({row.id for row in read.rows}) == len(read.rows)


def test_a_run_is_held_if_any_record_carries_the_id() -> None:
    rows = (
        Expected("run-0001", "refunds", AT, 2),
        Expected("RUN-0002", None, None, 3),  # hex ids and UUIDs are kept in lower case
        Expected("call-1", None, None, 4),
        Expected("run-0009", "refunds", AT, 5),
    )
    with loaded(LOGS) as connection:
        inventory.load(connection, inventory.Inventory("x.csv", "run_id", rows, 0))
        held = connection.execute("SELECT id, held, run IS NOT NULL FROM expected_runs ORDER BY record").fetchall()
    assert held == [
        ("run-0001", True, True),
        ("RUN-0002", True, True),
        ("call-1", True, True),
        ("run-0009", False, False),
    ]
