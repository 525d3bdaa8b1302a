"""`calls`: one row for each tool call of a run, with the records that tell of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAME = "calls"
NEEDS = ("acts", "call_acts")
COLUMNS = {
    "run": "runs.run",
    "call": "the tool call id",
    "turn": "number of the call among those of this id in the run, from 0",
    "label": "the call in a `what`: its id, with #<turn> appended where the id recurs",
    "agent": "the agent",
    "tool": "the tool",
    "wish": "the event in which a model asks for it, or NULL",
    "begin": "record of its begin in the agent's or the tool's log, or NULL",
    "ended": "record of its end (a result, an error, a span that ended), or NULL",
    "ran": "first record of an agent or a tool that it was carried out, or NULL",
    "decision": "the last decision about it, or NULL",
    "decided": "event of that decision, or NULL",
    "outcome": "denied, error or ok, as its records say; ok also where none says",
    "first_ns": "first time",
    "last_ns": "last time",
}


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(
        """
        CREATE TEMP TABLE calls AS
        SELECT run, call, turn, CASE WHEN turn = 0 THEN call ELSE call || '#' || turn END AS label,
               agent, tool, wish, begin, ended, ran, decision, decided,
               CASE WHEN decision IN ('deny', 'not_run', 'ask') OR denied THEN 'denied' WHEN failed THEN 'error'
                    ELSE 'ok' END AS outcome, first_ns, last_ns
        FROM (
            SELECT c.run, c.call, c.turn, min(a.agent) AS agent,
                   coalesce(min(a.tool) FILTER (WHERE c.phase <> 'decision' AND NOT c.by_request), min(a.tool)) AS tool,
                   min(a.event) FILTER (WHERE c.phase = 'wish') AS wish,
                   min(a.event) FILTER (WHERE c.phase = 'begin' AND a.kind = 'call') AS begin,
                   min(a.event) FILTER (WHERE a.layer <> 'llm' AND NOT c.by_request AND (a.kind IN ('result', 'error')
                                              OR a.kind = 'span' AND a.end_ns IS NOT NULL)) AS ended,
                   min(a.event) FILTER (WHERE a.layer IN ('tool', 'agent') AND NOT c.by_request) AS ran,
                   arg_max(a.decision, (coalesce(a.ts_ns, 0), a.event)) FILTER (WHERE c.phase = 'decision') AS decision,
                   arg_max(a.event, (coalesce(a.ts_ns, 0), a.event)) FILTER (WHERE c.phase = 'decision') AS decided,
                   bool_or(a.status = 'denied') AS denied, bool_or(a.status = 'error') AS failed,
                   min(a.ts_ns) AS first_ns, max(coalesce(a.end_ns, a.ts_ns)) AS last_ns
            FROM call_acts c JOIN acts a ON a.event = c.event
            GROUP BY c.run, c.call, c.turn
            HAVING bool_or(c.phase IN ('wish', 'begin', 'end', 'span'))
        )
        """
    )
