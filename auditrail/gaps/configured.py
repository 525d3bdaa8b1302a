"""The table `[gaps]` of `auditrail.toml`: fiscal year, frameworks, parameters of rules, and waivers.

A waiver hides nothing: it must say why and until when, what it covers is still listed, and after its day the finding
is back. So a waiver without selectors, which would cover everything, is an error.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from auditrail.config import Config, known, text, type_of
from auditrail.errors import ConfigError
from auditrail.gaps.rule import rules
from auditrail.gaps.settings import SELECTORS, GapSettings, Waiver

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


def read(config: Config) -> GapSettings:
    """The settings of `[gaps]`.

    Raises:
        ConfigError: an unknown key, rule or parameter, or a value of the wrong type; the message names file and key.
    """
    try:
        return _read(config.gaps)
    except ConfigError as error:
        raise ConfigError(f"{config.path}: {error.message}", hint=error.hint) from None


def _read(table: dict[str, Any]) -> GapSettings:
    return GapSettings(
        fiscal_year_start=_month(table.get("fiscal_year_start", 1)),
        fiscal_year_named_by=_named_by(table.get("fiscal_year_named_by", "end")),
        require=_require(table.get("require", [])),
        params=_params(table.get("rules", {})),
        waivers=_waivers(table.get("waive", [])),
    )


def _month(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 12:
        raise ConfigError("gaps.fiscal_year_start: expected a month, 1 to 12", hint="for example 4 for April")
    return value


def _named_by(value: Any) -> str:
    if value not in ("end", "start"):
        raise ConfigError(
            f"gaps.fiscal_year_named_by: {value!r} is unknown",
            hint="`end` or `start`: the calendar year in which the fiscal year ends or starts",
        )
    return str(value)


def _require(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) and name for name in value):
        raise ConfigError("gaps.require: expected a list of names of frameworks")
    return tuple(value)


def _params(table: Any) -> tuple[tuple[str, int], ...]:
    if table == {}:
        return ()
    made = []
    for rule, values in known(table, "gaps.rules", tuple(rules())).items():
        for name, value in known(values, f"gaps.rules.{rule}", tuple(rules()[rule].params)).items():
            if isinstance(value, bool) or not isinstance(value, int):
                raise ConfigError(f"gaps.rules.{rule}.{name}: expected a whole number, found {type_of(value)}")
            if abs(value) >= 1 << 63:
                raise ConfigError(f"gaps.rules.{rule}.{name}: the number does not fit 64 bits")
            made.append((f"{rule}.{name}", value))
    return tuple(made)


def _waivers(entries: Any) -> tuple[Waiver, ...]:
    if not isinstance(entries, list):
        raise ConfigError("gaps.waive: expected a list of tables", hint="write [[gaps.waive]], with two brackets")
    return tuple(_waiver(entry, f"gaps.waive[{number}]") for number, entry in enumerate(entries))


def _waiver(entry: Any, key: str) -> Waiver:
    known(entry, key, (*SELECTORS, "reason", "until"))
    reason = text(entry, key, "reason")
    if reason is None or not reason.strip():
        raise ConfigError(f"{key}.reason: missing", hint="say why the finding is accepted: a reader must understand it")
    where = tuple((name, value) for name in SELECTORS if (value := text(entry, key, name)) is not None)
    if not where:
        raise ConfigError(f"{key}: waives everything", hint=f"narrow it by one of: {', '.join(SELECTORS)}")
    rule = dict(where).get("rule")
    if rule is not None and rule not in rules() and not set(rule) & set("*?["):
        raise ConfigError(f"{key}.rule: there is no rule {rule!r}", hint=f"rules: {', '.join(rules())}")
    return Waiver(reason.strip(), until_day(entry.get("until"), key), where)


def until_day(value: Any, key: str) -> str:
    """The last day of a waiver, YYYY-MM-DD, from a day as TOML has it, or from text.

    Raises:
        ConfigError: it is missing, or no day.
    """
    if value is None:
        raise ConfigError(f"{key}.until: missing", hint="a waiver ends on a day, for example until = 2026-12-31")
    if type(value) is date:
        return value.isoformat()
    if isinstance(value, str) and _DAY.match(value):
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    raise ConfigError(f"{key}.until: {value!r} is no day", hint="for example until = 2026-12-31")
