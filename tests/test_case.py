"""The case file: where it is, who may open it, and what the engine may not do."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from auditrail import __version__, case
from auditrail.errors import CaseDamagedError, CaseLockedError, CaseMissingError

HOLD = """
import sys, pathlib
from auditrail import case
with case.open_write(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def made(tmp_path: Path) -> Path:
    path = tmp_path / "made.duckdb"
    with case.open_write(path):
        pass
    return path


def test_where_the_case_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(case.ENVIRONMENT, raising=False)
    assert case.locate(None) == Path("auditrail.duckdb")
    monkeypatch.setenv(case.ENVIRONMENT, "")
    assert case.locate(None) == Path("auditrail.duckdb"), "set and blank is not set"
    monkeypatch.setenv(case.ENVIRONMENT, "/else/where.duckdb")
    assert case.locate(None) == Path("/else/where.duckdb")
    assert case.locate(Path("mine")) == Path("mine")


def test_a_new_case_is_empty_and_settled(made: Path) -> None:
    with case.open_read(made) as connection:
        assert case.is_settled(connection)
        assert case.count(connection, "SELECT count(*) FROM events") == 0
        assert case.one(connection, "SELECT made_by FROM case_info") == (__version__,)


def test_settled_is_kept(made: Path) -> None:
    with case.open_write(made) as connection:
        case.mark_settled(connection, False)
    with case.open_read(made) as connection:
        assert not case.is_settled(connection)


def test_opening_to_write_again_changes_nothing(made: Path) -> None:
    with case.open_write(made) as connection:
        connection.execute("INSERT INTO conflicts VALUES ('hub', 'run', 'x', 1, 1, '')")
    with case.open_write(made) as connection:
        assert case.count(connection, "SELECT count(*) FROM conflicts") == 1
        assert case.count(connection, "SELECT count(*) FROM case_info") == 1


def test_one_and_count_of_nothing() -> None:
    with case.memory_case() as connection:
        assert case.one(connection, "SELECT 1 WHERE false") is None
        assert case.count(connection, "SELECT 1 WHERE false") == 0
        assert case.one(connection, "SELECT ?, ?", ["a", 2]) == ("a", 2)
        case.drop(connection, "never_made", "nor_this")


# --- what is no case ------------------------------------------------------------------------------------------------


def test_there_is_no_case(tmp_path: Path) -> None:
    with pytest.raises(CaseMissingError, match="there is no case at"):
        case.open_read(tmp_path / "none.duckdb")
    assert list(tmp_path.iterdir()) == []


def damaged(path: Path, *, write: bool = True) -> None:
    with pytest.raises(CaseDamagedError) as caught:
        case.open_read(path).close()
    assert "\n" not in caught.value.message
    assert caught.value.hint
    if write:
        with pytest.raises(CaseDamagedError), case.open_write(path):
            pass


@pytest.mark.parametrize("content", [b"no database" * 1000, b"\0" * 8192, b"{}\n", b"x", b""])
def test_a_file_that_is_no_database(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.duckdb"
    path.write_bytes(content)
    damaged(path)
    assert path.read_bytes() == content, "and it is left alone"


def test_a_folder(tmp_path: Path) -> None:
    damaged(tmp_path)


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(CaseDamagedError), case.open_write(tmp_path / "none" / "x.duckdb"):
        pass


@pytest.mark.parametrize("keep", [100, 5000, 12288])
def test_a_case_that_was_cut(made: Path, keep: int) -> None:
    data = made.read_bytes()
    assert len(data) > keep
    made.write_bytes(data[:keep])
    damaged(made, write=False)


def test_a_case_with_a_broken_header(made: Path) -> None:
    data = bytearray(made.read_bytes())
    data[100:9000] = b"\xff" * 8900
    made.write_bytes(data)
    damaged(made)


def test_a_database_that_is_no_case(tmp_path: Path) -> None:
    path = tmp_path / "foreign.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE case_info (x INTEGER)")
    damaged(path)


def test_a_case_of_another_schema(made: Path) -> None:
    with case.open_write(made) as connection:
        connection.execute("UPDATE case_info SET schema_version = 99, made_by = '7.0'")
    with pytest.raises(CaseDamagedError, match=r"made by auditrail 7\.0 with schema 99"):
        case.open_read(made)
    damaged(made)


# --- who holds it ---------------------------------------------------------------------------------------------------


def hold(path: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_a_second_process_is_told_who_holds_the_case(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case, "READ_PATIENCE_SECONDS", 0.3)
    with hold(made) as process:
        try:
            with (
                pytest.raises(CaseLockedError, match=rf"held by process {process.pid} ") as caught,
                case.open_write(made),
            ):
                pass
            assert str(process.pid) in caught.value.holder
            begun = time.monotonic()
            with pytest.raises(CaseLockedError, match=str(process.pid)):
                case.open_read(made)
            assert time.monotonic() - begun < 5
        finally:
            process.communicate(timeout=20)
    with case.open_read(made) as connection:
        assert case.is_settled(connection)


def test_a_reader_waits_for_a_short_load(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case, "READ_PATIENCE_SECONDS", 20)
    with hold(made) as process:
        tries = []

        def release(seconds: float) -> None:
            tries.append(seconds)
            if len(tries) == 1:
                process.communicate(timeout=20)

        monkeypatch.setattr(case.time, "sleep", release)
        with case.open_read(made) as connection:
            assert case.is_settled(connection)
        assert tries


def test_readers_share_a_case(made: Path) -> None:
    with case.open_read(made) as connection:
        read = "import sys, pathlib; from auditrail import case; case.open_read(pathlib.Path(sys.argv[1])).close()"
        subprocess.run([sys.executable, "-c", read, str(made)], check=True, timeout=60)
        assert case.is_settled(connection)


# --- what the engine may not do -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{file}')", "SELECT * FROM read_text('{file}')", "SELECT * FROM '{file}'",
        "SELECT * FROM glob('/*')", "COPY (SELECT 1) TO '{out}'", "COPY conflicts FROM '{file}'",
        "EXPORT DATABASE '{out}'",
        "ATTACH '{out}' AS x", "ATTACH '{file}' AS x (READ_ONLY)", "INSTALL httpfs", "LOAD httpfs", "LOAD '{file}'",
        "SET enable_external_access = true", "SET lock_configuration = false", "SET temp_directory = '{out}'",
        "SET memory_limit = '1GB'", "RESET enable_external_access", "PRAGMA enable_progress_bar",
        "INSERT INTO conflicts VALUES ('a', 'b', 'c', 1, 1, '')", "DELETE FROM case_info", "DROP TABLE events",
        "CREATE TABLE x (y INTEGER)", "SELECT * FROM read_parquet('https://example.invalid/x')",
    ],
)  # fmt: skip
def test_a_reading_engine_is_shut_off(made: Path, tmp_path: Path, sql: str) -> None:
    file = tmp_path / "secret.csv"
    file.write_text("a\n1\n")
    with case.open_read(made) as connection, pytest.raises(duckdb.Error):
        connection.execute(sql.format(file=file, out=tmp_path / "out")).fetchall()
    assert sorted(item.name for item in tmp_path.iterdir()) == ["made.duckdb", "secret.csv"]


