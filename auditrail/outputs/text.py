"""Text for a terminal: the run as a tree, or a table. With colour or without, it is the same text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from auditrail.outputs._header import header
from auditrail.outputs._paint import Line, wrap, wrapped, write
from auditrail.outputs._select import hidden
from auditrail.outputs._table import Cells, fit, listing_cells, table
from auditrail.outputs._tree import Tree
from auditrail.outputs._view import View
from auditrail.outputs._wording import Words
from auditrail.report.types import (
    SECTIONED,
    Comparison,
    GapsReport,
    Listing,
    Reconstruction,
    Report,
    VerificationReport,
)
from auditrail.text import one_line, shorten, terminal

NAME = "text"
EXTENSION = "txt"

# Narrower than this, the columns of the tree leave no room for words.
_NARROWEST = 60
_LAYERS = frozenset({"agent", "llm", "tool", "policy", "other"})


def render(report: Report, view: View) -> Iterator[str]:
    """Line after line."""
    view = replace(view, width=max(view.width, _NARROWEST))
    lines: Iterable[Line]
    if isinstance(report, GapsReport):
        from auditrail.outputs import _gaps_text

        lines = _gaps_text.lines(report, view)
    elif isinstance(report, VerificationReport):
        from auditrail.outputs import _verification

        lines = _verification.lines(report, view)
    elif isinstance(report, SECTIONED):
        from auditrail.outputs import _sections

        lines = _sections.lines(_sections.words(report).told(report, view), view)
    elif isinstance(report, Comparison):
        lines = _comparison(report, view)
    else:
        lines = _listing(report, view) if isinstance(report, Listing) else _reconstruction(report, view)
    yield from write(lines, view)
    if isinstance(report, Listing) and report.verbatim:  # whole, whatever the width: it is there to be copied
        yield "\n"
        yield from (f"{terminal(line, ascii_only=not view.unicode)}\n" for line in report.verbatim.splitlines())


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


def _comparison(report: Comparison, view: View) -> Iterator[Line]:
    from auditrail.outputs._compare import MARKS, STYLES, Comparing

    made = Comparing(report, view)
    head = made.head()
    columns = [Cells("", [label for label, _, _ in head], firm=2, style="dim")]
    columns += [Cells(name, [row[index] for row in head]) for index, name in ((1, "A"), (2, "B"))]
    yield from table(columns, view, rule=False)
    yield []
    for sentence in made.verdict():
        for part in wrap(sentence, view.width):
            yield [(part, "bold")]
    yield [(made.summary(), "dim")]
    yield []
    lines = list(made.lines())
    wide = [max([len(line.number_a) for line in lines] + [1]), max([len(line.number_b) for line in lines] + [1])]
    left = 2 + wide[0] + 1 + wide[1] + 2 + 7
    arrow = "\u2192" if view.unicode else "->"
    yield [(f"  {'A':<{wide[0]}} {'B':<{wide[1]}}  {'layer':<7}what", "dim")]
    for line in lines:
        style = STYLES[line.mark]
        numbers = f"{MARKS[line.mark]} {line.number_a:<{wide[0]}} {line.number_b:<{wide[1]}}  "
        where: Line = [(f"  {line.where}", "dim")] if line.where else []
        layer = (f"{shorten(line.layer, 6):<7}", line.layer if line.layer in _LAYERS else "")
        for index, rest in enumerate(wrapped([*line.phrase, *where], view.width - left)):
            yield [(numbers, style), layer, *rest] if index == 0 else [(" " * left, ""), *rest]
        for what, one, two in line.changes:
            for index, part in enumerate(wrap(f"{what}: {one} {arrow} {two}", view.width - left - 4)):
                yield [(" " * (left + (2 if index == 0 else 4)), ""), (part, "warn")]
    notes = [*report.notes, *(f"Not compared: {sentence}" for sentence in report.not_checked)]
    yield []
    for note in notes:
        for part in wrap(made.words.clean(note), view.width):
            yield [(part, "dim")]
