"""Step 1: events that are copies of an earlier one (delivered twice, exported twice, loaded under two names)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail import case

if TYPE_CHECKING:
    import duckdb

# Of several, the one with most content stands for all: an exporter may leave content off, which contradicts nothing.
# Two records are one event if the format's own key says so; without such a key, only if every byte is the same and
# the record has its own time: two equal lines without a time may well be two events. Grouping by 64 bits of a hash
# first takes a fifth of the time of grouping by all bytes, and leaves next to nothing to compare exactly.
_SUSPECTS = """
CREATE OR REPLACE TEMP TABLE suspects AS
WITH marked AS (
    SELECT event, CASE WHEN dedupe_key IS NOT NULL THEN hash(dedupe_key)
        WHEN ts_source = 'event' THEN hash(blake3, part) END AS h FROM events
)
SELECT event FROM marked WHERE h IN (SELECT h FROM marked WHERE h IS NOT NULL GROUP BY h HAVING count(*) > 1)
"""

_FIND = """
INSERT INTO copies
WITH listed AS (
    SELECT e.event, e.dedupe_key, CASE WHEN e.dedupe_key IS NULL THEN e.blake3 END AS digest,
        CASE WHEN e.dedupe_key IS NULL THEN e.part END AS part,
        (e.args IS NOT NULL)::INTEGER + (e.result IS NOT NULL)::INTEGER AS held
    FROM suspects s JOIN events e ON e.event = s.event
), grouped AS (
    SELECT event, first_value(event) OVER (
        PARTITION BY dedupe_key, digest, part ORDER BY held DESC NULLS LAST, event NULLS LAST
    ) AS first FROM listed
)
SELECT g.event, g.first,
    a.ts_ns IS NOT DISTINCT FROM b.ts_ns AND a.end_ns IS NOT DISTINCT FROM b.end_ns
    AND a.name IS NOT DISTINCT FROM b.name AND a.status = b.status AND a.decision IS NOT DISTINCT FROM b.decision
    AND (a.args IS NULL OR a.args IS NOT DISTINCT FROM b.args)
    AND (a.result IS NULL OR a.result IS NOT DISTINCT FROM b.result)
    AND a.error IS NOT DISTINCT FROM b.error AND (a.blake3 = b.blake3 OR a.kind <> 'message'
        OR json_extract_string(a.attributes, '$.content') IS NOT DISTINCT FROM
           json_extract_string(b.attributes, '$.content'))
FROM grouped g JOIN events a ON a.event = g.event JOIN events b ON b.event = g.first WHERE g.event <> g.first
"""


# Two contents under one key: one of them is not what was first written. Both stay, and it is said.
_CONFLICTS = """
INSERT INTO conflicts
SELECT 'duplicate-conflict', 'record', coalesce(e.dedupe_key, c.of::VARCHAR), 0, count(*) + 1,
    'records with one key and different content: all are kept'
FROM copies c JOIN events e ON e.event = c.of WHERE NOT c.same_content
GROUP BY c.of, e.dedupe_key ORDER BY c.of NULLS LAST
"""


def find(connection: duckdb.DuckDBPyConnection) -> None:
    """Fills `copies` anew, and the count of duplicates of every source; makes the view `live`: all but true copies.

    Records with one key and different content are no copies of each other: they stay live, and are conflicts.
    """
    connection.execute("DELETE FROM copies")
    connection.execute(_SUSPECTS)
    if case.one(connection, "SELECT 1 FROM suspects LIMIT 1") is not None:
        connection.execute(_FIND)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE c_dups AS SELECT e.source, count(*) AS n FROM copies c "
        "JOIN events e ON e.event = c.event WHERE c.same_content GROUP BY e.source"
    )
    connection.execute(
        "UPDATE sources SET duplicates = coalesce((SELECT n FROM c_dups d WHERE d.source = sources.source), 0)"
    )
    connection.execute(_CONFLICTS)
    any_copies = case.count(connection, "SELECT count(*) FROM copies WHERE same_content")
    where = "WHERE event NOT IN (SELECT event FROM copies WHERE same_content)" if any_copies else ""
    connection.execute(f"CREATE OR REPLACE TEMP VIEW live AS SELECT * FROM events {where}")
