"""Dockerfiles: ENV and ARG of each stage (Docker's Dockerfile reference; Podman's Containerfile is the same)."""

from __future__ import annotations

import re

from auditrail.lint.node import LONGEST_LINE
from auditrail.lint.parsed import Assignment, Parsed, Remark
from auditrail.lint.syntax.dotenv import plain

NAME = "dockerfile"
SUFFIXES = ("dockerfile", "containerfile", ".dockerfile", ".containerfile")

_NAMED = re.compile(r"(?:^|/)(?:docker|container)file(?:[._-][^/]*)?$")
_FROM = re.compile(r"^[ \t]*FROM[ \t]+\S+", re.MULTILINE | re.IGNORECASE)
_OTHER = re.compile(r"^[ \t]*(?:RUN|CMD|ENTRYPOINT|COPY|ENV|WORKDIR|ADD)[ \t]", re.MULTILINE)
_INSTRUCTION = re.compile(r"[ \t]*([A-Za-z]+)[ \t]+")
_PAIR = re.compile(r"""([A-Za-z_][A-Za-z0-9_.-]*)=((?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])*)""", re.DOTALL)
_OLD = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]*)[ \t]+(.*\S)", re.DOTALL)
_STAGE = re.compile(r"\bAS[ \t]+(\S+)", re.IGNORECASE)


def looks(name: str, head: str) -> float:
    """A FROM and one more instruction; or its name."""
    if _NAMED.search(name) or name.endswith(SUFFIXES):
        return 0.95
    return 0.6 if _FROM.search(head) and _OTHER.search(head) else 0.0


def parse(text: str) -> Parsed:
    """The variables that ENV sets; those of ARG are `open`, since whoever builds may give others."""
    parsed = Parsed()
    stage, stages = "", 0
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        first = number
        found = _INSTRUCTION.match(lines[number])
        if found is None or lines[number].lstrip().startswith("#"):
            number += 1
            continue
        # Lines that go on are joined; their breaks stay, so that offsets tell the line. A comment in between goes on.
        parts, goes_on = [lines[number]], lines[number].rstrip().endswith("\\")
        while goes_on and number + 1 < len(lines):
            number += 1
            comment = lines[number].lstrip().startswith("#")
            parts.append("" if comment else lines[number])
            goes_on = comment or lines[number].rstrip().endswith("\\")
        whole = "\n".join(parts)
        if len(whole) > LONGEST_LINE:
            parsed.remarks.append(Remark(first + 1, "an instruction too long to be one: left out"))
            number += 1
            continue
        number += 1
        word = found.group(1).upper()
        if word == "FROM":
            named = _STAGE.search(whole)
            stage, stages = f"stage {named.group(1)}" if named else f"stage {stages}", stages + 1
        elif word in ("ENV", "ARG"):
            _pairs(re.sub(r"\\[ \t\r]*\n", lambda match: " " * (len(match.group()) - 1) + "\n", whole), first,
                   found.end(), stage, parsed, default=word == "ARG")  # fmt: skip
    return parsed


def _pairs(whole: str, first: int, at: int, stage: str, parsed: Parsed, *, default: bool) -> None:
    pairs = list(_PAIR.finditer(whole, at))
    if not pairs or whole[at : pairs[0].start()].strip():
        old = _OLD.match(whole, at)
        pairs = [old] if old is not None else []
    for pair in pairs:
        begin = pair.start()
        line = first + 1 + whole.count("\n", 0, begin)
        column = begin - (whole.rfind("\n", 0, begin) + 1) + 1
        value, known = plain(pair.group(2))
        parsed.assignments.append(Assignment(pair.group(1), value, line, column, stage, default or not known))
