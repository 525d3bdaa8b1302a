"""`cuts`: where a source says, or shows by a round number of records, that it does not hold all that there was.

A store answers in order of time, the oldest or the newest first; what a page token leaves out lies beyond the last
record that the answer holds, unless the next page is held, too. The range is therefore that after the newest record of
the stream (of all its sources), or that before the oldest where the answer goes backwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAME = "cuts"
NEEDS = ("acts", "answered_pages")
COLUMNS = {
    "source": "sources.source",
    "record": "the record that says so, or NULL",
    "format": "format of the stream",
    "stream": "the stream",
    "code": "the remark's code, or round-number",
    "detail": "the evidence, as the remark gives it",
    "declared": "the source says so itself; else the number of its records is round",
    "from_ns": "records may be missing from here on (NULL: from the beginning of time)",
    "to_ns": "until here (NULL: without end)",
}
# What is beyond the last record is missing.
_BEYOND = (
    "next-token-left", "next-page-left", "limit-reached", "limit-suspected", "array-unclosed", "compression-damaged",
    "wrapper-incomplete", "unreadable",
)  # fmt: skip
# Something between the first and the last record is missing.
_BETWEEN = (
    "query-status", "answer-is-partial", "shards-failed", "entries-dropped", "offset-hole", "samples-missing",
    "processing-failed",
)  # fmt: skip
# A limit is a multiple of this; the smallest that tools set is this, too.
_ROUND = 100


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    beyond, between = ("('" + "', '".join(codes) + "')" for codes in (_BEYOND, _BETWEEN))
    connection.execute(
        f"""
        CREATE TEMP TABLE cuts AS
        WITH said AS (
            SELECT source, min(record) AS record, code, min(detail) AS detail, true AS declared
            FROM remarks r WHERE (code IN {beyond} OR code IN {between}) AND NOT EXISTS (
                SELECT 1 FROM answered_pages a
                WHERE a.source = r.source AND a.code = r.code AND a.byte_offset = r.byte_offset
            ) GROUP BY source, code
            UNION ALL
            SELECT source, NULL, 'round-number', CAST(records AS VARCHAR) || ' records', false FROM sources
            WHERE records >= {_ROUND} AND records % {_ROUND} = 0 AND superseded_by IS NULL
        ), parts AS (
            SELECT a.source, a.format, a.stream, min(a.ts_ns) AS first_ns, max(a.ts_ns) AS last_ns,
                   arg_min(a.ts_ns, a.event) > arg_max(a.ts_ns, a.event) AS backwards
            FROM acts a WHERE a.ts_ns IS NOT NULL AND a.source IN (SELECT source FROM said)
            GROUP BY a.source, a.format, a.stream
        ), whole AS (
            SELECT a.format, a.stream, min(a.ts_ns) AS first_ns, max(a.ts_ns) AS last_ns FROM acts a
            WHERE (a.format, a.stream) IN (SELECT (format, stream) FROM parts) GROUP BY a.format, a.stream
        )
        SELECT s.source, s.record, p.format, p.stream, s.code, s.detail, s.declared,
               CASE WHEN s.code IN {between} THEN p.first_ns WHEN NOT p.backwards THEN w.last_ns END AS from_ns,
               CASE WHEN s.code IN {between} THEN p.last_ns WHEN p.backwards THEN w.first_ns END AS to_ns
        FROM said s JOIN parts p ON p.source = s.source JOIN whole w ON w.format = p.format AND w.stream = p.stream
        -- an answer whose newest record is older than another source's of the same stream was gone on with there
        WHERE s.code IN {between} OR CASE WHEN p.backwards THEN p.first_ns = w.first_ns ELSE p.last_ns = w.last_ns END
        """
    )
