"""`content_blanks`: single arguments and results that are absent or empty although there were any.

Empty arguments are no gap by themselves: a tool may take none, and a producer may leave out what is empty. What shows
that there were some is

- another stream of the same run that has them for the same call, where the records of this stream about this tool have
  them as a rule (`_SHARE`); a stream that never has them is `content_never`, one that stopped is `content_switches`;
- or the schema of the tool, which requires some (`tool_needs`), where the record says that there were none.

Records of which a redactor or the SDK says that it took an attribute are left out: that tells why (`attribute_losses`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail.gaps import sides

if TYPE_CHECKING:
    import duckdb

NAME = "content_blanks"
NEEDS = ("acts", "attribute_losses", "content_switches", "tool_needs")
COLUMNS = {
    "event": "events.event",
    "run": "its run, or NULL",
    "side": "args or result",
    "what": "as `what` of findings",
    "state": "absent or empty",
    "layer": "its layer",
    "format": "its format",
    "stream": "its stream",
    "agent": "its agent",
    "tool": "its tool",
    "ts_ns": "its time",
    "held": "which side of what, in words",
    "needs": "the members that the tool's schema requires, or NULL",
    "evidence": "cross-witness or counted",
    "witness": "event of another stream that holds the value, or NULL",
    "witness_stream": "its stream",
}

_FEWEST = 5
_SHARE = 0.9


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    parts = " UNION ALL ".join(
        f"""
        SELECT a.event, '{side}' AS side, a.{side}_state AS state, n.members AS needs,
               coalesce(h.has >= {_FEWEST} AND h.has >= {_SHARE} * h.number, false) AS usual
        FROM acts a
        LEFT JOIN habits h ON h.format = a.format AND h.stream = a.stream AND h.layer = a.layer AND h.kind = a.kind
             AND h.tool = a.tool AND h.side = '{side}'
        LEFT JOIN tool_needs n ON n.tool = a.tool AND '{side}' = 'args' AND a.args_state = 'empty'
             AND a.kind IN ('call', 'span', 'decision')
        WHERE a.tool IS NOT NULL AND a.{side}_state IN ('absent', 'empty')
              AND ('{side}' = 'args' OR a.status NOT IN ('error', 'denied'))
              AND (n.members IS NOT NULL OR (h.has >= {_FEWEST} AND h.has >= {_SHARE} * h.number))
        """
        for side in ("args", "result")
    )
    habits = " UNION ALL ".join(
        f"""
        SELECT format, stream, layer, kind, tool, '{side}' AS side, count(*) AS number,
               count(*) FILTER ({side}_state IN {sides.RECORDED}) AS has
        FROM acts WHERE tool IS NOT NULL GROUP BY ALL
        """
        for side in ("args", "result")
    )
    connection.execute(
        f"""
        CREATE TEMP TABLE content_blank_rows AS
        WITH habits AS ({habits}), blank AS ({parts})
        SELECT b.* FROM blank b
        ANTI JOIN content_switches s ON s.event = b.event AND s.side = b.side
        ANTI JOIN attribute_losses l ON l.event = b.event
        """
    )
    connection.execute(
        f"""
        CREATE TEMP TABLE content_blanks AS
        SELECT b.event, a.run, b.side, {sides.what("b.side", "b.event")} AS what, b.state, a.layer, a.format, a.stream,
               a.agent, a.tool, a.ts_ns, {sides.words("b.side", "a")} AS held, b.needs,
               CASE WHEN h.witness IS NOT NULL THEN 'cross-witness' ELSE 'counted' END AS evidence, h.witness,
               h.stream AS witness_stream
        FROM content_blank_rows b
        JOIN acts a ON a.event = b.event
        LEFT JOIN ({sides.holders("content_blank_rows")}) h ON h.event = b.event AND h.side = b.side
        WHERE b.needs IS NOT NULL OR (b.usual AND h.witness IS NOT NULL)
        """
    )
    connection.execute("DROP TABLE content_blank_rows")
