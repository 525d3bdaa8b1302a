"""The dated file of frameworks: clauses, how long they ask for records, and which fields."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

from auditrail.errors import UsageError


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: `months` that records are kept at least (None: no number), and names of fields."""

    clause: str
    months: int | None
    fields: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Framework:
    """One framework, by the name that `--require` takes, with its other names."""

    name: str
    title: str
    aliases: tuple[str, ...]
    clauses: tuple[Clause, ...]


@cache
def _file() -> tuple[str, tuple[Framework, ...]]:
    text = resources.files("auditrail.gaps").joinpath("data/frameworks.toml").read_text("utf-8")
    raw = tomllib.loads(text)
    return raw["as_of"].isoformat(), tuple(
        Framework(
            entry["name"],
            entry["title"],
            tuple(entry.get("aliases", ())),
            tuple(
                Clause(item["clause"], item.get("months"), tuple(item.get("fields", ())), item["note"])
                for item in entry["clause"]
            ),
        )
        for entry in raw["framework"]
    )


def as_of() -> str:
    """The day (YYYY-MM-DD) on which the file was last brought up to date."""
    return _file()[0]


def frameworks() -> tuple[Framework, ...]:
    """All frameworks, in the order of the file."""
    return _file()[1]


def select(names: Iterable[str]) -> tuple[Framework, ...]:
    """The frameworks of these names, each once, in the order of the file; case, blanks and strokes do not matter.

    Raises:
        UsageError: there is no framework of that name; the hint lists them.
    """
    by_name = {_plain(word): each for each in frameworks() for word in (each.name, each.title, *each.aliases)}
    chosen = []
    for name in names:
        found = by_name.get(_plain(name))
        if found is None:
            known = ", ".join(each.name for each in frameworks())
            raise UsageError(f"there is no framework {name!r}", hint=f"frameworks: {known}")
        chosen.append(found)
    return tuple(each for each in frameworks() if each in chosen)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
