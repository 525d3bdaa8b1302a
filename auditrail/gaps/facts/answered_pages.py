"""`answered_pages`: page tokens and page numbers behind which the next page is held, so that nothing is left out there.

A page goes on in the record behind it, in the same file or in another one of the same stream, at about the time where
it ends: within as much time as the page itself spans, or a weekend in which no agent works.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAME = "answered_pages"
NEEDS = ("acts",)
COLUMNS = {
    "source": "remarks.source",
    "byte_offset": "remarks.byte_offset: of the page",
    "code": "remarks.code",
}
_WEEKEND_NS = 3 * 86_400_000_000_000


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(
        f"""
        CREATE TEMP TABLE answered_pages AS
        WITH tokens AS (
            SELECT DISTINCT source, byte_offset, code, record AS last FROM remarks
            WHERE code IN ('next-token-left', 'next-page-left') AND record IS NOT NULL AND byte_offset IS NOT NULL
        ), told AS (
            SELECT e.source, e.record, min(e.byte_offset) AS byte_offset, min(e.ts_ns) AS ts_ns FROM events e
            WHERE e.source IN (SELECT source FROM tokens) AND e.ts_ns IS NOT NULL GROUP BY e.source, e.record
        ), pages AS (
            SELECT t.source, t.byte_offset, t.code, t.last, min(r.ts_ns) AS low, max(r.ts_ns) AS high,
                   arg_min(r.ts_ns, r.record) > arg_max(r.ts_ns, r.record) AS backwards
            FROM tokens t JOIN told r ON r.source = t.source AND r.record <= t.last AND r.byte_offset >= t.byte_offset
            GROUP BY ALL
        ), next AS (  -- in the same file
            SELECT p.source, p.byte_offset, p.code, arg_min(r.ts_ns, r.record) AS ts_ns
            FROM pages p JOIN told r ON r.source = p.source AND r.record > p.last GROUP BY ALL
        ), held AS (
            SELECT source, format, stream, min(ts_ns) AS low, max(ts_ns) AS high FROM acts
            WHERE (format, stream) IN (
                SELECT (format, stream) FROM acts WHERE source IN (SELECT source FROM tokens)
            ) AND ts_ns IS NOT NULL GROUP BY source, format, stream
        ), other AS (  -- in another one
            SELECT DISTINCT p.source, p.byte_offset, p.code, CASE WHEN p.backwards THEN o.high ELSE o.low END AS ts_ns
            FROM pages p
            JOIN held m ON m.source = p.source
            JOIN held o ON o.format = m.format AND o.stream = m.stream AND o.source <> m.source
        )
        SELECT DISTINCT p.source, p.byte_offset, p.code
        FROM pages p JOIN (SELECT * FROM next UNION ALL SELECT * FROM other) n
          ON n.source = p.source AND n.byte_offset = p.byte_offset AND n.code = p.code
        WHERE CASE WHEN p.backwards
              THEN n.ts_ns <= p.low / 2 + p.high / 2 AND p.low - n.ts_ns <= greatest(p.high - p.low, {_WEEKEND_NS})
              ELSE n.ts_ns >= p.low / 2 + p.high / 2 AND n.ts_ns - p.high <= greatest(p.high - p.low, {_WEEKEND_NS}) END
        """
    )
