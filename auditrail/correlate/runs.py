"""Step 5: the rows of `runs`, `run_members`, `join_keys` and `run_ids`, sorted: one run is read from a few blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail import case
from auditrail.terms import LAYERS

if TYPE_CHECKING:
    import duckdb

_LAYER_LIST = " || ".join(
    f"CASE WHEN f.layers & {1 << bit} > 0 THEN '{layer},' ELSE '' END" for bit, layer in enumerate(LAYERS)
)

# Keys by which events join: owners keep theirs, shared ids follow, then what was inferred. Members carry only the
# key, and trust as a number (0 exact, 1 linked, 2 inferred): sorting five million rows of integers takes less than half
# the time that sorting their texts does.
_KEYS = """
CREATE OR REPLACE TEMP TABLE keys AS
WITH top AS (SELECT coalesce(max(owner), 0) AS owners FROM owners),
mid AS (SELECT (SELECT owners FROM top) + coalesce(max(vid), 0) AS vals FROM vals)
SELECT owner AS key, kind, value FROM owners
UNION ALL SELECT (SELECT owners FROM top) + vid, kind, value FROM vals
UNION ALL
SELECT (SELECT vals FROM mid) + row_number() OVER (ORDER BY kind NULLS LAST, value NULLS LAST), kind, value FROM (
    SELECT via_kind AS kind, via_value AS value FROM inferred UNION SELECT kind, value FROM grouped
)
"""

_MEMBERS = """
CREATE OR REPLACE TEMP TABLE members AS
WITH top AS (SELECT coalesce(max(owner), 0) AS owners FROM owners),
late AS (
    SELECT key, kind, value FROM keys WHERE key > (SELECT owners FROM top) + (SELECT coalesce(max(vid), 0) FROM vals)
)
SELECT n.event, l.label,
    CASE WHEN n.event = l.via_own THEN (SELECT owners FROM top) + l.via_vid ELSE n.owner END AS key,
    CASE WHEN l.label = n.owner THEN 0 ELSE 1 END AS trust,
    CASE WHEN l.label = n.owner THEN NULL WHEN n.event = l.via_own THEN l.via_event
        ELSE coalesce(l.via_own, l.via_event) END AS via_event
FROM named n JOIN labels l ON l.owner = n.owner
UNION ALL
SELECT -l.owner, l.label, (SELECT owners FROM top) + coalesce(l.via_vid, a.vid), 1, l.via_event
FROM labels l LEFT JOIN anchors a ON a.owner = l.owner
WHERE l.owner < 0 AND -l.owner NOT IN (SELECT event FROM grouped)
UNION ALL
SELECT i.event, i.label, k.key, 2, i.via_event FROM inferred i
JOIN late k ON k.kind = i.via_kind AND k.value = i.via_value
UNION ALL
SELECT g.event, g.label, k.key, 1, NULL FROM grouped g
JOIN late k ON k.kind = g.kind AND k.value = g.value
"""

# The first of loose events that were put together names their run by the id that they share.
_ANCHORS = """
CREATE OR REPLACE TEMP TABLE anchors AS
SELECT l.owner, min(o.vid) AS vid FROM labels l JOIN occ o ON o.owner = l.owner
WHERE l.owner < 0 AND l.label = l.owner AND -l.owner NOT IN (SELECT event FROM grouped) GROUP BY l.owner
"""

_NAMES = """
CREATE OR REPLACE TEMP TABLE run_names AS
SELECT owner AS label, kind, value FROM owners WHERE owner IN (SELECT label FROM labels)
UNION ALL SELECT a.owner, v.kind, v.value FROM anchors a JOIN vals v ON v.vid = a.vid
UNION ALL SELECT DISTINCT label, kind, value FROM grouped
"""

_FACTS = """
CREATE OR REPLACE TEMP TABLE facts AS
SELECT m.label, min(e.ts_ns) AS started, max(coalesce(e.end_ns, e.ts_ns)) AS ended, count(*) AS events,
    bit_or(CASE e.layer WHEN 'agent' THEN 1 WHEN 'llm' THEN 2 WHEN 'tool' THEN 4 WHEN 'policy' THEN 8 ELSE 16 END)
        AS layers,
    count(*) FILTER (WHERE e.status = 'error') AS errors,
    count(*) FILTER (WHERE e.status = 'denied' OR e.decision = 'deny') AS denials
