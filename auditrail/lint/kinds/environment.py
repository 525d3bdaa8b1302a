"""Variables of the environment, wherever they are set.

Environment files, Dockerfiles, shell, systemd units; `environment` of Compose, `env` of Kubernetes, of CI workflows and
of settings files, the environment of a Lambda function or a task definition: a member whose key looks like a variable,
an element with a name and a value, or an element `NAME=value`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from auditrail.lint.documents import Document
from auditrail.lint.node import Node
from auditrail.lint.parsed import Assignment
from auditrail.lint.values import settled
from auditrail.lint.variables import known

NAME = "environment"
TITLE = "environment variables"
NEEDLES = known.NEEDLES

_NAME = re.compile(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+\Z")
_PAIR = re.compile(r"([A-Z][A-Z0-9]*_[A-Z0-9_]+)(?:=(.*))?\Z", re.DOTALL)
# Keys that bring in variables from elsewhere: what is not set here may be set there.
_ELSEWHERE = frozenset(("env_file", "envFrom", "environmentFiles", "secrets", "valueFrom"))
_BLOCKS = frozenset(("env", "environment", "Environment", "Variables", "data", "variables", "extraEnv", "extraEnvs"))


@dataclass(slots=True)
class Environment:
    """The variables that one text sets for one scope (a service, a container, a stage; blank: not said).

    Attributes:
        variables: name -> the last assignment. every: all of them: a script may reach only some.
        elsewhere: whether more variables come from a file or a secret that is not seen here.
    """

    document: Document
    scope: str
    line: int
    column: int
    variables: dict[str, Assignment] = field(default_factory=dict)
    every: list[Assignment] = field(default_factory=list)
    elsewhere: bool = False

    def assigned(self, name: str) -> list[Assignment]:
        """The assignments of a variable that may hold: all of a script, elsewhere the last one."""
        if self.document.syntax == "shell":
            return [each for each in self.every if each.name == name]
        return [self.variables[name]] if name in self.variables else []

    def value(self, name: str, found: Assignment | None = None) -> str | None:
        """What a variable is set to, with defaults of `${X:-default}`; None: not set, or not known here."""
        found = found or self.variables.get(name)
        if found is None or found.value is None:
            return None
        said = settled(found.value)
        return None if said is None or (found.open and said == found.value) else said.strip()


def find(document: Document) -> Iterator[Environment]:
    """One environment for each scope that sets a variable that some rule knows, or another of OpenTelemetry."""
    scopes: dict[object, Environment] = {}
    for each in document.parsed.assignments:
        _add(scopes, each.scope, document, each)
    elsewhere: set[object] = set()
    for root in document.roots:
        for owner, each in _of_tree(root, elsewhere):
            _add(scopes, owner, document, each)
    for owner, made in scopes.items():
        made.elsewhere = owner in elsewhere
        if any(known.is_known(name) or name.startswith("OTEL_") for name in made.variables):
            yield made


def _add(scopes: dict[object, Environment], owner: object, document: Document, each: Assignment) -> None:
    made = scopes.setdefault(owner, Environment(document, each.scope, each.line, each.column))
    made.variables[each.name] = each
    made.every.append(each)


class _Visit(NamedTuple):
    """A node on the way, with the key below which it stands, the name of its scope, and the mapping that has it."""

    node: Node
    key: str
    scope: str
    owner: int


def _of_tree(root: Node, elsewhere: set[object]) -> Iterator[tuple[object, Assignment]]:
    """Each assignment with its owner: containers of one name in two documents are two scopes."""
    seen: set[int] = set()
    stack = [_Visit(root, "", "", id(root))]
    while stack:
        visit = stack.pop()
        if id(visit.node) in seen:
            continue
        seen.add(id(visit.node))
        if visit.node.members is not None:
            yield from _of_mapping(visit, stack, elsewhere)
        for item in visit.node.each():
            found = _PAIR.match(item.text) if item.is_scalar and not item.body else None
            if found is not None:
                name, value = found.groups()
                yield (
                    visit.owner,
                    Assignment(name, value or "", item.line, item.column + item.quoted, visit.scope, value is None),
                )
            elif not item.is_scalar:
                stack.append(visit._replace(node=item, key=""))


def _of_mapping(visit: _Visit, stack: list[_Visit], elsewhere: set[object]) -> Iterator[tuple[object, Assignment]]:
    node = visit.node
    pair = _pair(node)
    if pair is not None:
        yield visit.owner, pair._replace(scope=visit.scope)
        return
    named = _name_of(node)
    inside = visit.key in _BLOCKS or not (visit.key or named)
    owner = visit.owner if inside else id(node)
    scope = visit.scope if inside else named or visit.key
    if _ELSEWHERE & node.mapping().keys():
        elsewhere.add(owner)
    for name, member in node.mapping().items():
        if _NAME.match(name) and member.node.is_scalar:
            yield owner, _assignment(name, member.node, member.line, member.column, scope)
        else:
            stack.append(_Visit(member.node, name, scope, owner))


def _name_of(node: Node) -> str:
    for key in ("name", "Name", "container_name"):
        below = node.at(key)
        if below is not None and below.is_scalar and isinstance(below.value, str):
            return below.value
    metadata = node.at("metadata", "name")
    return metadata.text if metadata is not None and metadata.is_scalar else ""


def _pair(node: Node) -> Assignment | None:
    """`{name: X, value: y}` of Kubernetes, ECS and others."""
    for key, value in (("name", "value"), ("Name", "Value"), ("key", "value"), ("ParameterKey", "ParameterValue")):
        name = node.member(key)
        if name is None or not name.node.is_scalar or not _NAME.match(name.node.text):
            continue
        said = node.at(value)
        if said is None:
            outside = len(node.mapping()) > 1  # `valueFrom` and the like
            return Assignment(name.node.text, "", name.line, name.column, open=outside)
        return _assignment(name.node.text, said, said.line, said.column, "")
    return None


def _assignment(name: str, node: Node, line: int, column: int, scope: str) -> Assignment:
    return Assignment(name, node.text if node.is_scalar else "", line, column, scope, node.open or not node.is_scalar)
