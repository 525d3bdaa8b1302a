"""Step 3: owners without a run, and events without a name, join through ids that they share with a run.

Label propagation, set-based: `occ` says which owner carries which shared id, `labels` which run an owner belongs to.
In each round every id whose labelled owners agree hands its label on; an id whose owners disagree joins nothing.
An event without a name is an owner of its own here, with the key -event.

Makes `labels` (owner, label, via_vid: the shared id that joined it, via_event: the event of the run that carries
that id, via_own: its own event that carries it), and adds to `conflicts`. Tables are written anew in each round:
the engine updates a table in place row by row, and took ten times as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail import case

if TYPE_CHECKING:
    import duckdb

# Strongest first: when two ids point to different runs, the kind with the lower rank decides.
TYING = ("tool_call", "request", "response", "decision", "message", "span")
# An id that this many owners carry is a constant or a counter, not an id.
HUB_OWNERS = 256
# A run and an event that share an id but lie further apart share it by accident (counters such as `call_1` recur).
REUSE_GAP_NS = 3_600_000_000_000
# Traces are merged more carefully, since either may be a run of its own.
TRACE_GAP_NS = 600_000_000_000
TRACE_SHARES = 8

_RANKS = " ".join(f"WHEN '{kind}' THEN {rank}" for rank, kind in enumerate(TYING))

# Values that occur with more than one owner. The hash only pre-selects: owners are compared by key below.
_SHARED = """
    SELECT '{kind}' AS kind, {kind}_id AS value FROM live WHERE {kind}_id IS NOT NULL GROUP BY {kind}_id
    HAVING min(hash(coalesce(run_id, trace_id, event::VARCHAR))) <> max(hash(coalesce(run_id, trace_id, event::VARCHAR)))
"""

# A span id ties only events that lack the trace id: with it, the trace has joined them already.
_SPANS = """
    SELECT DISTINCT 'span' AS kind, value FROM (
        SELECT span_id AS value FROM live WHERE trace_id IS NULL AND run_id IS NULL
        UNION ALL SELECT parent_span_id FROM live WHERE trace_id IS NULL AND run_id IS NULL
    ) WHERE value IS NOT NULL
"""


def _collect(connection: duckdb.DuckDBPyConnection) -> None:
    kinds = [kind for kind in TYING if kind != "span"]
    shared = " UNION ALL ".join(_SHARED.format(kind=kind) for kind in kinds)
    further = ", ".join(f"'{kind}'" for kind in kinds)
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE vals AS
        SELECT row_number() OVER (ORDER BY kind NULLS LAST, value NULLS LAST) AS vid, kind, value,
            CASE kind {_RANKS} END AS rank
        FROM (
            {shared} UNION {_SPANS}
            UNION SELECT kind, value FROM ids_more WHERE kind IN ({further})
        )
        """
    )
    columns = [
        f"SELECT v.vid, e.event FROM live e JOIN vals v ON v.kind = '{kind}' AND v.value = e.{kind}_id"
        for kind in kinds
    ]
    columns.append("SELECT v.vid, e.event FROM live e JOIN vals v ON v.kind = 'span' AND v.value = e.span_id")
    columns.append(
        "SELECT v.vid, e.event FROM live e JOIN vals v ON v.kind = 'span' AND v.value = e.parent_span_id "
        "WHERE e.trace_id IS NULL AND e.run_id IS NULL"
    )
    columns.append(
        "SELECT v.vid, m.event FROM ids_more m JOIN vals v ON v.kind = m.kind AND v.value = m.value "
        "WHERE m.event NOT IN (SELECT event FROM copies)"
    )
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE occ AS
        SELECT c.vid, coalesce(n.owner, -c.event) AS owner, min(c.event) AS event
        FROM ({" UNION ALL ".join(columns)}) c LEFT JOIN named n ON n.event = c.event
        GROUP BY c.vid, coalesce(n.owner, -c.event)
        """
    )


def _drop_hubs(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE OR REPLACE TEMP TABLE degrees AS SELECT vid, count(*) AS n FROM occ GROUP BY vid")
    connection.execute(
        f"""
        INSERT INTO conflicts SELECT 'hub', v.kind, v.value, d.n, d.n,
            'more than {HUB_OWNERS} runs or loose events carry this id: it joins nothing'
        FROM degrees d JOIN vals v ON v.vid = d.vid WHERE d.n > {HUB_OWNERS} ORDER BY v.kind NULLS LAST, v.value NULLS LAST
        """
    )
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE occ AS SELECT o.* FROM occ o JOIN degrees d ON d.vid = o.vid
        WHERE d.n > 1 AND d.n <= {HUB_OWNERS}
        """
    )


