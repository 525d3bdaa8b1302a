"""systemd's journal as `journalctl -o json` writes it: one object per line, all values text.

The time of the event is `_SOURCE_REALTIME_TIMESTAMP` where the sender gave one (microseconds since the epoch, as
text), and `__REALTIME_TIMESTAMP`, the time of arrival, otherwise. `MESSAGE` is text, or a list of bytes where it is no
UTF-8, or null where the field is longer than 4096 bytes and `--all` was not given: that is cut, and said so
(`auditrail.message_cut`). Several fields of one name make a list. `__SEQNUM` counts the entries of one journal
(`__SEQNUM_ID`): a hole proves loss. `__CURSOR` is the identity of an entry.

Facts: systemd.journal-fields(7) and journalctl(1), formats "json" and the special fields that begin with `__`.

Not read: `-o export` and the text forms for people.
"""

from __future__ import annotations

from typing import Any

from auditrail import jsontext, times
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers._contract import Inner, Reading, as_inside

NAME = "journald"
TITLE = "systemd journal (journalctl -o json)"
LAYER = "other"
TESTED_ON = "documentation only: systemd.journal-fields(7), journalctl(1); invented samples"
NEVER_RECORDS = "entries that the journal's size limits removed, or that rate limiting suppressed (it logs how many)."
IDS: tuple[str, ...] = ()
CAPTURES = as_inside("yes: when the journal received the entry, in microseconds")

_COLUMNS = frozenset({"MESSAGE", "__REALTIME_TIMESTAMP", "_SOURCE_REALTIME_TIMESTAMP", "__CURSOR"})
_LOOKED_AT = 5


def sniff(head: Head) -> float:
    """0.95 for an object with a cursor and a time of arrival, which only the journal has."""
    found = any(
        isinstance(sample, dict) and "__CURSOR" in sample and "__REALTIME_TIMESTAMP" in sample
        for sample in head.samples[:_LOOKED_AT]
    )
    return 0.95 if found else 0.0


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract gives it
    """One entry -> its message, to be read on.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "an entry of the journal is an object")
    attributes = {key: item for key, item in value.items() if key not in _COLUMNS}
    sent = _moment(value, "_SOURCE_REALTIME_TIMESTAMP", attributes)
    arrived = _moment(value, "__REALTIME_TIMESTAMP", attributes)
    cursor = value.get("__CURSOR")
    number = value.get("__SEQNUM")
    journal = value.get("__SEQNUM_ID")
    counted = isinstance(number, str) and number.isascii() and number.isdigit() and len(number) < 19
    unit = value.get("_SYSTEMD_UNIT") or value.get("SYSLOG_IDENTIFIER")
    context = Event(
        ts_ns=sent if sent is not None else arrived,
        observed_ns=arrived,
        ts_source="event" if sent is not None else "observed" if arrived is not None else "order",
        stream=unit if isinstance(unit, str) else None,
        seq_kind=f"journald:{journal}" if counted and isinstance(journal, str) else "journald" if counted else None,
        seq=int(number) if counted and isinstance(number, str) else None,
        dedupe_key=f"journald:{cursor}" if isinstance(cursor, str) and cursor else None,
        attributes=jsontext.dumps(attributes) if attributes else None,
    )
    message = _text(value.get("MESSAGE"))
    if message is None:
        if "MESSAGE" in value:
            attributes["MESSAGE"] = value["MESSAGE"]
            if value["MESSAGE"] is None:
                attributes["auditrail.message_cut"] = "null: longer than 4096 bytes, and written without --all"
        return [context._replace(attributes=jsontext.dumps(attributes) if attributes else None)]
    return Inner(message, context, unit if isinstance(unit, str) else "")


def _moment(value: dict[str, Any], name: str, attributes: dict[str, Any]) -> int | None:
    """Microseconds as text -> nanoseconds; what is none stays in the attributes."""
    text = value.get(name)
    if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= 16:
        return int(text) * 1000
    moment = times.parse(text)
    if moment is None and name in value:
        attributes[name] = text
    return moment.ns if moment else None


def _text(message: Any) -> str | None:
    """The message: text as it is, a list of bytes decoded (what is no UTF-8 as escapes), else None."""
    if isinstance(message, str):
        return message
    if isinstance(message, list) and message and all(isinstance(b, int) and 0 <= b <= 255 for b in message):
        return bytes(message).decode("utf-8", "backslashreplace")
    return None
