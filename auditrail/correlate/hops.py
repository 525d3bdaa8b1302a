"""Part of step 3: traces that begin where another agent is called, across a hop that starts a new trace.

A trace with an agent's own root span is that agent's run. Where it shares a tying id with the run of another agent
that was under way, or its records link to that run's trace, it is a child of that run, and is not merged into it.
So is a trace that a run's own log names, of which the caller has left no log: the caller's trace is a run of its own.
A trace without such a root (a gateway's, a tool server's) is a part of the run and is tied as any other.

Makes `hopped` (child_event: the root of the child, parent_event: the record of the parent that carries the id, kind),
and takes from `occ` the shared id off the child, so that it speaks for the parent alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail import case

if TYPE_CHECKING:
    import duckdb

# Clocks of two hosts differ by seconds: a child may seem to begin before the call that spawned it.
SLACK_NS = 5_000_000_000
# A number with a word before it (`call_1`) recurs in every run: it says nothing of two runs that carry it.
COUNTER = "^[A-Za-z]{0,12}[_-]?[0-9]{1,6}$"

_ROOTED = """
CREATE OR REPLACE TEMP TABLE rooted AS
SELECT o.owner, o.t0, o.t1, arg_min(e.event, (e.ts_ns, e.event)) AS root, arg_min(e.agent, (e.ts_ns, e.event)) AS agent,
    arg_min(e.ts_ns, (e.ts_ns, e.event)) AS began, any_value(o.label) IS NOT NULL AS named
FROM live e JOIN named n ON n.event = e.event JOIN owners o ON o.owner = n.owner
WHERE e.kind = 'span' AND e.layer = 'agent' AND e.parent_span_id IS NULL AND e.agent IS NOT NULL AND e.ts_ns IS NOT NULL
AND o.kind = 'trace'
GROUP BY o.owner, o.t0, o.t1
"""

# Who may have called: another agent's rooted trace, or a run that has a name of its own.
_CALLERS = """
CREATE OR REPLACE TEMP TABLE callers AS
SELECT owner, agent, t0, t1, false AS named FROM rooted WHERE NOT named
UNION ALL
SELECT o.owner, min(e.agent), any_value(o.t0), any_value(o.t1), true FROM owners o
JOIN named n ON n.owner = o.owner JOIN live e ON e.event = n.event
WHERE o.kind = 'run' AND e.agent IS NOT NULL
AND o.owner IN (SELECT owner FROM occ WHERE vid IN (
    SELECT vid FROM occ WHERE owner IN (SELECT owner FROM rooted WHERE NOT named)))
GROUP BY o.owner HAVING count(DISTINCT e.agent) = 1
"""

# The child is the one that began while the other was under way; of several callers, the one that began last.
_HOPPED = f"""
CREATE OR REPLACE TEMP TABLE hopped AS
SELECT owner, root AS child_event, vid, parent, parent_event, kind FROM (
    SELECT r.owner, r.root, p.vid, p.owner AS parent, p.event AS parent_event, v.kind, row_number() OVER (
        PARTITION BY r.owner ORDER BY c.t0 DESC NULLS LAST, p.owner NULLS LAST, p.vid NULLS LAST) AS place
    FROM rooted r JOIN occ o ON o.owner = r.owner JOIN occ p ON p.vid = o.vid AND p.owner <> r.owner
    JOIN callers c ON c.owner = p.owner JOIN vals v ON v.vid = p.vid
    WHERE c.agent <> r.agent AND NOT (r.named AND c.named)
    AND c.t0 < r.began + {SLACK_NS} AND c.t1 > r.began - {SLACK_NS} AND c.t0 < r.t0
) WHERE place = 1
"""


# What two agents count alike ties neither to the other, and makes no part of a run out of another agent's trace.
_COUNTED = f"""
CREATE OR REPLACE TEMP TABLE occ AS
SELECT o.* FROM occ o LEFT JOIN (
    SELECT DISTINCT r.owner, q.vid FROM rooted r JOIN occ q ON q.owner = r.owner
    JOIN vals v ON v.vid = q.vid AND regexp_matches(v.value, '{COUNTER}')
    JOIN occ p ON p.vid = q.vid AND p.owner <> r.owner JOIN callers c ON c.owner = p.owner AND c.agent <> r.agent
    WHERE NOT r.named
) s ON s.owner = o.owner AND s.vid = o.vid WHERE s.vid IS NULL
"""


def find(connection: duckdb.DuckDBPyConnection) -> None:
    """Finds the hops; see the module."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE hopped (owner BIGINT, child_event BIGINT, vid BIGINT, parent BIGINT, "
        "parent_event BIGINT, kind VARCHAR)"
    )
    connection.execute(_ROOTED)
    if case.one(connection, "SELECT 1 FROM rooted WHERE NOT named LIMIT 1") is None:
        return
    connection.execute(_CALLERS)
    connection.execute(_COUNTED)
    connection.execute(_HOPPED)
    if case.one(connection, "SELECT 1 FROM hopped LIMIT 1") is not None:
        # Every id that child and parent share is the parent's.
        connection.execute(
            """
            CREATE OR REPLACE TEMP TABLE occ AS
            SELECT o.* FROM occ o LEFT JOIN (
                SELECT DISTINCT h.owner, c.vid FROM hopped h JOIN occ c ON c.owner = h.owner
                JOIN occ p ON p.vid = c.vid AND p.owner = h.parent
            ) s ON s.owner = o.owner AND s.vid = o.vid WHERE s.vid IS NULL
            """
        )
        # The child is named from the start, unless its own agent's log holds the run that it belongs to.
        connection.execute(
            """
            UPDATE owners SET label = owner WHERE owner IN (
                SELECT h.owner FROM hopped h JOIN rooted r ON r.owner = h.owner AND NOT r.named WHERE NOT EXISTS (
                    SELECT 1 FROM occ o JOIN occ p ON p.vid = o.vid AND p.owner <> o.owner
                    JOIN callers c ON c.owner = p.owner JOIN owners w ON w.owner = c.owner
                    WHERE o.owner = h.owner AND c.agent = r.agent AND w.kind = 'run'
                )
            )
            """
        )
    # A run of an agent that links to another trace comes after it (the next turn, say) and is no part of it.
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE occ AS
        SELECT o.* FROM occ o JOIN vals v ON v.vid = o.vid JOIN owners w ON w.owner = o.owner
        WHERE v.kind <> 'linked_trace' OR v.value = w.value OR o.owner NOT IN (SELECT owner FROM rooted WHERE NOT named)
        UNION ALL SELECT * FROM occ WHERE owner < 0
        """
    )
    case.drop(connection, "rooted", "callers")
