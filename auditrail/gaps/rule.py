"""Reads rules: the prose header and the SELECT of each file of `auditrail.rules` (which says how one is written)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from auditrail.errors import AuditrailError
from auditrail.gaps import terms

_REQUIRED = (
    "id", "title", "severity", "confidence", "cause", "evidence", "scope", "facts", "controls", "says", "explains",
    "risk", "example", "remedy",
)  # fmt: skip
_OPTIONAL = ("layers", "columns", "params")
_CLOSED = {
    "severity": terms.SEVERITIES,
    "confidence": terms.CONFIDENCES,
    "cause": terms.CAUSES,
    "evidence": terms.EVIDENCE,
    "scope": terms.SCOPES,
}


class RuleError(AuditrailError):
    """A rule's file breaks the form of rules; the message names the file and the key."""

    code = "rule"


@dataclass(frozen=True, slots=True)
class Rule:
    """One gap rule.

    Attributes:
        id: the file's name, the folder of its fixtures, and the key in the configuration.
        title: what it finds, as one short sentence.
        severity, confidence, cause, evidence, scope: what a row of it has that says nothing else.
        facts: the fact tables that it reads; they are built first.
        layers: layers that the case must hold, or else the rule cannot judge.
        columns: columns of `events` of which at least one must hold anything, or else the rule cannot judge.
        controls: clauses of frameworks that ask for what is missing, each `<framework> <clause>`.
        says, explains: title and explanation of a finding, with {agent}, {stream}, {tool}, {layer}, {count}, {runs},
            {detail}.
        risk, example, remedy: for a person who asks what the rule means.
        remedies: format of a stream -> remedy that names the producer's own setting.
        params: name -> default; the SELECT reads them as rows of `params`, under `<id>.<name>`.
        sql: the SELECT.
    """

    id: str
    title: str
    severity: str
    confidence: str
    cause: str
    evidence: str
    scope: str
    facts: tuple[str, ...]
    layers: tuple[str, ...]
    columns: tuple[str, ...]
    controls: tuple[str, ...]
    says: str
    explains: str
    risk: str
    example: str
    remedy: str
    sql: str
    remedies: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, int] = field(default_factory=dict)

    def remedy_for(self, format_name: str | None) -> str:
        """What to change so that it does not happen again, for a stream of that format."""
        return self.remedies.get(format_name or "", self.remedy)


@cache
def rules() -> dict[str, Rule]:
    """Every rule by its id, sorted by id.

    Raises:
        RuleError: a file breaks the form.
    """
    folder = resources.files("auditrail.rules")
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".sql")), key=lambda entry: entry.name)
    return {entry.name[:-4]: parse(entry.name[:-4], entry.read_text("utf-8")) for entry in files}


def parse(name: str, text: str) -> Rule:
    """A rule from the text of its file.

    Raises:
        RuleError: a key is missing, unknown or has a value outside of its closed list.
    """
    header, sql = _split(text)
    remedies = {key.removeprefix("remedy."): value for key, value in header.items() if key.startswith("remedy.")}
    known = {key: value for key, value in header.items() if not key.startswith("remedy.")}
    for key in _REQUIRED:
        if not known.get(key) and key not in ("facts", "controls"):
            raise RuleError(f"rule {name}: {key} is missing in the header")
    unknown = sorted(set(known) - set(_REQUIRED) - set(_OPTIONAL))
    if unknown:
        raise RuleError(f"rule {name}: unknown key {unknown[0]!r}", hint=f"known: {', '.join(_REQUIRED + _OPTIONAL)}")
    if known["id"] != name:
        raise RuleError(f"rule {name}: its id is {known['id']!r}, and must be the name of the file")
    for key, values in _CLOSED.items():
        if known[key] not in values:
            raise RuleError(f"rule {name}: {key} {known[key]!r} is unknown", hint=f"one of: {', '.join(values)}")
    if not sql:
        raise RuleError(f"rule {name}: there is no SELECT")
    texts = {key: known[key] for key in ("title", *_CLOSED, "says", "explains", "risk", "example", "remedy")}
    return Rule(
        id=name,
        facts=_list(known.get("facts", "")),
        layers=_list(known.get("layers", "")),
        columns=_list(known.get("columns", "")),
        controls=_list(known.get("controls", ""), ";"),
        sql=sql,
        remedies=remedies,
        params=_params(name, known.get("params", "")),
        **texts,
    )


def _split(text: str) -> tuple[dict[str, str], str]:
    header: dict[str, str] = {}
    lines = text.splitlines()
    key = ""
    top = 0
    while top < len(lines) and lines[top].startswith("--"):
        line = lines[top]
        top += 1
        words = line[2:]
        name, colon, value = words.strip().partition(":")
        if words.startswith("    "):  # four blanks go on with the value before
            header[key] = f"{header[key]} {words.strip()}".strip()
        elif colon:
            key = name
            header[key] = value.strip()
    return header, "\n".join(lines[top:]).strip().removesuffix(";").strip()


def _list(text: str, separator: str = ",") -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(separator) if item.strip())


def _params(name: str, text: str) -> dict[str, int]:
    made = {}
    for item in _list(text):
        key, _, value = item.partition("=")
        try:
            made[key.strip()] = int(value.strip().replace("_", ""))
        except ValueError:
            raise RuleError(f"rule {name}: params: {item!r} is not NAME=WHOLE NUMBER") from None
    return made


def select(names: Iterable[str] | None = None) -> tuple[Rule, ...]:
    """The rules with these ids, or all.

    Raises:
        RuleError: there is no rule of that id; the hint lists them.
    """
    every = rules()
    if names is None:
        return tuple(every.values())
    chosen = []
    for name in names:
        if name not in every:
            raise RuleError(f"there is no rule {name!r}", hint=f"rules: {', '.join(every)}")
        chosen.append(every[name])
    return tuple(chosen)
