"""`units`: things that leave several records behind, each counted by stream: what a whole one has can be learnt.

A unit is a tool call, a request to a service, an answer of a model, a span with what it caused, or a run. Its `kind`,
`agent`, `tool` and `outcome` say which others are like it: a call that was denied is no model for one that was not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAME = "units"
NEEDS = ("acts", "calls", "call_acts", "run_facts", "stream_habits")
COLUMNS = {
    "kind": "call, request, response, span or run",
    "run": "runs.run",
    "key": "the unit inside the run: label of a call, id of a request, answer or span, or a blank",
    "agent": "the agent",
    "tool": "the tool, or what else is alike, or a blank",
    "outcome": "ok, error or denied",
    "format": "format of a stream that has records of it",
    "stream": "that stream; * where each run has a stream of its own",
    "phase": "what these records are: wish, begin, end, span, decision, line, answer, or kind and name",
    "n": "how many it has",
    "event": "the first of them",
    "first_ns": "first time",
    "last_ns": "last time",
}
# A stream of fewer runs than this is one of many alike, such as a file for each session.
_FEW_RUNS = 5


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(
        f"""
        CREATE TEMP TABLE units AS
        WITH named AS (
            SELECT run, coalesce(agent, '') AS agent, coalesce(failed, false) AS failed FROM run_facts WHERE named
        ),
        wording AS (  -- names that are no path of one request
            SELECT name FROM acts WHERE kind = 'span' AND layer = 'other' GROUP BY name HAVING count(*) >= 20
        ),
        classes AS (
            SELECT format, stream, CASE WHEN runs < {_FEW_RUNS} THEN '*' ELSE stream END AS class FROM stream_habits
        ), asked AS (  -- the call that a request was made for says what the request is like
            SELECT a.run, a.request, min(k.tool) AS tool, min(k.outcome) AS outcome
            FROM call_acts c JOIN acts a ON a.event = c.event
            JOIN calls k ON k.run = c.run AND k.call = c.call AND k.turn = c.turn
            WHERE a.request IS NOT NULL AND a.layer <> 'llm' GROUP BY a.run, a.request
        ), told AS (
            SELECT 'call' AS kind, c.run, k.label AS key, coalesce(k.tool, '') AS tool, k.outcome, a.format, a.stream,
                   CASE c.phase WHEN 'other' THEN 'line' ELSE c.phase END AS phase, a.event, a.ts_ns, false AS bad
            FROM call_acts c JOIN calls k ON k.run = c.run AND k.call = c.call AND k.turn = c.turn
            JOIN acts a ON a.event = c.event
            WHERE c.phase = 'decision' OR c.phase = 'other' AND a.layer <> 'llm' AND a.kind <> 'span'
               OR c.phase <> 'other' AND NOT c.by_request
            UNION ALL
            SELECT 'request', a.run, a.request,
                   coalesce(k.tool, max(a.tool) OVER (PARTITION BY a.run, a.request), ''), k.outcome, a.format,
                   a.stream,
                   CASE WHEN a.layer = 'policy' OR a.kind = 'decision' THEN 'decision' WHEN a.kind = 'span' THEN 'span'
                        ELSE 'line' END, a.event, a.ts_ns,
                   a.status IN ('error', 'denied') OR a.decision IN ('deny', 'not_run', 'ask')
            FROM acts a LEFT JOIN asked k ON k.run = a.run AND k.request = a.request
            WHERE a.run IS NOT NULL AND a.request IS NOT NULL AND a.layer <> 'llm'
            UNION ALL
            SELECT 'response', run, response, '', 'ok', format, stream, 'answer', event, ts_ns, false
            FROM acts WHERE run IS NOT NULL AND response IS NOT NULL AND kind <> 'call'
            UNION ALL
            SELECT 'span', p.run, p.span,
                   p.stream || '/' || p.layer || '/'
                   || coalesce(p.tool, CASE WHEN p.layer = 'other' THEN w.name END, ''),
                   CASE WHEN p.status IN ('error', 'denied') THEN 'error' ELSE 'ok' END, a.format, a.stream, 'span',
                   a.event, a.ts_ns, false
            FROM acts p JOIN acts a ON a.run = p.run AND (a.parent = p.span OR a.event = p.event)
            LEFT JOIN wording w ON w.name = p.name
            WHERE p.kind = 'span' AND p.span IS NOT NULL AND p.layer <> 'agent' AND a.kind = 'span'
            UNION ALL
            SELECT 'run', run, '', '', NULL, format, stream, 'answer:last', event, ts_ns, false FROM (
                SELECT run, format, stream, arg_max(kind, order_by) AS kind, arg_max(event, order_by) AS event,
                       arg_max(ts_ns, order_by) AS ts_ns
                FROM (SELECT *, (coalesce(end_ns, ts_ns), kind = 'call', event) AS order_by FROM acts
                      WHERE run IS NOT NULL AND layer = 'llm' AND ts_ns IS NOT NULL)
                GROUP BY run, format, stream
            ) WHERE kind <> 'call'
            UNION ALL
            SELECT 'run', run, '', '', NULL, format, stream, kind || ':' || coalesce(name, ''), event, ts_ns, false
            FROM acts
            WHERE run IS NOT NULL AND call IS NULL AND request IS NULL AND tool IS NULL
              AND layer IN ('agent', 'other') AND kind IN ('start', 'end', 'message', 'log')
        )
        SELECT t.kind, t.run, t.key, n.agent, t.tool,
               coalesce(t.outcome, CASE WHEN t.failed OR t.kind = 'run' AND n.failed THEN 'error' ELSE 'ok' END)
               AS outcome, t.format,
               c.class AS stream, t.phase, count(*) AS n, min(t.event) AS event, min(t.ts_ns) AS first_ns,
               max(t.ts_ns) AS last_ns
        FROM (
            SELECT *,
                   CASE WHEN kind = 'request' THEN bool_or(bad) OVER (PARTITION BY run, key, kind) END AS failed,
                   kind = 'request' AND bool_and(phase = 'decision') OVER (PARTITION BY run, key, kind) AS decisions
            FROM told
        ) t
        JOIN named n ON n.run = t.run AND NOT t.decisions JOIN classes c ON c.format = t.format AND c.stream = t.stream
        GROUP BY ALL
        """
    )
