"""`content_marks`: arguments and results that the log itself says are not whole, and who still holds them.

One row for each side of an event whose state is redacted, hashed, truncated or offloaded (`auditrail.content` says how
that is told), and for each one that a redactor names in the event's attributes (`attribute_losses`).

A witness is a record of another stream of the same run that has the same side of the same call, present
(`gaps.sides`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail.content import redaction_pattern
from auditrail.gaps import sides

if TYPE_CHECKING:
    import duckdb

NAME = "content_marks"
NEEDS = ("acts", "attribute_losses")
COLUMNS = {
    "event": "events.event",
    "run": "its run, or NULL",
    "side": "args or result",
    "what": "as `what` of findings",
    "state": "redacted, hashed, truncated or offloaded",
    "layer": "its layer",
    "format": "its format",
    "stream": "its stream",
    "agent": "its agent",
    "tool": "its tool",
    "ts_ns": "its time",
    "held": "which side of what, in words",
    "told": "what tells it: the members that are marked, the pointers that a policy engine names, or the mark",
    "witness": "event of another stream that holds the value, or NULL",
    "witness_stream": "its stream",
}

_STATES = "('redacted', 'hashed', 'truncated', 'offloaded')"
# Names of members whose whole value is a mark; in JSON text inside of JSON the quotes are escaped.
_MEMBER = r'(?i)"([\w .$-]{{1,60}})\\*"\s*:\s*\[?\s*\\*"\s*{mark}\s*\\*"'
_SHOWN = 3
# A redactor's mark is short; a longer text is content.
_MARK_LENGTH = 60


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(
        f"""
        CREATE TEMP TABLE content_marks AS
        WITH named AS (
            SELECT event, side, any_value(code || ' by the redaction processor: ' || keys) AS told
            FROM attribute_losses WHERE side IS NOT NULL GROUP BY event, side
        ), marked AS (
            SELECT a.event, 'args' AS side, a.args_state AS state FROM acts a WHERE a.args_state IN {_STATES}
            UNION ALL
            SELECT a.event, 'result', a.result_state FROM acts a WHERE a.result_state IN {_STATES}
            UNION ALL
            SELECT n.event, n.side, 'redacted' FROM named n JOIN acts a ON a.event = n.event
            WHERE CASE n.side WHEN 'args' THEN a.args_state ELSE a.result_state END NOT IN {_STATES}
        ), texts AS (
            SELECT m.event, m.side, CASE m.side WHEN 'args' THEN e.args ELSE e.result END AS value,
                   CASE WHEN m.state = 'redacted' AND contains(e.attributes, '"erased"') OR
                             contains(e.attributes, '"masked"') THEN e.attributes END AS attributes
            FROM marked m JOIN events e ON e.event = m.event
        ), told AS (
            SELECT event, side, value, {_pointers()} AS pointers, {_members()} AS members FROM texts
        ), held AS ({sides.holders("marked")})
        SELECT m.event, a.run, m.side,
               {sides.what("m.side", "m.event")} AS what, m.state,
               a.layer, a.format, a.stream, a.agent, a.tool, a.ts_ns,
               {sides.words("m.side", "a")} AS held,
               coalesce(nullif(t.pointers, ''), nullif(concat_ws('; ', nullif(t.members, ''), n.told), ''),
                        CASE WHEN m.state = 'redacted' AND length(t.value) <= {_MARK_LENGTH} THEN trim(t.value) END
               ) AS told,
               h.witness, h.stream AS witness_stream
        FROM marked m
        JOIN acts a ON a.event = m.event
        LEFT JOIN told t ON t.event = m.event AND t.side = m.side
        LEFT JOIN named n ON n.event = m.event AND n.side = m.side
        LEFT JOIN held h ON h.event = m.event AND h.side = m.side
        """
    )


def _pointers() -> str:
    """What OPA's mask policy erased or masked of this side: `/input/arguments/iban erased`."""
    parts = [
        f"[p || ' {word}' FOR p IN json_extract_string(attributes, '$.{word}[*]') "
        "IF starts_with('/' || ltrim(p, '/'), CASE side WHEN 'args' THEN '/input' ELSE '/result' END)]"
        for word in ("erased", "masked")
    ]
    return _joined(f"list_concat({', '.join(f'coalesce({part}, [])' for part in parts)})")


def _members() -> str:
    pattern = _MEMBER.format(mark=redaction_pattern()).replace("'", "''")
    return _joined(f"regexp_extract_all(value, '{pattern}', 1)")


def _joined(items: str) -> str:
    distinct = f"list_sort(list_distinct({items}))"
    more = f"CASE WHEN len({distinct}) > {_SHOWN} THEN ', ...' ELSE '' END"
    return f"array_to_string({distinct}[1:{_SHOWN}], ', ') || {more}"
