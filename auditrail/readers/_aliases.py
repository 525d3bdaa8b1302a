"""The alias table of the generic JSONL reader, and the user's own mapping on top of it.

The names are data: `_aliases.toml` lists them with their sources. This module reads the table once, checks that no
name stands for two things, and compares keys in their folded form (`fold`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, NamedTuple

Path = tuple[str | int, ...]

_DROPPED = str.maketrans("", "", "_-.@/: ")
_BREAK = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\W_]+")


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """A name without case and separators: `trace_id`, `traceId` and `trace.id` are one."""
    return text.casefold().translate(_DROPPED)


def words_of(text: str) -> list[str]:
    """The words of a name in lower case, divided at separators and at camel humps."""
    return [word.lower() for word in _BREAK.split(text) if word]


class Weak(NamedTuple):
    """A name that counts only in company: all of `needs` must be in the record."""

    slot: str
    name: str
    needs: tuple[str, ...]


class Table(NamedTuple):
    """The alias table, folded.

    Attributes:
        names: folded name -> (slot, rank). A slot is what a key means; most are columns, ids are `ids.<key>`.
        id_kinds: slot `ids.<key>` -> (kind of id, whether it must be a text).
        weak: names that need company, in order.
        containers: folded names of objects whose members count one level up.
        heads: folded names of objects that may be opened because an alias goes through them (`trace` of `trace.id`).
        ignored: folded names that mean something else.
        words: slot -> folded value -> meaning.
        kinds: the tables `names`, `subjects`, `phases` and `phase_kinds` for `_jsonl_kinds`.
    """

    names: dict[str, tuple[str, int]]
    id_kinds: dict[str, tuple[str, bool]]
    weak: tuple[Weak, ...]
    containers: frozenset[str]
    heads: frozenset[str]
    ignored: frozenset[str]
    words: dict[str, dict[str, str]]
    kinds: dict[str, Any]


@cache
def table() -> Table:
    """The table of `_aliases.toml`.

    Raises:
        ValueError: a name stands twice (a fault of the table; a test reads it).
    """
    raw = tomllib.loads(files("auditrail.readers").joinpath("_aliases.toml").read_text("utf-8"))
    names: dict[str, tuple[str, int]] = {}
    heads: set[str] = set()
    id_kinds: dict[str, tuple[str, bool]] = {}
    entries = list(raw["slots"].items())
    for key, entry in raw["ids"].items():
        slot = f"ids.{key}"
        id_kinds[slot] = (entry.get("kind", key), entry.get("text_only", False))
        entries.append((slot, entry))
    for slot, entry in entries:
        for rank, name in enumerate(entry["names"]):
            if fold(name) in names:
                raise ValueError(f"{name!r} stands for {slot} and for {names[fold(name)][0]}")
            names[fold(name)] = (slot, rank)
            heads.update(_heads(name))
    weak = tuple(Weak(w["slot"], fold(w["name"]), tuple(w["needs"])) for w in raw["weak"])
    for entry in raw["weak"]:
        heads.update(_heads(entry["name"]))
    return Table(
        names=names,
        id_kinds=id_kinds,
        weak=tuple(w._replace(slot=_slot(w.slot, raw), needs=tuple(_slot(n, raw) for n in w.needs)) for w in weak),
        containers=frozenset(map(fold, raw["containers"])),
        heads=frozenset(heads),
        ignored=frozenset(map(fold, raw["ignore"])),
        words={slot: _inverted(groups) for slot, groups in raw["words"].items()},
        kinds={key: raw[key] for key in ("names", "subjects", "phases", "phase_kinds")},
    )


def _heads(name: str) -> Iterable[str]:
    """The objects that a dotted name goes through, folded: `gen_ai.usage.x` -> `genai`, `genaiusage`."""
    parts = name.split(".")
    return (fold(".".join(parts[:n])) for n in range(1, len(parts)))


def _slot(name: str, raw: dict[str, Any]) -> str:
    return name if name in raw["slots"] else f"ids.{name}"


def _inverted(groups: dict[str, list[str]]) -> dict[str, str]:
    return {fold(word): meaning for meaning, group in groups.items() for word in group}


@cache
def fields() -> dict[str, str]:
    """What `[reader.jsonl.fields]` may name -> slot.

    Columns under their names in `model.Event` and the slots of the table; ids by kind, or `<kind>_id` (the only way
    for `decision` and `message`, where the kind alone is the column).
    """
    known = table()
    made = {f"{kind}_id": slot for slot, (kind, text_only) in known.id_kinds.items() if not text_only}
    made.update({kind: slot for slot, (kind, text_only) in known.id_kinds.items() if not text_only})
    made.update({slot: slot for slot, _ in known.names.values() if not slot.startswith("ids.")})
    made.update(ts_ns="ts", end_ns="end", observed_ns="observed")
    return made


@dataclass(frozen=True, slots=True)
class Mapping:
    """What a user says in `[[reader.jsonl]]` about logs of a make of their own. Immutable and picklable.

    Attributes:
        path: glob on the path of the file, matched from its right end; None fits every file.
        match: (field path, glob on its value) pairs, which must all fit; `*` asks only that the field is there.
        fields: (name as in `fields()`, field path) pairs; they come before every alias. A path is dotted and may
            index lists (`choices.0.message`); a key that has dots itself is found first.
        layer: the layer of all events, instead of what the record seems to say.
        stream: the stream of all events.
        tz: IANA name of the zone of times that carry none.
        kinds: (event name, `kind` or `layer/kind`) pairs; the names are compared folded.
    """

    path: str | None = None
    match: tuple[tuple[str, str], ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    layer: str | None = None
    stream: str | None = None
    tz: str | None = None
    kinds: tuple[tuple[str, str], ...] = ()

    def fits(self, value: dict[str, Any]) -> bool:
        """Whether a record has all the values of `match`."""
        return all(_value_fits(fetch(value, locate(value, dotted)), glob) for dotted, glob in self.match)


class _Missing:
    """There is no such field; None is a value that a record can give."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()


def locate(keys: Iterable[str], dotted: str) -> Path:
    """The path that a dotted name means in an object with these keys: a key with dots of its own comes first."""
    if dotted in keys:
        return (dotted,)
    return tuple(int(part) if part.isdecimal() else part for part in dotted.split("."))


def fetch(value: Any, path: Path) -> Any:
    """What stands at a path, or `MISSING`."""
    for part in path:
        if type(value) is dict:
            value = value.get(part if type(part) is str else str(part), MISSING)
        elif type(value) is list and type(part) is int and part < len(value):
            value = value[part]
        else:
            return MISSING
    return value


def _value_fits(value: Any, glob: str) -> bool:
    if value is MISSING:
        return False
    if glob == "*":
        return True
    if isinstance(value, bool):
        value = "true" if value else "false"
    return isinstance(value, (str, int, float)) and fnmatchcase(str(value), glob)
