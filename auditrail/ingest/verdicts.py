"""Keeps what verification said of each file beside its records, so that views can show which of them to rely on.

Verification itself knows no case: it reads the raw bytes, and its report comes here. A later load of the same paths
replaces what was said of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from auditrail import __version__, case
from auditrail.verify.types import Result, VerificationReport

if TYPE_CHECKING:
    import duckdb


def record(connection: duckdb.DuckDBPyConnection, report: VerificationReport) -> None:
    """Writes the verdicts of a report, in one transaction."""
    connection.execute("BEGIN")
    try:
        paths = sorted({path for result in report.results for path in _paths(result)})
        for table in ("verdict_defects", "verdicts"):
            _delete(connection, table, paths)
        key = case.count(connection, "SELECT coalesce(max(verdict_key), 0) FROM verdicts")
        verdicts: list[tuple[Any, ...]] = []
        defects: list[tuple[Any, ...]] = []
        for result in report.results:
            for path in _paths(result):
                key += 1
                own = [d for d in result.defects if (d.path or result.path) == path]
                verdicts.append(_row(key, path, result, len(own)))
                defects += [(key, path, d.kind, d.record, d.offset, d.seq, d.breaks, d.note) for d in own]
        _insert(connection, "verdicts", verdicts)
        _insert(connection, "verdict_defects", defects)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _paths(result: Result) -> tuple[str, ...]:
    """The files that a result speaks of."""
    named = dict.fromkeys((result.path, *result.segments))
    named |= dict.fromkeys(defect.path for defect in result.defects if defect.path)
    return tuple(named)


def _row(key: int, path: str, result: Result, defects: int) -> tuple[Any, ...]:
    more = result.defects_left_out if path == result.path else 0
    return (
        key,
        path,
        result.kind,
        result.profile,
        result.chain,
        result.records,
        result.checked,
        result.verdict,
        result.head,
        ",".join(result.uncovered_fields) or None,
        "\n".join(result.not_checked) or None,
        defects + more,
        __version__,
    )


def _delete(connection: duckdb.DuckDBPyConnection, table: str, paths: Iterable[str]) -> None:
    for path in paths:
        connection.execute(f"DELETE FROM {table} WHERE path = ?", [path])


def _insert(connection: duckdb.DuckDBPyConnection, table: str, found: list[tuple[Any, ...]]) -> None:
    from auditrail.ingest import rows

    if found:
        rows.insert(connection, table, rows.table(table, found))
