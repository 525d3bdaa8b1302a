"""What documents are made of. Blocks are plain values; strings in them may be any text: `setting` makes it harmless."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

Kind = Literal["text", "number", "mono", "severity", "verdict"]


class Heading(NamedTuple):
    """A heading of level 1 (a part, in the table of contents) or 2."""

    text: str
    level: int = 1
    block: str = "heading"


class Text(NamedTuple):
    """A paragraph; `quiet`: a note in smaller letters."""

    text: str
    quiet: bool = False
    block: str = "text"


class Bullets(NamedTuple):
    """Sentences, one under the other."""

    items: Sequence[str]
    block: str = "bullets"


class Facts(NamedTuple):
    """Names and their values; `mono` names those whose values are digests, ids or paths."""

    rows: Sequence[tuple[str, str]]
    mono: Sequence[str] = ()
    block: str = "facts"


class Figures(NamedTuple):
    """A few numbers that say the most: (number, what it counts)."""

    items: Sequence[tuple[str, str]]
    block: str = "figures"


class Column(NamedTuple):
    """A column of a table: its title, its share of the width, and what stands in it."""

    title: str
    width: float = 1.0
    kind: Kind = "text"


class Table(NamedTuple):
    """A table and the sentences under it; `empty` is said where it has no row."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    empty: str = ""
    block: str = "table"


class Finding(NamedTuple):
    """One finding: a line of its marks (severity first), title, explanation, facts, and the places that show it."""

    severity: str
    marks: str
    title: str
    explanation: str
    facts: Sequence[tuple[str, str]]
    places: Sequence[tuple[str, str]]
    more: str = ""
    block: str = "finding"


class Strip(NamedTuple):
    """A row of a chart: labels at its left (the first stands once for rows that share it), SVG, words instead of it."""

    label: str
    sub: str
    svg: str
    alt: str
    value: str = ""


class Chart(NamedTuple):
    """Rows of cells over one axis, with a legend of (colour, what it means); `axis` are (label, columns) in order."""

    axis: Sequence[tuple[str, int]]
    strips: Sequence[Strip]
    legend: Sequence[tuple[str, str]]
    height: float = 3.2
    notes: Sequence[str] = ()
    block: str = "chart"


class Moment(NamedTuple):
    """One entry of a timeline: when, who or what (a lane), what happened, and where it is written."""

    when: str
    lane: str
    text: str
    place: str = ""
    grave: bool = False


class Timeline(NamedTuple):
    """Entries in order of time; `days` stand in `when` of the first entry of a day."""

    items: Sequence[Moment]
    notes: Sequence[str] = ()
    block: str = "timeline"


Block = Heading | Text | Bullets | Facts | Figures | Table | Finding | Chart | Timeline


class Document(NamedTuple):
    """A document: title page (facts, the answer in a sentence, notes), then the blocks.

    `running` stands at the top of each page but the first, `foot` at the bottom of each.
    """

    title: str
    subtitle: str
    verdict: str
    facts: Facts
    notes: Sequence[str]
    running: str
    foot: str
    blocks: Sequence[Block]
    author: str = "auditrail"
