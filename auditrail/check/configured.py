"""The table `[check]` of `auditrail.toml`: what `auditrail check` looks at when nothing is named, and its thresholds.

[check]
logs = ["logs"]                       # optional: evidence that thresholds are held over, when no case is named
frozen = ["tests/incidents"]          # optional: frozen incidents
lint = ["deploy"]                     # optional: configuration
lint_fail_on = "high"                 # optional: severity from which on a setting fails
[check.thresholds]                    # optional: one key for each file of `thresholds/`
complete-share = 0.95
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from auditrail import discover
from auditrail.config import Config, known
from auditrail.errors import ConfigError, UsageError
from auditrail.gaps.terms import SEVERITIES

THRESHOLDS = "auditrail.check.thresholds"


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """What is checked: paths, and (module of the threshold, its value)."""

    logs: tuple[str, ...] = ()
    frozen: tuple[str, ...] = ()
    lint: tuple[str, ...] = ()
    lint_fail_on: str = "high"
    thresholds: tuple[tuple[ModuleType, Any], ...] = field(default=())


def read(config: Config) -> CheckSettings:
    """The settings of `[check]`.

    Raises:
        ConfigError: an unknown key or threshold, or a value that is none; the message names file and key.
    """
    try:
        return _read(config.check)
    except UsageError as error:
        raise ConfigError(f"{config.path}: {error.message}", hint=error.hint) from None


def _read(table: Mapping[str, Any]) -> CheckSettings:
    modules = discover.modules(THRESHOLDS)
    chosen = known(table.get("thresholds", {}), "check.thresholds", tuple(sorted(modules)))
    fail_on = table.get("lint_fail_on", "high")
    if fail_on not in SEVERITIES:
        raise ConfigError(f"check.lint_fail_on: {fail_on!r} is no severity", hint=f"one of: {', '.join(SEVERITIES)}")
    return CheckSettings(
        _paths(table, "logs"),
        _paths(table, "frozen"),
        _paths(table, "lint"),
        fail_on,
        tuple((modules[name], modules[name].read(value, f"check.thresholds.{name}")) for name, value in chosen.items()),
    )


def _paths(table: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(path, str) and path for path in value):
        raise ConfigError(f"check.{name}: expected a list of paths")
    return tuple(value)
