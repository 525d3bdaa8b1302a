"""`content_hashes`: members of arguments and results that hold a digest where their siblings hold the value itself.

Many members are digests by their nature: a commit, a file's checksum. One that was put in place of a value is told by
the same member of the same tool elsewhere:

1. the record of another stream about the same call has that member, and it is no digest there;
2. or other streams have it as values (at least `_SIBLINGS`, nine in ten of them no digests), and here most are digests;
3. or this stream itself had free text (with blanks or an @) under that name until a time, and digests since then (or
   the other way round).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail.gaps import sides

if TYPE_CHECKING:
    import duckdb

NAME = "content_hashes"
NEEDS = ("acts",)
COLUMNS = {
    "event": "events.event",
    "run": "its run, or NULL",
    "side": "args or result",
    "what": "as `what` of findings",
    "layer": "its layer",
    "format": "its format",
    "stream": "its stream",
    "agent": "its agent",
    "tool": "its tool",
    "ts_ns": "its time",
    "held": "which side of what, in words",
    "keys": "the members that are hashed, comma-separated",
    "evidence": "cross-witness or statistical",
    "witness": "event of another stream that holds the value, or NULL",
    "witness_stream": "its stream",
}

_DIGEST = (
    r"(?:(?:sha-?(?:1|256|512)|md5|blake3):)?(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})"
)
_HASHED = rf'"([^"\\]{{1,60}})"\s*:\s*"({_DIGEST})"'
_ANY = r'"([^"\\]{1,60})"\s*:\s*"((?:[^"\\]|\\.)*)"'
_SIBLINGS = 3
_WITHIN = 50_000


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(f"CREATE TEMP TABLE content_hash_pairs AS {_pairs()}")
    connection.execute(
        f"""
        CREATE TEMP TABLE content_hash_rows AS
        WITH series AS (
            SELECT format, stream, tool, side, key, count(*) AS number, count(*) FILTER (NOT is_digest) AS plain,
                   count(*) FILTER (is_free) AS free,
                   min(ts_ns) FILTER (is_digest) > max(ts_ns) FILTER (NOT is_digest)
                   OR max(ts_ns) FILTER (is_digest) < min(ts_ns) FILTER (NOT is_digest) AS apart
            FROM content_hash_pairs GROUP BY ALL
        ), others AS (
            SELECT s.format, s.stream, s.tool, s.side, s.key, sum(o.number) AS number, sum(o.plain) AS plain
            FROM series s
            JOIN series o ON o.tool = s.tool AND o.side = s.side AND o.key = s.key
                 AND (o.stream <> s.stream OR o.format <> s.format)
            GROUP BY ALL
        ), records AS (
            SELECT event, run, call, stream, tool, side, key, bool_or(is_digest) AS digests
            FROM content_hash_pairs WHERE run IS NOT NULL AND call IS NOT NULL GROUP BY ALL
        ), same_call AS (
            SELECT d.event, d.side, d.key, min(p.event) AS witness
            FROM records d
            JOIN records p ON p.run = d.run AND p.call = d.call AND p.tool = d.tool AND p.side = d.side
                 AND p.key = d.key AND p.stream <> d.stream AND NOT p.digests
            WHERE d.digests GROUP BY ALL
        )
        SELECT d.event, d.side, string_agg(DISTINCT d.key, ', ' ORDER BY d.key) AS keys, min(c.witness) AS witness
        FROM content_hash_pairs d
        JOIN series s USING (format, stream, tool, side, key)
        LEFT JOIN others o USING (format, stream, tool, side, key)
        LEFT JOIN same_call c ON c.event = d.event AND c.side = d.side AND c.key = d.key
        WHERE d.is_digest
              AND (c.witness IS NOT NULL
                   OR (o.number >= {_SIBLINGS} AND o.plain * 10 >= o.number * 9 AND s.plain * 2 <= s.number)
                   OR (s.plain >= {_SIBLINGS} AND s.free * 2 >= s.plain AND s.apart))
        GROUP BY d.event, d.side
        """
    )
    connection.execute(
        f"""
        CREATE TEMP TABLE content_hashes AS
        SELECT r.event, a.run, r.side, {sides.what("r.side", "r.event")} AS what, a.layer, a.format, a.stream, a.agent,
               a.tool, a.ts_ns, {sides.words("r.side", "a")} AS held, r.keys,
               CASE WHEN r.witness IS NOT NULL THEN 'cross-witness' ELSE 'statistical' END AS evidence,
               w.event AS witness, w.stream AS witness_stream
        FROM content_hash_rows r
        JOIN acts a ON a.event = r.event
        LEFT JOIN acts w ON w.event = r.witness
        """
    )
    connection.execute("DROP TABLE content_hash_rows")
    connection.execute("DROP TABLE content_hash_pairs")


def _pairs() -> str:
    """Each member of a tool that holds a digest anywhere, in all records of that tool."""
    digests = _texts(
        f"length(e.{{side}}) BETWEEN 40 AND {_WITHIN} AND regexp_matches(e.{{side}}, '{_braced(_HASHED)}')"
    )
    all_texts = _texts(f"length(e.{{side}}) <= {_WITHIN} AND a.tool IN (SELECT tool FROM keys)")
    return f"""
        WITH keys AS MATERIALIZED (
            SELECT DISTINCT tool, unnest(regexp_extract_all(value, '{_HASHED}', 1)) AS key FROM ({digests})
        ), pairs AS (
            SELECT * EXCLUDE (value), unnest(regexp_extract_all(value, '{_ANY}', 1)) AS key,
                   unnest(regexp_extract_all(value, '{_ANY}', 2)) AS text
            FROM ({all_texts})
        )
        SELECT p.* EXCLUDE (text), regexp_full_match(p.text, '{_DIGEST}') AS is_digest,
               regexp_matches(p.text, '[ @]') AS is_free
        FROM pairs p SEMI JOIN keys k ON k.tool = p.tool AND k.key = p.key
    """


def _texts(condition: str) -> str:
    return " UNION ALL ".join(
        f"""
        SELECT a.event, a.run, a.call, a.ts_ns, a.format, a.stream, a.tool, '{side}' AS side, e.{side} AS value
        FROM acts a JOIN events e ON e.event = a.event
        WHERE a.tool IS NOT NULL AND a.{side}_state IN ('present', 'redacted', 'truncated')
              AND {condition.format(side=side)}
        """
        for side in ("args", "result")
    )


def _braced(pattern: str) -> str:
    return pattern.replace("{", "{{").replace("}", "}}")
