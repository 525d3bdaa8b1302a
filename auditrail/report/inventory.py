"""Inventories: runs that somebody outside of the evidence says there were: a scheduler, a bill, a gateway's count.

Read are CSV (commas, semicolons or tabs, with a header), JSON Lines, a JSON array of objects or of ids, and plain text
with one id a line. The column of ids is the first of `_IDS` that the header has, whatever its case and its underscores;
agent and time are taken where there is a column for them. An id of any kind will do: a run is held if any record
carries it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from auditrail import case, ids, times
from auditrail.errors import UsageError
from auditrail.terms import ID_COLUMNS

if TYPE_CHECKING:
    import duckdb

_IDS = (
    "runid", "run", "traceid", "trace", "sessionid", "session", "conversationid", "threadid", "invocationid",
    "executionid", "jobid", "jobrunid", "taskid", "requestid", "callid", "id",
)  # fmt: skip
_AGENTS = (
    "agent",
    "agentname",
    "agentid",
    "service",
    "servicename",
    "application",
    "app",
    "job",
    "jobname",
    "workflow",
)
_TIMES = (
    "time", "timestamp", "ts", "startedat", "starttime", "start", "started", "createdat", "created", "date", "datetime",
    "scheduledat", "scheduledtime",
)  # fmt: skip
_HINT = "give CSV with a header, JSON Lines, or one id a line; the column of ids is called run_id, trace_id, id, ..."


class Expected(NamedTuple):
    """One run of an inventory: any id of it, the agent and the begin where they are said, and its line or row."""

    id: str
    agent: str | None
    ts_ns: int | None
    record: int


class Inventory(NamedTuple):
    """The runs that a file lists, each once; `column` names where the ids stood, `skipped` counts rows without one."""

    path: str
    column: str
    rows: tuple[Expected, ...]
    skipped: int


class Held(NamedTuple):
    """How much of an inventory the evidence holds: runs of it in the period, and how many of them are held."""

    listed: int
    held: int


def read(path: Path) -> Inventory:
    """Reads an inventory.

    Raises:
        UsageError: it cannot be read, is not UTF-8, or has no ids that could be found.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"inventory {path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise UsageError(f"inventory {path}: not UTF-8", hint=_HINT) from None
    begin = text.lstrip()[:1]
    if begin in ("{", "["):
        column, rows = _objects(path, text, whole=begin == "[")
    else:
        column, rows = _lines(path, text)
    made: dict[str, Expected] = {}
    skipped = 0
    for record, raw, agent, moment in rows:
        value = _id(raw)
        if value is None:
            skipped += 1
        else:
            made.setdefault(value, Expected(value, agent, moment, record))
    if not made:
        raise UsageError(f"inventory {path}: no ids were found", hint=_HINT)
    return Inventory(str(path), column, tuple(made.values()), skipped)


_Row = tuple[int, Any, str | None, int | None]


