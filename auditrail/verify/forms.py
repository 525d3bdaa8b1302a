"""The way a log's writer writes its lines: a line that says the same in other bytes was written by someone else.

A hash over a canonical form covers what a record says, not how it is spelled: `1e-7` for `1E-7`, a blank, an escape.
So a line can be changed without its hash noticing. Where a log is written in one way throughout, such a line is a
remark (`other-form`); it is no proof of tampering, since shippers rewrite lines, and nothing that was hashed changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auditrail.verify import canon

_STYLES = tuple(
    canon.form(name, sort=False) for name in ("py", "py-u8", "py-c", "py-c-u8", "orjson", "serde", "js")
)  # fmt: skip


class Style:
    """The style of a log, learnt from its first records; `odd` tells of a record whether it is written otherwise."""

    def __init__(self, records: Sequence[tuple[Any, bytes]]) -> None:
        counts = [sum(_writes(style, value, raw) for value, raw in records) for style in _STYLES]
        best = max(range(len(_STYLES)), key=counts.__getitem__)
        self._first = _STYLES[best] if counts[best] * 2 >= len(records) > 0 and counts[best] else None

    def odd(self, value: Any, raw: bytes) -> bool:
        if self._first is None or not raw or _writes(self._first, value, raw):
            return False
        return not any(_writes(style, value, raw) for style in _STYLES)


def _writes(style: canon.Form, value: Any, raw: bytes) -> bool:
    try:
        return style(value) == raw
    except (ValueError, TypeError, RecursionError):
        return False
