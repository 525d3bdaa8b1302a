"""`attribute_losses`: what the attributes of an event say was taken from them.

- The Collector's redaction processor lists what it masked and removed in `redaction.masked.keys` and
  `redaction.redacted.keys` (of log bodies: `redaction.body.*`), or, with `summary: info`, only how many (README of
  processor/redactionprocessor at 05df7eb). A key that stands for arguments or a result says that these were redacted,
  also where the mask stands inside of a text; any other key is the loss of an attribute.
- OTLP counts the attributes, events and links that a limit of the SDK dropped: `dropped*Count`; Jaeger and Zipkin
  write the same as tags `otel.dropped_*_count`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAME = "attribute_losses"
NEEDS = ("acts",)
COLUMNS = {
    "event": "events.event",
    "run": "its run, or NULL",
    "layer": "its layer",
    "format": "its format",
    "stream": "its stream",
    "agent": "its agent",
    "tool": "its tool",
    "ts_ns": "its time",
    "code": "masked, removed, attributes, events or links (the last three: dropped)",
    "side": "args or result, where the attribute is that; else NULL",
    "keys": "the attributes by name, comma-separated, or NULL: only counted",
    "number": "how many",
}

# One scan of all attributes, and the prefilter is a search for two plain words.
_DECLARED = r"""
    SELECT event, attributes FROM events
    WHERE contains(attributes, 'redaction.') OR contains(attributes, 'dropped')
"""
_KEYS = r'"redaction\.(?:body\.)?{code}\.keys":(?:"([^"\\]*)"|\[([^\]]*)\])'
_COUNT = r'"redaction\.(?:body\.)?{code}\.count":"?(\d{{1,9}})'
_DROPPED = r'"(?:dropped{Word}Count|dropped_{word}(?:_count)?|otel\.dropped_{word}_count)":"?([1-9]\d{{0,9}})'


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    from auditrail.readers._vocabulary import vocabulary

    parts = [
        f"SELECT event, '{code}' AS code, "
        f"regexp_extract(attributes, '{_KEYS.format(code=word)}', 1) || replace(regexp_extract(attributes, "
        f"'{_KEYS.format(code=word)}', 2), '\"', '') AS keys, "
        f"try_cast(nullif(regexp_extract(attributes, '{_COUNT.format(code=word)}', 1), '') AS BIGINT) AS number "
        f"FROM declared WHERE contains(attributes, 'redaction.')"
        for code, word in (("masked", "masked"), ("removed", "redacted"))
    ]
    parts += [
        f"SELECT event, '{word}' AS code, NULL AS keys, list_sum([try_cast(n AS BIGINT) FOR n IN "
        f"regexp_extract_all(attributes, '{_DROPPED.format(Word=word.capitalize(), word=word)}', 1)]) AS number "
        f"FROM declared WHERE contains(attributes, 'dropped')"
        for word in ("attributes", "events", "links")
    ]
    content = vocabulary().content_keys()
    rows = ", ".join(f"({_text(key)}, '{side}')" for key, side in sorted(content.items()))
    connection.execute(
        f"""
        CREATE TEMP TABLE attribute_losses AS
        WITH declared AS MATERIALIZED ({_DECLARED}), found AS ({" UNION ALL ".join(parts)}),
        content(key, side) AS (VALUES {rows}),
        keyed AS (
            SELECT event, code, trim(unnest(string_split(keys, ','))) AS key FROM found WHERE keys <> ''
        ), told AS (
            SELECT k.event, k.code, c.side, string_agg(DISTINCT k.key, ', ' ORDER BY k.key) AS keys,
                   count(DISTINCT k.key) AS number
            FROM keyed k
            LEFT JOIN content c ON c.key = k.key OR (ends_with(c.key, '.') AND starts_with(k.key, c.key))
            WHERE k.key <> '' GROUP BY k.event, k.code, c.side
            UNION ALL
            SELECT event, code, NULL, NULL, CAST(number AS BIGINT) FROM found
            WHERE coalesce(keys, '') = '' AND number > 0
        )
        SELECT a.event, a.run, a.layer, a.format, a.stream, a.agent, a.tool, a.ts_ns, t.code, t.side, t.keys,
               CAST(t.number AS BIGINT) AS number
        FROM told t JOIN acts a ON a.event = t.event
        """
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
