"""The table `[lint]` of `auditrail.toml`: paths, frameworks, parameters of rules, and waivers.

    [lint]
    paths = ["deploy", "otel/collector.yaml"]   # optional: looked at when no path is given; also by `auditrail gaps`
    require = ["eu-ai-act"]                     # optional: frameworks, as `--require`
    fail_on = "high"                            # optional: as `--fail-on`
    [lint.rules.collector-short-decision-wait]  # optional: parameters that the rule declares
    seconds = 60
    [[lint.waive]]                              # any number of these
    rule = "collector-probabilistic-sampler"    # rule, path, kind, subject: at least one, each a glob
    path = "deploy/staging/*"
    reason = "staging only"                     # required
    until = 2026-12-31                          # required; the finding is back on the day after

Waivers are as those of gaps: they hide nothing, say why and until when, and none can cover everything.
"""

from __future__ import annotations

from typing import Any

from auditrail.config import Config, known, text, type_of
from auditrail.errors import ConfigError
from auditrail.gaps.configured import until_day
from auditrail.gaps.terms import SEVERITIES
from auditrail.lint.rule import rules
from auditrail.lint.settings import SELECTORS, LintSettings, Waiver

_KEYS = ("paths", "require", "fail_on", "rules", "waive")


def read(config: Config) -> LintSettings:
    """The settings of `[lint]`.

    Raises:
        ConfigError: an unknown key, rule or parameter, or a value of the wrong type; the message names file and key.
    """
    try:
        table = known(config.lint, "lint", _KEYS)
        return LintSettings(
            paths=_texts(table, "paths", "paths"),
            require=_texts(table, "require", "names of frameworks"),
            fail_on=_fail_on(table.get("fail_on")),
            params=_params(table.get("rules", {})),
            waivers=_waivers(table.get("waive", [])),
        )
    except ConfigError as error:
        raise ConfigError(f"{config.path}: {error.message}", hint=error.hint) from None


def _texts(table: dict[str, Any], key: str, what: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ConfigError(f"lint.{key}: expected a list of {what}")
    return tuple(value)


def _fail_on(value: Any) -> str | None:
    words = (*SEVERITIES, "never")
    if value is not None and value not in words:
        raise ConfigError(f"lint.fail_on: {value!r} is unknown", hint=f"one of: {', '.join(words)}")
    return None if value is None else str(value)


def _params(table: Any) -> tuple[tuple[str, float], ...]:
    if table == {}:
        return ()
    made = []
    for rule, given in known(table, "lint.rules", tuple(rules())).items():
        for name, value in known(given, f"lint.rules.{rule}", tuple(rules()[rule].params)).items():
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise ConfigError(f"lint.rules.{rule}.{name}: expected a number, found {type_of(value)}")
            made.append((f"{rule}.{name}", float(value)))
    return tuple(made)


def _waivers(entries: Any) -> tuple[Waiver, ...]:
    if not isinstance(entries, list):
        raise ConfigError("lint.waive: expected a list of tables", hint="write [[lint.waive]], with two brackets")
    return tuple(_waiver(entry, f"lint.waive[{number}]") for number, entry in enumerate(entries))


def _waiver(entry: Any, key: str) -> Waiver:
    known(entry, key, (*SELECTORS, "reason", "until"))
    reason = text(entry, key, "reason")
    if reason is None or not reason.strip():
        raise ConfigError(f"{key}.reason: missing", hint="say why the finding is accepted: a reader must understand it")
    where = tuple((name, value) for name in SELECTORS if (value := text(entry, key, name)) is not None)
    if not where or all(set(glob) <= {"*"} for _, glob in where):
        raise ConfigError(f"{key}: waives everything", hint=f"narrow it by one of: {', '.join(SELECTORS)}")
    rule = dict(where).get("rule")
    if rule is not None and rule not in rules() and not set(rule) & set("*?["):
        raise ConfigError(f"{key}.rule: there is no rule {rule!r}", hint="rules: auditrail lint --list-rules")
    return Waiver(reason.strip(), until_day(entry.get("until"), key), where)
