"""`denied_calls`: calls that the policy denied, and whether records show that they were carried out all the same.

A denial leaves traces, too: the agent may log that the call failed, a service that it refused. So a record counts as
an execution only if it says that it went well, or stands in a service, and nothing says that the call failed; and only
where most denied calls of the agent leave no such record. A request that failed and was tried again with success did
not fail: of several requests that one call made, the last one says how it went; and none is a failure of the call where
what the call itself left last says in some stream that it went well, and in none that it did not. A denial that was
enforced may leave nothing beside the decision: it counts among the denied calls, or those that were executed would look
usual.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAME = "denied_calls"
NEEDS = ("acts", "call_acts", "calls")
COLUMNS = {
    "run": "runs.run",
    "label": "the call in a `what`",
    "agent": "the agent",
    "tool": "the tool",
    "event": "the denial",
    "format": "format of its stream",
    "stream": "its stream",
    "witness": "the record that shows the execution, or NULL: it was not carried out",
    "ts_ns": "time of the denial",
    "denied": "denied calls of the agent",
    "executed": "denied calls of the agent that were carried out",
}
# Of fewer denied calls nobody knows how they usually look; there, only a record that says that it went well counts.
_FEW = 5


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(
        f"""
        CREATE TEMP TABLE denied_calls AS
        WITH lasts AS (  -- what the last record that the call itself left in each stream says; many spans say nothing
            SELECT k.run, k.call, k.turn, arg_max(a.status, (coalesce(a.end_ns, a.ts_ns), a.event)) AS status
            FROM call_acts k JOIN acts a ON a.event = k.event
            WHERE k.phase IN ('end', 'span') AND NOT k.by_request AND a.status IS NOT NULL
            GROUP BY k.run, k.call, k.turn, a.format, a.stream
        ), outcomes AS (
            SELECT run, call, turn, bool_or(status = 'ok') AND NOT bool_or(status IN ('error', 'denied')) AS good
            FROM lasts GROUP BY run, call, turn
        ), requests AS (  -- what failed and was tried again with success was carried out: the last attempt counts
            SELECT k.run, k.call, k.turn, a.request, min(coalesce(a.ts_ns, 0)) AS ts_ns,
                   bool_or(a.status IN ('error', 'denied') OR a.kind = 'error') AS failed
            FROM calls c JOIN call_acts k ON k.run = c.run AND k.call = c.call AND k.turn = c.turn
            JOIN acts a ON a.event = k.event
            WHERE c.decision IN ('deny', 'not_run') AND k.by_request AND k.phase <> 'decision' AND a.layer <> 'llm'
              AND a.request IS NOT NULL
            GROUP BY ALL
        ), attempts AS (
            SELECT run, call, turn, arg_max(failed, (ts_ns, request)) AS failed FROM requests GROUP BY ALL
        ), told AS (
            SELECT c.run, c.label, any_value(c.agent) AS agent, any_value(c.tool) AS tool,
                   any_value(c.decided) AS event,
                   min(a.event) FILTER (
                       WHERE k.phase <> 'decision' AND a.layer NOT IN ('llm', 'policy') AND a.status = 'ok'
                         AND (a.kind IN ('result', 'span', 'end') OR k.by_request)
                   ) AS well,
                   min(a.event) FILTER (
                       WHERE k.by_request AND a.layer NOT IN ('llm', 'policy') AND a.kind <> 'span'
                   ) AS served,
                   min(a.event) FILTER (
                       WHERE a.kind = 'result' AND a.layer <> 'llm' AND a.result_state = 'present'
                   ) AS result,
                   coalesce(bool_or(t.failed AND o.good IS NOT TRUE), false) OR bool_or(
                       k.phase <> 'decision' AND a.layer <> 'llm' AND NOT (k.by_request AND a.request IS NOT NULL)
                       AND (a.status = 'denied' OR (a.status = 'error' OR a.kind = 'error') AND o.good IS NOT TRUE)
                   ) AS failed
            FROM calls c JOIN call_acts k ON k.run = c.run AND k.call = c.call AND k.turn = c.turn
            JOIN acts a ON a.event = k.event
            LEFT JOIN attempts t ON t.run = c.run AND t.call = c.call AND t.turn = c.turn
            LEFT JOIN outcomes o ON o.run = c.run AND o.call = c.call AND o.turn = c.turn
            WHERE c.decision IN ('deny', 'not_run')
            GROUP BY c.run, c.label
        ), shown AS (
            SELECT *, CASE WHEN NOT failed THEN well END AS sure,
                   CASE WHEN NOT failed THEN coalesce(well, served, result) END AS likely
            FROM told
        ), alone AS (  -- denials of calls that nothing else tells of
            SELECT coalesce(min(a.agent), '') AS agent
            FROM call_acts k JOIN acts a ON a.event = k.event
            LEFT JOIN calls c ON c.run = k.run AND c.call = k.call AND c.turn = k.turn
            WHERE c.run IS NULL
            GROUP BY k.run, k.call, k.turn
            HAVING arg_max(a.decision, (coalesce(a.ts_ns, 0), a.event)) IN ('deny', 'not_run')
        ), usual AS (
            SELECT agent, count(*) AS denied, count(likely) AS executed
            FROM (SELECT coalesce(agent, '') AS agent, likely FROM shown UNION ALL SELECT agent, NULL FROM alone)
            GROUP BY agent
        )
        SELECT s.run, s.label, s.agent, s.tool, s.event, a.format, a.stream,
               CASE WHEN u.denied < {_FEW} THEN s.sure WHEN u.executed * 5 < u.denied * 4 THEN s.likely END AS witness,
               a.ts_ns, u.denied, u.executed
        FROM shown s JOIN usual u ON u.agent = coalesce(s.agent, '') JOIN acts a ON a.event = s.event
        """
    )