def _start_labels(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE labels AS
        SELECT owner, label, NULL::BIGINT AS via_vid, via_event, NULL::BIGINT AS via_own, t0, t1 FROM owners
        UNION ALL
        SELECT -e.event, NULL, NULL, NULL, NULL, e.ts_ns, coalesce(e.end_ns, e.ts_ns)
        FROM live e WHERE e.run_id IS NULL AND e.trace_id IS NULL
        """
    )


def _spread(connection: duckdb.DuckDBPyConnection, gap_ns: int) -> None:
    """Hands labels on until nothing changes. Each round follows one more hop from a labelled owner."""
    while True:
        connection.execute(
            """
            CREATE OR REPLACE TEMP TABLE speaking AS
            SELECT o.vid, min(l.label) AS low, max(l.label) AS high, min(o.event) AS event,
                min(l.t0) AS t0, max(l.t1) AS t1
            FROM occ o JOIN labels l ON l.owner = o.owner WHERE l.label IS NOT NULL GROUP BY o.vid
            """
        )
        # Of a parent and its child, which both carry the call that spawned the child, the parent speaks.
        connection.execute(
            """
            CREATE OR REPLACE TEMP TABLE agreed AS
            SELECT vid, low AS label, event, t0, t1 FROM speaking WHERE low = high
            UNION ALL
            SELECT s.vid, p.parent, s.event, s.t0, s.t1 FROM speaking s JOIN parents p
            ON (p.child = s.high AND p.parent = s.low) OR (p.child = s.low AND p.parent = s.high)
            """
        )
        connection.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE gained AS
            SELECT owner, arg_min(label, (rank, vid)) AS label, arg_min(vid, (rank, vid)) AS vid,
                arg_min(event, (rank, vid)) AS via_event, arg_min(own, (rank, vid)) AS via_own,
                count(DISTINCT label) AS claims
            FROM (
                SELECT o.owner, a.label, v.rank, o.vid, a.event, o.event AS own FROM occ o
                JOIN labels l ON l.owner = o.owner AND l.label IS NULL
                JOIN agreed a ON a.vid = o.vid JOIN vals v ON v.vid = o.vid
                WHERE l.t0 IS NULL OR a.t0 IS NULL OR (l.t0 - a.t1 <= {gap_ns} AND a.t0 - l.t1 <= {gap_ns})
            ) GROUP BY owner
            """
        )
        if not _any(connection, "gained"):
            return
        _relabel(connection, "gained")


