"""Step 3: owners without a run, and events without a name, join through ids that they share with a run.

Label propagation, set-based: `occ` says which owner carries which shared id, `labels` which run an owner belongs to.
In each round every id whose labelled owners agree hands its label on; an id whose owners disagree joins nothing.
An event without a name is an owner of its own here, with the key -event.

Makes `vals` (vid, kind, value; numbered strongest kind first, so that the smallest of several is the best) and
`labels` (owner, label, via_vid: the shared id that joined it, via_event: the event of the run that carries that id,
via_own: its own event that carries it), and adds to `conflicts`. Everything in the rounds is an integer, and tables
are written anew instead of updated: strings and updates in place took many times as long.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail import case
from auditrail.correlate import hops

if TYPE_CHECKING:
    import duckdb

# Strongest first: when two ids point to different runs, the stronger kind decides.
TYING = ("tool_call", "request", "response", "decision", "message", "span", "linked_trace")
# An id that this many owners carry is a constant or a counter, not an id.
HUB_OWNERS = 256
# A run and an event that share an id but lie further apart share it by accident (counters such as `call_1` recur).
REUSE_GAP_NS = 3_600_000_000_000
# Traces are merged more carefully, since either may be a run of its own.
TRACE_GAP_NS = 600_000_000_000
TRACE_SHARES = 8

_RANKS = " ".join(f"WHEN '{kind}' THEN {rank}" for rank, kind in enumerate(TYING))

# Who carries an id, told apart by hash: it only pre-selects, owners are compared by key below.
_BEARER = """CASE WHEN run_id IS NOT NULL THEN hash(run_id) WHEN trace_id IS NOT NULL THEN hash(trace_id)
    ELSE hash(event) END"""
_SHARED = f"""
    SELECT '{{kind}}' AS kind, {{kind}}_id AS value FROM live WHERE {{kind}}_id IS NOT NULL GROUP BY {{kind}}_id
    HAVING min({_BEARER}) <> max({_BEARER})
"""

# A span id ties only events that lack the trace id: with it, the trace has joined them already.
_SPANS = """
    SELECT DISTINCT 'span' AS kind, value FROM (
        SELECT span_id AS value FROM live WHERE trace_id IS NULL AND run_id IS NULL
        UNION ALL SELECT parent_span_id FROM live WHERE trace_id IS NULL AND run_id IS NULL
    ) WHERE value IS NOT NULL
"""

# A trace whose records link to one other trace goes on from there. One that links to several takes in a batch.
_LINKS = """
    SELECT 'linked_trace' AS kind, min(m.value) AS value FROM ids_more m JOIN live e ON e.event = m.event
    WHERE m.kind = 'linked_trace' AND e.trace_id IS NOT NULL AND m.value <> e.trace_id
    GROUP BY e.trace_id HAVING min(m.value) = max(m.value)
