"""Reads the files of variables, and knows which names and prefixes of names they are about."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any


@cache
def tables() -> dict[str, dict[str, Any]]:
    """Id of each file -> its table, sorted by id."""
    folder = resources.files("auditrail.lint.variables")
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda entry: entry.name)
    return {entry.name[:-5]: tomllib.loads(entry.read_text("utf-8")) for entry in files}


@cache
def names() -> frozenset[str]:
    """Every variable that some file is about."""
    return frozenset(name for table in tables().values() for name in table["names"])


def is_known(name: str) -> bool:
    """Whether some file is about the variable."""
    return name in names()


def needles() -> tuple[str, ...]:
    """Beginnings of which each known name has one."""
    return tuple(sorted({name.split("_")[0] + "_" for name in names()}))


NEEDLES = needles()