def _any(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    return case.one(connection, f"SELECT 1 FROM {table} LIMIT 1") is not None


def _relabel(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Gives the owners in `table` (owner, label, vid, via_event, via_own) the label that stands there."""
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE labels AS
        SELECT l.owner, coalesce(l.label, g.label) AS label, coalesce(l.via_vid, g.vid) AS via_vid,
            coalesce(l.via_event, g.via_event) AS via_event, coalesce(l.via_own, g.via_own) AS via_own, l.t0, l.t1
        FROM labels l LEFT JOIN {table} g ON g.owner = l.owner
        """
    )


def _merge(connection: duckdb.DuckDBPyConnection, *, traces: bool) -> None:
    """Puts owners together that have no label yet: connected components by the smallest key.

    With `traces`, only trace owners, and only through ids that few of them share, close in time. A number with a
    word before it (`call_1`) recurs in every run and merges no traces. Without, only loose events.
    """
    side = "l.owner > 0" if traces else "l.owner < 0"
    limits = (
        f"""AND v.kind <> 'span' AND NOT regexp_matches(v.value, '^[A-Za-z]{{0,12}}[_-]?[0-9]{{1,6}}$')
        AND o.vid IN (SELECT vid FROM degrees WHERE n <= {TRACE_SHARES})"""
        if traces
        else ""
    )
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE loose AS
        SELECT o.vid, o.owner, o.event, l.t0, l.t1 FROM occ o JOIN labels l ON l.owner = o.owner
        JOIN vals v ON v.vid = o.vid WHERE l.label IS NULL AND {side} {limits}
        """
    )
    gap = TRACE_GAP_NS if traces else REUSE_GAP_NS
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE edges AS
        SELECT DISTINCT a.owner AS a, b.owner AS b FROM loose a
        JOIN (SELECT vid, arg_min(owner, abs(owner)) AS owner, arg_min(t0, abs(owner)) AS t0,
              arg_min(t1, abs(owner)) AS t1 FROM loose GROUP BY vid) b ON b.vid = a.vid
        WHERE a.owner <> b.owner
        AND (a.t0 IS NULL OR b.t0 IS NULL OR (a.t0 - b.t1 <= {gap} AND b.t0 - a.t1 <= {gap}))
        """
    )
    if not _any(connection, "edges"):
        return
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE parts AS
        SELECT owner, owner AS part FROM (SELECT a AS owner FROM edges UNION SELECT b FROM edges)
        """
    )
    while True:
        # The smallest part among the neighbours, then one jump ahead (the part of that part): a long chain takes
        # a few rounds instead of one per link.
        connection.execute(
            """
            CREATE OR REPLACE TEMP TABLE nearer AS
            SELECT owner, arg_min(part, abs(part)) AS part FROM (
                SELECT e.a AS owner, p.part FROM edges e JOIN parts p ON p.owner = e.b
                UNION ALL SELECT e.b, p.part FROM edges e JOIN parts p ON p.owner = e.a
                UNION ALL SELECT owner, part FROM parts
            ) GROUP BY owner
            """
        )
        connection.execute(
            """
            CREATE OR REPLACE TEMP TABLE jumped AS SELECT n.owner, q.part FROM nearer n JOIN nearer q ON q.owner = n.part
            """
        )
        moved = case.one(
            connection, "SELECT 1 FROM jumped j JOIN parts p ON p.owner = j.owner WHERE j.part <> p.part LIMIT 1"
        )
        connection.execute("CREATE OR REPLACE TEMP TABLE parts AS SELECT * FROM jumped")
        if moved is None:
            break
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE merged AS
        SELECT p.owner, p.part AS label, arg_min(x.vid, (v.rank, x.vid)) AS vid,
            arg_min(CASE WHEN s.owners[1] = p.owner THEN s.events[2] ELSE s.events[1] END, (v.rank, x.vid)) AS via_event,
            arg_min(x.event, (v.rank, x.vid)) AS via_own
        FROM parts p JOIN loose x ON x.owner = p.owner JOIN vals v ON v.vid = x.vid
        JOIN (
            SELECT y.vid, q.part, arg_min(y.owner, abs(y.owner), 2) AS owners, arg_min(y.event, abs(y.owner), 2) AS events
            FROM loose y JOIN parts q ON q.owner = y.owner GROUP BY y.vid, q.part
        ) s ON s.vid = x.vid AND s.part = p.part AND len(s.owners) > 1
        WHERE p.owner <> p.part GROUP BY p.owner, p.part
        UNION ALL SELECT owner, part, NULL, NULL, NULL FROM parts WHERE owner = part
        """
    )
    _relabel(connection, "merged")


def _report(connection: duckdb.DuckDBPyConnection) -> None:
    """Ids that several runs carry, unless one of the runs spawned the others: reused, so they joined nothing."""
    connection.execute(
        """
        INSERT INTO conflicts
        SELECT 'shared-id', v.kind, v.value, s.runs, s.events,
            'several runs carry this id: it joined nothing that has no run of its own'
        FROM (
            SELECT o.vid, count(DISTINCT l.label) AS runs, count(*) AS events, count(*) FILTER (WHERE l.label IS NULL) AS left_over,
                count(DISTINCT l.label) FILTER (WHERE p.parent IS NULL OR NOT EXISTS (
                    SELECT 1 FROM occ o2 JOIN labels l2 ON l2.owner = o2.owner WHERE o2.vid = o.vid AND l2.label = p.parent
                )) AS roots
            FROM occ o JOIN labels l ON l.owner = o.owner LEFT JOIN parents p ON p.child = l.label GROUP BY o.vid
        ) s JOIN vals v ON v.vid = s.vid WHERE s.roots > 1 ORDER BY v.kind NULLS LAST, v.value NULLS LAST
        """
    )


def tie(connection: duckdb.DuckDBPyConnection) -> None:
    """Labels every owner and event that a tying id leads to a run."""
    _collect(connection)
    _drop_hubs(connection)
    _start_labels(connection)
    _spread(connection, REUSE_GAP_NS)
    _merge(connection, traces=True)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE alone AS SELECT owner, owner AS label, NULL::BIGINT AS vid, "
        "NULL::BIGINT AS via_event, NULL::BIGINT AS via_own FROM labels WHERE label IS NULL AND owner > 0"
    )
    _relabel(connection, "alone")
    _spread(connection, REUSE_GAP_NS)
    _merge(connection, traces=False)
    _report(connection)
