"""One line of CSV (RFC 4180): shared by the outputs that are CSV. Text from logs can be no formula in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from auditrail.outputs import _rows
from auditrail.text import csv_cell


def line(values: Iterable[Any]) -> str:
    """The values as a line, quoted where they have to be, with CRLF."""
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_cell(value) for value in values])
    return buffer.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, (str, int, float)) for item in value):
        return csv_cell("; ".join(str(item) for item in value))
    return csv_cell(value if isinstance(value, str) else _rows.encode(value))
