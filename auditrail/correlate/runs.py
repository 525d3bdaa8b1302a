"""Step 5: the rows of `runs`, `run_members`, `join_keys` and `run_ids`, sorted so that one run is read from a few blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail.model import LAYERS

if TYPE_CHECKING:
    import duckdb

_LAYER_LIST = " || ".join(f"CASE WHEN bool_or(e.layer = '{layer}') THEN '{layer},' ELSE '' END" for layer in LAYERS)

# Keys by which events join: owners keep theirs, shared ids follow, then what was inferred. Members carry only the
# key: sorting five million rows of integers takes a third of the time that sorting their texts does.
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
late AS (SELECT key, kind, value FROM keys WHERE key > (SELECT owners FROM top) + (SELECT coalesce(max(vid), 0) FROM vals))
SELECT n.event, n.ts_ns, l.label,
    CASE WHEN n.event = l.via_own THEN (SELECT owners FROM top) + l.via_vid ELSE n.owner END AS key,
    CASE WHEN l.label = n.owner THEN 'exact' ELSE 'linked' END AS confidence,
    CASE WHEN l.label = n.owner THEN NULL WHEN n.event = l.via_own THEN l.via_event
        ELSE coalesce(l.via_own, l.via_event) END AS via_event
FROM named n JOIN labels l ON l.owner = n.owner
UNION ALL
SELECT -l.owner, e.ts_ns, l.label, (SELECT owners FROM top) + coalesce(l.via_vid, a.vid), 'linked', l.via_event
FROM labels l JOIN nameless e ON e.event = -l.owner LEFT JOIN anchors a ON a.owner = l.owner
UNION ALL
SELECT i.event, e.ts_ns, i.label, k.key, 'inferred', i.via_event FROM inferred i JOIN nameless e ON e.event = i.event
JOIN late k ON k.kind = i.via_kind AND k.value = i.via_value
UNION ALL
SELECT g.event, e.ts_ns, g.label, k.key, 'linked', NULL FROM grouped g JOIN nameless e ON e.event = g.event
JOIN late k ON k.kind = g.kind AND k.value = g.value
"""

# The first of loose events that were put together names their run by the id that they share.
_ANCHORS = """
CREATE OR REPLACE TEMP TABLE anchors AS
SELECT l.owner, min(o.vid) AS vid FROM labels l JOIN occ o ON o.owner = l.owner
WHERE l.owner < 0 AND l.label = l.owner GROUP BY l.owner
"""

_NAMES = """
CREATE OR REPLACE TEMP TABLE run_names AS
SELECT owner AS label, kind, value FROM owners WHERE owner IN (SELECT label FROM labels)
UNION ALL SELECT a.owner, v.kind, v.value FROM anchors a JOIN vals v ON v.vid = a.vid
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
INSERT INTO run_members
SELECT r.run, m.event, m.ts_ns, m.key, m.confidence, m.via_event
FROM members m JOIN runs r ON r.parent_event = m.label
ORDER BY r.run NULLS LAST, m.ts_ns NULLS LAST, m.event NULLS LAST
"""

_JOIN_KEYS = """
INSERT INTO join_keys SELECT key, kind, value FROM keys WHERE key IN (SELECT key FROM run_members)
ORDER BY key NULLS LAST
"""

_IDS = """
INSERT INTO run_ids
SELECT value, kind, run FROM (
    SELECT id AS value, id_kind AS kind, run FROM runs
    UNION SELECT o.value, o.kind, r.run FROM owners o JOIN labels l ON l.owner = o.owner
        JOIN runs r ON r.parent_event = l.label
    UNION SELECT e.session_id, 'session', m.run FROM live e JOIN run_members m ON m.event = e.event
        WHERE e.session_id IS NOT NULL
    UNION SELECT e.conversation_id, 'conversation', m.run FROM live e JOIN run_members m ON m.event = e.event
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
    """Fills the four tables anew."""
    for table in ("runs", "run_members", "join_keys", "run_ids"):
        connection.execute(f"DELETE FROM {table}")
    for step in (_ANCHORS, _KEYS, _MEMBERS, _NAMES, _FACTS, _AGENTS, _RUNS, _EVENTS, _JOIN_KEYS, _IDS, _PARENTS):
        connection.execute(step)
    connection.execute("UPDATE runs SET parent_event = NULL")
    connection.execute(
        "UPDATE runs SET parent_run = s.id, parent_event = s.event, parent_via = 'parent_run' "
        "FROM spawned s WHERE s.run = runs.run"
    )