FROM members m JOIN live e ON e.event = m.event GROUP BY m.label
"""

# What the run's own end says, and what its root span says: few rows, so a query of their own.
_OUTCOMES = """
CREATE OR REPLACE TEMP TABLE outcomes AS
SELECT m.label,
    arg_max(e.status, (e.ts_ns, e.event)) FILTER (WHERE e.kind = 'end') AS ended_as,
    arg_min(e.status, (e.ts_ns, e.event)) FILTER (WHERE e.kind = 'span' AND e.parent_span_id IS NULL) AS root_as
FROM live e JOIN members m ON m.event = e.event
WHERE e.layer = 'agent' AND e.status <> 'unknown' AND e.kind IN ('end', 'span') GROUP BY m.label
"""

# A second pass for what needs the texts: both at once would hold three times the groups in memory, and spill.
_GROUPS = """
CREATE OR REPLACE TEMP TABLE groups AS
SELECT m.label, e.stream, e.agent, e.source, count(*) AS n, min(e.event) AS first,
    bool_or(e.layer = 'agent' AND m.trust = 0) AS own
FROM members m JOIN live e ON e.event = m.event GROUP BY m.label, e.stream, e.agent, e.source
"""

# The agent that names itself on records of the agent's own layer, or else is named most often.
_AGENTS = """
CREATE OR REPLACE TEMP TABLE run_agents AS
SELECT s.label, s.streams, a.agent
FROM (SELECT label, count(DISTINCT stream) AS streams FROM groups GROUP BY label) s LEFT JOIN (
    SELECT label, arg_max(agent, (own::INTEGER, n, -first)) AS agent FROM (
        SELECT label, agent, sum(n)::BIGINT AS n, min(first) AS first, bool_or(own) AS own FROM groups
        WHERE agent IS NOT NULL GROUP BY label, agent
    ) GROUP BY label
) a ON a.label = s.label
"""

_STREAMS = """
INSERT INTO agent_streams
WITH named AS (
    SELECT a.label, a.agent FROM run_agents a JOIN run_names n ON n.label = a.label
    WHERE a.agent IS NOT NULL AND n.kind IN ('run', 'trace')
), totals AS (
    SELECT agent, count(*) AS n FROM named GROUP BY agent
)
SELECT a.agent, s.format, g.stream, count(DISTINCT g.label), t.n
FROM groups g JOIN named a ON a.label = g.label JOIN totals t ON t.agent = a.agent
JOIN sources s ON s.source = g.source
WHERE g.stream IS NOT NULL AND s.format IS NOT NULL GROUP BY a.agent, s.format, g.stream, t.n
ORDER BY a.agent NULLS LAST, s.format NULLS LAST, g.stream NULLS LAST
"""

_RUNS = f"""
INSERT INTO runs
SELECT row_number() OVER (ORDER BY f.started NULLS LAST, n.value NULLS LAST, n.kind NULLS LAST, f.label NULLS LAST),
    n.value, n.kind, a.agent, f.started, f.ended,
    coalesce(o.ended_as, o.root_as, 'unknown'), f.events, f.errors, f.denials, rtrim({_LAYER_LIST}, ','), a.streams,
    NULL, f.label, NULL
