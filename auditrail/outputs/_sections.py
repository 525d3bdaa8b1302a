"""Documents made of sections: paragraphs, lists and tables that text, Markdown and HTML write in their own way.

Texts in sections are plain and may be hostile: each medium makes them harmless as it writes them.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from auditrail import __version__, text
from auditrail.outputs._paint import Line, wrap
from auditrail.outputs._table import Cells, table
from auditrail.outputs._view import View
from auditrail.report.types import Report
from auditrail.text import markdown_cell


class Table(NamedTuple):
    """Titles and rows of texts; `right`: columns of numbers; `mono`: columns of ids and places."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()
    mono: frozenset[int] = frozenset()


class Section(NamedTuple):
    """A heading with paragraphs, then a list, then a table; a section of nothing is left out."""

    title: str
    paragraphs: tuple[str, ...] = ()
    bullets: tuple[str, ...] = ()
    table: Table | None = None
    note: str = ""

    def __bool__(self) -> bool:
        return bool(self.paragraphs or self.bullets or (self.table is not None and self.table.rows))


class Document(NamedTuple):
    """Title, a verdict in one line with its style, and sections."""

    title: str
    verdict: str
    style: str
    sections: tuple[Section, ...]

    def told(self) -> Iterator[Section]:
        return (section for section in self.sections if section)


def words(report: Report) -> Any:
    """The module that puts such a report into words: `outputs._<kind>` with document, rows, listing and told."""
    return importlib.import_module(f"auditrail.outputs._{report.kind}")


def lines(made: Document, view: View) -> Iterator[Line]:
    """For a terminal."""

    def clean(value: str) -> str:
        return text.one_line(value, ascii_only=not view.unicode)

    for part in wrap(clean(made.title), view.width):
        yield [(part, "bold")]
    for part in wrap(clean(made.verdict), view.width):
        yield [(part, made.style)]
    for section in made.told():
        yield []
        yield [(clean(section.title), "bold")]
        for paragraph in section.paragraphs:
            yield from ([(part, "")] for part in wrap(clean(paragraph), view.width))
        for bullet in section.bullets:
            for number, part in enumerate(wrap(clean(bullet), view.width - 2)):
                yield [("- " if number == 0 else "  ", "dim"), (part, "")]
        if section.table is not None and section.table.rows:
            columns = [
                Cells(
                    title,
                    [clean(row[index]) for row in section.table.rows],
                    right=index in section.table.right,
                    firm=1 if index in section.table.mono else 0,
                    cut="middle" if index in section.table.mono else "end",
                )
                for index, title in enumerate(section.table.titles)
            ]
            yield from table(columns, view)
        for part in wrap(clean(section.note), view.width) if section.note else ():
            yield [(part, "dim")]


def markdown(made: Document) -> Iterator[str]:
    """For a ticket or a pull request, without line feeds."""
    yield f"# {markdown_cell(made.title)}"
    yield ""
    yield f"**{markdown_cell(made.verdict)}**"
    for section in made.told():
        yield from ("", f"## {markdown_cell(section.title)}")
        for paragraph in section.paragraphs:
            yield from ("", markdown_cell(paragraph))
        if section.bullets:
            yield ""
            yield from (f"- {markdown_cell(bullet)}" for bullet in section.bullets)
        if section.table is not None and section.table.rows:
            yield ""
            yield from _rows(section.table)
        if section.note:
            yield from ("", markdown_cell(section.note))
    yield from ("", f"Made by auditrail {__version__}.")


def _rows(made: Table) -> Iterator[str]:
    yield f"| {' | '.join(markdown_cell(title) for title in made.titles)} |"
    yield f"|{'|'.join('---:' if index in made.right else '---' for index in range(len(made.titles)))}|"
    for row in made.rows:
        yield f"| {' | '.join(markdown_cell(value) for value in row)} |"


def page(made: Document) -> dict[str, object]:
    """Values of the template `sections.html`; autoescaping does the rest."""
    return {
        "title": text.one_line(made.title),
        "verdict": text.one_line(made.verdict),
        "verdict_style": made.style,
        "sections": [_section(section) for section in made.told()],
    }


def _section(section: Section) -> dict[str, object]:
    made = section.table if section.table is not None and section.table.rows else None
    return {
        "title": text.one_line(section.title),
        "paragraphs": _clean(section.paragraphs),
        "bullets": _clean(section.bullets),
        "note": text.one_line(section.note),
        "columns": [(title, _looks(made, index)) for index, title in enumerate(made.titles)] if made else [],
        "rows": [[(text.one_line(value), _looks(made, index)) for index, value in enumerate(row)] for row in made.rows]
        if made
        else [],
    }


def _looks(made: Table, index: int) -> str:
    return "number" if index in made.right else "mono" if index in made.mono else ""


def _clean(values: Iterable[str]) -> list[str]:
    return [text.one_line(value) for value in values]
