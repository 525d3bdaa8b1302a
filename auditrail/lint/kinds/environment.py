"""Variables of the environment, wherever they are set.

Environment files, Dockerfiles, shell, systemd units; `environment` of Compose, `env` of Kubernetes, of CI workflows and
of settings files, the environment of a Lambda function or a task definition: a member whose key looks like a variable,
an element with a name and a value, or an element `NAME=value`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

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
    """One environment for each scope that sets a variable that some rule knows."""
    scopes: dict[str, Environment] = {}
    assignments = list(document.parsed.assignments)
    elsewhere: set[str] = set()
    for root in document.roots:
        assignments += _of_tree(root, elsewhere)
    for each in assignments:
        made = scopes.setdefault(each.scope, Environment(document, each.scope, each.line, each.column))
        made.variables[each.name] = each
        made.every.append(each)
        made.elsewhere = each.scope in elsewhere
    for made in scopes.values():
        if any(known.is_known(name) for name in made.variables):
            yield made


def _of_tree(root: Node, elsewhere: set[str]) -> Iterator[Assignment]:
    seen: set[int] = set()
    stack: list[tuple[Node, str, str]] = [(root, "", "")]
    while stack:
        node, scope, key = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if node.members is not None:
            named = _name_of(node)
            inner = named or (scope if key in _BLOCKS or not key else key)
            if _ELSEWHERE & node.members.keys():
                elsewhere.add(inner)
            pair = _pair(node)
            if pair is not None:
                yield pair._replace(scope=scope)
                continue
            for name, member in node.members.items():
                if _NAME.match(name) and member.node.is_scalar:
                    yield _assignment(name, member.node, member.line, member.column, scope if key in _BLOCKS else inner)
                else:
                    stack.append((member.node, inner, name))
        for item in node.each():
            found = _PAIR.match(item.text) if item.is_scalar and not item.body else None
            if found is not None:
                value = found.group(2)
                yield Assignment(
                    found.group(1), value or "", item.line, item.column + item.quoted, scope, value is None
                )
            elif not item.is_scalar:
                stack.append((item, scope, ""))


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
