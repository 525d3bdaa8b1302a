"""Reads events of the case as reports show them: a few blocks of a large table, found by their keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from auditrail import jsontext
from auditrail.errors import RecordError
from auditrail.report.types import Place, RunEventView, Stitch

if TYPE_CHECKING:
    import duckdb

_EVENT_COLUMNS = (
    "event",
    "record",
    "part",
    "byte_offset",
    "byte_length",
    "blake3",
    "ts_ns",
    "end_ns",
    "ts_source",
    "tz_assumed",
    "stream",
    "layer",
    "kind",
    "name",
    "agent",
    "model",
    "tool",
    "status",
    "error",
    "span_id",
    "parent_span_id",
    "tool_call_id",
    "request_id",
    "response_id",
    "decision_id",
    "task_id",
    "trace_id",
    "message_id",
    "args",
    "args_state",
    "result",
    "result_state",
    "decision",
    "policy",
    "rule",
    "principal",
    "tokens_in",
    "tokens_out",
    "flags",
    "attributes",
)

_TS = 1 + _EVENT_COLUMNS.index("ts_ns")
# Keys are byte offsets: events further apart than this many bytes of log are looked for one by one.
_NEAR = 64 << 20
_MOST_STRETCHES = 24


def sources_of(connection: duckdb.DuckDBPyConnection) -> dict[int, dict[str, Any]]:
    """Every source by its key, each as column -> value."""
    cursor = connection.execute("SELECT * FROM sources ORDER BY source NULLS LAST")
    names = [column[0] for column in cursor.description or ()]
    return {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}


def in_list(keys: Iterable[int]) -> str:
    """Keys as an SQL list; they are integers of our own, and a list lets the engine skip blocks of rows."""
    return ", ".join(str(int(key)) for key in keys)


def _ranges(keys: Iterable[int]) -> list[list[int]]:
    """Keys in stretches that lie close together: the engine then reads a few blocks of each source, and skips the rest.

    One list of all keys would be looked for in every block between the first and the last.
    """
    stretches: list[list[int]] = []
    for key in sorted(keys):
        if stretches and key - stretches[-1][-1] < _NEAR:
            stretches[-1].append(key)
        else:
            stretches.append([key])
    return stretches if len(stretches) <= _MOST_STRETCHES else [sorted(keys)]


def event_id(source: int, record: int, part: int) -> str:
    """The id of an event in reports: `<source>:<record>`, with `.<part>` where a record gave several."""
    return f"{source}:{record}.{part}" if part else f"{source}:{record}"


def read(
    connection: duckdb.DuckDBPyConnection,
    stitches: dict[int, tuple[str, str, str, int | None]],
    sources: dict[int, dict[str, Any]],
    copies: Counter[int],
) -> list[RunEventView]:
    """The events with these keys, in order of stored time (`RunEventView.order` says where those without one stand).

    Args:
        connection: to the case.
        stitches: key of the event -> (kind, value, confidence, key of the event it was joined to).
        sources: as `sources_of` gives them.
        copies: how many copies of each event there are.
    """
    if not stitches:
        return []
    columns = ", ".join(("source", *_EVENT_COLUMNS))
    parts = (
        f"SELECT {columns} FROM events WHERE event BETWEEN {part[0]} AND {part[-1]} AND event IN ({in_list(part)})"
        for part in _ranges(stitches)
    )
    rows = connection.execute(" UNION ALL ".join(parts)).fetchall()
    places = _places(rows)
    keys = {row[1]: event_id(row[0], row[2], row[3]) for row in rows}
    made = []
    for row in rows:
        values = dict(zip(_EVENT_COLUMNS, row[1:], strict=True))
        key = values.pop("event")
        kind, value, confidence, via = stitches[key]
        place = Place(
            sources[row[0]]["path"],
            values.pop("record"),
            values.pop("part"),
            values.pop("byte_offset"),
            values.pop("byte_length"),
            values.pop("blake3").hex(),
        )
        values["message"] = _message(values["attributes"])
        values["stream"] = values["stream"] or sources[row[0]]["stream"] or place.path
        made.append(
            RunEventView(
                id=keys[key],
                key=key,
                source=place,
                copies=copies[key],
                stitched_by=Stitch(kind, value, confidence, keys.get(via) if via is not None else None),
                place_ns=places.get(key),
                **values,
            )
        )
    made.sort(key=lambda event: event.order)
    return made


def _places(rows: list[tuple[Any, ...]]) -> dict[int, int]:
    """Event without a time -> the time that it stands at, taken from the records around it in its own source."""
    rows.sort(key=lambda row: row[1])  # keys rise with the source, the record and the part
    places: dict[int, int] = {}
    waiting: list[int] = []
    source, last = None, None
    for row in rows:
        if row[0] != source:
            source, last, waiting = row[0], None, []
        if row[_TS] is not None:
            last = row[_TS]
            places.update(dict.fromkeys(waiting, last))
            waiting = []
        elif last is not None:
            places[row[1]] = last
        else:
            waiting.append(row[1])
    return places


def _message(attributes: str | None) -> str | None:
    """The text of a log line, under the names that the readers give it."""
    if not attributes or ('"message"' not in attributes and '"body"' not in attributes and '"msg"' not in attributes):
        return None
    try:
        value, _ = jsontext.parse(attributes.encode())
    except RecordError:  # a record at the limit of depth stands deeper here
        return None
    texts = (value.get(name) for name in ("message", "msg", "body")) if isinstance(value, dict) else ()
    return next((text for text in texts if isinstance(text, str) and text.strip()), None)
