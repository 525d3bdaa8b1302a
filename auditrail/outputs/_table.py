"""Tables of text: columns aligned, fitted to a width by cutting the widest texts first, ids last.

Sentences in the last column are wrapped. Where not even that fits, rows are written as blocks of `title  value`, so
that nothing is out of sight.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from auditrail import text
from auditrail.outputs import _rows, _when
from auditrail.outputs._paint import Line, wrap
from auditrail.outputs._view import View
from auditrail.report.types import Column, Listing

_GAP = "  "
# A text is not cut below this while another column can go, and never below the other.
_READABLE = 12
# Blanks in a cell, on average, from which a column holds sentences.
_PROSE = 5
_LEAST = 8
# Twelve characters of an id and an ellipsis: a prefix by which a run can be asked for. Ids that begin alike (runs named
# by their file) keep as much more as tells them apart, within reason.
_LEAST_ID = 13
_MOST_ID = 48
_LEAST_COLUMNS = 5
# Sentences narrower than this read worse than a block.
_LEAST_PROSE = 28
_MAX_CELL = 2_000
_BYTE_UNITS = ("kB", "MB", "GB", "TB", "PB")


@dataclass(slots=True)
class Cells:
    """One column as text. `firm`: 0 cut first, 1 cut when nothing else helps, 2 never cut; `cut`: end or middle."""

    title: str
    values: list[str]
    right: bool = False
    firm: int = 0
    style: str = ""
    cut: str = "end"
    least: int = _LEAST_ID


def cell(value: Any, column: Column, view: View) -> str:
    """A value as harmless text for people."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) and column.show == "time":
        return _when.stamp(value, view.tz)
    if isinstance(value, (int, float)):
        return _number(value, column.show)
    if isinstance(value, (list, tuple, set, frozenset)) and column.show == "list":
        items = sorted(map(str, value)) if isinstance(value, (set, frozenset)) else value
        return _clean(", ".join(item if isinstance(item, str) else _as_text(item) for item in items), view)
    return _clean(_as_text(value), view)


def _as_text(value: Any) -> str:
    made = _rows.plain(value)
    return made if isinstance(made, str) else _rows.encode(made)


def _clean(value: str, view: View) -> str:
    if view.content != "whole":
        value = text.shorten(value, _MAX_CELL)
    return text.one_line(value, ascii_only=not view.unicode)


def _number(value: float, show: str) -> str:
    if show == "share":
        # Cut and not rounded: 99.97 % is not all.
        return f"{math.floor(1_000 * value + 1e-9) / 10:g} %"
    if show == "bytes":
        return _bytes(value)
    return f"{value:,}" if show == "count" else str(value)


def _bytes(value: float) -> str:
    """Decimal units, as disks and clouds count."""
    if value < 1_000:
        return f"{value} B"
    steps = 0
    while value >= 999.95 and steps < len(_BYTE_UNITS):
        value /= 1_000
        steps += 1
    return f"{value:.1f} {_BYTE_UNITS[steps - 1]}"


def listing_cells(report: Listing, view: View) -> list[Cells]:
    """The columns of a listing, with the zone in the heading of times."""
    made = []
    for index, column in enumerate(report.columns):
        values = [cell(row[index], column, view) for row in report.rows]
        title = text.one_line(column.title, ascii_only=not view.unicode)
        made.append(
            Cells(
                f"{title} ({view.tz})" if column.show == "time" else title,
                values,
                right=column.show in ("count", "bytes", "share")
                or (column.show == "text" and _numeric([row[index] for row in report.rows])),
                firm={"text": 0, "list": 0, "id": 1}.get(column.show, 2),
                cut="middle" if column.name == "path" else "end",
                least=_telling(values) if column.show == "id" and column.name != "path" else _LEAST_ID,
            )
        )
    return made


def _telling(values: list[str]) -> int:
    """How wide a column must be so that different ids, cut at their end, still differ."""
    different = sorted(set(values))
    shared = 0
    for before, after in pairwise(different):
        for place, (one, other) in enumerate(zip(before, after, strict=False)):
            if one != other:
                shared = max(shared, place)
                break
        else:
            shared = max(shared, len(before))
    return min(max(_LEAST_ID, shared + 2), _MOST_ID)


def _numeric(values: list[Any]) -> bool:
    return any(value is not None for value in values) and all(
        value is None or (isinstance(value, (int, float)) and not isinstance(value, bool)) for value in values
    )


def table(columns: list[Cells], view: View, *, columns_wide: int | None = None, rule: bool = True) -> list[Line]:
    """The lines of a table: headings, a rule, rows; blocks where the columns do not fit."""
    room = columns_wide or view.width
    ellipsis = "\u2026" if view.unicode else "..."
    widths = _widths(columns, room)
    wrapped = widths is not None and _cuts_prose(columns, widths)
    if wrapped:
        widths = _wrapping(columns, room)
    if widths is None:
        return _blocks(columns, room)
    made: list[Line] = []
    if any(column.title for column in columns):
        made.append(_row([c.title for c in columns], columns, widths, ellipsis, heading=True))
        if rule:
            made.append([(_GAP.join(("\u2500" if view.unicode else "-") * w for w in widths), "dim")])
    rows = zip(*(column.values for column in columns), strict=True)
    if not wrapped:
        return [*made, *(_row(list(values), columns, widths, ellipsis) for values in rows)]
    for values in rows:
        first, *more = wrap(values[-1], widths[-1]) or [""]
        made.append(_row([*values[:-1], first], columns, widths, ellipsis))
        made += [_row([*("" for _ in columns[1:]), piece], columns, widths, ellipsis) for piece in more]
    return made


