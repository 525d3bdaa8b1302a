"""`content_cuts`: arguments and results that were cut without a mark, told from their lengths and their ends.

OpenTelemetry's SDKs, log drivers and exporters cut a long value silently. Three signs show it:

- *unclosed*: a text that begins as JSON and stops inside of it. Arguments are JSON, so one is enough; what a tool
  prints may well be the head of a JSON file, so results must stop at one length, or at a known cap;
- *members*: texts inside of arguments or results that all stop at the one length that none of their name exceeds, with
  an ellipsis at their end;
- *pile-up*: texts without any such sign that stop at one greatest length far more often than texts stop at any length
  near it, mostly in the middle of a sentence. Values of a fixed length (keys, digests, forms) never have shorter ones.

A length counts as cap if `_PILE` different values stop there. Known caps: the limits of SDKs, log drivers and services.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail.gaps import sides

if TYPE_CHECKING:
    import duckdb

NAME = "content_cuts"
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
    "cap": "the length at which it stops, in characters",
    "sign": "what shows that it was cut, in words",
    "evidence": "counted or statistical",
    "confidence": "strong or weak",
    "witness": "event of another stream that holds the value, or NULL",
    "witness_stream": "its stream",
}

# Limits at which known writers cut, in characters or bytes: SDKs, MLflow, log drivers, Logs Insights, EKS, Windows.
_CAPS = (
    128, 250, 256, 512, 1000, 1024, 2000, 2048, 4000, 4096, 8000, 8192, 10_000, 16_000, 16_384, 32_000, 32_766, 32_768,
    65_535, 65_536, 100_000, 262_118, 262_144, 1_048_550, 1_048_576,
)  # fmt: skip
_PILE = 3
# Records of one series are made by the same code, so the same limit holds for them.
_SERIES = "format, stream, layer, kind, side"
_PLAIN_PILE = 5
_SHORTEST = 100
# Members are looked for in texts up to this length; longer ones are judged as a whole.
_MEMBERS_WITHIN = 50_000
_BEGINS_AS_JSON = r"^\s*(?:\{\s*\"|\[\s*[\{\[\"])"
# Without groups, since the engine finds a whole match in a third of the time; `_KEY` and `_TEXT` take it apart.
_MEMBER = r'"[^"\\]{1,60}"\s*:\s*"(?:[^"\\]|\\.){80,}"'
_KEY = "split_part(member, '\"', 2)"
_TEXT = f"ltrim(substr(member, length({_KEY}) + 3), ' :\t\n\f\r')"
_ELLIPSIS = r"(?:\.\.\.|…)\s*$"
_MID_SENTENCE = r"[^\s.!?…:;)}\]\"''>]\s*$"
_STOPS = "regexp_matches({text}, '{sign}')"


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    _texts(connection)
    _members(connection)
    connection.execute(
        f"""
        CREATE TEMP TABLE content_cut_rows AS
        WITH caps AS (
            SELECT {_SERIES}, size FROM content_texts WHERE unclosed
            GROUP BY ALL HAVING count(DISTINCT digest) >= {_PILE} OR size IN {_CAPS}
        ), found AS (
            SELECT t.event, t.side, t.size AS cap, 'JSON that does not close' AS sign, 'counted' AS evidence,
                   CASE WHEN c.size IS NOT NULL THEN 'strong' ELSE 'weak' END AS confidence, 1 AS rank
            FROM content_texts t LEFT JOIN caps c USING ({_SERIES}, size)
            WHERE (t.unclosed AND (t.side = 'args' OR c.size IS NOT NULL))
                  OR (c.size IS NOT NULL AND t.begins AND NOT t.valid)
            UNION ALL
            SELECT event, side, size, sign, 'statistical', 'strong', 2 FROM content_member_cuts
        )
        SELECT * EXCLUDE (rank) FROM found
        QUALIFY row_number() OVER (PARTITION BY event, side ORDER BY rank NULLS LAST, cap NULLS LAST) = 1
        """
    )
    connection.execute(
        f"""
        CREATE TEMP TABLE content_cuts AS
        SELECT c.event, a.run, c.side, {sides.what("c.side", "c.event")} AS what, a.layer, a.format, a.stream, a.agent,
               a.tool, a.ts_ns, {sides.words("c.side", "a")} AS held, c.cap, c.sign, c.evidence, c.confidence,
               h.witness, h.stream AS witness_stream
        FROM content_cut_rows c
        JOIN acts a ON a.event = c.event
        LEFT JOIN ({sides.holders("content_cut_rows")}) h ON h.event = c.event AND h.side = c.side
        """
    )
    for table in ("content_cut_rows", "content_member_cuts", "content_texts"):
        connection.execute(f"DROP TABLE {table}")


def _texts(connection: duckdb.DuckDBPyConnection) -> None:
    """Table of the texts that are long, or begin as JSON and stop inside of it; without the texts, which are large."""
    parts = [
        f"""
        SELECT a.event, a.format, a.stream, a.layer, a.kind,
               a.tool IS NOT NULL OR a.layer IN ('tool', 'policy') AS by_member, '{side}' AS side, e.{side} AS value
        FROM acts a JOIN events e ON e.event = a.event
        WHERE a.{side}_state = 'present' AND e.{side}_state = 'present'
              AND (length(e.{side}) >= {_SHORTEST}
                   OR (e.{side}[1] IN ('{{', '[') AND length(e.{side}) > 8 AND right(e.{side}, 1) NOT IN ('}}', ']')))
        """
        for side in ("args", "result")
    ]
    connection.execute(
        f"""
        CREATE TEMP TABLE content_texts AS
        SELECT * EXCLUDE (value), hash(value) AS digest,
               CASE WHEN begins AND NOT valid THEN right(rtrim(value, ' \n\r\t'), 1) NOT IN ('}}', ']')
                    ELSE false END AS unclosed,
               CASE WHEN NOT begins THEN {_STOPS.format(text="value", sign=_ELLIPSIS)} END AS ellipsis,
               CASE WHEN NOT begins THEN {_STOPS.format(text="value", sign=_MID_SENTENCE)}
                                         AND contains(trim(value), ' ') END AS midway
        FROM (
            SELECT *, CASE WHEN begins THEN json_valid(value) ELSE false END AS valid
            FROM (
                SELECT *, CAST(length(value) AS BIGINT) AS size, regexp_matches(value, '{_BEGINS_AS_JSON}') AS begins
                FROM ({" UNION ALL ".join(parts)})
            )
        )
        """
    )


def _members(connection: duckdb.DuckDBPyConnection) -> None:
    """Table of the texts, whole or members, that stop at a cap by an ellipsis or by how many do."""
    connection.execute(
        f"""
        CREATE TEMP TABLE content_member_cuts AS
        WITH valued AS (
            SELECT t.*, CASE t.side WHEN 'args' THEN e.args ELSE e.result END AS value
            FROM content_texts t JOIN events e ON e.event = t.event
            WHERE t.valid AND t.by_member AND t.size <= {_MEMBERS_WITHIN}
        ), members AS (
            SELECT event, {_SERIES}, unnest(regexp_extract_all(value, '{_MEMBER}')) AS member FROM valued
        ), quoted AS (
            SELECT event, {_SERIES}, {_KEY} AS key, {_TEXT} AS text FROM members
        ), bare AS (
            SELECT *, substr(text, 2, length(text) - 2) AS inside FROM quoted
        ), pairs AS (
            SELECT event, {_SERIES}, key,
                   CASE WHEN contains(text, '\\') THEN coalesce(json_extract_string(text, '$'), inside)
                        ELSE inside END AS text
            FROM bare
        ), told AS (
            SELECT event, {_SERIES}, key, CAST(length(text) AS BIGINT) AS size, hash(text) AS digest,
                   {_STOPS.format(text="text", sign=_ELLIPSIS)} AS ellipsis,
                   {_STOPS.format(text="text", sign=_MID_SENTENCE)} AND contains(trim(text), ' ') AS midway
            FROM pairs
            UNION ALL
            SELECT event, {_SERIES}, '', size, digest, ellipsis, midway FROM content_texts WHERE NOT begins
        ), longest AS (
            SELECT {_SERIES}, key, max(size) AS size FROM told GROUP BY ALL HAVING max(size) >= {_SHORTEST}
        ), at_cap AS (
            SELECT t.* FROM told t JOIN longest USING ({_SERIES}, key, size)
        ), below AS (
            SELECT {_SERIES}, l.size, count(DISTINCT t.size) AS sizes, count(*) AS number
            FROM longest l JOIN told t USING ({_SERIES}, key)
            WHERE t.size < l.size AND 2 * t.size >= l.size GROUP BY ALL
        ), caps AS (
            SELECT {_SERIES}, a.size, count(DISTINCT a.digest) AS different, count(*) AS number,
                   count(*) FILTER (a.ellipsis) AS ellipses, count(*) FILTER (a.midway) AS midway
            FROM at_cap a GROUP BY ALL
        ), judged AS (
            SELECT c.*, c.different >= {_PILE} AND c.ellipses * 10 >= c.number * 9 AS cut_off,
                   c.different >= {_PLAIN_PILE} AND c.midway * 2 >= c.number AND coalesce(b.sizes, 0) >= 5
                   AND c.number * b.sizes >= 5 * b.number AS piled
            FROM caps c LEFT JOIN below b USING ({_SERIES}, size)
        )
        SELECT DISTINCT a.event, a.side, a.size,
               CASE WHEN j.cut_off THEN 'an ellipsis at the greatest length that occurs'
                    ELSE 'many stop at the greatest length that occurs' END AS sign
        FROM at_cap a JOIN judged j USING ({_SERIES}, size)
        WHERE (j.cut_off AND a.ellipsis) OR (j.piled AND NOT j.cut_off)
        """
    )
