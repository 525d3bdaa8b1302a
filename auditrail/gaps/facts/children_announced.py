"""`children_announced`: runs that another run says it spawned, or names as its parent, and that no record is held of.

A call of a tool that nearly always spawns a run announces one, too.

Left out is a run that may well be held under another id: at that time, a run of an agent that such runs are of lacks
the stream that says their names. That stream is missing there, and is told as such.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAME = "children_announced"
NEEDS = ("acts", "call_acts", "calls", "run_facts", "missing_streams")
COLUMNS = {
    "run": "runs.run of the run that names it",
    "id": "the run that is missing, or the label of the call that spawned it",
    "how": "result (a result names it), parent (the run names it as its parent) or habit (such calls spawn a run)",
    "event": "the event that names it",
    "others_held": "runs that are held of all that are announced in this way",
    "others_all": "runs announced in this way",
}
_SHARE, _LEAST = 0.95, 20
# A run may begin so long after the last record of the run that started it.
_NEAR_NS = 60_000_000_000


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(
        f"""
        CREATE TEMP TABLE children_announced AS
        WITH ids_held AS (SELECT DISTINCT value FROM run_ids WHERE kind IN ('run', 'trace')),
        spawned AS (
            SELECT m.run, substring(i.value, 9) AS id, min(i.event) AS event
            FROM ids_more i JOIN run_members m ON m.event = i.event
            WHERE i.kind = 'other' AND starts_with(i.value, 'spawned:') GROUP BY ALL
        ), parents AS (
            SELECT m.run, i.value AS id, min(i.event) AS event
            FROM ids_more i JOIN run_members m ON m.event = i.event JOIN run_facts f ON f.run = m.run AND f.named
            WHERE i.kind = 'parent_run' GROUP BY ALL
        ), homes AS (  -- whose runs are announced, and which streams say their names
            SELECT DISTINCT a.agent, a.format, a.stream
            FROM events e JOIN acts a ON a.event = e.event
            WHERE e.run_id IN (SELECT id FROM spawned UNION SELECT id FROM parents)
        ), nameless AS (
            SELECT m.run, m.from_ns, m.to_ns FROM missing_streams m
            JOIN homes h ON h.agent = m.agent AND h.format = m.format AND h.stream = m.stream
        ), named AS (
            SELECT s.*, 'result' AS how, h.value IS NOT NULL AS held
            FROM spawned s LEFT JOIN ids_held h ON h.value = s.id
            UNION ALL
            SELECT p.*, 'parent', h.value IS NOT NULL FROM parents p LEFT JOIN ids_held h ON h.value = p.id
        ), counted AS (
            SELECT how, count(*) FILTER (WHERE held) AS others_held, count(*) AS others_all FROM named GROUP BY how
        ), spawners AS (
            SELECT c.run, c.label AS id, coalesce(c.begin, c.ran) AS event, coalesce(c.agent, '') AS agent, c.tool,
                   EXISTS (SELECT 1 FROM call_acts k JOIN runs r ON r.parent_event = k.event
                           WHERE k.run = c.run AND k.call = c.call AND k.turn = c.turn) AS held
            FROM calls c
            WHERE c.ran IS NOT NULL AND c.outcome = 'ok' AND c.tool IN (
                SELECT k.tool FROM call_acts a JOIN runs r ON r.parent_event = a.event
                JOIN calls k ON k.run = a.run AND k.call = a.call AND k.turn = a.turn
            )
        ), spawning AS (
            SELECT agent, tool, count(*) FILTER (WHERE held) AS others_held, count(*) AS others_all
            FROM spawners GROUP BY agent, tool
            HAVING count(*) >= {_LEAST} AND count(*) FILTER (WHERE held) >= {_SHARE} * count(*)
        )
        SELECT n.run, n.id, n.how, n.event, c.others_held, c.others_all
        FROM named n JOIN counted c ON c.how = n.how JOIN run_facts f ON f.run = n.run
        WHERE NOT n.held AND NOT EXISTS (
            SELECT 1 FROM nameless m
            WHERE m.run <> n.run AND m.from_ns <= f.ended_ns AND m.to_ns >= f.started_ns - {_NEAR_NS}
        )
        UNION ALL
        SELECT s.run, s.id, 'habit', s.event, g.others_held, g.others_all
        FROM spawners s JOIN spawning g ON g.agent = s.agent AND g.tool = s.tool
        WHERE NOT s.held
        """
    )
