"""Step 2: owners of events: every run id, and every trace id that belongs to no run.

Makes the temporary tables

- `owners`: owner (key, dense from 1), kind (run or trace), value, label (the owner that stands for the run, or
  NULL while a trace waits for one), via_event (the record that names the trace together with its run).
- `named`: event -> owner, for every event that has a run or a trace id.
- `parents`: child owner -> parent owner, for runs that say which run spawned them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

_STEPS = (
    # Keys in order of value, so that the same evidence gives the same keys.
    """
    CREATE OR REPLACE TEMP TABLE pairs AS
    SELECT run_id, trace_id, min(event) AS first, min(ts_ns) AS t0, max(coalesce(end_ns, ts_ns)) AS t1
    FROM live WHERE run_id IS NOT NULL OR trace_id IS NOT NULL GROUP BY run_id, trace_id
    """,
    """
    CREATE OR REPLACE TEMP TABLE owners AS
    SELECT row_number() OVER (ORDER BY kind NULLS LAST, value NULLS LAST) AS owner, kind, value, t0, t1,
        NULL::BIGINT AS label, NULL::BIGINT AS via_event
    FROM (
        SELECT 'run' AS kind, run_id AS value, min(t0) AS t0, max(t1) AS t1 FROM pairs
        WHERE run_id IS NOT NULL GROUP BY run_id
        UNION ALL
        SELECT 'trace', trace_id, min(t0), max(t1) FROM pairs WHERE trace_id IS NOT NULL GROUP BY trace_id
    )
    """,
    "UPDATE owners SET label = owner WHERE kind = 'run'",
    # Which run spawned which: a record of the child names its parent.
    """
    CREATE OR REPLACE TEMP TABLE parents AS
    SELECT c.owner AS child, min(p.owner) AS parent, count(DISTINCT p.owner) AS claims, min(m.event) AS event
    FROM ids_more m JOIN live e ON e.event = m.event
    JOIN owners c ON c.kind = 'run' AND c.value = e.run_id
    JOIN owners p ON p.kind = 'run' AND p.value = m.value
    WHERE m.kind = 'parent_run' AND c.owner <> p.owner
    GROUP BY c.owner
    """,
    # Runs that a record names together with a trace.
    """
    CREATE OR REPLACE TEMP TABLE claims AS
    SELECT t.owner AS trace, r.owner AS run, p.first FROM pairs p
    JOIN owners t ON t.kind = 'trace' AND t.value = p.trace_id
    JOIN owners r ON r.kind = 'run' AND r.value = p.run_id
    """,
    # A trace that one run claims is that run's; of several, it is the one that spawned all others.
    """
    CREATE OR REPLACE TEMP TABLE claimed AS
    SELECT trace, count(*) AS runs, min(run) FILTER (WHERE NOT spawned) AS run,
        count(*) FILTER (WHERE NOT spawned) AS roots, arg_min(first, run) FILTER (WHERE NOT spawned) AS first
    FROM (
        SELECT c.*, EXISTS (
            SELECT 1 FROM parents p JOIN claims o ON o.run = p.parent WHERE p.child = c.run AND o.trace = c.trace
        ) AS spawned FROM claims c
    ) GROUP BY trace
    """,
    """
    UPDATE owners SET label = c.run, via_event = c.first
    FROM claimed c WHERE c.trace = owners.owner AND c.roots = 1
    """,
    """
    INSERT INTO conflicts
    SELECT 'shared-id', 'trace', o.value, c.runs, 0, 'several runs carry this trace id, and none spawned the others: '
        || 'events that carry only the trace are kept as a run of their own'
    FROM claimed c JOIN owners o ON o.owner = c.trace WHERE c.roots <> 1 ORDER BY o.value NULLS LAST
    """,
    """
    CREATE OR REPLACE TEMP TABLE named AS
    SELECT e.event, o.owner FROM live e JOIN owners o ON o.kind = 'run' AND o.value = e.run_id
    UNION ALL
    SELECT e.event, o.owner FROM live e JOIN owners o ON o.kind = 'trace' AND o.value = e.trace_id
    WHERE e.run_id IS NULL
    """,
)


def name(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the owners; `conflicts` gets the traces that several runs claim."""
    for step in _STEPS:
        connection.execute(step)
