"""One missing thing is one gap, with the cause that the strongest evidence names; what a missing stream explains goes.

1. Rows with the same run and `what` speak of one missing thing. Kept is the one with the strongest evidence
   (`terms.EVIDENCE`), then the surest confidence, then the order of causes, so that the outcome is the same each time.
2. A row of scope `record` or `content` is dropped where a stream is missing in the same run, and everything that the
   row lacks (`lacks`) should have stood in that stream.
3. A token that begins with `~` is no place but a circumstance: a row of scope `run` that has it in `lacks` explains the
   records and contents of the same run that have it, too. A crash (`~crash`) explains the calls that it left open.
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
        WITH explains AS (
            SELECT DISTINCT run, scope, unnest(string_split(lacks, ',')) AS token FROM resolved
            WHERE scope IN ('stream', 'run') AND run IS NOT NULL AND lacks IS NOT NULL
        ), parts AS (
            SELECT rid, run, unnest(string_split(lacks, ',')) AS token FROM resolved
            WHERE scope IN ('record', 'content') AND run IS NOT NULL AND lacks IS NOT NULL
        ), judged AS (
            SELECT p.rid, coalesce(bool_and(s.token IS NOT NULL) FILTER (WHERE p.token[1] <> '~'), false)
                          OR coalesce(bool_or(s.token IS NOT NULL) FILTER (WHERE p.token[1] = '~'), false) AS explained
            FROM parts p LEFT JOIN explains s
              ON s.run = p.run AND s.token = p.token
             AND s.scope = CASE WHEN p.token[1] = '~' THEN 'run' ELSE 'stream' END
            GROUP BY p.rid
        )
        SELECT r.* EXCLUDE (rid) FROM resolved r LEFT JOIN judged j ON j.rid = r.rid
        WHERE j.explained IS NOT TRUE
        """
    )
    connection.execute("DROP TABLE resolved")
