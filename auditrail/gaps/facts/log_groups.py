"""`log_groups`: how long log groups keep their records, by dumps of their settings that are loaded with the logs.

A dump is the answer of `aws logs describe-log-groups` (reader `aws-log-groups`). Of a group that stands in several
dumps, the one that was loaded last counts. Its records are those of the stream of its name; a stream that is named
after a service belongs to the one group whose name ends in that of the service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAME = "log_groups"
NEEDS: tuple[str, ...] = ()
COLUMNS = {
    "source": "sources.source of the dump",
    "log_group": "name of the group",
    "days": "days for which it keeps records; NULL: for ever",
    "format": "format of the stream that holds its records, or NULL",
    "stream": "that stream, or NULL: none is loaded",
    "oldest_ns": "the oldest time of that stream",
    "newest_ns": "its newest time",
}


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(
        """
        CREATE TEMP TABLE log_groups AS
        WITH settings AS (
            SELECT r.source, json_extract_string(r.detail, '$.logGroupName') AS log_group,
                   TRY_CAST(json_extract_string(r.detail, '$.retentionInDays') AS BIGINT) AS days
            FROM remarks r JOIN sources s ON s.source = r.source
            WHERE r.code = 'log-group' AND s.superseded_by IS NULL AND json_valid(r.detail)
        ), latest AS (
            SELECT log_group, max(source) AS source FROM settings WHERE log_group IS NOT NULL GROUP BY log_group
        ), groups AS (
            SELECT s.source, s.log_group, min(s.days) AS days FROM settings s
            JOIN latest l ON l.log_group = s.log_group AND l.source = s.source GROUP BY s.source, s.log_group
        ), streams AS (
            SELECT coalesce(s.inner_formats, s.format) AS format, coalesce(e.stream, s.stream, s.path) AS stream,
                   min(e.ts_ns) AS oldest_ns, max(e.ts_ns) AS newest_ns
            FROM events e JOIN sources s ON s.source = e.source
            WHERE EXISTS (SELECT 1 FROM groups) GROUP BY 1, 2
        ), pairs AS (
            SELECT g.log_group, t.format, t.stream, t.oldest_ns, t.newest_ns, t.stream = g.log_group AS same,
                   count(*) OVER (PARTITION BY t.format, t.stream) AS fits
            FROM groups g JOIN streams t ON t.stream = g.log_group OR ends_with(g.log_group, '/' || t.stream)
        )
        SELECT g.source, g.log_group, g.days, p.format, p.stream, p.oldest_ns, p.newest_ns
        FROM groups g LEFT JOIN (
            SELECT *, row_number() OVER (
                PARTITION BY log_group ORDER BY same DESC NULLS LAST, oldest_ns NULLS LAST, format NULLS LAST,
                stream NULLS LAST
            ) AS place FROM pairs WHERE same OR fits = 1
        ) p ON p.log_group = g.log_group AND p.place = 1
        """
    )
