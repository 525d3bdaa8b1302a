"""What verification said of files when they were loaded, for views: the verdict of each, and the records it names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NOT_VERIFIED = "not verified"
# Of several chains in one file the worst is shown.
_WORST_FIRST = ("BROKEN", "UNVERIFIABLE", "NOT-CHAINED", "INTACT-UNANCHORED", "INTACT")


def rank(verdict: str) -> int:
    """Orders verdicts, the worst first; that nothing was said stands before what nothing protects."""
    order = (*_WORST_FIRST[:2], NOT_VERIFIED, *_WORST_FIRST[2:])
    return order.index(verdict)


def of_paths(connection: duckdb.DuckDBPyConnection, paths: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """(path, verdict) for each path, sorted; `not verified` where nothing was said of it."""
    said: dict[str, str] = {}
    for path, verdict in connection.execute("SELECT DISTINCT path, verdict FROM verdicts").fetchall():
        said[path] = min(said.get(path, verdict), verdict, key=_WORST_FIRST.index)
    return tuple((path, said.get(path, NOT_VERIFIED)) for path in sorted(paths))


def marks(connection: duckdb.DuckDBPyConnection, paths: Iterable[str]) -> dict[tuple[str, int], list[str]]:
    """(path, record) -> what breaks the chain there, in words, for records of these paths."""
    wanted = set(paths)
    made: dict[tuple[str, int], list[str]] = defaultdict(list)
    for path, record, kind in connection.execute(
        "SELECT path, record, kind FROM verdict_defects WHERE breaks AND record IS NOT NULL "
        "ORDER BY path NULLS LAST, record NULLS LAST, kind NULLS LAST"
    ).fetchall():
        word = f"integrity: {kind}"
        if path in wanted and word not in made[path, record]:
            made[path, record].append(word)
    return made
