"""Sets a document: blocks -> JSON -> Typst -> PDF.

Typst was chosen over a browser (some 200 MB, and other bytes with each version) and over ReportLab (no tags for screen
readers): one wheel with its fonts, PDF/UA-1 that it checks itself, and a page of template instead of drawing code.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from auditrail import text
from auditrail.outputs._pdf import glyphs
from auditrail.outputs._pdf.blocks import Document, Moment, Strip, Table

_TEMPLATES = Path(__file__).parent / "templates"
_MAIN = "document.typ"
# No single value fills pages: a title of a megabyte is a megabyte of a log. The whole value stands in the records.
LONGEST = 1_500
_UNSHOWN = (
    "{count:,} characters that the fonts of this document do not hold are written as their numbers, such as {example}; "
    "the records hold them as they are."
)

# A private character, which no value of a log can hold after `glyphs`: the template sets an empty box there, where a
# line may end and which leaves the text whole when it is copied.
BREAK = "\ue000"
# Letters in a row that fit: on the width of a page, and in the narrow places of some blocks.
_WIDE = 36
_NARROW = {(Strip, "label"): 12, (Strip, "sub"): 7, (Moment, "lane"): 12}
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
                name: self.value(member, _NARROW.get((kind, name), room)) for name, member in value._asdict().items()
            }
        if isinstance(value, (list, tuple)):
            return [self.value(member, room) for member in value]
        return value

    def _table(self, table: Table) -> dict[str, Any]:
        points = _PAGE_POINTS / (sum(column.width for column in table.columns) or 1)
        rooms = [max(int((column.width * points - 10) / _LETTER_POINTS), 3) for column in table.columns]
        return {
            "block": table.block,
            "columns": [self.value(column, room) for column, room in zip(table.columns, rooms, strict=True)],
            "rows": [[self.value(cell, room) for cell, room in zip(row, rooms, strict=True)] for row in table.rows],
            "notes": self.value(table.notes),
            "empty": self.value(table.empty),
        }

    def _text(self, value: str, room: int) -> str:
        if value.startswith("<svg "):
            return value if value.isascii() else ""  # our own drawing: numbers and colours
        over = len(value) - LONGEST
        made = text.one_line(value[:LONGEST], ascii_only=self.ascii_only)
        escaped, count = glyphs.shown(made)
        if count and not self.example:
            self.example = glyphs.shown(next(char for char in made if glyphs.shown(char)[1]))[0]
        self.unshown += count
        broken = _breakable(escaped, room)
        return f"{broken}{text.ELLIPSIS} ({over:,} more characters)" if over > 0 else broken


def _breakable(value: str, room: int) -> str:
    """Letters in a row that are more than the room get places to break; a hyphen or a slash before a letter is one."""
    if len(value) <= room:
        return value
    return _row(room).sub(lambda match: BREAK.join(match.group()), value)


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
