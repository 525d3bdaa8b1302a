"""How a report is to be shown: what the options of the command line say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class View:
    """Options of a view; they change what is shown, never what was found.

    Attributes:
        width: columns of the terminal; text never runs over it.
        colour: whether ANSI colours may be written (false: piped, `--no-color`, `NO_COLOR`).
        unicode: whether tree lines and marks may use characters beyond ASCII.
        tz: IANA zone for shown times, `UTC` by default; JSON stays in UTC.
        content: `short` (one line, shortened), `whole` (`--show-content`) or `digest` (`--hide-content`: blake3).
        depth: deepest level of the tree to show, None for all.
        layers: only these layers, empty for all.
        since_ns, until_ns: only events in this window.
        fold: whether repeats of alike events are folded into one line.
    """

    width: int = 100
    colour: bool = False
    unicode: bool = True
    tz: str = "UTC"
    content: Literal["short", "whole", "digest"] = "short"
    depth: int | None = None
    layers: tuple[str, ...] = ()
    since_ns: int | None = None
    until_ns: int | None = None
    fold: bool = True