"""


def _collect(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes `vals` and `occ`: which owner carries which shared id, by which of its events, and when it lived."""
    kinds = [kind for kind in TYING if kind not in ("span", "linked_trace")]
    shared = " UNION ALL ".join(_SHARED.format(kind=kind) for kind in kinds)
    further = ", ".join(f"'{kind}'" for kind in kinds)
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE vals AS
        SELECT row_number() OVER (ORDER BY CASE kind {_RANKS} END NULLS LAST, value NULLS LAST) AS vid, kind, value
        FROM (
            {shared} UNION {_SPANS} UNION SELECT kind, value FROM ids_more WHERE kind IN ({further}) UNION {_LINKS}
        )
        """
    )
    columns = [
        f"SELECT v.vid, e.event FROM live e JOIN vals v ON v.kind = '{kind}' AND v.value = e.{kind}_id"
        for kind in (*kinds, "span")
    ]
    columns.append(
        "SELECT v.vid, e.event FROM live e JOIN vals v ON v.kind = 'span' AND v.value = e.parent_span_id "
        "WHERE e.trace_id IS NULL AND e.run_id IS NULL"
    )
    columns.append("SELECT v.vid, e.event FROM live e JOIN vals v ON v.kind = 'linked_trace' AND v.value = e.trace_id")
    columns.append(
        "SELECT v.vid, m.event FROM ids_more m JOIN vals v ON v.kind = m.kind AND v.value = m.value "
        "WHERE m.event NOT IN (SELECT event FROM copies WHERE same_content)"
    )
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE carried AS
        SELECT c.vid, coalesce(n.owner, -c.event) AS owner, min(c.event) AS event
        FROM ({" UNION ALL ".join(columns)}) c LEFT JOIN named n ON n.event = c.event
        GROUP BY c.vid, coalesce(n.owner, -c.event)
        """
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE degrees AS SELECT vid, count(*) AS n FROM carried GROUP BY vid")
    connection.execute(
        f"""
        INSERT INTO conflicts SELECT 'hub', v.kind, v.value, d.n, d.n,
            'more than {HUB_OWNERS} runs or loose events carry this id: it joins nothing'
        FROM degrees d JOIN vals v ON v.vid = d.vid WHERE d.n > {HUB_OWNERS} ORDER BY v.vid NULLS LAST
        """
    )
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE occ AS
        SELECT c.vid, c.owner, c.event, coalesce(o.t0, e.ts_ns) AS t0, coalesce(o.t1, e.t1) AS t1
        FROM carried c JOIN degrees d ON d.vid = c.vid AND d.n > 1 AND d.n <= {HUB_OWNERS}
        LEFT JOIN owners o ON o.owner = c.owner LEFT JOIN nameless e ON e.event = -c.owner
        """
    )
    case.drop(connection, "carried")


def _insert_labels(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Adds the owners of `table` (owner, label, vid, via_event, via_own) to `labels`."""
    connection.execute(f"INSERT INTO labels SELECT owner, label, vid, via_event, via_own FROM {table}")


