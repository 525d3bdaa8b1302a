"""`units`: things that leave several records behind, each counted by stream: what a whole one has can be learnt.

A unit is a tool call, a request to a service, an answer of a model, a span with what it caused, or a run. Its `kind`,
`agent`, `tool` and `outcome` say which others are like it: a call that was denied is no model for one that was not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail import case
from auditrail.gaps.absence import signals

if TYPE_CHECKING:
    import duckdb

NAME = "units"
NEEDS = ("acts", "calls", "call_acts", "run_facts", "stream_habits", "held_streams")
COLUMNS = {
    "kind": "call, request, response, span or run",
    "run": "runs.run",
    "key": "the unit inside the run: label of a call, id of a request, answer or span, or a blank",
    "agent": "the agent",
    "tool": "the tool, or what else is alike, or a blank",
    "outcome": "ok, error or denied",
    "format": "format of a stream that has records of it; log records beside spans have one of their own "
    "(`gaps.absence.signals`)",
    "stream": "that stream; * where each run has a stream of its own",
    "phase": "what these records are: wish, begin, end, span, decision, line, answer, or kind and name",
    "n": "how many it has",
    "event": "the first of them",
    "first_ns": "first time",
    "last_ns": "last time",
}
# A stream of fewer runs than this is one of many alike, such as a file for each session.
_FEW_RUNS = 5


# What each kind of unit consists of, grouped by unit, stream and phase; `classes` names a stream `*` where each run has
# one of its own. Grouping by few and short keys is what makes this fast.
_GROUPED = "count(*) AS n, min(a.event) AS event, min(a.ts_ns) AS first_ns, max(a.ts_ns) AS last_ns"
_CALLS = f"""
    SELECT 'call', g.run, k.label, n.agent, coalesce(k.tool, ''), k.outcome, g.format, g.class, g.phase, g.n, g.event,
           g.first_ns, g.last_ns
    FROM (
        SELECT c.run, c.call, c.turn, s.format, s.class,
               CASE c.phase WHEN 'other' THEN 'line' ELSE c.phase END AS phase, {_GROUPED}
        FROM call_acts c JOIN signal_acts a ON a.event = c.event
        JOIN classes s ON s.format = a.format AND s.stream = a.stream
        WHERE c.phase = 'decision' OR c.phase = 'other' AND a.layer <> 'llm' AND a.kind <> 'span'
           OR c.phase <> 'other' AND NOT c.by_request
        GROUP BY ALL
    ) g
    JOIN calls k ON k.run = g.run AND k.call = g.call AND k.turn = g.turn JOIN named n ON n.run = g.run
"""
# Requests that only the policy tells of are its own questions, and have nothing beside the decision.
_REQUESTS = f"""
    WITH told AS (
        SELECT a.run, a.request, s.format, s.class,
               CASE WHEN a.layer = 'policy' OR a.kind = 'decision' THEN 'decision' WHEN a.kind = 'span' THEN 'span'
                    ELSE 'line' END AS phase, max(a.tool) AS tool,
               bool_or(a.status IN ('error', 'denied') OR a.decision IN ('deny', 'not_run', 'ask')) AS bad, {_GROUPED}
        FROM signal_acts a JOIN classes s ON s.format = a.format AND s.stream = a.stream
        WHERE a.run IS NOT NULL AND a.request IS NOT NULL AND a.layer <> 'llm'
        GROUP BY ALL
    ), whole AS (
        SELECT run, request, max(tool) AS tool, bool_or(bad) AS bad FROM told
        GROUP BY run, request HAVING bool_or(phase <> 'decision')
    ), asked AS (  -- the call that a request was made for says what the request is like
        SELECT a.run, a.request, min(k.tool) AS tool, min(k.outcome) AS outcome
        FROM call_acts c JOIN signal_acts a ON a.event = c.event
        JOIN calls k ON k.run = c.run AND k.call = c.call AND k.turn = c.turn
        WHERE a.request IS NOT NULL AND a.layer <> 'llm' GROUP BY a.run, a.request
    )
    SELECT 'request', t.run, t.request, n.agent, coalesce(k.tool, w.tool, ''),
           coalesce(k.outcome, CASE WHEN w.bad THEN 'error' ELSE 'ok' END), t.format, t.class, t.phase, t.n, t.event,
           t.first_ns, t.last_ns
    FROM told t JOIN whole w ON w.run = t.run AND w.request = t.request JOIN named n ON n.run = t.run
    LEFT JOIN asked k ON k.run = t.run AND k.request = t.request
"""
_RESPONSES = f"""
    SELECT 'response', a.run, a.response, any_value(n.agent), '', 'ok', s.format, s.class, 'answer', {_GROUPED}
    FROM signal_acts a JOIN named n ON n.run = a.run JOIN classes s ON s.format = a.format AND s.stream = a.stream
    WHERE a.response IS NOT NULL AND a.kind <> 'call'
    GROUP BY a.run, a.response, s.format, s.class
