"""Events made by hand, correlated in a case in memory."""

from __future__ import annotations

from typing import Any, NamedTuple

from auditrail import case
from auditrail.correlate.settle import settle
from auditrail.ingest import rows
from auditrail.model import Event, Id

SECOND = 10**9


class Runs(NamedTuple):
    """What correlation made: events are named by their place in the list that was given."""

    of: dict[int, str]  # event -> id of its run
    how: dict[int, tuple[str, str, str, int | None]]  # event -> (kind, value, confidence, via event)
    rows: dict[str, dict[str, Any]]  # id of the run -> its row
    conflicts: set[tuple[str, str, str]]
    copies: dict[int, tuple[int, bool]]
    ids: set[tuple[str, str, str]]  # (kind, value, id of the run)

    def members(self, run: str) -> list[int]:
        return sorted(event for event, own in self.of.items() if own == run)

    def sets(self) -> set[frozenset[int]]:
        return {frozenset(self.members(run)) for run in self.rows}


def ev(at: float | None, stream: str, layer: str = "agent", *ids: str, **columns: Any) -> Event:
    """An event at a second, with ids written as `kind=value`."""
    made = tuple(Id(*text.split("=", 1)) for text in ids)
    if at is not None:
        columns.setdefault("ts_ns", round(at * SECOND))
    else:
        columns.setdefault("ts_source", "order")
    if columns.get("args") is not None:
        columns.setdefault("args_state", "present")
    return Event(stream=stream, layer=layer, ids=made, **columns)


def held(events: list[Event], *, digests: list[bytes] | None = None, order: list[int] | None = None) -> Any:
    """A case in memory with these events; `order` says in which order their rows are written."""
    connection = case.memory_case()
    add(connection, events, digests=digests, order=order)
    return connection


def add(
    connection: Any, events: list[Event], *, first: int = 0, digests: list[bytes] | None = None,
    order: list[int] | None = None,
) -> None:  # fmt: skip
    made: list[Any] = []
    more: list[Any] = []
    for number in order or range(len(events)):
        at = first + number
        digest = digests[number] if digests else at.to_bytes(32, "big")
        place = (rows.event_key(1, at * 1000, 0), 1, at + 1, 0, at * 1000, 9, digest)
        made.append(rows.event_row(place, events[number], more))
    for table, values in (("events", made), ("ids_more", more)):
        if values:
            connection.register("arrow_rows", rows.table(table, values))
            connection.execute(f"INSERT INTO {table} SELECT * FROM arrow_rows")
            connection.unregister("arrow_rows")


def number(key: int) -> int:
    return (key - rows.event_key(1, 0, 0)) // 1000


def settled(connection: Any) -> Runs:
    settle(connection)
    names = dict(connection.execute("SELECT run, id FROM runs").fetchall())
    of, how = {}, {}
    for run, event, kind, value, confidence, via in connection.execute(
        "SELECT run, event, via_kind, via_value, confidence, via_event FROM run_events"
    ).fetchall():
        assert number(event) not in of, "an event in two runs"
        of[number(event)] = names[run]
        how[number(event)] = (kind, value, confidence, None if via is None else number(via))
    cursor = connection.execute("SELECT * FROM runs")
    columns = [column[0] for column in cursor.description]
    made = {row[columns.index("id")]: dict(zip(columns, row, strict=True)) for row in cursor.fetchall()}
    conflicts = set(connection.execute("SELECT code, kind, value FROM conflicts").fetchall())
    copies = {
        number(event): (number(first), same)
        for event, first, same in connection.execute("SELECT event, of, same_content FROM copies").fetchall()
    }
    ids = {
        (kind, value, names[run])
        for value, kind, run in connection.execute("SELECT value, kind, run FROM run_ids").fetchall()
    }
    return Runs(of, how, made, conflicts, copies, ids)


def correlate(events: list[Event], **options: Any) -> Runs:
    with held(events, **options) as connection:
        return settled(connection)
