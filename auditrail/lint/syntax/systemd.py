"""Units of systemd: the variables that `Environment=` sets (systemd.exec(5)); Supervisor's `environment=` is alike."""

from __future__ import annotations

import re

from auditrail.lint.parsed import Assignment, Parsed
from auditrail.lint.syntax.dotenv import plain

NAME = "systemd"
SUFFIXES = (".service", ".container", ".conf", ".ini", ".cfg")

_SECTION = re.compile(r"^\[[A-Za-z][^\]\n]*\]\s*$", re.MULTILINE)
_KEY = re.compile(r"\s*environment\s*=\s*", re.IGNORECASE)
_WORD = re.compile(r"""("(?:\\.|[^"\\])*"|'[^']*'|[^\s,"']+(?:"[^"]*"|'[^']*')?)""")


def looks(name: str, head: str) -> float:
    """A section in brackets and such a key."""
    if not _SECTION.search(head):
        return 0.0
    return 0.9 if name.endswith(SUFFIXES) else 0.3


def parse(text: str) -> Parsed:
    """The assignments."""
    parsed = Parsed()
    for number, line in enumerate(text.split("\n"), 1):
        key = _KEY.match(line)
        if key is None:
            continue
        for word in _WORD.finditer(line, key.end()):
            said = word.group()
            inner = said[1:-1] if said[0] in "\"'" and said[-1] == said[0] else said
            name, equals, value = inner.partition("=")
            if equals and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
                column = word.start() + 1 + (inner is not said)
                value, known = plain(value)
                parsed.assignments.append(Assignment(name, value, number, column, open=not known))
    return parsed
