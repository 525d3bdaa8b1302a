"""Text for a terminal: the run as a tree, or a table. With colour or without, it is the same text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from auditrail.outputs._header import header
from auditrail.outputs._paint import Line, wrap, write
from auditrail.outputs._select import hidden
from auditrail.outputs._table import fit, listing_cells, table
from auditrail.outputs._tree import Tree
from auditrail.outputs._view import View
from auditrail.outputs._wording import Words
from auditrail.report.types import Listing, Reconstruction, Report
from auditrail.text import one_line

NAME = "text"
EXTENSION = "txt"

# Narrower than this, the columns of the tree leave no room for words.
_NARROWEST = 60


def render(report: Report, view: View) -> Iterator[str]:
    """Line after line."""
    view = replace(view, width=max(view.width, _NARROWEST))
    lines = _listing(report, view) if isinstance(report, Listing) else _reconstruction(report, view)
    yield from write(lines, view)


def _reconstruction(report: Reconstruction, view: View) -> Iterator[Line]:
    words = Words(report, view)
    yield from header(report, view, words)
    yield []
    tree = Tree(report, view, words)
    left_out = hidden(report, view)
    shown = len(report.events) - sum(left_out.values())
    total = len(report.events)
    counted = f"{shown:,} of {total:,} events" if left_out else f"{total:,} {'event' if total == 1 else 'events'}"
    yield [("What happened", "bold"), (f"  {counted}, times in {view.tz}", "dim")]
    yield from tree.lines()
    for option, count in left_out.items():
        name = {"layer": "--layer", "time": "--since and --until", "depth": "--depth"}[option]
        yield [(f"{count:,} {'event' if count == 1 else 'events'} hidden by {name}", "warn")]


def _listing(report: Listing, view: View) -> Iterator[Line]:
    def clean(value: str) -> str:
        return one_line(value, ascii_only=not view.unicode)

    report = report.brief()
    if report.title:
        yield [(clean(report.title), "bold")]
    if report.rows:
        cells = listing_cells(report, view)
        # Whoever asks for columns by name gets them all.
        cells, left_out = (cells, []) if report.kind == "query" else fit(cells, view)
        yield from table(cells, view)
        for note in left_out:
            yield from ([(line, "dim")] for line in wrap(note, view.width))
    else:
        yield [("(nothing)", "dim")]
    notes = [*report.notes, *(f"Not checked: {sentence}" for sentence in report.not_checked)]
    if notes:
        yield []
    for note in notes:
        for line in wrap(clean(note), view.width):
            yield [(line, "")]
