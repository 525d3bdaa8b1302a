"""`call_acts`: the records of tool calls, each with the call that it is about and what it tells of it.

`phase` is wish (a model asks for the call), begin, end, span (begin and end in one record), decision, or other (a line
that only names the call). A policy's decision, and a log line, often names the request that the call made and not the
call; it belongs to the call whose span, or whose other record, names that request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail import case

if TYPE_CHECKING:
    import duckdb

NAME = "call_acts"
NEEDS = ("acts", "call_turns")
COLUMNS = {
    "run": "runs.run",
    "call": "the tool call id",
    "turn": "number of the call among those of this id in the run, from 0",
    "event": "events.event",
    "phase": "wish, begin, end, span, decision or other",
    "by_request": "it names no call itself: the request that the call made ties it",
}


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(
        """
        CREATE TEMP TABLE own_calls AS
        SELECT a.run, a.call, coalesce(t.turn, 0) AS turn, a.event,
               CASE WHEN a.layer = 'llm' THEN CASE WHEN a.kind = 'call' THEN 'wish' ELSE 'other' END
                    WHEN a.layer = 'policy' OR a.kind = 'decision' THEN 'decision'
                    WHEN a.kind IN ('call', 'start') THEN 'begin'
                    WHEN a.kind IN ('result', 'error', 'end') THEN 'end'
                    WHEN a.kind = 'span' THEN 'span' ELSE 'other' END AS phase
        FROM acts a LEFT JOIN call_turns t ON t.event = a.event
        WHERE a.run IS NOT NULL AND a.call IS NOT NULL
        """
    )
    _span_calls(connection)
    connection.execute(
        """
        CREATE TEMP TABLE call_acts AS
        WITH asks AS (  -- requests that belong to one call
            SELECT run, request, min(call) AS call, min(turn) AS turn FROM (
                SELECT a.run, a.request, o.call, o.turn
                FROM own_calls o JOIN acts a ON a.event = o.event
                WHERE a.request IS NOT NULL AND a.layer <> 'llm'
                UNION
                SELECT a.run, a.request, s.call, s.turn
                FROM acts a JOIN span_calls s
                  ON s.run = a.run
                 AND s.span = CASE WHEN a.kind = 'span' THEN a.parent ELSE coalesce(a.span, a.parent) END
                WHERE a.request IS NOT NULL AND a.call IS NULL AND a.layer <> 'llm'
            ) GROUP BY run, request HAVING count(DISTINCT call) = 1 AND count(DISTINCT turn) = 1
        )
        SELECT run, call, turn, event, phase, false AS by_request FROM own_calls
        UNION ALL
        SELECT a.run, s.call, s.turn, a.event,
               CASE WHEN a.layer = 'policy' OR a.kind = 'decision' THEN 'decision' ELSE 'other' END, true
        FROM acts a JOIN asks s ON s.run = a.run AND s.request = a.request
        WHERE a.call IS NULL AND a.layer <> 'llm'
        UNION ALL
        SELECT a.run, s.call, s.turn, a.event, 'decision', true
        FROM acts a JOIN span_calls s ON s.run = a.run AND s.span = coalesce(a.span, a.parent)
        WHERE a.call IS NULL AND a.request IS NULL AND a.kind = 'decision'
        """
    )
    case.drop(connection, "own_calls", "span_calls")


def _span_calls(connection: duckdb.DuckDBPyConnection) -> None:
    """`span_calls`: spans of calls, and the spans below them, three deep: a client's, a server's, a policy's."""
    connection.execute(
        """
        CREATE TEMP TABLE span_calls AS
        SELECT a.run, a.span, min(o.call) AS call, min(o.turn) AS turn
        FROM own_calls o JOIN acts a ON a.event = o.event
        WHERE a.kind = 'span' AND a.span IS NOT NULL AND a.layer <> 'llm'
        GROUP BY a.run, a.span HAVING count(DISTINCT o.call) = 1
        """
    )
    if not case.count(connection, "SELECT count(*) FROM span_calls"):
        return
    for _ in range(3):
        connection.execute(
            """
            INSERT INTO span_calls
            SELECT DISTINCT a.run, a.span, s.call, s.turn
            FROM acts a JOIN span_calls s ON s.run = a.run AND s.span = a.parent
            LEFT JOIN span_calls k ON k.run = a.run AND k.span = a.span
            WHERE a.kind = 'span' AND a.span IS NOT NULL AND a.call IS NULL AND k.span IS NULL
            """
        )
