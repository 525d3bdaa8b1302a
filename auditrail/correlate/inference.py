"""Step 4: events that no id leads to a run: by session, or by agent, tool and time, if exactly one run fits.

These joins are marked `inferred` and end here: nothing is joined through them. Makes `inferred` (event, label,
via_kind, via_value, via_event).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail import case

if TYPE_CHECKING:
    import duckdb

# Records of one run reach their streams with clocks that differ by seconds, and sessions outlive runs.
SESSION_SLACK_NS = 60_000_000_000
AGENT_SLACK_NS = 2_000_000_000
TOOL_SLACK_NS = 5_000_000_000
ARGS_SLACK_NS = 60_000_000_000

_PLACED = """
CREATE OR REPLACE TEMP TABLE placed AS
SELECT n.event, l.label FROM named n JOIN labels l ON l.owner = n.owner
UNION ALL SELECT -owner, label FROM labels WHERE owner < 0
"""

_UNPLACED = """
CREATE OR REPLACE TEMP TABLE unplaced AS
SELECT event FROM nameless WHERE NOT EXISTS (SELECT 1 FROM labels l WHERE l.owner = -nameless.event)
"""

_LEFT = """
CREATE OR REPLACE TEMP TABLE leftover AS
SELECT e.event, e.ts_ns, coalesce(e.session_id, e.conversation_id) AS session,
    CASE WHEN e.session_id IS NOT NULL THEN 'session' ELSE 'conversation' END AS session_kind,
    e.agent, e.tool, CASE WHEN e.args_state = 'present' AND length(e.args) > 4 THEN e.args END AS args
