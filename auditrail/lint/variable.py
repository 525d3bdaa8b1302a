"""A rule out of a file of `variables/`: environment variables, and the values of theirs that do harm."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from auditrail.lint.context import Context
from auditrail.lint.kinds.environment import Environment
from auditrail.lint.rule import Hit, LintRuleError, Rule

_REQUIRED = ("title", "severity", "confidence", "cause", "names", "explain", "example", "remedy", "controls")
_OPTIONAL = ("causes_gaps", "formats", "fields", "signals", "when", "absent")
_TESTS = ("is", "in", "not_in", "below", "above", "matches", "blank", "set")
_BRANCH = ("message", "change", "severity", "confidence", "with", "without")
_TRUE = frozenset(("true", "1", "yes", "on", "t", "y", "enabled"))
_FALSE = frozenset(("false", "0", "no", "off", "f", "n", "disabled"))


def rule(name: str, table: Mapping[str, Any]) -> Rule:
    """The rule of a table.

    Raises:
        LintRuleError: a key is missing or unknown.
    """
    for key in _REQUIRED:
        if key not in table:
            raise LintRuleError(f"lint rule {name}: {key} is missing")
    unknown = sorted(set(table) - set(_REQUIRED) - set(_OPTIONAL))
    for branch in table.get("when", ()):
        unknown += sorted(set(branch) - set(_TESTS) - set(_BRANCH))
        if len(set(branch) & set(_TESTS)) != 1:
            raise LintRuleError(f"lint rule {name}: each `when` has one of {', '.join(_TESTS)}")
    for branch in table.get("absent", ()):
        unknown += sorted(set(branch) - {"when", "when_matches", *_BRANCH})
    if unknown:
        raise LintRuleError(f"lint rule {name}: unknown key {unknown[0]!r}")
    if "when" not in table and "absent" not in table:
        raise LintRuleError(f"lint rule {name}: it looks at nothing")

    def check(config: Environment, context: Context) -> Iterator[Hit]:
        yield from _set(config, table)
        # Scopes take over from one another, by ways that are not followed: set in one is not absent in another.
        if "absent" in table and not context.once(f"set:{name}", lambda: _anywhere(context, table["names"])):
            yield from _absent(config, table)

    return Rule(
        name, table["title"], table["severity"], table["confidence"], ("environment",), table["cause"],
        tuple(table["controls"]), table["explain"], table["example"], table["remedy"], check,
        tuple(table.get("causes_gaps", ())), tuple(table.get("formats", ())),
    )  # fmt: skip


def _anywhere(context: Context, names: Sequence[str]) -> bool:
    return any(name in each.variables for each in context.configs("environment") for name in names)


def _set(config: Environment, table: Mapping[str, Any]) -> Iterator[Hit]:
    for found in (each for name in table["names"] for each in config.assigned(name)):
        value = config.value(found.name, found)
        if value is None:
            continue
        for branch in table.get("when", ()):
            if _fits(value, branch) and _beside(config, branch):
                yield _hit(table, branch, found.line, found.column, found.name, value)
                break


def _absent(config: Environment, table: Mapping[str, Any]) -> Iterator[Hit]:
    """Only where all variables of the scope are seen: a file or a secret may set it."""
    if config.elsewhere:
        return
    for branch in table.get("absent", ()):
        for shown in (*branch.get("when", ()), *branch.get("when_matches", {})):
            said = config.value(shown)
            wanted = branch.get("when_matches", {}).get(shown)
            if said and (wanted is None or re.fullmatch(wanted, said)) and _beside(config, branch):
                found = config.variables[shown]
                yield _hit(table, branch, found.line, found.column, table["names"][0], said)
                return


def _hit(table: Mapping[str, Any], branch: Mapping[str, Any], line: int, column: int, name: str, value: str) -> Hit:
    said = value if len(value) <= 60 else value[:57] + "..."
    return Hit(
        line, column, branch["message"].format(name=name, value=said), branch["change"].format(name=name, value=said),
        name, branch.get("severity"), branch.get("confidence"), None, tuple(table.get("fields", ())),
        tuple(table.get("signals", ())),
    )  # fmt: skip


def _fits(value: str, branch: Mapping[str, Any]) -> bool:
    low = value.lower()
    if "is" in branch:
        return low in (_TRUE if branch["is"] == "true" else _FALSE)
    if "in" in branch:
        return low in {each.lower() for each in branch["in"]}
    if "not_in" in branch:
        return bool(low) and low not in {each.lower() for each in branch["not_in"]}
    if "matches" in branch:
        return re.fullmatch(branch["matches"], value) is not None
    if "blank" in branch:
        return value == ""
    if "set" in branch:
        return value != ""
    try:
        number = float(value.replace("_", ""))
    except ValueError:
        return False
    if number != number or number < 0:  # NaN, and the -1 that many take for "no limit"
        return False
    return bool(number < branch["below"] if "below" in branch else number > branch["above"])


def _beside(config: Environment, branch: Mapping[str, Any]) -> bool:
    for name, wanted in branch.get("with", {}).items():
        said = config.value(name)
        if not said or (wanted != "*" and said.lower() != wanted.lower()):
            return False
    return not any(name in config.variables for name in branch.get("without", ()))
