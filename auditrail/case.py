"""The case: one DuckDB file. Reading commands open it read-only; one writer at a time holds it.

Every load is one transaction per source, so a process that is killed leaves the case as it was before that source.
`case_info.settled` is false from the first change of a load until runs were put together again.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditrail import __version__, terms
from auditrail.errors import CaseDamagedError, CaseLockedError, CaseMissingError

if TYPE_CHECKING:
    import duckdb

DEFAULT_NAME = "auditrail.duckdb"
ENVIRONMENT = "AUDITRAIL_CASE"

# What a load has written stays in memory up to this limit, so that it is reached by any large input: with 500 MB, 4 GB
# took 200 MiB more than 1 GB did. No load became slower. Python and Arrow come on top.
WRITE_MEMORY = "250MB"
# Putting runs together sorts and joins every event; with less, it spills and takes twice the time. Beyond the events
# that this holds (five million) the spill would make the time grow faster than n log n: ten million events took 15
# times as long as one million with 1.5 GB, 12 times with 3.2 GB. Never more than a quarter of the machine's memory.
SETTLE_MEMORY_MB = 700
SETTLE_EVENTS = 5_000_000
SETTLE_BYTES_PER_EVENT = 500
SETTLE_MEMORY_MOST_MB = 3_200
# The rules over five million events need this much, with a second of spilling; Python and the report come on top.
ANALYSIS_MEMORY = "1200MB"
# A reader that meets a writer waits this long for it, then gives up and names it.
READ_PATIENCE_SECONDS = 2.0

_HOLDER = re.compile(r"Conflicting lock is held in (.+?) \(PID (\d+)\)")


def locate(option: Path | None) -> Path:
    """The case file: what `--case` says, else `AUDITRAIL_CASE`, else `auditrail.duckdb` in the working folder."""
    return option or Path(os.environ.get(ENVIRONMENT) or DEFAULT_NAME)


def one(connection: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
    """The first row of a statement, or None. Fetches the rest, too: an open result would block the next statement."""
    rows = connection.execute(sql, list(values)).fetchall()
    return rows[0] if rows else None


def count(connection: duckdb.DuckDBPyConnection, sql: str, values: Sequence[Any] = ()) -> int:
    """The first number of a statement; 0 if it gives no row."""
    row = one(connection, sql, values)
    return int(row[0]) if row else 0


def drop(connection: duckdb.DuckDBPyConnection, *tables: str) -> None:
    """Drops temporary tables as soon as they are not needed: memory that they hold is spilled to disk otherwise."""
    for table in tables:
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")


def _quiet(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Keeps the engine from writing a progress bar of its own into whatever the terminal shows."""
    connection.execute("SET enable_progress_bar = false")
    return connection


def _translate(error: Exception, path: Path) -> Exception:
    """An engine error as one of ours, with the holder of the lock named."""
    text = str(error)
    if "Could not set lock" in text or "Conflicting lock" in text:
        found = _HOLDER.search(text)
        holder = f"process {found.group(2)} ({found.group(1)})" if found else "another process"
        return CaseLockedError(
            f"the case {path} is held by {holder}",
            hint="wait until that command has finished, or name another case with --case",
            holder=holder,
        )
    return CaseDamagedError(
        f"{path} can't be opened as a case: {text.splitlines()[0]}",
        hint="name another file with --case, and load the evidence again: auditrail ingest PATH...",
    )


