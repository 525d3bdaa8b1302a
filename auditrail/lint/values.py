"""What a setting says: numbers, truth values, times and texts, with `${X:-default}` taken at its default.

A function gives None where the value is not known here (it comes from the environment, or from a template) or has no
such form. A rule says nothing of a value that it does not know.
"""

from __future__ import annotations

import re

from auditrail.lint.node import Node

_VARIABLE = re.compile(r"\$\{(?:env:)?[A-Za-z_][A-Za-z0-9_]*(?::?-([^{}$]*))?\}")
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|\u00b5s|ms|s|m|h|d|w|y)")
_SECONDS = {
    "ns": 1e-9, "us": 1e-6, "\u00b5s": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0,
    "w": 604_800.0, "y": 31_536_000.0,
}  # fmt: skip
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?\Z", re.IGNORECASE)
_FACTOR = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def settled(text: str) -> str | None:
    """The text with each `${X:-default}` as its default; None if a variable has none."""
    lacking = False

    def fill(match: re.Match[str]) -> str:
        nonlocal lacking
        lacking = lacking or match.group(1) is None
        return match.group(1) or ""

    made = _VARIABLE.sub(fill, text)
    return None if lacking or "$(" in made or "{{" in made or "\u00a4" in made else made


def text(node: Node | None) -> str | None:
    """The text of a scalar."""
    return settled(node.text) if node is not None and node.is_scalar else None


def number(node: Node | None) -> float | None:
    """The number of a scalar, also of one in quotes; a per cent sign behind it is let be."""
    said = text(node)
    if said is None:
        return None
    try:
        made = float(said.strip().removesuffix("%"))
    except ValueError:
        return None
    return made if abs(made) < 1e300 else None


def truth(node: Node | None) -> bool | None:
    """The truth value of a scalar, also of one in quotes."""
    said = text(node)
    return {"true": True, "false": False}.get(said.strip().lower()) if said is not None else None


def seconds(node: Node | None) -> float | None:
    """Seconds of a time such as `30s`, `1h30m` or `14d`; a bare 0 is 0, and a bare number has no unit."""
    said = text(node)
    return None if said is None else duration(said)


def duration(said: str) -> float | None:
    """Seconds of the text of a time; None if it is none."""
    said = said.strip()
    if said in ("0", "0.0"):
        return 0.0
    total, at = 0.0, 0
    while at < len(said):
        part = _DURATION.match(said, at)
        if part is None:
            return None
        total += float(part.group(1)) * _SECONDS[part.group(2)]
        at = part.end()
    return total if said else None


def size(said: str) -> float | None:
    """Bytes of a size such as `10Mi`, `10MB` or `512`; None if it is none. `m` and `mb` are taken as 1024 * 1024."""
    found = _SIZE.match(said.strip())
    return float(found.group(1)) * 1024 ** _FACTOR[found.group(2).lower()] if found is not None else None


def strings(node: Node | None) -> list[Node]:
    """The scalars of a list, or the one scalar that stands for a list of one."""
    if node is None:
        return []
    return (
        [item for item in node.each() if item.is_scalar]
        if node.items is not None
        else [node] * (node.value is not None)
    )


def spoken(value: float) -> str:
    """Seconds as a person says them: `250 ms`, `30 s`, `5 min`, `2 h`, `14 days`."""
    if value < 1:
        return f"{value * 1000:.0f} ms"
    for unit, name in ((86_400, "days"), (3600, "h"), (60, "min")):
        if value >= 2 * unit or value == unit:
            made = f"{value / unit:.1f}".removesuffix(".0")
            return f"{made} {name.removesuffix('s') if made == '1' else name}"
    return f"{value:.1f}".removesuffix(".0") + " s"