def _any(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    return case.one(connection, f"SELECT 1 FROM {table} LIMIT 1") is not None


def _begin(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes `state`: who carries which id, with the labels that are known at the start, and notes disputed ids."""
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE state AS
        SELECT o.vid, o.owner, o.event, o.t0, o.t1, l.label FROM occ o LEFT JOIN labels l ON l.owner = o.owner
        """
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE disputed (vid BIGINT)")
    _dispute(connection)


def _dispute(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "INSERT INTO disputed SELECT vid FROM state GROUP BY vid HAVING min(label) <> max(label) "
        "AND vid NOT IN (SELECT vid FROM disputed)"
    )


def _relabel(connection: duckdb.DuckDBPyConnection) -> None:
    """Takes into `state` the labels that were given since, and lets go of ids whose owners all have one."""
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE state AS
        SELECT s.vid, s.owner, s.event, s.t0, s.t1, coalesce(s.label, l.label) AS label
        FROM state s LEFT JOIN labels l ON l.owner = s.owner
        """
    )
    _dispute(connection)


def _spread(connection: duckdb.DuckDBPyConnection) -> None:
    """Hands labels on until nothing changes. Each round follows one more hop from a labelled owner.

    `state` holds only the ids that still have an owner without a label, so a round costs what is left to do.
    """
    while True:
        connection.execute(_ROUND)
        if not _any(connection, "gained"):
            case.drop(connection, "gained")
            return
        _insert_labels(connection, "gained")
        connection.execute(
            """
            CREATE OR REPLACE TEMP TABLE state AS
            WITH labelled AS MATERIALIZED (
                SELECT s.vid, s.owner, s.event, s.t0, s.t1, coalesce(s.label, g.label) AS label
                FROM state s LEFT JOIN gained g ON g.owner = s.owner
            )
            SELECT * FROM labelled WHERE vid IN (SELECT vid FROM labelled WHERE label IS NULL)
            """
        )


# One round, in one statement: a chain of many hops takes many rounds. `speaking`: what the labelled owners of an id
# say; `agreed`: ids whose owners agree (of a parent and its child, which both carry the call that spawned the child,
# the parent speaks); `best`: the strongest such id of every owner without a label.
_ROUND = f"""
CREATE OR REPLACE TEMP TABLE gained AS
WITH speaking AS MATERIALIZED (
    SELECT vid, min(label) AS low, max(label) AS high, min(event) FILTER (label IS NOT NULL) AS event,
        min(t0) FILTER (label IS NOT NULL) AS t0, max(t1) FILTER (label IS NOT NULL) AS t1
    FROM state GROUP BY vid HAVING count(label) BETWEEN 1 AND count(*) - 1
), agreed AS MATERIALIZED (
    SELECT vid, low AS label, event, t0, t1 FROM speaking WHERE low = high
    UNION ALL
    SELECT s.vid, p.parent, s.event, s.t0, s.t1 FROM speaking s JOIN parents p ON p.child = s.high
    WHERE p.parent = s.low
    UNION ALL
    SELECT s.vid, p.parent, s.event, s.t0, s.t1 FROM speaking s JOIN parents p ON p.child = s.low
    WHERE p.parent = s.high
), best AS MATERIALIZED (
    SELECT s.owner, min(s.vid) AS vid FROM state s JOIN agreed a ON a.vid = s.vid
    WHERE s.label IS NULL AND (s.t0 IS NULL OR a.t0 IS NULL
        OR (s.t0 - a.t1 <= {REUSE_GAP_NS} AND a.t0 - s.t1 <= {REUSE_GAP_NS}))
    GROUP BY s.owner
)
SELECT b.owner, a.label, b.vid, a.event AS via_event, s.event AS via_own FROM best b
JOIN agreed a ON a.vid = b.vid JOIN state s ON s.owner = b.owner AND s.vid = b.vid
"""


def _merge(connection: duckdb.DuckDBPyConnection, *, traces: bool) -> None:
    """Puts owners together that have no label yet: connected components by the smallest key.

    With `traces`, only trace owners, and only through ids that few of them share, close in time. A counter
    (`hops.COUNTER`) merges no traces. Without, only loose events.
    """
    side = "o.owner > 0" if traces else "o.owner < 0"
    limits = (
        f"""AND d.n <= {TRACE_SHARES} AND v.kind <> 'span'
        AND NOT regexp_matches(v.value, '{hops.COUNTER}')"""
        if traces
        else ""
    )
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE loose AS
        SELECT o.vid, o.owner, o.event, o.t0, o.t1 FROM occ o JOIN vals v ON v.vid = o.vid
        JOIN degrees d ON d.vid = o.vid
        WHERE {side} AND NOT EXISTS (SELECT 1 FROM labels l WHERE l.owner = o.owner) {limits}
        """
    )
    gap = TRACE_GAP_NS if traces else REUSE_GAP_NS
    # A star around the first owner of each id instead of all pairs.
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
    _components(connection)
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE heads AS
        SELECT y.vid, q.part, arg_min(y.owner, abs(y.owner), 2) AS owners, arg_min(y.event, abs(y.owner), 2) AS events
        FROM loose y JOIN parts q ON q.owner = y.owner GROUP BY y.vid, q.part HAVING count(*) > 1
        """
    )
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE best AS
        SELECT p.owner, p.part, min(x.vid) AS vid FROM parts p JOIN loose x ON x.owner = p.owner
        JOIN heads h ON h.vid = x.vid AND h.part = p.part WHERE p.owner <> p.part GROUP BY p.owner, p.part
        """
    )
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE merged AS
        SELECT b.owner, b.part AS label, b.vid, x.event AS via_own,
            CASE WHEN h.owners[1] = b.owner THEN h.events[2] ELSE h.events[1] END AS via_event
        FROM best b JOIN heads h ON h.vid = b.vid AND h.part = b.part
        JOIN loose x ON x.owner = b.owner AND x.vid = b.vid
        UNION ALL SELECT owner, part, NULL, NULL, NULL FROM parts WHERE owner = part
        """
    )
    _insert_labels(connection, "merged")
    case.drop(connection, "loose", "edges", "parts", "nearer", "jumped", "heads", "best", "merged")


def _components(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes `parts` (owner, part) from `edges` (a, b): part is the owner of the component nearest to zero."""
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
            "CREATE OR REPLACE TEMP TABLE jumped AS "
            "SELECT n.owner, q.part FROM nearer n JOIN nearer q ON q.owner = n.part"
        )
        moved = case.one(
            connection, "SELECT 1 FROM jumped j JOIN parts p ON p.owner = j.owner WHERE j.part <> p.part LIMIT 1"
        )
        connection.execute("CREATE OR REPLACE TEMP TABLE parts AS SELECT * FROM jumped")
        if moved is None:
            return


