"""Step 6: which run spawned which, where no record of the child names its parent's run; and by which call.

In order of strength: the child names the tool call that spawned it (`parent_call`); the result of a call names the
child's run (an `other` id `spawned:<run>`); a hop to another agent's trace (`hops`); the child begins with the very
text that a call passed as its prompt (both have an `other` id `prompt:<hash>`).
The same prompt may be used more than once: calls and children are paired in order of time, each call once. A child
that names its parent's run, but not the call, is given one by its prompt only if no other call has it.
A link is no join: both runs keep their events.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from auditrail import case
from auditrail.correlate.hops import COUNTER, SLACK_NS
from auditrail.correlate.ties import REUSE_GAP_NS

if TYPE_CHECKING:
    import duckdb

# A counter names a call only where both stand in one source.
_BY_CALL = f"""
SELECT c.run, p.run, min(e.event), 'parent_call' FROM ids_more m JOIN live x ON x.event = m.event
JOIN run_members c ON c.event = m.event JOIN live e ON e.tool_call_id = m.value
JOIN run_members p ON p.event = e.event
WHERE m.kind = 'parent_call' AND p.run <> c.run AND e.kind IN ('call', 'span', 'start')
AND (e.source = x.source OR NOT regexp_matches(m.value, '{COUNTER}'))
GROUP BY c.run, p.run
"""

# The result may tell what the call did not: the first call whose result names the run, for an agent may be resumed.
_BY_RESULT = """
SELECT c.run, p.run, arg_min(coalesce(k.event, m.event), m.event), 'spawned' FROM ids_more m
JOIN runs c ON c.id = m.value[9:] JOIN live e ON e.event = m.event JOIN run_members p ON p.event = m.event
LEFT JOIN (
    SELECT r.run, l.tool_call_id, min(l.event) AS event FROM live l JOIN run_members r ON r.event = l.event
    WHERE l.kind = 'call' AND l.tool_call_id IS NOT NULL GROUP BY ALL
) k ON k.run = p.run AND k.tool_call_id = e.tool_call_id
WHERE m.kind = 'other' AND starts_with(m.value, 'spawned:') AND p.run <> c.run
GROUP BY c.run, p.run
"""

_ANY_RESULT = "SELECT 1 FROM ids_more WHERE kind = 'other' AND starts_with(value, 'spawned:') LIMIT 1"

_BY_ONLY_PROMPT = """
SELECT r.run, p.run, min(e.event), 'prompt' FROM ids_more m
JOIN live b ON b.event = m.event AND b.kind NOT IN ('call', 'span') JOIN run_members c ON c.event = m.event
JOIN runs r ON r.run = c.run AND r.parent_event IS NULL JOIN runs p ON p.id = r.parent_run
JOIN ids_more o ON o.kind = 'other' AND o.value = m.value
JOIN live e ON e.event = o.event AND e.kind IN ('call', 'span')
JOIN run_members q ON q.event = e.event AND q.run = p.run
WHERE m.kind = 'other' AND starts_with(m.value, 'prompt:') AND p.run <> r.run
GROUP BY r.run, p.run HAVING count(DISTINCT e.event) = 1
"""

_BY_HOP = """
SELECT c.run, p.run, h.parent_event, h.kind FROM hopped h JOIN run_members c ON c.event = h.child_event
JOIN run_members p ON p.event = h.parent_event WHERE c.run <> p.run
"""

_PROMPTS = """
SELECT m.value, r.run, e.event, e.ts_ns, e.kind IN ('call', 'span') AS calls FROM ids_more m
JOIN live e ON e.event = m.event JOIN run_members r ON r.event = e.event
WHERE m.kind = 'other' AND starts_with(m.value, 'prompt:')
ORDER BY m.value NULLS LAST, coalesce(e.ts_ns, 0) NULLS LAST, e.event NULLS LAST
"""


def link(connection: duckdb.DuckDBPyConnection) -> None:
    """Sets parent_run, parent_event and parent_via of runs that have no parent yet; of others, the call."""
    _calls(connection)
    ids = None
    taken: dict[int, int] = {}
    found: dict[int, tuple[int, int, str]] = {}
    for rows in (
        _unique(connection, _BY_CALL),
        _unique(connection, _BY_RESULT),
        _unique(connection, _BY_HOP),
        _by_prompt(connection),
    ):
        if rows and ids is None:
            known = connection.execute(
                "SELECT r.run, r.id, p.run FROM runs r LEFT JOIN runs p ON p.id = r.parent_run"
            ).fetchall()
            ids = {run: name for run, name, _ in known}
            taken = {run: parent for run, _, parent in known if parent is not None}
        for child, parent, event, kind in rows:
            if child not in taken and not _above(parent, child, taken):
                taken[child] = parent
                found[child] = (parent, event, kind)
    if not found or ids is None:
        return
    _store(connection, [(child, ids[parent], event, kind) for child, (parent, event, kind) in sorted(found.items())])


def _calls(connection: duckdb.DuckDBPyConnection) -> None:
    """The call of children that name their parent's run and nothing else of it."""
    wanting = "SELECT r.run, p.run FROM runs r JOIN runs p ON p.id = r.parent_run WHERE r.parent_event IS NULL"
    parents = dict(connection.execute(wanting).fetchall())
    if not parents:
        return
    made: dict[int, int] = {}
    for sql in (_BY_RESULT, _BY_ONLY_PROMPT):
        said = {child: event for child, parent, event, _ in _unique(connection, sql) if parents.get(child) == parent}
        times = Counter(said.values())
        for child, event in said.items():
            # One prompt, several children: which of them the call began is not told.
            if child not in made and (sql == _BY_RESULT or times[event] == 1):
                made[child] = event
    connection.execute(
        "UPDATE runs SET parent_event = l.event FROM (SELECT unnest($1::BIGINT[]) AS run, unnest($2::BIGINT[]) "
        "AS event) l WHERE l.run = runs.run",
        [list(made), list(made.values())],
    )


