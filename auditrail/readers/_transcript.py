"""What the transcripts of coding agents share: one line gives several events, all of one time and one run.

A reader makes a `Line` (time, agent, ids) and adds an event for everything that it tells. Fields of the line that no
event took go to the attributes of the first event, once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext, times
from auditrail.content import state_of
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers._gateway import is_text
from auditrail.readers._steps import with_ids

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_UUID_AT_END = re.compile(rf"({_UUID.pattern})\Z", re.IGNORECASE)
# Texts by which an output says where the rest of it went, or that it is gone. They open or end the text.
_OFFLOADED = re.compile(r"\s*<persisted-output>")
_CLEARED = re.compile(r"\s*\[Old tool result content cleared\]\s*\Z")
_CUT = re.compile(
    r"\[(?:Output|Response|Content|Result)[^\]\n]{0,40} truncated[^\]\n]{0,80}\]\s*\Z"
    r"|\.\.\. \[\d+ (?:lines|characters|bytes) (?:truncated|omitted)\] \.\.\."
    r"|\A(?:Total output lines: \d+|Warning: truncated output)"
    r"|…\d+ (?:tokens|chars|lines) truncated…",
    re.IGNORECASE,
)
_ENDS = 2_000


class Line:
    """One line of a transcript, becoming events.

    Args:
        moment: its time, None if it has none.
        ids: (kind, value) of the ids that all its events carry; a value that is no id is left out.
        columns: what all its events share (agent, agent_version, model, ...).
    """

    def __init__(self, moment: times.Moment | None, ids: Iterable[tuple[str, Any]], **columns: Any) -> None:
        self._shell = with_ids(
            Event(
                ts_ns=moment.ns if moment else None,
                ts_source="event" if moment else "order",
                tz_assumed=bool(moment and moment.tz_assumed),
                **columns,
            ),
            *ids,
        )
        self._made: list[tuple[Event, dict[str, Any]]] = []

    def add(
        self,
        layer: str,
        kind: str,
        name: str | None = None,
        *,
        ids: Iterable[tuple[str, Any]] = (),
        rest: dict[str, Any] | None = None,
        **columns: Any,
    ) -> None:
        """Adds an event; `rest` is what no column of it tells."""
        event = self._shell._replace(layer=layer, kind=kind, name=name, **columns)
        self._made.append((with_ids(event, *ids), rest or {}))

    def has(self, kind: str) -> bool:
        """Whether all its events carry an id of the kind."""
        return any(an_id.kind == kind for an_id in self._shell.ids)

    def events(self, left: dict[str, Any], key: str | None = None) -> list[Event]:
        """The events; `left` of the line goes to the first, and each has its dedupe key: `<key>`, or `<key>#<n>`."""
        one = len(self._made) == 1
        return [
            event._replace(
                attributes=attributes({**rest, **left} if number == 0 else rest),
                dedupe_key=key if key is None or one else f"{key}#{number}",
            )
            for number, (event, rest) in enumerate(self._made)
        ]


def attributes(rest: dict[str, Any]) -> str | None:
    """What no column took, as JSON; None if nothing is left."""
    return jsontext.dumps(rest) if rest else None


def arguments(value: Any, *, given: bool) -> dict[str, Any]:
    """The columns of arguments."""
    return {"args": jsontext.content(value), "args_state": state_of(value, given=given)}


def outcome(value: Any, *, given: bool) -> dict[str, Any]:
    """The columns of a result; a notice that the output was cleared, saved elsewhere or cut is its state."""
    return {"result": jsontext.content(value), "result_state": result_state(value, given=given)}


def result_state(value: Any, *, given: bool) -> str:
    """As `content.state_of`, with the notices that coding agents write into an output."""
    found = state_of(value, given=given)
    text = text_of(value)
    if found != "present" or not text:
        return found
    if _OFFLOADED.match(text):
        return "offloaded"
    head, tail = text[:_ENDS], text[-_ENDS:]
    return "truncated" if _CLEARED.match(text) or _CUT.search(head) or _CUT.search(tail) else found


def text_of(value: Any) -> str:
    """The text of a message's content: text as is, or the texts of its blocks, one per line."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        value = [value]
    texts = []
    for block in value if isinstance(value, list) else ():
        text = block.get("text") if isinstance(block, dict) else block
        if isinstance(text, str):
            texts.append(text)
    return "\n".join(texts)


def parsed(value: Any) -> Any:
    """The JSON that a text is; the value itself where it is none."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        return jsontext.parse(value.encode("utf-8", "surrogatepass"))[0]
    except RecordError:
        return value


def uuid_at_end(text: str) -> str | None:
    """The UUID that a name ends in, as `rollout-2025-05-07T17-24-21-<uuid>` does."""
    match = _UUID_AT_END.search(text)
    return match.group(1).lower() if match else None


def is_uuid(value: Any) -> bool:
    """Whether an id is unique by its form."""
    return isinstance(value, str) and bool(_UUID.fullmatch(value.strip()))


def key_of(reader: str, an_id: Any, scope: str | None) -> str | None:
    """A dedupe key: of a UUID it is the whole, of any other id only with its scope (the session)."""
    text = id_text.normalise("message", an_id)
    if text is None:
        return None
    return f"{reader}:{text}" if is_uuid(text) or not scope else f"{reader}:{scope}/{text}"


def stem(path_parts: list[str]) -> str:
    """The file's name without its extensions."""
    name = path_parts[-1] if path_parts else ""
    while (shorter := re.sub(r"\.(?:jsonl|ndjson|json|log|txt|gz|zst|bz2|xz)\Z", "", name)) not in (name, ""):
        name = shorter
    return name


def first_text(*values: Any) -> str | None:
    """The first value that is text with more than blanks."""
    return next((value for value in values if is_text(value)), None)


def is_id(value: Any) -> bool:
    """Whether an id of the events tells the whole value."""
    return id_text.normalise("message", value) is not None
