"""Step 5: the rows of `runs`, `run_events` and `run_ids`, sorted so that one run is read from a few blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail.model import LAYERS

if TYPE_CHECKING:
    import duckdb

_LAYER_LIST = " || ".join(f"CASE WHEN bool_or(e.layer = '{layer}') THEN '{layer},' ELSE '' END" for layer in LAYERS)

_MEMBERS = """
CREATE OR REPLACE TEMP TABLE members AS
SELECT n.event, l.label,
    CASE WHEN n.event = l.via_own THEN v.kind ELSE o.kind END AS via_kind,
    CASE WHEN n.event = l.via_own THEN v.value ELSE o.value END AS via_value,
    CASE WHEN l.label = o.owner THEN 'exact' ELSE 'linked' END AS confidence,
    CASE WHEN l.label = o.owner THEN NULL WHEN n.event = l.via_own THEN l.via_event
        ELSE coalesce(l.via_own, l.via_event) END AS via_event
FROM named n JOIN owners o ON o.owner = n.owner JOIN labels l ON l.owner = n.owner
LEFT JOIN vals v ON v.vid = l.via_vid
UNION ALL
SELECT -l.owner, l.label, coalesce(v.kind, a.kind), coalesce(v.value, a.value), 'linked', l.via_event
FROM labels l LEFT JOIN vals v ON v.vid = l.via_vid LEFT JOIN anchors a ON a.owner = l.owner
WHERE l.owner < 0 AND l.label IS NOT NULL
UNION ALL SELECT event, label, via_kind, via_value, 'inferred', via_event FROM inferred
UNION ALL SELECT event, label, kind, value, 'linked', NULL FROM grouped
"""

# The first of loose events that were put together names their run by the id that they share.
_ANCHORS = """
CREATE OR REPLACE TEMP TABLE anchors AS
SELECT l.owner, arg_min(v.kind, (v.rank, v.vid)) AS kind, arg_min(v.value, (v.rank, v.vid)) AS value
FROM labels l JOIN occ o ON o.owner = l.owner JOIN vals v ON v.vid = o.vid
WHERE l.owner < 0 AND l.label = l.owner GROUP BY l.owner
"""

_NAMES = """
CREATE OR REPLACE TEMP TABLE run_names AS
SELECT owner AS label, kind, value FROM owners WHERE owner = label OR owner IN (SELECT label FROM labels)
UNION ALL SELECT owner, kind, value FROM anchors
UNION ALL SELECT DISTINCT label, kind, value FROM grouped
"""

_FACTS = f"""
CREATE OR REPLACE TEMP TABLE facts AS
SELECT m.label, min(e.ts_ns) AS started, max(coalesce(e.end_ns, e.ts_ns)) AS ended, count(*) AS events,
    {_LAYER_LIST} AS layers, count(DISTINCT e.stream) AS streams,
    arg_max(e.status, (e.ts_ns, e.event)) FILTER (WHERE e.kind = 'end' AND e.layer = 'agent' AND e.status <> 'unknown')
        AS ended_as,
    arg_min(e.status, (e.ts_ns, e.event)) FILTER (WHERE e.kind = 'span' AND e.layer = 'agent' AND e.status <> 'unknown'
        AND e.parent_span_id IS NULL) AS root_as,
    bool_or(e.status = 'error') AS any_error, bool_or(e.status = 'denied') AS any_denied,
    bool_or(e.status = 'ok') AS any_ok
FROM members m JOIN live e ON e.event = m.event GROUP BY m.label
"""

_AGENTS = """
CREATE OR REPLACE TEMP TABLE run_agents AS
SELECT label, arg_max(agent, (named_by_agent, n, -first)) AS agent FROM (
    SELECT m.label, e.agent, count(*) AS n, min(e.event) AS first,
        max(CASE WHEN e.layer = 'agent' AND m.confidence = 'exact' THEN 1 ELSE 0 END) AS named_by_agent
    FROM members m JOIN live e ON e.event = m.event WHERE e.agent IS NOT NULL GROUP BY m.label, e.agent
) GROUP BY label
"""

_RUNS = """
INSERT INTO runs
SELECT row_number() OVER (ORDER BY f.started NULLS LAST, n.value NULLS LAST, n.kind NULLS LAST, f.label NULLS LAST),
    n.value, n.kind, a.agent, f.started, f.ended,
    coalesce(f.ended_as, f.root_as, CASE WHEN f.any_error THEN 'error' WHEN f.any_denied THEN 'denied'
        WHEN f.any_ok THEN 'ok' ELSE 'unknown' END),
    f.events, rtrim(f.layers, ','), f.streams, NULL, f.label, NULL
FROM facts f JOIN run_names n ON n.label = f.label LEFT JOIN run_agents a ON a.label = f.label
"""

_EVENTS = """
INSERT INTO run_events
SELECT r.run, m.event, e.ts_ns, m.via_kind, m.via_value, m.confidence, m.via_event
FROM members m JOIN runs r ON r.parent_event = m.label JOIN live e ON e.event = m.event
ORDER BY r.run NULLS LAST, e.ts_ns NULLS LAST, m.event NULLS LAST
"""

_IDS = """
INSERT INTO run_ids
SELECT value, kind, run FROM (
    SELECT id AS value, id_kind AS kind, run FROM runs
    UNION SELECT o.value, o.kind, r.run FROM owners o JOIN labels l ON l.owner = o.owner
        JOIN runs r ON r.parent_event = l.label
    UNION SELECT e.session_id, 'session', m.run FROM run_events m JOIN live e ON e.event = m.event
        WHERE e.session_id IS NOT NULL
    UNION SELECT e.conversation_id, 'conversation', m.run FROM run_events m JOIN live e ON e.event = m.event
        WHERE e.conversation_id IS NOT NULL
) ORDER BY value NULLS LAST, kind NULLS LAST, run NULLS LAST
"""

# Until here `runs.parent_event` held the label; now it gets its own meaning.
_PARENTS = """
CREATE OR REPLACE TEMP TABLE spawned AS
SELECT c.run, p.id, p.run AS parent, coalesce((
        SELECT min(po.event) FROM occ po JOIN occ co ON co.vid = po.vid AND co.owner = k.child
        WHERE po.owner = k.parent
    ), NULL) AS event
FROM parents k JOIN runs c ON c.parent_event = k.child JOIN runs p ON p.parent_event = k.parent
"""


def write(connection: duckdb.DuckDBPyConnection) -> None:
    """Fills the three tables anew."""
    for table in ("runs", "run_events", "run_ids"):
        connection.execute(f"DELETE FROM {table}")
    for step in (_ANCHORS, _MEMBERS, _NAMES, _FACTS, _AGENTS, _RUNS, _EVENTS, _IDS, _PARENTS):
        connection.execute(step)
    connection.execute("UPDATE runs SET parent_event = NULL")
    connection.execute(
        "UPDATE runs SET parent_run = s.id, parent_event = s.event, parent_via = 'parent_run' "
        "FROM spawned s WHERE s.run = runs.run"
    )