"""
_SPANS = f"""
    WITH wording AS (  -- names that are no path of one request
        SELECT name FROM signal_acts WHERE kind = 'span' AND layer = 'other' GROUP BY name HAVING count(*) >= 20
    ), parents AS (
        SELECT p.run, p.span, min(p.stream || '/' || p.layer || '/'
                   || coalesce(p.tool, CASE WHEN p.layer = 'other' THEN w.name END, '')) AS tool,
               CASE WHEN bool_or(p.status IN ('error', 'denied')) THEN 'error' ELSE 'ok' END AS outcome
        FROM signal_acts p LEFT JOIN wording w ON w.name = p.name
        WHERE p.kind = 'span' AND p.span IS NOT NULL AND p.layer <> 'agent' AND p.run IS NOT NULL
        GROUP BY p.run, p.span
    ), told AS (
        SELECT a.run, a.span, a.format, a.stream, a.event, a.ts_ns FROM signal_acts a
        WHERE a.kind = 'span' AND a.span IS NOT NULL AND a.layer <> 'agent'
        UNION ALL
        SELECT a.run, a.parent, a.format, a.stream, a.event, a.ts_ns FROM signal_acts a
        WHERE a.kind = 'span' AND a.parent IS NOT NULL
    )
    SELECT 'span', a.run, a.span, any_value(n.agent), any_value(p.tool), any_value(p.outcome), s.format, s.class,
           'span', {_GROUPED}
    FROM told a JOIN parents p ON p.run = a.run AND p.span = a.span JOIN named n ON n.run = a.run
    JOIN classes s ON s.format = a.format AND s.stream = a.stream
    GROUP BY a.run, a.span, s.format, s.class
"""
# Of a run: its own begin, end and messages, and in each stream of a model whether its last answer asks for no call.
_RUNS = f"""
    WITH ends AS (
        SELECT run, format, stream, max(coalesce(end_ns, ts_ns)) AS last_ns FROM signal_acts
        WHERE run IS NOT NULL AND layer = 'llm' AND ts_ns IS NOT NULL GROUP BY run, format, stream
    ), answers AS (  -- where times are whole seconds, the last answer may be any of these
        SELECT a.run, a.format, a.stream, max(a.event) AS event, max(a.ts_ns) AS ts_ns, bool_or(a.kind = 'call') AS asks
        FROM ends e JOIN signal_acts a ON a.run = e.run AND a.format = e.format AND a.stream = e.stream
                               AND coalesce(a.end_ns, a.ts_ns) = e.last_ns
        WHERE a.layer = 'llm' AND a.ts_ns IS NOT NULL
        GROUP BY a.run, a.format, a.stream, coalesce(a.response, a.request, a.span, a.parent)
    ), told AS (
        SELECT run, format, stream, 'answer:last' AS phase, max(event) AS event, max(ts_ns) AS ts_ns
        FROM answers WHERE NOT asks GROUP BY run, format, stream
        UNION ALL
        SELECT run, format, stream, kind || ':' || coalesce(name, ''), event, ts_ns FROM signal_acts
        WHERE run IS NOT NULL AND call IS NULL AND request IS NULL AND tool IS NULL
          AND layer IN ('agent', 'other') AND kind IN ('start', 'end', 'message', 'log')
    )
    SELECT 'run', a.run, '', any_value(n.agent), '', CASE WHEN any_value(n.failed) THEN 'error' ELSE 'ok' END, s.format,
           s.class, a.phase, {_GROUPED}
    FROM told a JOIN named n ON n.run = a.run JOIN classes s ON s.format = a.format AND s.stream = a.stream
    GROUP BY a.run, s.format, s.class, a.phase
"""


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    signals.split(connection)
    connection.execute(
        f"""
        CREATE TEMP TABLE classes AS
        WITH named AS (
            SELECT format, stream, CASE WHEN runs < {_FEW_RUNS} THEN '*' ELSE stream END AS class FROM stream_habits
        )
        FROM named UNION ALL SELECT * REPLACE (format || '{signals.LOGS}' AS format) FROM named
        """
    )
    connection.execute(
        """
        CREATE TEMP TABLE named AS
        SELECT run, coalesce(agent, '') AS agent, coalesce(failed, false) AS failed FROM run_facts WHERE named
        """
    )
    connection.execute(
        """
        CREATE TEMP TABLE units (
            kind VARCHAR, run BIGINT, key VARCHAR, agent VARCHAR, tool VARCHAR, outcome VARCHAR, format VARCHAR,
            stream VARCHAR, phase VARCHAR, n BIGINT, event BIGINT, first_ns BIGINT, last_ns BIGINT
        )
        """
    )
    for select in (_CALLS, _REQUESTS, _RESPONSES, _SPANS, _RUNS):
        connection.execute(f"INSERT INTO units {select}")
    case.drop(connection, "classes", "named")
