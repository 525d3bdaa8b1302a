"""`[watch]` of `auditrail.toml`, and the rules and actions that a call uses.

[watch]
memory = 20000                          # optional: how much each rule remembers, in entries
[watch.rules.unpaired-call]             # optional: parameters of a rule, and these two
deadline_s = 120
severity = "critical"
enabled = true
[[watch.rule]]                          # rules of your own: see `own`
[[watch.action]]                        # any number of these
kind = "webhook"                        # print, incident, command, webhook
rules = ["denied-*", "chain-broken"]    # optional: for these rules only; `*` stands for anything
min_severity = "high"                   # optional
url_env = "SLACK_URL"                   # further keys: those of the action
shape = "slack"
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from types import ModuleType
from typing import Any, NamedTuple, TextIO

from auditrail import discover
from auditrail.config import known, text, type_of
from auditrail.errors import ConfigError
from auditrail.watch import own
from auditrail.watch.delivery import Action
from auditrail.watch.rule import Rule, Tell
from auditrail.watch.types import SEVERITIES, at_least

RULES, ACTIONS = "auditrail.watch.rules", "auditrail.watch.actions"
KEYS = ("memory", "rules", "rule", "action")
MEMORY = 20_000
_COMMON = ("kind", "rules", "min_severity")


class RuleChoice(NamedTuple):
    """A rule as it is to run."""

    name: str
    title: str
    severity: str
    make: Any
    settings: dict[str, Any]

    def start(self, tell: Tell, limit: int) -> Rule:
        made: Rule = self.make(tell, self.settings, limit)
        return made


class ActionChoice(NamedTuple):
    """An action as it is to run: for which rules (globs) and from which severity on."""

    kind: str
    settings: dict[str, Any]
    rules: tuple[str, ...] = ("*",)
    least: str = "info"

    def wants(self, alert: dict[str, Any]) -> bool:
        return at_least(alert["severity"], self.least) and any(fnmatchcase(alert["rule"], rule) for rule in self.rules)

    @property
    def module(self) -> ModuleType:
        found = discover.module(ACTIONS, self.kind)
        if found is None:
            names = ", ".join(discover.names(ACTIONS))
            raise ConfigError(f"watch.action.kind: there is no action {self.kind!r}", hint=f"actions: {names}")
        return found

    def start(self, output: TextIO) -> Action:
        """The action.

        Raises:
            ConfigError: its settings are wrong.
        """
        made: Action = self.module.make(self.settings, output)
        return made


class Settings(NamedTuple):
    """What a call of watch uses."""

    rules: tuple[RuleChoice, ...]
    actions: tuple[ActionChoice, ...]
    memory: int = MEMORY


def read(table: dict[str, Any]) -> Settings:
    """Checks `[watch]`.

    Raises:
        ConfigError: an unknown key or a wrong value; the message names the key.
    """
    known(table, "watch", KEYS)
    memory = table.get("memory", MEMORY)
    if isinstance(memory, bool) or not isinstance(memory, int) or memory < 100:
        raise ConfigError("watch.memory: expected a whole number of 100 or more")
    rules = [*_rules(table.get("rules", {}))]
    for number, entry in enumerate(_rows(table.get("rule", []), "rule")):
        name, title, severity, settings = own.parse(entry, f"watch.rule[{number}]")
        if any(rule.name == name for rule in rules) or name in _names():
            raise ConfigError(f"watch.rule[{number}].id: there is a rule {name!r} already")
        rules.append(RuleChoice(name, title, severity, own.OwnRule, settings))
    actions = [
        _action(entry, f"watch.action[{number}]")
        for number, entry in enumerate(_rows(table.get("action", []), "action"))
    ]
    return Settings(tuple(rules), tuple(actions), memory)


def rules() -> dict[str, ModuleType]:
    """All rules of the folder by their name."""
    return discover.modules(RULES)


def _names() -> list[str]:
    return [name.replace("_", "-") for name in discover.names(RULES)]


def _rows(value: Any, key: str) -> list[Any]:
    if not isinstance(value, list):
        raise ConfigError(f"watch.{key}: expected a list of tables", hint=f"write [[watch.{key}]], with two brackets")
    return value


def _rules(table: Any) -> list[RuleChoice]:
    known(table, "watch.rules", tuple(_names()))
    made = []
    for name, module in sorted(rules().items()):
        key = f"watch.rules.{name}"
        entry = known(table.get(name, {}), key, (*module.SETTINGS, "severity", "enabled"))
        enabled = entry.get("enabled", True)
        if not isinstance(enabled, bool):
            raise ConfigError(f"{key}.enabled: expected true or false, found {type_of(enabled)}")
        severity = text(entry, key, "severity") or module.SEVERITY
        if severity not in SEVERITIES:
            raise ConfigError(f"{key}.severity: {severity!r} is none", hint=f"severities: {', '.join(SEVERITIES)}")
        settings = {field: _number(entry, key, field, default) for field, default in module.SETTINGS.items()}
        if enabled:
            made.append(RuleChoice(name, module.TITLE, severity, module.Watching, settings))
    return made


def _number(entry: dict[str, Any], key: str, name: str, default: Any) -> Any:
    value = entry.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value <= 0:
        raise ConfigError(f"{key}.{name}: expected a number above 0, found {type_of(value)}")
    if isinstance(default, int) and not isinstance(value, int):
        raise ConfigError(f"{key}.{name}: expected a whole number")
    return value


def _action(entry: Any, key: str) -> ActionChoice:
    if not isinstance(entry, dict):
        raise ConfigError(f"{key}: expected a table, found {type_of(entry)}")
    kind = text(entry, key, "kind")
    if kind is None:
        raise ConfigError(f"{key}.kind: missing", hint=f"actions: {', '.join(discover.names(ACTIONS))}")
    choice = ActionChoice(kind, {})
    wanted = choice.module.SETTINGS
    known(entry, key, (*_COMMON, *wanted))
    least = text(entry, key, "min_severity") or "info"
    if least not in SEVERITIES:
        raise ConfigError(f"{key}.min_severity: {least!r} is none", hint=f"severities: {', '.join(SEVERITIES)}")
    globs = entry.get("rules", ["*"])
    if not isinstance(globs, list) or not all(isinstance(glob, str) for glob in globs):
        raise ConfigError(f"{key}.rules: expected a list of texts")
    settings = {name: value for name, value in entry.items() if name not in _COMMON}
    for name, value in settings.items():
        kinds = (int, float) if wanted[name] is float else wanted[name]
        if not isinstance(value, kinds) or (wanted[name] is not bool and isinstance(value, bool)):
            raise ConfigError(f"{key}.{name}: expected a {wanted[name].__name__}, found {type_of(value)}")
    return ActionChoice(kind, settings, tuple(globs), least)