def _store(connection: duckdb.DuckDBPyConnection, links: list[tuple[int, str, int, str]]) -> None:
    columns = [list(column) for column in zip(*links, strict=True)]
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE linked AS SELECT unnest($1::BIGINT[]) AS run, unnest($2::VARCHAR[]) AS parent, "
        "unnest($3::BIGINT[]) AS event, unnest($4::VARCHAR[]) AS via",
        columns,
    )
    connection.execute(
        "UPDATE runs SET parent_run = l.parent, parent_event = l.event, parent_via = l.via "
        "FROM linked l WHERE l.run = runs.run"
    )


def _unique(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[int, int, int, str]]:
    """Rows (child, parent, event, kind) of the children for which exactly one parent is named."""
    if sql == _BY_RESULT and not case.one(connection, _ANY_RESULT):
        return []  # the join with all calls is not for nothing
    by_child: dict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(sql).fetchall():
        by_child[row[0]].append(row)
    return [rows[0] for _, rows in sorted(by_child.items()) if len({row[1] for row in rows}) == 1]


def _by_prompt(connection: duckdb.DuckDBPyConnection) -> list[tuple[int, int, int, str]]:
    sides: dict[str, tuple[list[Any], list[Any]]] = defaultdict(lambda: ([], []))
    for value, run, event, ts, calls in connection.execute(_PROMPTS).fetchall():
        sides[value][0 if calls else 1].append((run, event, ts))
    made: list[tuple[int, int, int, str]] = []
    for calls, roots in sides.values():
        free = list(calls)
        for child, _, began in roots:
            # The latest call that is not later than the child: a call that failed before it began spawned nothing.
            fitting = [
                call
                for call in free
                if call[0] != child
                and (began is None or call[2] is None or -SLACK_NS <= began - call[2] <= REUSE_GAP_NS)
            ]
            if fitting:
                # With as many calls as children, each has its own: the first call spawned the first child.
                call = fitting[0] if len(calls) <= len(roots) else fitting[-1]
                free.remove(call)
                made.append((child, call[0], call[1], "prompt"))
    return made


def _above(run: int, other: int, parents: dict[int, int]) -> bool:
    """Whether `other` is the run itself or one of those above it: a link must not close a circle."""
    seen: set[int] = set()
    while run not in seen:
        if run == other:
            return True
        seen.add(run)
        if run not in parents:
            return False
        run = parents[run]
    return True
