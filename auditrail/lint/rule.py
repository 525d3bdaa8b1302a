"""Lint rules: a module of `rules/` or a file of `variables/` as one type, and what a rule finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from auditrail import discover
from auditrail.errors import AuditrailError
from auditrail.gaps import terms

if TYPE_CHECKING:
    from auditrail.lint.context import Context

_RULES = "auditrail.lint.rules"
_TEXTS = ("TITLE", "EXPLAIN", "EXAMPLE", "REMEDY")


class LintRuleError(AuditrailError):
    """A rule's file breaks the form of lint rules; the message names the file and the key."""

    code = "lint-rule"


class Hit(NamedTuple):
    """One line that will cause a gap.

    Attributes:
        line, column: where, 1-based; column 0: the whole line.
        message: what happens, with the facts of this line, as a sentence.
        change: what to write instead.
        subject: what it is about (a component, a variable, a field): the same for the same thing in a later version of
            the file, so that findings can be told apart without their line; at most one hit has a rule and a subject
            in one scope.
        severity, confidence, cause: None takes the rule's.
        fields: contents that go missing (`args`, `result`, `messages`; `other`: none of them), to join with a case.
        signals: `traces`, `logs`; blank: both.
    """

    line: int
    column: int
    message: str
    change: str
    subject: str = ""
    severity: str | None = None
    confidence: str | None = None
    cause: str | None = None
    fields: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()


Check = Callable[[Any, "Context"], Iterable[Hit]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `auditrail.lint.rules` says what the members mean."""

    id: str
    title: str
    severity: str
    confidence: str
    kinds: tuple[str, ...]
    cause: str
    controls: tuple[str, ...]
    explain: str
    example: str
    remedy: str
    check: Check
    causes_gaps: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    params: Mapping[str, float] = field(default_factory=dict)


@cache
def rules() -> dict[str, Rule]:
    """Every rule by its id, sorted by id.

    Raises:
        LintRuleError: a file breaks the form, or two have one id.
    """
    from auditrail.lint import variable
    from auditrail.lint.variables import known

    made: dict[str, Rule] = {}
    for each in (*_modules(), *(variable.rule(name, table) for name, table in known.tables().items())):
        if each.id in made:
            raise LintRuleError(f"lint rule {each.id}: there are two")
        made[each.id] = checked(each)
    return dict(sorted(made.items()))


def _modules() -> Iterator[Rule]:
    for name in discover.names(_RULES):
        module = discover.module(_RULES, name)
        if module is not None:
            yield of_module(name, module)


def of_module(name: str, module: ModuleType) -> Rule:
    """A rule from its module.

    Raises:
        LintRuleError: a member is missing, or the id is not the file's name.
    """
    try:
        made = Rule(
            module.ID, module.TITLE, module.SEVERITY, module.CONFIDENCE, module.KINDS, module.CAUSE, module.CONTROLS,
            module.EXPLAIN, module.EXAMPLE, module.REMEDY, module.check, getattr(module, "CAUSES_GAPS", ()),
            getattr(module, "FORMATS", ()), getattr(module, "PARAMS", {}),
        )  # fmt: skip
    except AttributeError as error:
        raise LintRuleError(f"lint rule {name}: {error.name} is missing") from None
    if made.id != name.replace("_", "-"):
        raise LintRuleError(f"lint rule {name}: its id is {made.id!r}, and must be the name of the file")
    return made


def checked(rule: Rule) -> Rule:
    """The rule, if its words stand in the closed lists.

    Raises:
        LintRuleError: one does not.
    """
    for key, value, closed in (
        ("SEVERITY", rule.severity, terms.SEVERITIES),
        ("CONFIDENCE", rule.confidence, terms.CONFIDENCES),
        ("CAUSE", rule.cause, terms.CAUSES),
    ):
        if value not in closed:
            raise LintRuleError(f"lint rule {rule.id}: {key} {value!r} is unknown", hint=f"one of: {', '.join(closed)}")
    unknown = set(rule.kinds) - {name.replace("_", "-") for name in discover.names("auditrail.lint.kinds")}
    if unknown or not rule.kinds:
        raise LintRuleError(f"lint rule {rule.id}: KINDS {', '.join(sorted(unknown)) or 'are none'}")
    for key in _TEXTS:
        if not getattr(rule, key.lower()).strip():
            raise LintRuleError(f"lint rule {rule.id}: {key} is blank")
    return rule
