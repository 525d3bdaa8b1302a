"""What the readers of log stores share: one row of a store -> its context, and the message handed on.

Attributes that are added to a row: `auditrail.message_cut` (why the message looks cut off) and
`auditrail.message_made_of` (the store took the message apart, and it was put together again from these fields).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from auditrail import ids as id_text
from auditrail import jsontext
from auditrail.model import Event, Id
from auditrail.readers import _gateway as gateway
from auditrail.readers._contract import Inner
from auditrail.times import Moment

_ERROR_LEVELS = frozenset(
    {"emerg", "emergency", "alert", "crit", "critical", "fatal", "panic", "severe", "err", "eror", "error"}
)
_ID_NAMES = {
    **gateway.ID_NAMES,
    "spanid": "span",
    "oteltraceid": "trace",
    "otelspanid": "span",
    "trace.id": "trace",
    "span.id": "span",
}
# The kinds of ids that `named_ids` may find.
NAMED_IDS: tuple[str, ...] = tuple(dict.fromkeys(_ID_NAMES.values()))
_TOKEN_SHOWN = 16
CUT = "auditrail.message_cut"
MADE_OF = "auditrail.message_made_of"


class Row(NamedTuple):
    """What a store knows of one row, beside its message."""

    attributes: dict[str, Any]
    moment: Moment | None = None
    observed: Moment | None = None
    stream: str | None = None
    dedupe_key: str | None = None
    ids: tuple[Id, ...] = ()
    level: Any = None


def text_of(value: Any) -> str | None:
    """Text that is not blank, else None."""
    return value if isinstance(value, str) and value.strip() else None


def context(row: Row) -> Event:
    """The store's own event of a row. A level that names an error is its status, where no inner message tells more."""
    known = row.moment or row.observed
    return Event(
        ts_ns=known.ns if known else None,
        observed_ns=row.observed.ns if row.observed else None,
        ts_source="event" if row.moment else "observed" if row.observed else "order",
        tz_assumed=known.tz_assumed if known else False,
        stream=row.stream,
        status="error" if isinstance(row.level, str) and row.level.strip().lower() in _ERROR_LEVELS else "unknown",
        dedupe_key=row.dedupe_key,
        attributes=jsontext.dumps(row.attributes) if row.attributes else None,
        ids=row.ids,
    )


def reading(message: Any, row: Row, group: str = "") -> Event | Inner:
    """The message to read on, or the store's own event where there is none."""
    if message is None:
        return context(row)
    text = message if isinstance(message, (str, bytes)) else jsontext.dumps(message)
    return Inner(text, context(row), group)


def named_ids(*sources: Any) -> tuple[Id, ...]:
    """Ids that stand in labels or fields of the store under well-known names."""
    made: list[Id] = []
    for source in sources:
        gateway.add_named(made, source, _ID_NAMES)
    return tuple(made)


def ids_of(*pairs: tuple[str, Any]) -> tuple[Id, ...]:
    """(kind, value) of ids, without those that are none."""
    made: list[Id] = []
    for kind, value in pairs:
        id_text.add(made, kind, value)
    return tuple(made)


def joined(*groups: tuple[Id, ...]) -> tuple[Id, ...]:
    """Ids in order, each once."""
    return tuple(dict.fromkeys(item for group in groups for item in group))


def is_json_object(text: Any) -> bool:
    """Whether a text looks like a JSON object (it is parsed only once, later)."""
    return isinstance(text, str) and text.lstrip()[:1] == "{"


def length_cut(text: Any, lengths: dict[int, str]) -> str | None:
    """Why a text of just this many bytes looks cut off, or None."""
    if not isinstance(text, str) or len(text) * 4 < min(lengths):
        return None
    return lengths.get(len(text.encode("utf-8", "surrogatepass")))


def shortened(token: Any) -> str:
    """A page token, short enough to show."""
    text = token if isinstance(token, str) else jsontext.dumps(token)
    return text if len(text) <= _TOKEN_SHOWN else f"{text[:_TOKEN_SHOWN]}..."


def count(value: Any) -> int:
    """A number of rows; 0 for what is none."""
    return gateway.whole(value) or 0