def _wrapping(columns: list[Cells], room: int) -> list[int] | None:
    """Widths with which only the last column has to be wrapped; None if it would get too narrow."""
    natural = [max([text.width(c.title), *(text.width(v) for v in c.values)]) for c in columns[:-1]]
    left = room - sum(natural) - len(_GAP) * len(natural)
    return [*natural, left] if left >= _LEAST_PROSE and not columns[-1].firm else None


def _cuts_prose(columns: list[Cells], widths: list[int]) -> bool:
    """Whether sentences would be cut: they say nothing in fifteen columns, and read well in a block."""
    return any(
        any(text.width(value) > wide for value in column.values)
        and sum(value.count(" ") for value in column.values) >= _PROSE * len(column.values)
        for column, wide in zip(columns, widths, strict=True)
        if not column.firm
    )


def fit(columns: list[Cells], view: View) -> tuple[list[Cells], list[str]]:
    """The columns for which there is room, and sentences about the others.

    First those go that are empty, then those that say the same in each row, then the last ones; if fewer than
    `_LEAST_COLUMNS` would stay, all stay, and the table is written as blocks.
    """
    if _widths(columns, view.width, ids=("telling",)) is not None:
        return columns, []
    notes: list[str] = []
    left = [column for column in columns if any(column.values)]
    empty = [column.title for column in columns if not any(column.values)]
    if empty:
        notes.append(f"Empty in each row: {', '.join(empty)}.")
    same = [c for c in left[1:] if len(c.values) > 1 and len(set(c.values)) == 1 and text.width(c.values[0]) <= 40]
    constant: list[str] = []
    while same and _widths(left, view.width, _READABLE, ("telling",)) is None:
        column = same.pop()
        left.remove(column)
        constant.insert(0, f"{column.title} {column.values[0]}")
    if constant:
        notes.append(f"The same in each row: {', '.join(constant)}.")
    dropped: list[str] = []
    while len(left) > _LEAST_COLUMNS and _widths(left, view.width, _READABLE, ("telling",)) is None:
        dropped.insert(0, left.pop().title)
    if _widths(left, view.width) is None:
        return columns, []
    if dropped:
        notes.append(f"Left out for want of room: {', '.join(dropped)}. A wider terminal or --format csv shows them.")
    return left, notes


def _widths(
    columns: list[Cells], room: int, text_least: int = _LEAST, ids: tuple[str, ...] = ("telling", "short")
) -> list[int] | None:
    """Widths that fit: the widest text gives first, ids only if that is not enough; None if nothing fits."""
    natural = [max([text.width(c.title), *(text.width(v) for v in c.values)]) for c in columns]
    room -= len(_GAP) * (len(columns) - 1)
    if sum(natural) <= room:
        return natural
    limits = {0: text_least}
    least = _least(natural, columns, limits)
    for form in ids:
        if sum(least) > room:
            least = _least(natural, columns, limits, ids=form)
    if sum(least) > room:
        return None
    widths = list(natural)
    over = sum(widths) - room
    while over > 0:
        # Cut the widest down to the next widest, or as far as needed.
        free = sorted({w for w, low in zip(widths, least, strict=True) if w > low}, reverse=True)
        top = free[0]
        widest = [i for i, w in enumerate(widths) if w == top and w > least[i]]
        floor = max([free[1] if len(free) > 1 else 0, *(least[i] for i in widest)])
        step = min(top - floor, max(over // len(widest), 1)) or 1
        for index in widest:
            if over <= 0:
                break
            widths[index] -= min(step, over)
            over -= min(step, over)
    return widths


def _least(natural: list[int], columns: list[Cells], limits: dict[int, int], *, ids: str = "whole") -> list[int]:
    """How far each column may be cut; `ids`: whole, telling (they still differ) or short."""
    least = []
    for n, column in zip(natural, columns, strict=True):
        if column.firm == 1 and ids != "whole":
            least.append(min(n, column.least if ids == "telling" else _LEAST_ID))
        else:
            least.append(min(n, limits.get(column.firm, n)))
    return least


def _row(values: list[str], columns: list[Cells], widths: list[int], ellipsis: str, *, heading: bool = False) -> Line:
    line: Line = []
    for index, (value, column, wide) in enumerate(zip(values, columns, widths, strict=True)):
        # An id too short to tell keeps its end, which often differs where the beginning does not.
        middle = column.cut == "middle" or (column.firm == 1 and wide < column.least)
        cutter = text.middle if middle and not heading else text.shorten
        shown = cutter(value, wide, ellipsis=ellipsis)
        blanks = " " * (wide - text.width(shown))
        if index:
            line.append((_GAP, ""))
        style = "bold" if heading else column.style
        line += [(blanks, ""), (shown, style)] if column.right else [(shown, style), (blanks, "")]
    return line


def _blocks(columns: list[Cells], room: int) -> list[Line]:
    titles = max((text.width(column.title) for column in columns), default=0)
    titles = min(titles, room // 3)
    made: list[Line] = []
    for number in range(len(columns[0].values) if columns else 0):
        if number:
            made.append([])
        for column in columns:
            title = text.shorten(column.title, titles)
            for index, piece in enumerate(wrap(column.values[number], max(room - titles - 2, _LEAST))):
                head = title if index == 0 else ""
                made.append([(head + " " * (titles - text.width(head) + 2), "bold"), (piece, column.style)])
    return made
