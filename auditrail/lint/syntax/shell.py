"""Shell scripts: which variables of the environment they set, unset or give to a command.

Words are told apart with quotes, comments and heredocs respected; whether a line is reached is not told.
"""

from __future__ import annotations

import re

from auditrail.lint.node import LONGEST_LINE
from auditrail.lint.parsed import Assignment, Parsed, Remark
from auditrail.lint.syntax.dotenv import plain

NAME = "shell"
SUFFIXES = (".sh", ".bash", ".zsh", ".ksh", ".profile", ".bashrc", ".zshrc", ".bash_profile")

_SHEBANG = re.compile(r"#!.*\b(?:ba|z|k|da)?sh\b")
_HEREDOC = re.compile(r"(?<!<)<<(?!<)-?\s*(['\"]?)([A-Za-z_][A-Za-z0-9_]*)\1")
_ASSIGN = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)\Z", re.DOTALL)
_KEYWORDS = frozenset(
    ("export", "declare", "typeset", "readonly", "local", "env", "then", "do", "else", "exec", "sudo")
)
_WITH_FLAG = re.compile(r"(?:-e|--env|-E)\Z")


def looks(name: str, head: str) -> float:
    """A line that names the shell, or its name."""
    if _SHEBANG.match(head):
        return 0.95
    return 0.9 if name.endswith(SUFFIXES) else 0.0


def parse(text: str) -> Parsed:
    """The assignments, those behind `docker run -e` and the like too."""
    parsed = Parsed()
    until = ""
    lines = text.split("\n")
    ends = {line.strip(): number for number, line in enumerate(lines)}
    for number, line in enumerate(lines, 1):
        if until:
            if line.strip() == until:
                until = ""
            continue
        if len(line) > LONGEST_LINE:
            parsed.remarks.append(Remark(number, "a line too long to be a command: left out"))
            continue
        heredoc = _HEREDOC.search(line)
        words = _words(line)
        _take(words, number, parsed)
        # A shift of bits looks like one, and has no end.
        if heredoc is not None and any("<<" in word for word, _ in words) and ends.get(heredoc.group(2), 0) >= number:
            until = heredoc.group(2)
    return parsed


def _take(words: list[tuple[str, int]], number: int, parsed: Parsed) -> None:
    """Assignments at the start of a command, behind a keyword, or behind `-e`."""
    start, unset, flag = True, False, False
    for word, column in words:
        if word in (";", "&&", "||", "|", "&", "(", "{", "!"):
            start, unset, flag = True, False, False
            continue
        if _WITH_FLAG.match(word):
            flag = True
            continue
        found = _ASSIGN.match(word)
        if found is None and flag and word[:1] in "'\"":  # -e "NAME=value"
            found = _ASSIGN.match(word[1:].rstrip(word[0]))
        if found is not None and (start or flag):
            value, known = plain(found.group(2))
            parsed.assignments.append(Assignment(found.group(1), value, number, column, open=not known))
        elif unset and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", word):
            parsed.assignments.append(Assignment(word, None, number, column))
        elif word == "unset":
            unset = True
        elif start and not (word in _KEYWORDS or word.startswith("-")):
            start = False
        flag = False


def _words(line: str) -> list[tuple[str, int]]:
    """Words of a line with their columns, quotes left on; operators are words, a comment ends the line."""
    made: list[tuple[str, int]] = []
    word, begun, quote = "", 0, ""
    at = 0
    while at < len(line):
        char = line[at]
        if quote:
            word += char
            if char == "\\" and quote == '"' and at + 1 < len(line):
                at += 1
                word += line[at]
            elif char == quote:
                quote = ""
        elif char in " \t\r;|&(){}" and not (char in "{}" and (word or line[at + 1 : at + 2].strip())):
            if word:
                made.append((word, begun + 1))
                word = ""
            if char in ";|&({":
                made.append((char, at + 1))
        elif char == "#" and not word:
            break
        else:
            if not word:
                begun = at
            word += char
            if char in "'\"":
                quote = char
            elif char == "$" and line[at + 1 : at + 2] in ("{", "("):
                closer = "}" if line[at + 1] == "{" else ")"
                end = line.find(closer, at)
                end = len(line) - 1 if end < 0 else end
                word += line[at + 1 : end + 1]
                at = end
        at += 1
    if word:
        made.append((word, begun + 1))
    return made
