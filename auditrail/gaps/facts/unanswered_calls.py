"""`unanswered_calls`: calls that a model asked for, and that no record of an agent or a tool shows carried out.

Executions that carry no id of their call answer one call of their tool each, by the same rules as in
`auditrail reconstruct` (`correlate.executions`); only runs that have such executions are matched record by record.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from auditrail.correlate.executions import unanswered

if TYPE_CHECKING:
    import duckdb

NAME = "unanswered_calls"
NEEDS = ("acts", "calls")
COLUMNS = {
    "run": "runs.run",
    "call": "the tool call id",
    "turn": "number of the call among those of this id in the run, from 0",
}
# Tools by which a model says that it is done; nothing has to carry them out where they are its last word.
_CLOSING = ("finish", "submit", "final_answer", "attempt_completion", "task_complete", "task_done")
_FREE = "layer = 'tool' AND kind IN ('span', 'call') AND tool IS NOT NULL AND call IS NULL AND run IS NOT NULL"
# Wishes (marked by a call) and executions without an id, where a run has both of one tool.
_RECORDS = f"""
    WITH free AS (SELECT DISTINCT run, tool FROM acts WHERE {_FREE}),
    wanted AS (
        SELECT u.run, u.call, u.turn, c.wish AS event, c.tool
        FROM unanswered_calls u JOIN calls c ON c.run = u.run AND c.call = u.call AND c.turn = u.turn
        JOIN free f ON f.run = c.run AND f.tool = c.tool
    ), listed AS (
        SELECT run, event, call, turn FROM wanted
        UNION ALL
        SELECT a.run, a.event, NULL, NULL FROM acts a JOIN (SELECT DISTINCT run, tool FROM wanted) w
            ON w.run = a.run AND w.tool = a.tool
        WHERE {_FREE.replace("run IS", "a.run IS").replace("tool IS", "a.tool IS")}
    )
    SELECT l.run, l.event, a.ts_ns, a.end_ns, a.stream, a.layer, a.kind, a.tool, l.call, l.turn, e.args, a.args_state,
           e.record
    FROM listed l JOIN acts a ON a.event = l.event JOIN events e ON e.event = a.event
    ORDER BY l.run, a.ts_ns NULLS LAST, l.event
"""


class _Place(NamedTuple):
    record: int


class _Record(NamedTuple):
    run: int
    key: int
    ts_ns: int | None
    end_ns: int | None
    stream: str
    layer: str
    kind: str
    tool: str | None
    tool_call_id: str | None
    turn: int | None
    args: str | None
    args_state: str
    source: _Place
    skew_ns: int = 0

    @property
    def id(self) -> str:
        return str(self.key)


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    closing = ", ".join(f"'{name}'" for name in _CLOSING)
    connection.execute(
        f"""
        CREATE TEMP TABLE unanswered_calls AS
        WITH last AS (
            SELECT run, arg_max(event, (coalesce(ts_ns, 0), event)) AS event FROM acts
            WHERE run IS NOT NULL AND kind IN ('message', 'call', 'result') GROUP BY run
        )
        SELECT c.run, c.call, c.turn FROM calls c JOIN acts a ON a.event = c.wish
        LEFT JOIN last l ON l.run = c.run AND l.event = c.wish AND lower(a.tool) IN ({closing})
        WHERE c.ran IS NULL AND l.event IS NULL
        """
    )
    rows = connection.execute(_RECORDS).fetchall()
    found: list[_Record] = []
    for _, group in groupby((_record(row) for row in rows), key=lambda record: record.run):
        records = list(group)
        wishes = [record for record in records if record.tool_call_id is not None]
        # Clocks of two streams may be seconds apart: only inside one stream does time tell what came first.
        others = [record for record in records if record.tool_call_id is None]
        left = {record.key for record in unanswered(wishes, _untimed(others, wishes))}
        found.extend(record for record in wishes if record.key not in left)
    if found:
        connection.execute(
            "DELETE FROM unanswered_calls u USING (SELECT unnest(?) AS run, unnest(?) AS call, unnest(?) AS turn) f "
            "WHERE f.run = u.run AND f.call = u.call AND f.turn = u.turn",
            [[r.run for r in found], [r.tool_call_id for r in found], [r.turn for r in found]],
        )


def _record(row: tuple[Any, ...]) -> _Record:
    return _Record._make((*row[:12], _Place(row[12]), 0))


def _untimed(executions: list[_Record], wishes: list[_Record]) -> list[_Record]:
    streams = {wish.stream for wish in wishes}
    return [record if record.stream in streams else record._replace(ts_ns=None, end_ns=None) for record in executions]
