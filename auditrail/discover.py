"""Finds the modules of a folder that is a registry (readers, rules, outputs): no list is kept anywhere."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType


@cache
def names(package: str) -> tuple[str, ...]:
    """Names of the modules in a package, sorted, without those that begin with an underscore."""
    root = importlib.import_module(package)
    return tuple(sorted(m.name for m in pkgutil.iter_modules(root.__path__) if not m.name.startswith("_")))


@cache
def modules(package: str) -> dict[str, ModuleType]:
    """NAME -> module, for every module of the package."""
    found: dict[str, ModuleType] = {}
    for name in names(package):
        module = importlib.import_module(f"{package}.{name}")
        found[module.NAME] = module
    return found


def module(package: str, name: str) -> ModuleType | None:
    """The one module with that NAME, or None; the others are not imported.

    A module's name is its NAME with `_` for `-`.
    """
    stem = name.replace("-", "_")
    return importlib.import_module(f"{package}.{stem}") if stem in names(package) else None