FROM facts f JOIN run_names n ON n.label = f.label JOIN run_agents a ON a.label = f.label
LEFT JOIN outcomes o ON o.label = f.label
"""

_EVENTS = """
INSERT INTO run_members
SELECT run, event, key, CASE trust WHEN 0 THEN 'exact' WHEN 1 THEN 'linked' ELSE 'inferred' END, via_event FROM (
    SELECT r.run, m.event, m.key, m.trust, m.via_event FROM members m JOIN runs r ON r.parent_event = m.label
    ORDER BY r.run NULLS LAST, m.event NULLS LAST
)
"""

_JOIN_KEYS = """
INSERT INTO join_keys
SELECT key, kind, value FROM keys WHERE key IN (SELECT key FROM members) ORDER BY key NULLS LAST
"""

_IDS = """
INSERT INTO run_ids
SELECT value, kind, run FROM (
    SELECT o.value, o.kind, r.run FROM labelled o JOIN runs r ON r.parent_event = o.label
    UNION ALL SELECT id, id_kind, run FROM runs WHERE id_kind NOT IN ('run', 'trace')
    UNION ALL SELECT DISTINCT e.session_id, 'session', r.run FROM live e JOIN members m ON m.event = e.event
        JOIN runs r ON r.parent_event = m.label WHERE e.session_id IS NOT NULL AND r.id_kind <> 'session'
    UNION ALL SELECT DISTINCT e.conversation_id, 'conversation', r.run FROM live e JOIN members m ON m.event = e.event
        JOIN runs r ON r.parent_event = m.label WHERE e.conversation_id IS NOT NULL AND r.id_kind <> 'conversation'
) ORDER BY value NULLS LAST, kind NULLS LAST, run NULLS LAST
"""

# The call of the parent that spawned a child: one that the child names, or that both carry.
_SPAWNING = """
CREATE OR REPLACE TEMP TABLE spawning AS
SELECT child, min(event) AS event FROM (
    SELECT k.child, po.event FROM parents k JOIN occ co ON co.owner = k.child
    JOIN occ po ON po.vid = co.vid AND po.owner = k.parent
    UNION ALL
    SELECT k.child, e.event FROM parents k JOIN ids_more m ON m.kind = 'parent_call'
    JOIN named c ON c.event = m.event AND c.owner = k.child
    JOIN live e ON e.tool_call_id = m.value JOIN named p ON p.event = e.event AND p.owner = k.parent
) GROUP BY child
"""

_LABELLED = """
CREATE OR REPLACE TEMP TABLE labelled AS
SELECT o.kind, o.value, l.label FROM owners o JOIN labels l ON l.owner = o.owner
"""

# Until here `runs.parent_event` held the label; now it gets its own meaning.
_PARENTS = """
CREATE OR REPLACE TEMP TABLE spawned AS
SELECT c.run, p.id, g.event FROM parents k JOIN runs c ON c.parent_event = k.child
JOIN runs p ON p.parent_event = k.parent LEFT JOIN spawning g ON g.child = k.child
"""


def write(connection: duckdb.DuckDBPyConnection) -> None:
    """Fills the five tables anew."""
    for table in ("runs", "run_members", "join_keys", "run_ids", "agent_streams"):
        connection.execute(f"DELETE FROM {table}")
    for step in (_ANCHORS, _SPAWNING, _KEYS, _MEMBERS, _NAMES):
        connection.execute(step)
    connection.execute(_LABELLED)
    case.drop(connection, "named", "nameless", "occ", "labels", "vals", "anchors", "inferred", "grouped")
    for step in (_FACTS, _OUTCOMES, _GROUPS, _AGENTS, _STREAMS, _RUNS):
        connection.execute(step)
    case.drop(connection, "groups", "facts", "outcomes", "run_agents", "run_names")
    # A run is read from a few blocks only if the rows lie as they are sorted.
    connection.execute("SET preserve_insertion_order = true")
    for step in (_EVENTS, _JOIN_KEYS, _IDS, _PARENTS):
        connection.execute(step)
    connection.execute("UPDATE runs SET parent_event = NULL")
    connection.execute(
        "UPDATE runs SET parent_run = s.id, parent_event = s.event, parent_via = 'parent_run' "
        "FROM spawned s WHERE s.run = runs.run"
    )