def _check(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    import duckdb

    try:
        row = one(connection, "SELECT schema_version, made_by FROM case_info")
    except duckdb.Error:
        row = None
    if row is None:
        raise CaseDamagedError(f"{path} is a DuckDB file, but no auditrail case", hint="name another file with --case")
    if row[0] != terms.SCHEMA_VERSION:
        raise CaseDamagedError(
            f"{path} was made by auditrail {row[1]} with schema {row[0]}; "
            f"this version reads schema {terms.SCHEMA_VERSION}",
            hint="load the evidence into a new case: auditrail ingest --case NEW PATH...",
        )


def open_read(path: Path, *, spill: Path | None = None, results: Path | None = None) -> duckdb.DuckDBPyConnection:
    """Opens a case read-only, with the engine shut off from files, network and settings.

    Args:
        path: the case.
        spill: for a command that makes large temporary tables: a folder where they may go beyond `ANALYSIS_MEMORY`.
        results: a folder that the engine may write results to (COPY), and nowhere else.

    Raises:
        CaseMissingError, CaseLockedError, CaseDamagedError.
    """
    import duckdb

    if not path.exists():
        raise CaseMissingError(f"there is no case at {path}", hint="load evidence first: auditrail ingest PATH...")
    deadline = time.monotonic() + READ_PATIENCE_SECONDS
    while True:
        try:
            connection = _quiet(duckdb.connect(str(path), read_only=True, config=_read_config(spill)))
            _shut_off(connection, results)
            break
        except duckdb.Error as error:
            translated = _translate(error, path)
            if not isinstance(translated, CaseLockedError) or time.monotonic() > deadline:
                raise translated from None
            time.sleep(0.1)
    try:
        _check(connection, path)
    except CaseDamagedError:
        connection.close()
        raise
    return connection


def _shut_off(connection: duckdb.DuckDBPyConnection, results: Path | None) -> None:
    """No file, no network and no setting is open from now on, but for files of one folder."""
    if results is not None:
        connection.execute(f"SET allowed_directories = [{literal(f'{results}/')}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def literal(text: str) -> str:
    """A text as SQL writes it: for statements that take no parameters, such as COPY ... TO."""
    return "'" + text.replace("'", "''") + "'"


def _read_config(spill: Path | None) -> dict[str, Any]:
    config: dict[str, Any] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    if spill is not None:
        # No step depends on the order of rows: keeping one would leave half of the cores idle.
        config |= {
            "memory_limit": ANALYSIS_MEMORY,
            "temp_directory": str(spill),
            "preserve_insertion_order": "false",
        }
    return config


@contextmanager
def open_analysis(path: Path, *, results: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A case opened read-only for rules over all of it; what they spill lies in a folder of its own, and is removed.

    Args:
        path: the case.
        results: a folder that the engine may write results to.

    Raises:
        CaseMissingError, CaseLockedError, CaseDamagedError.
    """
    with tempfile.TemporaryDirectory(prefix="auditrail-") as spill:
        connection = open_read(path, spill=Path(spill), results=results)
        try:
            yield connection
        finally:
            connection.close()


def copy(path: Path, target: Path) -> None:
    """Copies the file of a case, with what a killed load left beside it, while no other process can write to it.

    Raises:
        CaseMissingError, CaseLockedError, CaseDamagedError.
    """
    connection = open_read(path)
    try:
        for end in ("", ".wal"):
            file = path.with_name(path.name + end)
            if file.exists():
                shutil.copyfile(file, target.with_name(target.name + end))
    finally:
        connection.close()


@contextmanager
def open_scratch(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of a case (`copy`) opened for changing its rows: shut off from files, network and settings."""
    import duckdb

    with tempfile.TemporaryDirectory(prefix=path.name, dir=path.parent) as spill:
        connection = _quiet(duckdb.connect(str(path), config=_read_config(Path(spill))))
        try:
            _shut_off(connection, None)
            yield connection
        finally:
            connection.close()


@contextmanager
def open_converter(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine without a case that reads and writes files of one folder, and keeps the order of their rows."""
    import duckdb

    config: dict[str, Any] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "memory_limit": ANALYSIS_MEMORY,
    }
    connection = _quiet(duckdb.connect(":memory:", config=config))
    try:
        _shut_off(connection, folder)
        yield connection
    finally:
        connection.close()


@contextmanager
def open_write(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Opens a case for a load, making it where there is none; closed (and checkpointed) on leaving.

    Raises:
        CaseLockedError: another process holds it. CaseDamagedError: it is no case.
    """
    import duckdb

    spill = path.with_name(path.name + ".tmp")
    config: dict[str, Any] = {
        "memory_limit": WRITE_MEMORY,
        "temp_directory": str(spill),
        "storage_compatibility_version": "latest",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
    }
    try:
        connection = _quiet(duckdb.connect(str(path), config=config))
    except duckdb.Error as error:
        raise _translate(error, path) from None
    try:
        if one(connection, "SELECT 1 FROM duckdb_tables() LIMIT 1") is None:
            create(connection)
        _check(connection, path)
        yield connection
    finally:
        connection.close()
        _remove_spill(spill)


def _remove_spill(spill: Path) -> None:
    """Spilled evidence is plain text on disk: none of it stays behind."""
    if spill.is_dir():
        for file in spill.iterdir():
            file.unlink(missing_ok=True)
        spill.rmdir()


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the tables of an empty case, in one transaction."""
    from auditrail import schema

    connection.execute("BEGIN")
    for statement in schema.ddl():
        connection.execute(statement)
    connection.execute("INSERT INTO case_info VALUES (?, ?, true)", [terms.SCHEMA_VERSION, __version__])
    connection.execute("COMMIT")


def memory_case() -> duckdb.DuckDBPyConnection:
    """An empty case that lives in memory, for commands that are given paths instead of a case."""
    import duckdb

    connection = _quiet(duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"}))
    create(connection)
    return connection


def is_settled(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether runs are up to date with the loaded events (false after a load that was killed)."""
    row = one(connection, "SELECT settled FROM case_info")
    return bool(row and row[0])


def mark_settled(connection: duckdb.DuckDBPyConnection, settled: bool) -> None:
    """Notes that runs are, or are no longer, up to date; inside the caller's transaction."""
    connection.execute("UPDATE case_info SET settled = ?", [settled])


def settle_memory(events: int) -> str:
    """The engine's memory for putting the runs of so many events together."""
    more = max(events - SETTLE_EVENTS, 0) * SETTLE_BYTES_PER_EVENT // 1_000_000
    share = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4_000_000
    return f"{max(SETTLE_MEMORY_MB, min(SETTLE_MEMORY_MB + more, SETTLE_MEMORY_MOST_MB, share))}MB"
