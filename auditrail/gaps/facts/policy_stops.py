"""`policy_stops`: calls of a tool that were decided on until some day, and never since, though the policy went on.

A tool that an agent begins to call on a way around the policy shows so: no share of all its calls would tell. A call
that is told to be denied, by a decision that nobody holds, is no exception.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAME = "policy_stops"
NEEDS = ("acts", "calls")
COLUMNS = {
    "run": "runs.run",
    "call": "the tool call id",
    "label": "the call in a `what`",
    "agent": "the agent",
    "tool": "the tool",
    "format": "format of the stream that held the decisions",
    "stream": "that stream",
    "event": "a record of the call",
    "ts_ns": "first time of the call",
    "to_ns": "last time of the call",
    "decided": "calls of the tool by the agent that were decided on, until the last one",
    "before": "calls of the tool by the agent until then",
}
# So many calls before must have been decided on, nearly all, and so many since not; the stream goes on if it holds
# so many decisions since.
_BEFORE, _SHARE, _SINCE, _STILL = 10, 0.9, 3, 3


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(
        f"""
        CREATE TEMP TABLE policy_stops AS
        WITH made AS (  -- where no log tells that the agent's calls are carried out, those that its model asks for
            SELECT *, coalesce(ran, ended, begin, CASE WHEN max(coalesce(ran, ended, begin))
                   OVER (PARTITION BY coalesce(agent, '')) IS NULL THEN wish END) AS shown
            FROM calls WHERE tool IS NOT NULL AND first_ns IS NOT NULL
        ), carried AS (
            SELECT c.*, coalesce(c.agent, '') AS whose, a.format, a.stream
            FROM made c LEFT JOIN acts a ON a.event = c.decided WHERE c.shown IS NOT NULL
        ), last AS (
            SELECT whose, tool, max(first_ns) AS last_ns, arg_max(format, first_ns) AS format,
                   arg_max(stream, first_ns) AS stream
            FROM carried WHERE decided IS NOT NULL GROUP BY ALL
        ), habits AS (
            SELECT l.*, count(*) FILTER (WHERE c.first_ns <= l.last_ns) AS before,
                   count(c.decided) AS decisions, count(*) FILTER (WHERE c.first_ns > l.last_ns) AS since
            FROM last l JOIN carried c ON c.whose = l.whose AND c.tool = l.tool
            GROUP BY ALL
            HAVING decisions >= {_BEFORE} AND decisions >= {_SHARE} * before AND since >= {_SINCE}
        ), alive AS (  -- the policy still decides on other calls of the agent
            SELECT h.whose, h.tool
            FROM habits h JOIN carried c ON c.whose = h.whose AND c.stream = h.stream AND c.first_ns > h.last_ns
            GROUP BY ALL HAVING count(*) >= {_STILL}
        )
        SELECT c.run, c.call, c.label, c.agent, c.tool, h.format, h.stream, c.shown AS event, c.first_ns AS ts_ns,
               c.last_ns AS to_ns, h.decisions AS decided, h.before
        FROM habits h JOIN alive e ON e.whose = h.whose AND e.tool = h.tool
        JOIN carried c ON c.whose = h.whose AND c.tool = h.tool AND c.first_ns > h.last_ns
        """
    )
