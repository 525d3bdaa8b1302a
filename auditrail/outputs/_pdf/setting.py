"""Sets a document: blocks -> JSON -> Typst -> PDF.

Typst was chosen over a browser (some 200 MB, and other bytes with each version) and over ReportLab (no tags for screen
readers): one wheel with its fonts, PDF/UA-1 that it checks itself, and a page of template instead of drawing code.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from auditrail import text
from auditrail.outputs._pdf import glyphs
from auditrail.outputs._pdf.blocks import Document, Moment, Strip, Table

_TEMPLATES = Path(__file__).parent / "templates"
_MAIN = "document.typ"
# No single value fills pages: a title of a megabyte is a megabyte of a log. The whole value stands in the records.
LONGEST = 800
_UNSHOWN = (
    "{count:,} characters that the fonts of this document do not hold are written as their numbers, such as {example}; "
    "the records hold them as they are."
)

# Accents without end on one letter: setting them takes longer than all else.
_MOST_ACCENTS = 6
_ACCENTS = re.compile(
    f"[\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u064b-\u065f\u1ab0-\u1aff\u20d0-\u20f0]{{{_MOST_ACCENTS + 1},}}"
)
# A private character, which no value of a log can hold after `glyphs`: the template sets an empty box there, where a
# line may end and which leaves the text whole when it is copied.
BREAK = "\ue000"
# Letters in a row that fit: on the width of a page, and in the narrow places of some blocks.
_WIDE = 36
_NARROW = {(Strip, "label"): 12, (Strip, "sub"): 7, (Moment, "lane"): 12}
# Such columns are made for the words in them.
_OWN_WORDS, _OWN_LENGTH = ("severity", "verdict", "number"), 18
# A cell that is higher than a page would run over its end; a table of a few lines stays on one page.
_MOST_LINES, _WHOLE = 16, 14
_PAGE_POINTS, _LETTER_POINTS = 482, 5.2


class _Plain:
    """Makes a document plain values of harmless text, and counts the characters that had to become escapes."""

    def __init__(self, *, ascii_only: bool) -> None:
        self.ascii_only = ascii_only
        self.unshown = 0
        self.example = ""

    def value(self, value: Any, room: int = _WIDE) -> Any:
        """`room`: letters in a row that fit where the value stands."""
        if isinstance(value, str):
            return self._text(value, room)
        if isinstance(value, Table):
            return self._table(value)
        if hasattr(value, "_asdict"):
            kind = type(value)
            return {
                # A drawing is of our own making: numbers and colours.
                name: member if (kind, name) == (Strip, "svg") else self.value(member, _NARROW.get((kind, name), room))
                for name, member in value._asdict().items()
            }
        if isinstance(value, (list, tuple)):
            return [self.value(member, room) for member in value]
        return value

    def _table(self, table: Table) -> dict[str, Any]:
        points = _PAGE_POINTS / (sum(column.width for column in table.columns) or 1)
        rooms = [max(int((column.width * points - 10) / _LETTER_POINTS), 3) for column in table.columns]
        own = [column.kind in _OWN_WORDS for column in table.columns]
        return {
            "block": table.block,
            "columns": [
                {**column._asdict(), "title": self._cell(column.title, room, own=word)}
                for column, room, word in zip(table.columns, rooms, own, strict=True)
            ],
            "rows": [
                [self._cell(cell, room, own=word) for cell, room, word in zip(row, rooms, own, strict=True)]
                for row in table.rows
            ],
            "notes": self.value(table.notes),
            "empty": self.value(table.empty),
            "whole": sum(_lines(row, rooms) for row in table.rows[: _WHOLE + 1]) <= _WHOLE,
        }

    def _cell(self, value: str, room: int, *, own: bool) -> str:
        """`own`: the column is made for words of ours, which are not broken."""
        return self._text(value, _WIDE if own and len(value) <= _OWN_LENGTH else room, min(room * _MOST_LINES, LONGEST))

    def _text(self, value: str, room: int, longest: int = LONGEST) -> str:
        over = len(value) - longest
        made = text.one_line(value[:longest], ascii_only=self.ascii_only)
        escaped, count = glyphs.shown(_ACCENTS.sub(lambda match: match.group()[:_MOST_ACCENTS] + text.ELLIPSIS, made))
        if count and not self.example:
            self.example = glyphs.shown(next(char for char in made if glyphs.shown(char)[1]))[0]
        self.unshown += count
        broken = _breakable(escaped, room)
        return f"{broken}{text.ELLIPSIS} ({over:,} more characters)" if over > 0 else broken


def _lines(row: Sequence[str], rooms: Sequence[int]) -> int:
    return max((-(-len(cell) // room) for cell, room in zip(row, rooms, strict=True)), default=1) or 1


def _breakable(value: str, room: int) -> str:
    """Letters in a row that are more than the room get places to break; a hyphen or a slash before a letter is one."""
    if len(value) <= room:
        return value
    step = max(room // 6, 1)
    return _row(room).sub(lambda match: _in_steps(match.group(), step), value)


def _in_steps(word: str, step: int) -> str:
    """The word with places to break, none of them between a letter and its accents."""
    made, start = [], 0
    for at in range(step, len(word), step):
        if not unicodedata.combining(word[at]):
            made.append(word[start:at])
            start = at
    return BREAK.join((*made, word[start:]))


@cache
def _row(room: int) -> re.Pattern[str]:
    return re.compile(rf"(?:[^\s/\-]|[/\-](?![A-Za-z])){{{room + 1},}}")


def compiled(document: Document) -> bytes:
    """The PDF; the same document gives the same bytes with the same version of Typst.

    Raises:
        typst.TypstError: the template is at fault; no value of a log can cause it.
    """
    import typst

    try:
        return _set(document, ascii_only=False)
    except typst.TypstError as error:
        if "could not be displayed" not in str(error.message):
            raise
        # The fonts of this version of Typst differ from those that `glyphs` was read from.
        return _set(document, ascii_only=True)


def _set(document: Document, *, ascii_only: bool) -> bytes:
    import typst

    plain = _Plain(ascii_only=ascii_only)
    values = plain.value(document)
    values["unshown"] = _UNSHOWN.format(count=plain.unshown, example=plain.example) if plain.unshown else ""
    compiler = typst.Compiler(
        str(_TEMPLATES / _MAIN),
        root=str(_TEMPLATES),
        font_paths=typst.Fonts(include_system_fonts=False),
        ignore_system_fonts=True,
        # A folder that does not exist: nothing is looked for in, or written to, the folders of a person.
        package_path=str(_TEMPLATES / "none"),
        package_cache_path=str(_TEMPLATES / "none"),
        sys_inputs={"document": json.dumps(values)},
    )
    made = compiler.compile(format="pdf", pdf_standards=["ua-1"])
    assert isinstance(made, bytes)  # noqa: S101 - one file is one value
    return made