FROM unplaced u JOIN live e ON e.event = u.event
"""

_BY_SESSION = f"""
INSERT INTO inferred
WITH sessions AS (
    SELECT coalesce(e.session_id, e.conversation_id) AS session, p.label,
        min(e.ts_ns) AS t0, max(coalesce(e.end_ns, e.ts_ns)) AS t1, min(e.event) AS event
    FROM live e JOIN placed p ON p.event = e.event
    WHERE coalesce(e.session_id, e.conversation_id) IN (SELECT session FROM leftover WHERE session IS NOT NULL)
    GROUP BY 1, 2
)
SELECT x.event, min(s.label), min(x.session_kind), min(x.session), min(s.event) FROM leftover x
JOIN sessions s ON s.session = x.session
AND (x.ts_ns IS NULL OR s.t0 IS NULL OR (x.ts_ns >= s.t0 - {SESSION_SLACK_NS} AND x.ts_ns <= s.t1 + {SESSION_SLACK_NS}))
GROUP BY x.event HAVING count(DISTINCT s.label) = 1
"""

# Runs that cover a moment, counted by starts before it less ends before it; if it is one, it is the one that ends
# last among those that have started.
_BY_AGENT = f"""
INSERT INTO inferred
WITH spans AS (
    SELECT e.agent, p.label, min(e.ts_ns) - {AGENT_SLACK_NS} AS t0,
        max(coalesce(e.end_ns, e.ts_ns)) + {AGENT_SLACK_NS} AS t1, min(e.event) AS event
    FROM live e JOIN placed p ON p.event = e.event
    WHERE e.ts_ns IS NOT NULL AND e.agent IN (SELECT agent FROM waiting) GROUP BY e.agent, p.label
), starts AS (
    SELECT agent, t0, max(n) AS n, arg_max(label, n) AS label, arg_max(t1, n) AS t1, arg_max(event, n) AS event FROM (
        SELECT agent, t0, row_number() OVER w AS n, arg_max(label, t1) OVER w AS label, max(t1) OVER w AS t1,
            arg_max(event, t1) OVER w AS event
        FROM spans WINDOW w AS (PARTITION BY agent ORDER BY t0 NULLS LAST, label NULLS LAST ROWS UNBOUNDED PRECEDING)
    ) GROUP BY agent, t0
), ends AS (
    SELECT agent, t1, max(n) AS n FROM (
        SELECT agent, t1, row_number() OVER (PARTITION BY agent ORDER BY t1 NULLS LAST, label NULLS LAST) AS n
        FROM spans
    ) GROUP BY agent, t1
), started AS (
    SELECT x.event, x.agent, x.ts_ns, s.n, s.label, s.t1, s.event AS via FROM waiting x
    ASOF JOIN starts s ON s.agent = x.agent AND s.t0 <= x.ts_ns
)
SELECT x.event, x.label, 'agent', x.agent, x.via FROM started x
ASOF LEFT JOIN ends d ON d.agent = x.agent AND d.t1 < x.ts_ns
WHERE x.n - coalesce(d.n, 0) = 1 AND x.t1 >= x.ts_ns
"""

_BY_TOOL = f"""
INSERT INTO inferred
WITH calls AS (
    SELECT e.agent, e.tool, e.ts_ns, p.label, e.event FROM live e JOIN placed p ON p.event = e.event
    WHERE e.tool IS NOT NULL AND e.ts_ns IS NOT NULL AND e.agent IN (SELECT agent FROM waiting)
), sides AS (
    SELECT x.event, c.label, c.event AS via, x.ts_ns - c.ts_ns AS gap, x.agent, x.tool FROM waiting x
    ASOF JOIN calls c ON c.agent = x.agent AND c.tool = x.tool AND c.ts_ns <= x.ts_ns
    UNION ALL
    SELECT x.event, c.label, c.event, c.ts_ns - x.ts_ns, x.agent, x.tool FROM waiting x
    ASOF JOIN calls c ON c.agent = x.agent AND c.tool = x.tool AND c.ts_ns >= x.ts_ns
)
SELECT event, min(label), 'agent', min(agent || ' / ' || tool), min(via) FROM sides
WHERE gap <= {TOOL_SLACK_NS} GROUP BY event HAVING count(DISTINCT label) = 1
"""

_BY_ARGS = f"""
INSERT INTO inferred
SELECT x.event, min(p.label), 'args', min(x.tool), min(e.event) FROM waiting x
JOIN live e ON e.tool = x.tool AND e.args = x.args AND e.args_state = 'present'
JOIN placed p ON p.event = e.event
WHERE abs(e.ts_ns - x.ts_ns) <= {ARGS_SLACK_NS} GROUP BY x.event HAVING count(DISTINCT p.label) = 1
"""


def _wait(connection: duckdb.DuckDBPyConnection, condition: str) -> bool:
    """Makes `waiting`: what is still without a run and meets the condition. Returns whether there is anything."""
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE waiting AS SELECT * FROM leftover
        WHERE event NOT IN (SELECT event FROM inferred) AND {condition}
        """
    )
    return case.count(connection, "SELECT count(*) FROM waiting") > 0


def infer(connection: duckdb.DuckDBPyConnection) -> None:
    """Places what is left, strongest ground first: session, arguments, agent and tool, agent alone."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE inferred (event BIGINT, label BIGINT, via_kind VARCHAR, via_value VARCHAR, "
        "via_event BIGINT)"
    )
    loose = case.count(connection, "SELECT count(*) FROM nameless")
    if loose == case.count(connection, "SELECT count(*) FROM labels WHERE owner < 0"):
        return
    connection.execute(_UNPLACED)
    connection.execute(_PLACED)
    connection.execute(_LEFT)
    connection.execute(_BY_SESSION)
    if _wait(connection, "args IS NOT NULL AND tool IS NOT NULL AND ts_ns IS NOT NULL"):
        connection.execute(_BY_ARGS)
    if _wait(connection, "agent IS NOT NULL AND tool IS NOT NULL AND ts_ns IS NOT NULL"):
        connection.execute(_BY_TOOL)
    if _wait(connection, "agent IS NOT NULL AND ts_ns IS NOT NULL"):
        connection.execute(_BY_AGENT)
    case.drop(connection, "placed", "leftover", "waiting", "unplaced")
