"""Facts that gap rules draw from contents: built while the contents are there, kept as tables `kept_<name>`.

A rule that looks for cut texts, for digests in place of values or for the mark of a redactor would find other things in
commitments. So the facts that read contents (or compare names with parts of other names) are built first, redacted
like every other table, and taken from there by whoever builds facts on the scratch case. All other facts are built
anew, on what is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

# A test builds every fact on a redacted case and holds it to what it was before.
FACTS = (
    "attribute_losses",
    "call_turns",
    "children_announced",
    "content_blanks",
    "content_cuts",
    "content_hashes",
    "content_marks",
    "declared_counts",
    "log_groups",
    "missing_parents",
    "tool_needs",
    "unanswered_calls",
)


# Built on the way, and slow to build: kept as well, where no name in it is withheld (`lacks` puts names together).
BESIDE = ("missing_streams",)
BESIDE_FIELDS = ("agent", "stream")


def keep(
    connection: duckdb.DuckDBPyConnection, params: Mapping[str, int] | None = None, *, beside: bool = False
) -> tuple[str, ...]:
    """Builds the facts and keeps them as tables of the case; temporary tables of it are gone afterwards.

    Args:
        connection: to a scratch case that may be written to.
        params: `<rule>.<name>` -> value, before the rules' own defaults.
        beside: keep `BESIDE`, too.

    Returns:
        Names of the tables that were made.
    """
    from auditrail.gaps import build, settings
    from auditrail.gaps.rule import select

    _forget(connection)
    settings.write(connection, select(), params or {})
    names = (*FACTS, *(BESIDE if beside else ()))
    build.build(connection, names)
    made = []
    for name in names:
        connection.execute(f"CREATE OR REPLACE TABLE {build.KEPT}{name} AS SELECT {_columns(name)} FROM temp.{name}")
        made.append(build.KEPT + name)
    _forget(connection)
    return tuple(made)


def _columns(name: str) -> str:
    if name != "content_marks":
        return "*"
    # A short text that is all mark is told whole. One that is a mark for a part of it only would be told, too.
    from auditrail.content import redaction_pattern

    mark = redaction_pattern().replace("'", "''")
    return (
        "* REPLACE (CASE WHEN regexp_full_match(told, '(?i)\\s*" + mark + "\\s*') OR NOT EXISTS ("
        "SELECT 1 FROM events e WHERE e.event = content_marks.event "
        "AND content_marks.told IN (trim(e.args), trim(e.result))) THEN told END AS told)"
    )


def _forget(connection: duckdb.DuckDBPyConnection) -> None:
    """Drops what was built: it holds contents, and would be taken for up to date."""
    rows = connection.execute(
        "SELECT table_name, 'TABLE' FROM duckdb_tables() WHERE temporary "
        "UNION ALL SELECT view_name, 'VIEW' FROM duckdb_views() WHERE temporary AND NOT internal ORDER BY 2 DESC, 1"
    ).fetchall()
    for name, kind in rows:
        connection.execute(f"DROP {kind} IF EXISTS temp.{name}")
