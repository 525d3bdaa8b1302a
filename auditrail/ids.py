"""Ids of events: normalised once, so that the same id from two streams is the same text."""

from __future__ import annotations

import re
from typing import Any

from auditrail.model import ID_KINDS, Id

# What writers put where they have no id. Joining on one of these would fuse everything.
JUNK = frozenset({"", "0", "-", "null", "none", "nil", "undefined", "n/a", "na", "unknown", "false", "true", "default"})
_LONGEST_JUNK = max(map(len, JUNK))
_UUID_LENGTH = 36
_ZEROS = re.compile(r"[0\-]+\Z").match
_HEX = re.compile(r"[0-9A-Fa-f]+\Z").match
_HEX_KINDS = frozenset({"trace", "span", "parent_span", "linked_span", "linked_trace"})
# What redactors and exporters put in place of an id: `[REDACTED]`, `[trimmed for fixture]`, `<redacted>`, `****`.
# It stands in many records, and would tie them all.
_MARK_STARTS = frozenset("[<*")
_MARK = re.compile(r"\[[A-Za-z][A-Za-z_ :-]*\]\Z|<_*(?:redacted|masked|removed)_*>\Z|\*{3,}\Z", re.IGNORECASE).match
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z").match
# An id longer than this is no id but content that stands in the wrong field.
MAX_LENGTH = 512


def normalise(kind: str, value: Any) -> str | None:
    """The text of an id, or None where there is none; hex trace and span ids and UUIDs are put in lower case."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        return None
    text = (value if isinstance(value, str) else str(value)).strip()
    length = len(text)
    # Cheap looks first: this runs for every id of every event.
    if length > MAX_LENGTH or (length <= _LONGEST_JUNK and text.lower() in JUNK) or (text[0] in "0-" and _ZEROS(text)):
        return None
    if text[0] in _MARK_STARTS and _MARK(text):
        return None
    if (kind in _HEX_KINDS and _HEX(text)) or (length == _UUID_LENGTH and _UUID(text)):
        return text.lower()
    return text


def add(ids: list[Id], kind: str, value: Any) -> None:
    """Appends the id to `ids`, if it is one and is not there yet.

    Raises:
        KeyError: the kind is not one of `model.ID_KINDS` (a fault of the reader).
    """
    if kind not in ID_KINDS:
        raise KeyError(kind)
    text = normalise(kind, value)
    if text is not None and (made := Id(kind, text)) not in ids:
        ids.append(made)
