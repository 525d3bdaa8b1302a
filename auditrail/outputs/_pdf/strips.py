"""Strips of cells as SVG: a row of a heat map, a row of stacked bars. Numbers and colours only, no text.

Colours are told apart by lightness alone, so that they survive a printer and eyes that see no red: pale is whole, dark
is missing (ColorBrewer's OrRd over a blue).
"""

from __future__ import annotations

from collections.abc import Sequence

# The least share in tenths -> colour; a share of ten tenths is all, and nothing else is.
SHADES = ((10, "#d9e8f5"), (8, "#fdc477"), (5, "#fc8d59"), (1, "#d7301f"), (0, "#5f0000"))
NO_RUN = "#ffffff"
LEGEND = (
    (SHADES[0][1], "all runs have it"),
    (SHADES[1][1], "80 % and more"),
    (SHADES[2][1], "50 % and more"),
    (SHADES[3][1], "less"),
    (SHADES[4][1], "none has it"),
    (NO_RUN, "no run"),
)


def shade(tenths: int | None) -> str:
    if tenths is None:
        return NO_RUN
    return next(colour for least, colour in SHADES if tenths >= least)


def cells(colours: Sequence[str]) -> str:
    """A strip of cells of equal width; neighbours of one colour are one rectangle."""
    made, at = [], 0
    while at < len(colours):
        end = at
        while end < len(colours) and colours[end] == colours[at]:
            end += 1
        if colours[at] != NO_RUN:
            made.append(f'<rect x="{at}" width="{end - at}" height="1" fill="{colours[at]}"/>')
        at = end
    return _svg(max(len(colours), 1), 1, made)


def columns(stacks: Sequence[Sequence[int]], colours: Sequence[str]) -> str:
    """Stacked bars, one for each stack, as high as their sums; `colours` from the bottom up."""
    highest = max((sum(stack) for stack in stacks), default=0) or 1
    made = []
    for at, stack in enumerate(stacks):
        floor = 100.0
        for number, colour in zip(stack, colours, strict=True):
            height = 100 * number / highest
            floor -= height
            if number:
                made.append(f'<rect x="{at}.1" y="{floor:.2f}" width="0.8" height="{height:.2f}" fill="{colour}"/>')
    return _svg(max(len(stacks), 1), 100, made)


def _svg(width: int, height: int, shapes: list[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" preserveAspectRatio="none">'
    return f"{head}{''.join(shapes)}</svg>"
