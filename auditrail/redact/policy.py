r"""Policies of redaction: TOML, strictly checked. ONE FILE of `policies/` = ONE READY POLICY.

    name = "support"
    title = "Contents of payments withheld"
    joins = ["iban"]                     # ids of rules whose equal values stay equal

    [[rules]]
    id = "iban"                          # stands in every token: withheld:iban:<commitment>
    fields = ["args.customer.iban"]      # or args, result, error, attributes.*, agent, ids.session, ids, ...
    action = "withhold"                  # or pseudonym, or keep
    tools = ["pay_*"]                    # and agents, layers, streams: globs; only for contents

    [[rules]]
    id = "people"
    fields = ["*"]                       # every field
    patterns = ["email", "case-number"]  # only what these find is withheld
    action = "pseudonym"

    [patterns]
    case-number = 'CASE-\d{6}'

The first rule without patterns that covers a place decides on it; what is kept is then looked through by the rules with
patterns. What no rule covers is kept.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

from auditrail.redact import detectors
from auditrail.redact.detectors import Detector
from auditrail.redact.errors import PolicyError
from auditrail.redact.fields import CONTENT, FIELDS, JSON, STRUCTURE

ACTIONS = ("withhold", "pseudonym", "keep")
CONDITIONS = ("tools", "agents", "layers", "streams")
DEFAULT = "contents"
_TOP = frozenset({"name", "title", "joins", "rules", "patterns"})
_RULE = frozenset({"id", "fields", "action", "patterns", *CONDITIONS})
_ID = re.compile(r"[a-z0-9][a-z0-9.-]{0,39}")
# A policy is read whole, and its globs run over every path of every record.
_MOST_BYTES = 1 << 20
_MOST_RULES = 1000


class Context(NamedTuple):
    """What a rule's conditions are compared with: those of the record that a content stands in."""

    tool: str | None = None
    agent: str | None = None
    layer: str | None = None
    stream: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `conditions` are compiled globs in the order of `CONDITIONS`, None: any."""

    id: str
    fields: tuple[str, ...]
    action: str
    patterns: tuple[str, ...]
    conditions: tuple[re.Pattern[str] | None, ...]
    joins: bool

    def holds(self, context: Context) -> bool:
        """Whether the conditions hold; a record that does not say its tool is of none."""
        return all(
            wanted is None or (value is not None and wanted.fullmatch(value) is not None)
            for wanted, value in zip(self.conditions, context, strict=True)
        )


class Step(NamedTuple):
    """A rule without patterns, at one field: for all of it, or for the paths that a glob fits."""

    rule: Rule
    path: re.Pattern[str] | None = None
    prefix: str = ""  # what every path that fits begins with

    @property
    def bulk(self) -> bool:
        """Whether it is about whatever stands there, and not about a member that it names."""
        return self.path is None or self.path.pattern == ".*"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done to one field under one context."""

    steps: tuple[Step, ...] = ()
    finders: tuple[tuple[Rule, Detector], ...] = ()
    detectors: tuple[Detector, ...] = ()  # those of `finders`
    by_path: bool = False  # a step is for some paths only

    @property
    def idle(self) -> bool:
        """Whether nothing can be withheld."""
        return not self.finders and all(step.rule.action == "keep" for step in self.steps)


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as it was read; `text` is its file, which goes into the bundle."""

    name: str
    title: str
    text: str
    rules: tuple[Rule, ...]
    detectors: dict[str, Detector]

    def plan(self, field: str, context: Context | None = None) -> Plan:
        """What is done to a field. Without a context, as if every condition held: what may be done."""
        steps: list[Step] = []
        finders: list[tuple[Rule, Detector]] = []
        for rule in self.rules:
            if context is not None and not rule.holds(context):
                continue
            if rule.patterns:
                if any(_covers(one, field) for one in rule.fields):
                    finders += [(rule, self.detectors[name]) for name in rule.patterns]
                continue
            for one in rule.fields:
                if _covers(one, field):
                    steps.append(Step(rule))
                elif field in JSON and one.startswith(field + "."):
                    glob = one[len(field) + 1 :]
                    steps.append(Step(rule, _glob(glob, re.IGNORECASE), re.split(r"[*?]", glob)[0].lower()))
        return Plan(
            tuple(steps), tuple(finders), tuple(one for _, one in finders), any(step.path is not None for step in steps)
        )


def load(word: str) -> Policy:
    """Reads a policy by its name (one of `names`) or the path of its file.

    Raises:
        PolicyError: there is none, or it is wrong; the message names rule and key.
    """
    if word in names():
        return parse(resources.files(__package__).joinpath("policies", f"{word}.toml").read_text("utf-8"), word)
    path = Path(word)
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        text = data.decode()
    except (OSError, ValueError) as error:
        reason = (error.strerror or str(error)).lower() if isinstance(error, OSError) else "it is no UTF-8 text"
        raise PolicyError(
            f"the redaction policy {word!r} can't be read: {reason}",
            hint=f"give the path of a file, or one of: {', '.join(names())}",
        ) from error
    if len(data) > _MOST_BYTES:
        raise PolicyError(f"the redaction policy {word!r} is longer than {_MOST_BYTES} bytes")
    return parse(text, path.stem)


def names() -> tuple[str, ...]:
    """Names of the policies that are ready."""
    folder = resources.files(__package__).joinpath("policies")
    return tuple(sorted(one.name[:-5] for one in folder.iterdir() if one.name.endswith(".toml")))


def parse(text: str, name: str = "policy") -> Policy:
    """Reads a policy from its text.

    Raises:
        PolicyError: it is wrong.
    """
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PolicyError(f"the redaction policy {name!r} is not TOML: {error}") from error
    _known(document, _TOP, f"policy {name!r}")
    found = _detectors(document.get("patterns", {}))
    listed = document.get("rules")
    if not isinstance(listed, list) or not listed or not all(isinstance(one, dict) for one in listed):
        raise PolicyError(f"the redaction policy {name!r} has no [[rules]]")
    if len(listed) > _MOST_RULES:
        raise PolicyError(f"the redaction policy {name!r} has more than {_MOST_RULES} rules")
    joins = _texts(document, "joins", f"policy {name!r}")
    rules = tuple(_rule(one, found, joins) for one in listed)
    ids = [rule.id for rule in rules]
    for one in ids:
        if ids.count(one) > 1:
            raise PolicyError(f"two rules have the id {one!r}")
    for one in joins:
        if one not in ids:
            raise PolicyError(f"joins: there is no rule {one!r}", hint=f"rules: {', '.join(ids)}")
    return Policy(_text(document, "name", name), _text(document, "title", ""), text, rules, found)


def _detectors(table: Any) -> dict[str, Detector]:
    if not isinstance(table, dict):
        raise PolicyError("[patterns] is a table: name = 'regular expression'")
    made = dict(detectors.BUILT_IN)
    for name, regex in table.items():
        if not _ID.fullmatch(name) or name in made:
            raise PolicyError(f"pattern {name!r}: the name is that of a built-in one, or not of a-z, 0-9, . and -")
        if not isinstance(regex, str):
            raise PolicyError(f"pattern {name!r} is no text")
        made[name] = detectors.own(name, regex)
    return made


def _rule(table: dict[str, Any], found: dict[str, Detector], joins: tuple[str, ...]) -> Rule:
    name = table.get("id")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise PolicyError(f"the id of a rule is 1 to 40 of a-z, 0-9, . and -, not {name!r}")
    where = f"rule {name!r}"
    _known(table, _RULE, where)
    action = _text(table, "action", "")
    if action not in ACTIONS:
        raise PolicyError(f"{where}: unknown action {action!r}", hint=f"known: {', '.join(ACTIONS)}")
    fields = _texts(table, "fields", where)
    patterns = _texts(table, "patterns", where)
    if "patterns" in table and not patterns:
        raise PolicyError(f"{where}: `patterns` names none")
    for one in patterns:
        if one not in found:
            raise PolicyError(f"{where}: unknown pattern {one!r}", hint=f"known: {', '.join(sorted(found))}")
    if patterns and action == "keep":
        raise PolicyError(f"{where}: what patterns find cannot be kept: leave the pattern out")
    globs = [_texts(table, key, where) for key in CONDITIONS]
    _check_fields(where, fields, patterns, action, conditional=any(globs))
    conditions = tuple(re.compile("|".join(_glob(g).pattern for g in one), re.DOTALL) if one else None for one in globs)
    return Rule(name, fields, action, patterns, conditions, name in joins)


def _check_fields(
    where: str, fields: tuple[str, ...], patterns: tuple[str, ...], action: str, *, conditional: bool
) -> None:
    if not fields:
        raise PolicyError(f"{where}: `fields` names none")
    for one in fields:
        head, dot, rest = one.partition(".")
        by_path = head in JSON and bool(dot) and bool(rest)
        if one == "*" and not patterns:
            raise PolicyError(f"{where}: the field '*' is for rules with patterns", hint="name the fields")
        if one not in ("*", "ids", *FIELDS) and not by_path:
            raise PolicyError(f"{where}: unknown field {one!r}", hint=f"known: ids, *, {', '.join(FIELDS)}, args.PATH")
        if by_path and patterns:
            raise PolicyError(f"{where}: patterns look through whole fields", hint=f"write {head!r} for {one!r}")
        if one in ("ids", *STRUCTURE):
            if action == "withhold" and not patterns:
                raise PolicyError(
                    f"{where}: runs and gaps are grouped by {one!r}, so equal values have to stay equal",
                    hint='use action = "pseudonym"',
                )
            if conditional:
                raise PolicyError(
                    f"{where}: tools, agents, layers and streams are conditions for contents, and {one!r} is none",
                    hint=f"contents: {', '.join(CONTENT)}",
                )


def _covers(one: str, field: str) -> bool:
    return one in ("*", field) or (one == "ids" and field.startswith("ids."))


def _glob(glob: str, flags: int = 0) -> re.Pattern[str]:
    """A glob of `*` (any text) and `?` (one character) as a pattern for all of a text."""
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(c) or re.escape(c) for c in re.sub(r"\*+", "*", glob)), flags | re.DOTALL)


def _known(table: dict[str, Any], keys: frozenset[str], where: str) -> None:
    for key in table:
        if key not in keys:
            raise PolicyError(f"{where}: unknown key {key!r}", hint=f"known: {', '.join(sorted(keys))}")


def _text(table: dict[str, Any], key: str, default: str) -> str:
    value = table.get(key, default)
    if not isinstance(value, str):
        raise PolicyError(f"{key!r} of a redaction policy is a text, not {value!r}")
    return value


def _texts(table: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise PolicyError(f"{where}: {key!r} is a list of texts, not {value!r}")
    return tuple(value)
