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
        WITH named AS (SELECT run, coalesce(agent, '') AS agent FROM run_facts WHERE named),
        classes AS (
            SELECT format, stream, CASE WHEN runs < {_FEW_RUNS} THEN '*' ELSE stream END AS class FROM stream_habits
        ), told AS (
            SELECT 'call' AS kind, c.run, k.label AS key, coalesce(k.tool, '') AS tool, k.outcome, a.format, a.stream,
                   CASE WHEN a.layer = 'llm' THEN 'wish' ELSE c.phase END AS phase, a.event, a.ts_ns, false AS bad
            FROM call_acts c JOIN calls k ON k.run = c.run AND k.call = c.call AND k.turn = c.turn
            JOIN acts a ON a.event = c.event
            WHERE c.phase <> 'other' AND (c.phase = 'decision' OR NOT c.by_request)
            UNION ALL
            SELECT 'request', run, request, coalesce(max(tool) OVER (PARTITION BY run, request), ''), NULL, format,
                   stream, CASE WHEN layer = 'policy' OR kind = 'decision' THEN 'decision'
                                WHEN kind = 'span' THEN 'span' ELSE 'line' END, event, ts_ns,
                   status IN ('error', 'denied') OR decision IN ('deny', 'not_run', 'ask')
            FROM acts WHERE run IS NOT NULL AND request IS NOT NULL AND layer <> 'llm'
            UNION ALL
            SELECT 'response', run, response, '', 'ok', format, stream, 'answer', event, ts_ns, false
            FROM acts WHERE run IS NOT NULL AND response IS NOT NULL AND kind <> 'call'
            UNION ALL
            SELECT 'span', p.run, p.span, p.stream || '/' || p.layer || '/' || coalesce(p.tool, ''),
                   CASE WHEN p.status IN ('error', 'denied') THEN 'error' ELSE 'ok' END, a.format, a.stream, 'span',
                   a.event, a.ts_ns, false
            FROM acts p JOIN acts a ON a.run = p.run AND (a.parent = p.span OR a.event = p.event)
            WHERE p.kind = 'span' AND p.span IS NOT NULL AND p.layer = 'tool' AND a.kind = 'span'
            UNION ALL
            SELECT 'run', run, '', '', 'ok', format, stream, kind || ':' || coalesce(name, ''), event, ts_ns, false
            FROM acts
            WHERE run IS NOT NULL AND call IS NULL AND request IS NULL AND tool IS NULL
              AND layer IN ('agent', 'other') AND kind IN ('start', 'end', 'message', 'log')
        )
        SELECT t.kind, t.run, t.key, n.agent, t.tool,
               coalesce(t.outcome, CASE WHEN t.failed THEN 'error' ELSE 'ok' END) AS outcome, t.format,
               c.class AS stream, t.phase, count(*) AS n, min(t.event) AS event, min(t.ts_ns) AS first_ns,
               max(t.ts_ns) AS last_ns
        FROM (
            SELECT *, CASE WHEN kind = 'request' THEN bool_or(bad) OVER (PARTITION BY run, key, kind) END AS failed
            FROM told
        ) t
        JOIN named n ON n.run = t.run JOIN classes c ON c.format = t.format AND c.stream = t.stream
        GROUP BY ALL
        """
    )
