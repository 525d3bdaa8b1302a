"""Looks at configuration, step by step.

1. `walk` finds the files; one without a word of any kind of configuration is only counted.
2. `documents` reads the others; what cannot be read is a problem with its line.
3. Each kind finds its configurations in the documents.
4. Each rule looks at each configuration of its kinds; a rule that fails is named, and the others go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from auditrail import discover
from auditrail.gaps.frameworks import Framework
from auditrail.lint import documents, walk
from auditrail.lint.context import Context, Evidence
from auditrail.lint.rule import Hit, Rule, rules

_KINDS = "auditrail.lint.kinds"


class Place(NamedTuple):
    """A line of a file (1-based) and what is to be said of it."""

    path: str
    line: int
    reason: str


class Read(NamedTuple):
    """A configuration that was looked at: its kind, and where it begins."""

    path: str
    kind: str
    line: int


class Finding(NamedTuple):
    """What a rule found: the text of the line, and the kind and scope of the configuration."""

    rule: Rule
    hit: Hit
    path: str
    kind: str
    scope: str
    text: str


@dataclass(slots=True)
class Looked:
    """What was found, what was looked at, and what could not be."""

    findings: list[Finding] = field(default_factory=list)
    configs: list[Read] = field(default_factory=list)
    unread: list[Place] = field(default_factory=list)
    remarks: list[Place] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    files: int = 0
    bytes: int = 0


def look(
    paths: Sequence[str],
    frameworks: tuple[Framework, ...] = (),
    params: Mapping[str, float] | None = None,
    evidence: Evidence | None = None,
) -> Looked:
    """Looks at everything below the paths.

    Args:
        paths: files and folders.
        frameworks: what retention is held against.
        params: `<rule>.<name>` -> value, before the rules' own defaults.
        evidence: what a case holds; None: no case was given.
    """
    looked = Looked()
    defaults = {f"{rule.id}.{name}": value for rule in rules().values() for name, value in rule.params.items()}
    context = Context({}, frameworks, {**defaults, **(params or {})}, evidence)
    for found in walk.files(paths):
        _take(looked, context, found)
    _judge(looked, context)
    looked.findings.sort(key=lambda each: (each.path, each.hit.line, each.hit.column, each.rule.id, each.hit.subject))
    return looked


def _take(looked: Looked, context: Context, found: walk.Found) -> None:
    looked.files += 1
    if found.reason:
        looked.unread.append(Place(found.path, 1, found.reason))
    if found.data is None:
        return
    looked.bytes += len(found.data)
    reading = documents.read(found.path, found.data, walk.relevant)
    looked.unread += [Place(found.path, each.line, each.reason) for each in reading.problems]
    told = False
    for document in reading.documents:
        for kind, module in discover.modules(_KINDS).items():
            for config in module.find(document):
                context.found.setdefault(kind, []).append(config)
                looked.configs.append(Read(found.path, kind, config.line))
                remarks = config.remarks() if hasattr(config, "remarks") else ()
                looked.remarks += [Place(found.path, each.line, each.reason) for each in remarks]
                told = True
    if told:
        looked.remarks += [Place(found.path, each.line, each.reason) for each in reading.remarks]


def _judge(looked: Looked, context: Context) -> None:
    seen: set[tuple[object, ...]] = set()
    for rule in rules().values():
        for kind in rule.kinds:
            for config in context.configs(kind):
                try:
                    hits = list(rule.check(config, context))
                except Exception as error:  # noqa: BLE001 - a rule that fails is told, and hides no other
                    looked.failed[rule.id] = f"{type(error).__name__} at {config.document.path}"
                    continue
                for hit in hits:
                    # An anchor that several places use is one line, and one finding.
                    key = (rule.id, config.document.path, hit.line, hit.column, hit.subject)
                    if key not in seen:
                        seen.add(key)
                        looked.findings.append(_finding(rule, hit, kind, config))


def _finding(rule: Rule, hit: Hit, kind: str, config: Any) -> Finding:
    document = config.document
    return Finding(rule, hit, document.path, kind, getattr(config, "scope", ""), document.line(hit.line))
