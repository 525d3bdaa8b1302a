"""Chooses the reader of a source by its content, and can say why."""

from __future__ import annotations

import io
from typing import Any, NamedTuple

from auditrail import discover
from auditrail.containers.records import Head, Record
from auditrail.containers.splitting import split
from auditrail.containers.table import DELIMITERS
from auditrail.containers.values import is_wrapper
from auditrail.errors import UsageError
from auditrail.readers._contract import arrays_of
from auditrail.readers._scope import Origin

PACKAGE = "auditrail.readers"
# The reader that takes the mappings of the configuration.
_MAPPED = "jsonl"


class Choice(NamedTuple):
    """The chosen reader, how its records are divided, and why it was chosen."""

    reader: Any
    framing: str
    arrays: tuple[str, ...]
    score: float
    why: str


def readers() -> dict[str, Any]:
    """Every reader by name."""
    return dict(discover.modules(PACKAGE))


def scores(head: Head) -> list[tuple[float, str]]:
    """All readers that claim the source, best first; equal scores in order of name."""
    claims = [(float(reader.sniff(head)), name) for name, reader in readers().items()]
    return sorted(((score, name) for score, name in claims if score > 0), key=lambda claim: (-claim[0], claim[1]))


def forced(name: str) -> Any:
    """The reader of that name.

    Raises:
        UsageError: there is none.
    """
    reader = readers().get(name)
    if reader is None:
        raise UsageError(f"there is no reader {name!r}", hint=f"readers: {', '.join(sorted(readers()))}")
    return reader


def choose(head: Head, name: str | None = None, mapping: tuple[Any, ...] = ()) -> Choice | None:
    """The reader for a source, or None if no reader knows it.

    Names in a log of a make of its own may tell nothing to any reader: a mapping of the user's decides then.

    Raises:
        UsageError: `name` names no reader.
    """
    if name is not None:
        return _made(forced(name), head, 1.0, "chosen on the command line")
    claims = scores(head)
    if not claims:
        return _mapped(head, mapping)
    score, best = claims[0]
    others = ", ".join(f"{other} {value:.2f}" for value, other in claims[1:4])
    why = f"content scores {score:.2f}" + (f"; next: {others}" if others else "; no other reader claims it")
    return _made(readers()[best], head, score, why)


def _mapped(head: Head, mapping: tuple[Any, ...]) -> Choice | None:
    objects = [sample for sample in head.samples if isinstance(sample, dict)]
    if not any(each.fits(sample) for each in mapping for sample in objects):
        return None
    return _made(forced(_MAPPED), head, 0.1, "no reader claims it; a mapping of the configuration fits its records")


def _made(reader: Any, head: Head, score: float, why: str) -> Choice:
    arrays = arrays_of(reader)
    framing = head.framing
    if getattr(reader, "LINES", False) or (framing in DELIMITERS and getattr(reader, "INPUT", "json") == "text"):
        framing = "lines"
    elif framing == "lines" and arrays and _wrapped(head, arrays):
        framing = "values"
    return Choice(reader, framing, arrays, score, why)


def _wrapped(head: Head, arrays: tuple[str, ...]) -> bool:
    """Whether the records stand in an array inside the objects: then lines are not the records."""
    if not head.samples:  # of an object that reaches beyond the head, only the first level of keys is known
        return any(name.partition(".")[0] in head.keys for name in arrays)
    return any(
        is_wrapper(sample, arrays) or (isinstance(sample, dict) and any(name in sample for name in arrays))
        for sample in head.samples
    )


def origin(head: Head, choice: Choice, path: str) -> Origin:
    """What readers are told of where the source is."""
    stream = io.BytesIO(head.raw)
    for item in split(stream, choice.framing, arrays=choice.arrays):
        if isinstance(item, Record) and item.raw.strip():
            return Origin(path, item.digest.hex())
    return Origin(path)