def _lines(path: Path, text: str) -> tuple[str, Iterator[_Row]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max("\t;,", key=first.count)
    names = next(csv.reader([first], delimiter=delimiter), [])
    found = _columns(names)
    if found is None:
        if delimiter in first:
            raise UsageError(f"inventory {path}: no column of ids in its header: {first[:120]!r}", hint=_HINT)
        return "line", ((n, line.strip(), None, None) for n, line in enumerate(text.splitlines(), 1) if line.strip())
    return found[0], _table(path, text, delimiter, found)


def _table(path: Path, text: str, delimiter: str, found: tuple[str, str | None, str | None]) -> Iterator[_Row]:
    try:
        reader = csv.DictReader(io.StringIO(text.lstrip(), newline=""), delimiter=delimiter, strict=True)
        for row in reader:
            yield _row(reader.line_num, row, found)
    except csv.Error as error:
        raise UsageError(f"inventory {path}: broken CSV: {error}", hint=_HINT) from None


def _objects(path: Path, text: str, *, whole: bool) -> tuple[str, Iterator[_Row]]:
    import orjson

    items: list[tuple[int, Any]]
    number = 1
    try:
        if whole:
            items = list(enumerate(orjson.loads(text), 1))
        else:
            items = []
            for number, line in enumerate(text.split("\n"), 1):
                if line.strip():
                    items.append((number, orjson.loads(line)))
    except orjson.JSONDecodeError as error:
        where = "" if whole else f" in line {number}"
        raise UsageError(f"inventory {path}: not JSON{where}: {error}", hint=_HINT) from None
    names = dict.fromkeys(key for _, item in items if isinstance(item, dict) for key in item)
    found = _columns(list(names))
    if found is None and names:
        raise UsageError(f"inventory {path}: no member of ids in its objects", hint=_HINT)
    return found[0] if found else "item", (
        _row(number, item, found) if found and isinstance(item, dict) else (number, item, None, None)
        for number, item in items
    )


def _columns(names: list[str]) -> tuple[str, str | None, str | None] | None:
    """The columns of id, agent and time; None where there is none of ids."""
    plain: dict[str, str] = {}
    for name in names:
        plain.setdefault("".join(letter for letter in name.lower() if letter.isalnum()), name)
    picked = [next((plain[alias] for alias in aliases if alias in plain), None) for aliases in (_IDS, _AGENTS, _TIMES)]
    return (picked[0], picked[1], picked[2]) if picked[0] is not None else None


def _row(number: int, row: Mapping[str, Any], found: tuple[str, str | None, str | None]) -> _Row:
    agent = row.get(found[1]) if found[1] else None
    moment = times.parse(row.get(found[2])) if found[2] else None
    named = agent.strip() if isinstance(agent, str) else ""
    return number, row.get(found[0]), named or None, moment.ns if moment else None


def _id(value: Any) -> str | None:
    """An id as readers keep it: only a hex id or a UUID may change its case, and the kind here is not known."""
    return ids.normalise("run", value)


def load(connection: duckdb.DuckDBPyConnection, inventory: Inventory) -> None:
    """Makes the fact `expected_runs` of an inventory (see there for its columns)."""
    import pyarrow as pa

    table = pa.table(
        {
            "id": pa.array([row.id for row in inventory.rows], pa.string()),
            "agent": pa.array([row.agent for row in inventory.rows], pa.string()),
            "ts_ns": pa.array([row.ts_ns for row in inventory.rows], pa.int64()),
            "record": pa.array([row.record for row in inventory.rows], pa.int64()),
        }
    )
    connection.register("inventory_rows", table)
    connection.execute(
        """
        CREATE TEMP TABLE expected_runs AS
        WITH forms AS (
            SELECT id, id AS value FROM inventory_rows
            UNION SELECT id, lower(id) FROM inventory_rows
        ), matched AS (
            SELECT f.id, min(r.run) AS run FROM forms f JOIN run_ids r ON r.value = f.value GROUP BY f.id
        )
        SELECT i.id, i.agent, i.ts_ns, i.record, m.run, m.run IS NOT NULL AS held
        FROM inventory_rows i LEFT JOIN matched m ON m.id = i.id
        """
    )
    connection.unregister("inventory_rows")
    if case.count(connection, "SELECT count(*) FROM expected_runs WHERE NOT held"):
        _by_events(connection)


def _by_events(connection: duckdb.DuckDBPyConnection) -> None:
    """Ids of single events: a request of a gateway's bill names a run, too. One pass over the events for each kind."""
    parts = [f"SELECT {kind}_id AS value, event FROM events" for kind in ID_COLUMNS]
    parts.append("SELECT value, event FROM ids_more")
    for part in parts:
        connection.execute(
            f"""
            UPDATE expected_runs SET held = true, run = coalesce(expected_runs.run, f.run) FROM (
                SELECT x.id, min(m.run) AS run FROM ({part}) e
                JOIN (
                    SELECT id, id AS value FROM expected_runs WHERE NOT held
                    UNION SELECT id, lower(id) FROM expected_runs WHERE NOT held
                ) x ON x.value = e.value
                LEFT JOIN run_members m ON m.event = e.event GROUP BY x.id
            ) f WHERE f.id = expected_runs.id
            """
        )
