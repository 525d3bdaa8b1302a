"""Reads files into documents: the syntax is chosen by what the text looks like, and texts inside texts are read too.

A ConfigMap, a Compose `configs`, a custom resource or a heredoc holds configuration as text: such a text is a document
of its own, whose lines and columns are those of the file around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from auditrail import discover
from auditrail.lint.node import MOST_BYTES, Node, SyntaxProblem
from auditrail.lint.parsed import Assignment, Parsed, Remark

_SYNTAXES = "auditrail.lint.syntax"
_HEAD = 64 << 10
# Texts in texts in texts: a ConfigMap in a template in a heredoc, and no more.
_INNERMOST = 3
_LEAST = 0.3
# Texts inside of others are mostly prose, examples and queries: a few assignments make no environment file of one.
_LEAST_INSIDE = 0.5
# Keys of CI workflows below which a script stands.
_SCRIPTS = frozenset(("run", "script", "before_script"))
# Written by people for people or for a compiler: a variable that stands in one is not set by it.
_PROSE = frozenset(
    (
        ".md", ".mdx", ".rst", ".txt", ".adoc", ".html", ".htm", ".py", ".pyi", ".ipynb", ".js", ".jsx", ".mjs", ".cjs",
        ".ts", ".tsx", ".go", ".java", ".kt", ".kts", ".rb", ".rs", ".c", ".h", ".cc", ".cpp", ".hpp", ".cs", ".php",
        ".swift", ".scala", ".lua", ".pl", ".r", ".sql", ".proto", ".css", ".scss", ".less", ".svg", ".xml", ".po",
        ".lock", ".csv", ".tsv", ".jsonl", ".ndjson", ".log", ".diff", ".patch", ".snap", ".map", ".vue", ".svelte",
        ".ps1", ".bat",
    )
)  # fmt: skip


@dataclass(slots=True)
class Document:
    """One text that was read.

    Attributes:
        path: as the file was given.
        name: of the text: the file's, or the key below which it stands.
        syntax: NAME of its syntax.
        text: the text itself; lines: those of the file, for showing.
        parsed: what its syntax made of it; lines and columns are the file's.
        inner: whether it stands inside another document.
    """

    path: str
    name: str
    syntax: str
    text: str
    lines: list[str]
    parsed: Parsed
    inner: bool = False

    @property
    def roots(self) -> list[Node]:
        return self.parsed.roots

    def line(self, number: int) -> str:
        """A line of the file, blank where there is none."""
        return self.lines[number - 1].rstrip("\r") if 1 <= number <= len(self.lines) else ""


@dataclass(slots=True)
class Reading:
    """What a file gave: its documents, and what could not be read or was left out."""

    documents: list[Document] = field(default_factory=list)
    problems: list[Remark] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)


def may_configure(path: str) -> bool:
    """Whether a file of that name can be configuration at all: prose, source code and logs are none."""
    return PurePosixPath(path.replace("\\", "/")).suffix.lower() not in _PROSE


def syntax_of(name: str, text: str, least: float = _LEAST) -> str | None:
    """NAME of the syntax that a text is most surely written in, None if none is as sure as `least`."""
    head, name = text[:_HEAD], name.replace("\\", "/").lower()
    scored = [(module.looks(name, head), known) for known, module in discover.modules(_SYNTAXES).items()]
    best, chosen = max(scored)
    return chosen if best >= least else None


def read(path: str, data: bytes, relevant: Callable[[str], bool]) -> Reading:
    """Reads a file.

    Args:
        path: as given, with `/`.
        data: its bytes, at most `MOST_BYTES` of them (more is a problem).
        relevant: whether a text inside the document may configure anything: others are not read.
    """
    reading = Reading()
    if len(data) > MOST_BYTES:
        reading.problems.append(Remark(1, f"larger than {MOST_BYTES >> 20} MiB: not read"))
        return reading
    try:
        text = data.decode("utf-8-sig") if not data.startswith((b"\xff\xfe", b"\xfe\xff")) else data.decode("utf-16")
    except UnicodeDecodeError as error:
        reading.problems.append(Remark(data.count(b"\n", 0, error.start) + 1, "not UTF-8"))
        return reading
    syntax = syntax_of(path, text)
    if syntax is None:
        return reading
    _read(reading, Document(path, path, syntax, text, text.split("\n"), Parsed()), relevant, 0)
    return reading


def _read(reading: Reading, document: Document, relevant: Callable[[str], bool], depth: int) -> None:
    module = discover.module(_SYNTAXES, document.syntax)
    assert module is not None  # noqa: S101 - `syntax_of` gave its name
    try:
        document.parsed = module.parse(document.text)
    except SyntaxProblem as problem:
        reading.problems.append(Remark(problem.line, problem.reason))
        return
    reading.remarks += document.parsed.remarks
    reading.documents.append(document)
    if depth < _INNERMOST:
        for name, node in _texts(document):
            if relevant(node.text):
                _inner(reading, document, name, node, relevant, depth)


def _inner(
    reading: Reading, around: Document, name: str, node: Node, relevant: Callable[[str], bool], depth: int
) -> None:
    syntax = "shell" if name in _SCRIPTS else syntax_of(name, node.text, _LEAST_INSIDE)
    if syntax is None:
        return
    mine = Reading()
    inner = Document(around.path, name, syntax, node.text, around.lines, Parsed(), inner=True)
    _read(mine, inner, relevant, depth + 1)
    move = _mover(node)
    for document in mine.documents:
        _moved(document, move)
    reading.documents += mine.documents
    reading.problems += [Remark(move(each.line, 1)[0], f"in {name}: {each.reason}") for each in mine.problems]
    reading.remarks += [Remark(move(each.line, 1)[0], each.reason) for each in mine.remarks]


def _texts(document: Document) -> Iterator[tuple[str, Node]]:
    """Texts of more than one line, or written as a block, with the key below which each stands; each once."""
    seen: set[int] = set()
    for root in document.roots:
        for node in root.walk():
            below = [(key, member.node) for key, member in node.mapping().items()]
            for key, each in [*below, *(("", item) for item in node.each())]:
                if each.is_scalar and (each.body or "\n" in each.text.strip()) and id(each) not in seen:
                    seen.add(id(each))
                    yield key, each


def _mover(node: Node) -> Callable[[int, int], tuple[int, int]]:
    """From a place in the text of a node to the place in the file; a text in quotes is one place."""
    if node.body is None:
        return lambda line, column: (node.line, node.column)  # noqa: ARG005
    line_0, column_0 = node.body
    return lambda line, column: (line + line_0 - 1, column + column_0 - 1)


def _moved(document: Document, move: Callable[[int, int], tuple[int, int]]) -> None:
    seen: set[int] = set()
    for root in document.roots:
        for node in root.walk():
            if id(node) in seen:
                continue
            seen.add(id(node))
            node.line, node.column = move(node.line, node.column)
            if node.body is not None:
                node.body = move(*node.body)
            if node.members is not None:
                for key, member in node.members.items():
                    line, column = move(member.line, member.column)
                    node.members[key] = member._replace(line=line, column=column)
    document.parsed.assignments = [
        Assignment(each.name, each.value, *move(each.line, each.column), each.scope, each.open)
        for each in document.parsed.assignments
    ]
