"""`call_turns`: for tool call ids that stand for several calls of one run, which call each record is about.

Nearly no id recurs, so the grouping that finds the others is the engine's work, and only their records are matched
one by one, by the same rules as in `auditrail reconstruct` (`correlate.turns`).
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from auditrail.correlate.turns import turns

if TYPE_CHECKING:
    import duckdb

NAME = "call_turns"
NEEDS = ("acts",)
COLUMNS = {
    "event": "events.event; records of turn 0 are left out",
    "turn": "1, 2, ...: the number of the call among those of the same id in the run",
}
# Records of calls whose id a stream uses for more than one record of the same phase; `correlate.turns` tells the rest.
_RECORDS = """
    WITH recurring AS (
        SELECT DISTINCT run, call FROM (
            SELECT run, call FROM acts
            WHERE run IS NOT NULL AND call IS NOT NULL AND event NOT IN (SELECT event FROM copies)
              AND kind IN ('call', 'result', 'error', 'start', 'end', 'span', 'decision')
              AND (layer <> 'llm' OR kind = 'call')
            GROUP BY run, call, stream, layer = 'llm', layer = 'policy' OR kind = 'decision',
                     CASE kind WHEN 'start' THEN 'call' WHEN 'error' THEN 'result' WHEN 'end' THEN 'result'
                     ELSE kind END
            HAVING count(*) > 1
        )
    )
    SELECT a.run, a.event, a.ts_ns, a.end_ns, a.stream, a.layer, a.kind, a.tool, a.call, CAST(hash(e.args) AS VARCHAR),
           a.args_state, e.record
    FROM acts a JOIN recurring c ON c.run = a.run AND c.call = a.call JOIN events e ON e.event = a.event
    WHERE a.event NOT IN (SELECT event FROM copies)
    ORDER BY a.run, a.ts_ns NULLS LAST, a.event
"""


class _Place(NamedTuple):
    record: int


class _Record(NamedTuple):
    """A row as `correlate.turns` reads it; arguments as a hash, because only equality counts."""

    run: int
    key: int
    ts_ns: int | None
    end_ns: int | None
    stream: str
    layer: str
    kind: str
    tool: str | None
    tool_call_id: str
    args: str | None
    args_state: str
    source: _Place
    skew_ns: int = 0

    @property
    def id(self) -> str:
        return str(self.key)


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute("CREATE TEMP TABLE call_turns (event BIGINT, turn BIGINT)")
    rows = connection.execute(_RECORDS).fetchall()
    records = (_Record._make((*row[:11], _Place(row[11]), 0)) for row in rows)
    made: list[tuple[int, int]] = []
    for _, group in groupby(records, key=lambda record: record.run):
        made.extend(_asked(list(group)))
    if made:
        events, numbers = zip(*made, strict=True)
        connection.execute("INSERT INTO call_turns SELECT unnest(?), unnest(?)", [list(events), list(numbers)])


def _asked(records: list[_Record]) -> list[tuple[int, int]]:
    """(event, turn) of the turns that anything asks for or begins.

    A service that was tried again under the same id answers twice, and its second answer is no call of its own.
    """
    found = turns(records)
    begun = {
        (record.tool_call_id, found.get(record.id, 0)) for record in records if record.kind in ("call", "start", "span")
    }
    return [
        (record.key, found[record.id])
        for record in records
        if record.id in found and (record.tool_call_id, found[record.id]) in begun
    ]