def setting(connection: Any, name: str) -> Any:
    row = case.one(connection, f"SELECT current_setting('{name}')")
    return row[0] if row else None


def test_no_engine_draws_a_progress_bar(made: Path) -> None:
    with case.open_read(made) as connection:
        assert setting(connection, "enable_progress_bar") is False
    with case.open_write(made) as connection:
        assert setting(connection, "enable_progress_bar") is False
    with case.memory_case() as connection:
        assert setting(connection, "enable_progress_bar") is False


def test_nothing_that_was_spilled_stays_behind(tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    spill = tmp_path / "x.duckdb.tmp"

    def fail_with_spill() -> None:
        with case.open_write(path) as connection:
            assert setting(connection, "temp_directory") == str(spill)
            spill.mkdir(exist_ok=True)
            (spill / "duckdb_temp_storage-0.tmp").write_bytes(b"evidence")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_with_spill()
    assert [item.name for item in tmp_path.iterdir()] == ["x.duckdb"]


def test_putting_runs_together_takes_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 16 * 10**9 // 4096}
    monkeypatch.setattr(case.os, "sysconf", pages.__getitem__)
    assert case.settle_memory(0) == case.settle_memory(case.SETTLE_EVENTS) == "700MB"
    assert case.settle_memory(8_000_000) == "2200MB"
    assert case.settle_memory(10**12) == "3200MB"
    pages["SC_PHYS_PAGES"] = 4 * 10**9 // 4096
    assert case.settle_memory(10**12) == "999MB"
    pages["SC_PHYS_PAGES"] = 10**9 // 4096
    assert case.settle_memory(10**12) == "700MB"
