"""Lines of coloured pieces: measured, wrapped and written for a terminal, with or without colour.

A line is a list of (text, style) pairs; texts are neutralised before they come here. Colour changes nothing but
colour: without its escapes, the output is the same text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from auditrail.outputs._view import View
from auditrail.text import shorten, width

Piece = tuple[str, str]
Line = list[Piece]

# Style names -> rich styles: the sixteen colours of the terminal's own theme, readable on dark and on light.
_STYLES = {
    "": "",
    "dim": "dim",
    "bold": "bold",
    "head": "bold underline",
    "agent": "cyan",
    "llm": "magenta",
    "tool": "blue",
    "policy": "yellow",
    "other": "dim",
    "good": "green",
    "warn": "yellow",
    "bad": "bold red",
    "join": "dim",
    "guess": "yellow",
}


class Marks:
    """The characters of a view: Unicode, or their ASCII stand-ins."""

    def __init__(self, *, unicode: bool) -> None:
        self.ellipsis = "\u2026" if unicode else "..."
        self.missing = "\u2717" if unicode else "x"
        self.result = "\u2192" if unicode else "->"
        self.joined = "\u27f5" if unicode else "<-"
        self.dash = "\u2013" if unicode else "-"
        self.dot = "\u00b7" if unicode else "-"
        self.rule = "\u2500" if unicode else "-"
        self.branch = "\u251c " if unicode else "+ "
        self.last = "\u2514 " if unicode else "` "
        self.through = "\u2502 " if unicode else "| "
        self.times = "\u00d7" if unicode else "x"


@cache
def _codes(style: str) -> tuple[str, str]:
    """What switches a style on and off, as rich writes it."""
    from rich.color import ColorSystem
    from rich.style import Style

    if not style:
        return "", ""
    on, _, off = Style.parse(style).render("|", color_system=ColorSystem.STANDARD).partition("|")
    return on, off


def write(lines: Iterable[Line], view: View) -> Iterator[str]:
    """Each line as text with its line feed, cut to the width of the view where it still runs over."""
    ellipsis = "\u2026" if view.unicode else "..."
    for line in lines:
        yield _write(_fitted(line, view.width, ellipsis), colour=view.colour) + "\n"


def _write(line: Line, *, colour: bool) -> str:
    while line and not line[-1][0].strip():
        line = line[:-1]
    if line and line[-1][0][-1:] == " ":
        line = [*line[:-1], (line[-1][0].rstrip(" "), line[-1][1])]
    if not colour:
        return "".join(text for text, _ in line)
    made = []
    for text, style in line:
        on, off = _codes(_STYLES[style])
        made.append(f"{on}{text}{off}" if text else "")
    return "".join(made)


def line_width(line: Line) -> int:
    """Columns that a line takes."""
    return sum(width(text) for text, _ in line)


def _fitted(line: Line, columns: int, ellipsis: str) -> Line:
    left = columns
    made: Line = []
    for text, style in line:
        takes = width(text)
        if takes > left:
            made.append((shorten(text, left, ellipsis=ellipsis), style))
            return made
        made.append((text, style))
        left -= takes
    return made


def flow(words: Iterable[Piece], columns: int, *, gap: str = "  ", ellipsis: str = "\u2026") -> list[Line]:
    """Pieces side by side, as many to a line as fit; a piece wider than a line is cut."""
    lines: list[Line] = [[]]
    used = 0
    for word, style in words:
        text = shorten(word, columns, ellipsis=ellipsis)
        takes = width(text)
        if lines[-1] and used + len(gap) + takes > columns:
            lines.append([])
            used = 0
        if lines[-1]:
            lines[-1].append((gap, ""))
            used += len(gap)
        lines[-1].append((text, style))
        used += takes
    return lines


def wrap(text: str, columns: int) -> list[str]:
    """Text in lines of at most `columns` columns, broken at blanks, and inside a word only where it must be."""
    columns = max(columns, 8)
    lines: list[str] = []
    for word in text.split(" "):
        if lines and width(lines[-1]) + 1 + width(word) <= columns:
            lines[-1] += f" {word}"
            continue
        lines += pieces(word, columns)
    return lines or [""]


def wrapped(line: Line, columns: int) -> list[Line]:
    """A line in lines of at most `columns` columns, as `wrap` breaks its text, with the styles kept."""
    left = [(text, style) for text, style in line if text]
    made: list[Line] = []
    for part in wrap("".join(text for text, _ in left), columns):
        current: Line = []
        wanted = len(part)
        while wanted and left:
            text, style = left.pop(0)
            if len(text) > wanted:
                left.insert(0, (text[wanted:], style))
            current.append((text[:wanted], style))
            wanted -= len(current[-1][0])
        if left and left[0][0][0] == " ":  # the blank at which the line was broken
            left[0] = (left[0][0][1:], left[0][1])
            left = left if left[0][0] else left[1:]
        made.append(current)
    return made


def pieces(text: str, columns: int) -> list[str]:
    """Text cut into pieces of at most `columns` columns, nothing left out."""
    if width(text) <= columns:
        return [text]
    if text.isascii():
        return [text[i : i + columns] for i in range(0, len(text), columns)]
    made, current, used = [], "", 0
    for char in text:
        takes = width(char)
        if used + takes > columns:
            made.append(current)
            current, used = "", 0
        current += char
        used += takes
    return [*made, current]
