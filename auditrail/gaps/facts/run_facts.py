"""`run_facts`: each run with what its records tell of its begin and its end.

A root span tells both edges; so do records of kind start and end of the agent, and the ends of a conversation: it
begins with what a user or the system says, and ends with the model's answer. Whether a stream writes ends at all is
learnt from the other runs of it: a run without an end is only a crash where its stream writes ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAME = "run_facts"
NEEDS = ("acts",)
COLUMNS = {
    "run": "runs.run",
    "id": "runs.id",
    "agent": "runs.agent",
    "named": "a run or trace id names it",
    "started_ns": "runs.started_ns",
    "ended_ns": "runs.ended_ns",
    "status": "runs.status",
    "failed": "the run ended with an error, or was denied",
    "events": "number of its events, without copies",
    "root": "a root span that ended is held",
    "start_event": "record of its begin (kind start, or the root span), or NULL",
    "end_event": "record of its end (kind end, or the root span), or NULL",
    "first_event": "its first event by time",
    "last_event": "its last event by time",
    "one_record": "all its events stand in one record: a history that was written as a whole",
}


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(
        """
        CREATE TEMP TABLE run_facts AS
        WITH per_run AS (
            SELECT run, count(*) AS events,
                   min(event) FILTER (WHERE kind = 'span' AND span IS NOT NULL AND parent IS NULL
                                      AND end_ns IS NOT NULL) AS root_event,
                   min(event) FILTER (WHERE kind = 'start' AND layer IN ('agent', 'other')) AS start_event,
                   max(event) FILTER (WHERE kind = 'end' AND layer IN ('agent', 'other')) AS end_event,
                   arg_min(event, (ts_ns, event)) FILTER (WHERE ts_ns IS NOT NULL AND NOT inferred) AS first_event,
                   arg_max(event, (ts_ns, event)) FILTER (WHERE ts_ns IS NOT NULL AND NOT inferred) AS last_event
            FROM acts WHERE run IS NOT NULL GROUP BY run
        ), near AS (  -- keys of one record are one number apart; only such runs are worth a look at the records
            SELECT run FROM run_members GROUP BY run HAVING count(*) > 1 AND max(event) - min(event) < count(*) * 2
        ), spread AS (
            SELECT m.run, count(DISTINCT (e.source, e.record)) = 1 AS one_record
            FROM near n JOIN run_members m ON m.run = n.run JOIN events e ON e.event = m.event GROUP BY m.run
        )
        SELECT r.run, r.id, r.agent, r.id_kind IN ('run', 'trace') AS named, r.started_ns, r.ended_ns, r.status,
               r.status IN ('error', 'denied') AS failed, coalesce(p.events, 0) AS events,
               p.root_event IS NOT NULL AS root, coalesce(p.start_event, p.root_event) AS start_event,
               coalesce(p.end_event, p.root_event) AS end_event, p.first_event, p.last_event,
               coalesce(s.one_record, false) AS one_record
        FROM runs r LEFT JOIN per_run p ON p.run = r.run LEFT JOIN spread s ON s.run = r.run
        """
    )