def _group_by_session(connection: duckdb.DuckDBPyConnection) -> None:
    """Lets a session that no run claims name its events: the last resort, so that they can be found and read.

    Only after the ties, event by event: a session may hold several runs, and must merge none. Makes `grouped`
    (event, label, kind, value).
    """
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE grouped AS
        WITH adrift AS (
            SELECT e.event, coalesce(e.session_id, e.conversation_id) AS value,
                CASE WHEN e.session_id IS NOT NULL THEN 'session' ELSE 'conversation' END AS kind
            FROM nameless n JOIN live e ON e.event = n.event
            WHERE coalesce(e.session_id, e.conversation_id) IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM labels l WHERE l.owner = -n.event)
        ), claimed AS (
            SELECT DISTINCT coalesce(e.session_id, e.conversation_id) AS value FROM live e
            WHERE coalesce(e.session_id, e.conversation_id) IN (SELECT value FROM adrift)
            AND e.event NOT IN (SELECT event FROM adrift)
        )
        SELECT event, -min(event) OVER (PARTITION BY value) AS label, kind, value FROM adrift
        WHERE value NOT IN (SELECT value FROM claimed)
        """
    )
    connection.execute("INSERT INTO labels SELECT -event, label, NULL, NULL, NULL FROM grouped")


def _report(connection: duckdb.DuckDBPyConnection) -> None:
    """Ids that several runs carry, unless one of the runs spawned the others: reused, so they joined nothing."""
    _relabel(connection)
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE claimants AS
        SELECT DISTINCT o.vid, l.label FROM occ o JOIN disputed d ON d.vid = o.vid JOIN labels l ON l.owner = o.owner
        """
    )
    connection.execute(
        """
        INSERT INTO conflicts
        SELECT 'shared-id', v.kind, v.value, s.runs, d.n,
            'several runs carry this id: it joined nothing that has no run of its own'
        FROM (
            SELECT c.vid, count(*) AS runs, count(*) FILTER (WHERE above.label IS NULL) AS roots
            FROM claimants c LEFT JOIN parents p ON p.child = c.label
            LEFT JOIN claimants above ON above.vid = c.vid AND above.label = p.parent GROUP BY c.vid
        ) s JOIN vals v ON v.vid = s.vid JOIN degrees d ON d.vid = s.vid
        WHERE s.roots > 1 ORDER BY v.vid NULLS LAST
        """
    )
    case.drop(connection, "disputed", "claimants", "degrees", "state")


def tie(connection: duckdb.DuckDBPyConnection) -> None:
    """Labels every owner and event that a tying id leads to a run."""
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE nameless AS
        SELECT event, ts_ns, coalesce(end_ns, ts_ns) AS t1 FROM live WHERE run_id IS NULL AND trace_id IS NULL
        """
    )
    _collect(connection)
    hops.find(connection)
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE labels AS
        SELECT owner, label, NULL::BIGINT AS via_vid, via_event, NULL::BIGINT AS via_own FROM owners
        WHERE label IS NOT NULL
        """
    )
    _begin(connection)
    _spread(connection)
    _merge(connection, traces=True)
    connection.execute(
        """
        INSERT INTO labels SELECT owner, owner, NULL, NULL, NULL FROM owners
        WHERE owner NOT IN (SELECT owner FROM labels)
        """
    )
    _relabel(connection)
    _spread(connection)
    _group_by_session(connection)
    _relabel(connection)
    _spread(connection)
    _merge(connection, traces=False)
    _report(connection)
