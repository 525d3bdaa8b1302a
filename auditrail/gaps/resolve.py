"""One missing thing is one gap, with the cause that the strongest evidence names; what a missing stream explains goes.

1. Rows with the same run and `what` speak of one missing thing. Kept is the one with the strongest evidence
   (`terms.EVIDENCE`), then the surest confidence, then the order of causes, so that the outcome is the same each time.
2. A row of scope `record` or `content` is dropped where a stream is missing in the same run, and everything that the
   row lacks (`lacks`) should have stood in that stream.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail.gaps import terms

if TYPE_CHECKING:
    import duckdb


def resolve(connection: duckdb.DuckDBPyConnection) -> None:
    """Resolves the rows of `findings` in place."""
    order = ", ".join(
        f"list_position({list(words)!r}, {column}) NULLS LAST"
        for column, words in (("evidence", terms.EVIDENCE), ("confidence", terms.CONFIDENCES), ("cause", terms.CAUSES))
    )
    connection.execute(
        f"""
        CREATE TEMP TABLE resolved AS
        SELECT *, row_number() OVER () AS rid FROM (
            SELECT * FROM findings
            QUALIFY row_number() OVER (
                PARTITION BY run, what ORDER BY {order}, rule NULLS LAST, event NULLS LAST, source NULLS LAST,
                record NULLS LAST
            ) = 1
        )
        """
    )
    connection.execute("DROP TABLE findings")
    connection.execute(
        """
        CREATE TEMP TABLE findings AS
        WITH streams AS (
            SELECT DISTINCT run, unnest(string_split(lacks, ',')) AS token FROM resolved
            WHERE scope = 'stream' AND run IS NOT NULL AND lacks IS NOT NULL
        ), parts AS (
            SELECT rid, run, unnest(string_split(lacks, ',')) AS token FROM resolved
            WHERE scope IN ('record', 'content') AND run IS NOT NULL AND lacks IS NOT NULL
        ), judged AS (
            SELECT p.rid, bool_and(s.token IS NOT NULL) AS explained
            FROM parts p LEFT JOIN streams s ON s.run = p.run AND s.token = p.token GROUP BY p.rid
        )
        SELECT r.* EXCLUDE (rid) FROM resolved r LEFT JOIN judged j ON j.rid = r.rid
        WHERE j.explained IS NOT TRUE
        """
    )
    connection.execute("DROP TABLE resolved")
