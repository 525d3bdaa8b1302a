"""What readers of agent frameworks share: a base event per record, and the events that stand in it made from that.

A framework's record has one time, one set of ids and one actor, and often holds several things: an answer of a model
with two tool calls in it. So a reader makes a base event of what the record says, and derives each event from it.
Only one of them (`Rest`) gets what no column took, and only one gets the tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext, times
from auditrail.content import state_of
from auditrail.model import Event, Id
from auditrail.readers._gateway import Fields, is_text, whole

# Words by which people and guards answer, in any case: only whole answers, a sentence is no decision.
ANSWERS: dict[str, str] = {
    **dict.fromkeys(("allow", "allowed", "approve", "approved", "accept", "accepted", "yes", "proceed"), "allow"),
    **dict.fromkeys(("deny", "denied", "reject", "rejected", "decline", "declined", "no", "abort", "aborted"), "deny"),
}
_EMPTY_TEXTS = frozenset({"", "{}", "[]", "null"})


def base(moment: times.Moment | None, *ids: tuple[str, Any], **columns: Any) -> Event:
    """An event of a record: its time (`order` where it has none), and those of the ids that are ids."""
    return Event(
        ts_ns=moment.ns if moment else None,
        ts_source="event" if moment else "order",
        tz_assumed=bool(moment and moment.tz_assumed),
        ids=collected(ids),
        **columns,
    )


def collected(pairs: Iterable[tuple[str, Any]]) -> tuple[Id, ...]:
    """The ids among (kind, value) pairs, each once, in order."""
    found: list[Id] = []
    for kind, value in pairs:
        id_text.add(found, kind, value)
    return tuple(found)


def take_ids(fields: Fields, members: Mapping[str, str]) -> tuple[tuple[str, Any], ...]:
    """(kind, value) of the members (name -> kind) that hold an id, or null; what is none stays for the attributes."""
    found = []
    for name, kind in members.items():
        if fields.get(name) is None or id_text.normalise(kind, fields.get(name)) is not None:
            found.append((kind, fields.take(name)))
    return tuple(found)


def with_ids(event: Event, *pairs: tuple[str, Any]) -> Event:
    """The event with further ids behind its own."""
    found = list(event.ids)
    for kind, value in pairs:
        id_text.add(found, kind, value)
    return event._replace(ids=tuple(found))


def without_ids(event: Event, *kinds: str) -> Event:
    """The event without its ids of some kinds: what is derived from a span is not that span."""
    return event._replace(ids=tuple(an_id for an_id in event.ids if an_id.kind not in kinds))


def with_args(event: Event, value: Any, *, given: bool = True) -> Event:
    """The event with arguments; JSON text of nothing (`{}`) is empty like the value itself."""
    return event._replace(args=jsontext.content(value), args_state=_state(value, given=given))


def with_result(event: Event, value: Any, *, given: bool = True) -> Event:
    """The event with a result."""
    return event._replace(result=jsontext.content(value), result_state=_state(value, given=given))


def _state(value: Any, *, given: bool) -> str:
    if given and isinstance(value, str) and value.strip() in _EMPTY_TEXTS:
        return "empty"
    return state_of(value, given=given)


def with_rest(event: Event, rest: dict[str, Any]) -> Event:
    """The event with attributes; none if there is nothing."""
    return event._replace(attributes=jsontext.dumps(rest) if rest else None)


def message(event: Event, role: str, content: Any, /, **rest: Any) -> Event:
    """A user's or system's message (layer agent) or a model's answer (layer llm), by its role."""
    answer = role in ("assistant", "model")
    kept = {**rest, "role": role, "content": content}
    return with_rest(
        event._replace(layer="llm" if answer else "agent", kind="message", name=event.name or role),
        {key: value for key, value in kept.items() if value is not None},
    )


def with_usage(event: Event, source: Any, read: tuple[str, ...], written: tuple[str, ...]) -> Event:
    """The event with tokens, from the first of the named members that holds a count."""
    return event._replace(tokens_in=_count(source, read), tokens_out=_count(source, written))


def _count(source: Any, names: tuple[str, ...]) -> int | None:
    if not isinstance(source, dict):
        return None
    return next((number for name in names if (number := whole(source.get(name))) is not None), None)


def keyed(events: list[Event], key: str | None) -> list[Event]:
    """The events with a dedupe key each: the record's, and for those behind the first their place in it."""
    if key is None:
        return events
    return [event._replace(dedupe_key=key if number == 0 else f"{key}#{number}") for number, event in enumerate(events)]


def text(value: Any) -> str | None:
    """Text with more than blanks in it, as it stands; None for anything else."""
    return str(value) if is_text(value) else None


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects in a list; nothing for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def strange(value: Any) -> list[Any]:
    """What is no object in a list, or the value itself where it is no list: kept, since nothing else tells it."""
    if isinstance(value, list):
        return [item for item in value if not isinstance(item, dict)]
    return [] if value is None else [value]
