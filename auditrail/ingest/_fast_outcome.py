"""What the plain reader makes of a record, as instructions for all records that are like it.

Two records of one shape are alike if their values are of the same types, if the values that decide something (the
name of the event, its status, its level, ...) are the same, and if the same ones of the others can be used. One of
them is read by the plain reader; where each column of its event came from is then true of all of them. So what kind
of event a record is, and which of its fields feed which column, is decided in one place only.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from auditrail.containers.records import Record
from auditrail.ingest._fast_walk import Template
from auditrail.jsontext import content, parse
from auditrail.model import ID_COLUMNS, Event, has_content
from auditrail.readers import jsonl
from auditrail.readers._aliases import MISSING, fetch
from auditrail.readers._jsonl_values import USABLE, id_of

TEXTS = ("error", "agent", "agent_version", "principal", "model", "tool", "policy", "rule")
COUNTS = ("tokens_in", "tokens_out", "seq")
CONTENTS = ("args", "result")
TIMES = ("ts", "start", "end", "observed")
DURATIONS = ("duration_ns", "duration_us", "duration_ms", "duration_s")
# Columns that are the same for all records that are alike.
CONSTANTS = (
    "ts_source", "tz_assumed", "stream", "layer", "kind", "name", "status", "decision", "sampled",
    "sampling_probability", "seq_kind",
)  # fmt: skip


class Layout(NamedTuple):
    """Where the columns of a record come from; numbers are those of the template's holes, -1 for none.

    Attributes:
        texts, counts, contents: in the order of `TEXTS`, `COUNTS` and `CONTENTS`.
        begin, end, observed: the holes of `ts_ns`, `end_ns` and `observed_ns`; `ts_ns` may be the observed time.
        ids: (kind, hole, place): the column of the id, or -1 for a row of `ids_more`; in the order of the event.
        kept: what of the record is in the attributes: (key, None) for a member that is there whole, (key, kept) for
            an object that is there in part.
    """

    texts: tuple[int, ...]
    counts: tuple[int, ...]
    contents: tuple[int, ...]
    begin: int
    end: int
    observed: int
    ids: tuple[tuple[str, int, int], ...]
    kept: tuple[Any, ...]


class Outcome(NamedTuple):
    """The layout of a record, its constant columns in the order of `CONSTANTS`, and the states of its contents."""

    layout: Layout
    constants: tuple[Any, ...]
    states: tuple[str, ...]


def outcome(template: Template, raw: bytes) -> Outcome | None:
    """What the plain reader makes of a line of the template; None if lines like it should be left to it."""
    value, flags = parse(raw)
    events = jsonl.read(value, Record(1, 0, len(raw), raw, b""))
    if flags or len(events) != 1:
        return None
    return _explained(template, value, events[0])


def _explained(template: Template, value: dict[str, Any], event: Event) -> Outcome | None:
    usable = {slot: _usable(template, value, slot) for slot in template.plan.slots if slot in USABLE}
    holes = {slot: found[0] for slot, found in usable.items() if found is not None}
    texts = tuple(holes.get(slot, -1) for slot in TEXTS)
    counts = tuple(holes.get(slot, -1) for slot in COUNTS)
    contents = tuple(_content(template, value, slot) for slot in CONTENTS)
    times = _times(holes)
    if times is None:
        return None
    layout = Layout(texts, counts, contents, *times, _ids(template, value), _kept(value, event.attributes))
    made = Outcome(
        layout,
        tuple(getattr(event, name) for name in CONSTANTS),
        tuple(getattr(event, f"{slot}_state") for slot in CONTENTS),
    )
    return made if _holds(template, value, event, layout) else None


def _usable(template: Template, value: dict[str, Any], slot: str) -> tuple[int, Any] | None:
    for path in template.plan.slots[slot]:
        found = USABLE[slot](fetch(value, path))
        if found is not None:
            return template.places[path], found  # type: ignore[index]
    return None


def _content(template: Template, value: dict[str, Any], slot: str) -> int:
    paths = template.plan.slots.get(slot, ())
    full = [path for path in paths if has_content(fetch(value, path))]
    return template.places[(full or list(paths))[0]] if paths else -1  # type: ignore[index]


def _times(holes: dict[str, int]) -> tuple[int, int, int] | None:
    """(begin, end, observed); None where a duration or an end before its begin would decide."""
    ts, start, end, observed = (holes.get(slot, -1) for slot in TIMES)
    if start >= 0 and end >= 0:
        return start, end, observed
    if start >= 0 or end >= 0:
        lasting = any(slot in holes for slot in DURATIONS)
        return None if lasting or ts >= 0 else (max(start, end), -1, observed)
    return ts, -1, observed


def _ids(template: Template, value: dict[str, Any]) -> tuple[tuple[str, int, int], ...]:
    made: list[tuple[str, int, int]] = []
    seen = []
    for kind, path, text_only in template.plan.ids:
        if id_of(kind, fetch(value, path), text_only=text_only) is not None:
            has_column = kind in ID_COLUMNS and kind not in seen
            made.append((kind, template.places[path], ID_COLUMNS.index(kind) if has_column else -1))  # type: ignore[index]
            seen.append(kind)
    return tuple(made)


def _kept(value: dict[str, Any], attributes: str | None) -> tuple[Any, ...]:
    return () if attributes is None else _difference(value, parse(attributes.encode())[0])


def _difference(whole: dict[str, Any], part: dict[str, Any]) -> tuple[Any, ...]:
    """Which members of an object are in its part."""
    return tuple((key, None if below == whole[key] else _difference(whole[key], below)) for key, below in part.items())


def _holds(template: Template, value: dict[str, Any], event: Event, layout: Layout) -> bool:
    """Whether the layout, applied to the record itself, gives the event: the proof of what was found out."""
    paths = [hole.path for hole in template.holes]

    def column(slot: str, hole: int) -> Any:
        return None if hole < 0 else USABLE[slot](fetch(value, paths[hole]))

    for slots, holes in ((TEXTS, layout.texts), (COUNTS, layout.counts)):
        if any(getattr(event, slot) != column(slot, hole) for slot, hole in zip(slots, holes, strict=True)):
            return False
    for slot, hole in zip(CONTENTS, layout.contents, strict=True):
        raw = MISSING if hole < 0 else fetch(value, paths[hole])
        if getattr(event, slot) != (None if raw is MISSING else content(raw)):
            return False
    begin, end, observed = (column("ts", hole) for hole in (layout.begin, layout.end, layout.observed))
    if layout.begin < 0:
        begin = observed
    moments = (begin.ns if begin else None, end.ns if end else None, observed.ns if observed else None)
    if (event.ts_ns, event.end_ns, event.observed_ns) != moments:
        return False
    own = list(event.ids)
    given = [id_of(kind, fetch(value, paths[hole]), text_only=False) for kind, hole, _ in layout.ids]
    return own == list(dict.fromkeys(given)) and event.dedupe_key is None and event.flags is None
