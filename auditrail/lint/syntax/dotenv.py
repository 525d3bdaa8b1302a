"""Environment files: `NAME=value` a line, as Docker, Compose, systemd and the dotenv libraries read them."""

from __future__ import annotations

import re

from auditrail.lint.parsed import Assignment, Parsed

NAME = "dotenv"
SUFFIXES = (".env", ".envrc")

_LINE = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*?)[ \t\r]*$")
_NAMED = re.compile(r"(?:^|[./_-])env(?:\.|$)|(?:^|/)\.?env(?:rc|ironment)?$")


def looks(name: str, head: str) -> float:
    """By its name, or if every line that says anything assigns something."""
    if name.endswith(SUFFIXES):
        return 0.95
    lines = [line for line in head[:8192].split("\n") if line.strip() and not line.lstrip().startswith(("#", ";"))]
    fits = sum(_LINE.match(line) is not None for line in lines)
    if not lines or fits < len(lines) - 1:
        return 0.0
    return 0.8 if _NAMED.search(name) else 0.4


def parse(text: str) -> Parsed:
    """The assignments; lines of another form are none of an environment file, and say nothing."""
    parsed = Parsed()
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        found = _LINE.match(line)
        if found is None or line.lstrip().startswith(("#", ";")):
            continue
        value, known = plain(found.group(2))
        parsed.assignments.append(Assignment(found.group(1), value, number, found.start(1) + 1, open=not known))
    return parsed


def plain(said: str) -> tuple[str, bool]:
    """A value without its quotes and the comment behind it, and whether it stands there itself."""
    if said[:1] in ("'", '"') and (end := said.find(said[0], 1)) > 0:
        value = said[1:end]
        return value, said[0] == "'" or not _outside(value)
    value = re.split(r"\s#", said, maxsplit=1)[0].rstrip() if not said.startswith("#") else ""
    return value, not _outside(value)


def _outside(value: str) -> bool:
    """Whether a value is filled in from elsewhere: `$X`, `${X}`, `$(cmd)`, a back quote, a template.

    `${X:-default}` is, too: `values.settled` takes its default.
    """
    return bool(re.search(r"\$[A-Za-z_{(]|`|\{\{|<[A-Za-z_ -]+>$", value))
