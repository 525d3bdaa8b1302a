"""Syntaxes: ONE FILE = ONE SYNTAX; the folder is the registry.

A syntax module has

    NAME: str                         as documents name it, and the name of the file
    SUFFIXES: tuple[str, ...]         ends of names of files that are written in it, lower case
    def looks(name: str, head: str) -> float
        0..1, how sure it is that a text with this head (64 KiB) is written in it; `name` is the file's, lower case.
    def parse(text: str) -> Parsed
        Raises `node.SyntaxProblem` where the text cannot be read.

`Parsed` (in `auditrail.lint.parsed`) holds roots, assignments of variables, and remarks on what was left out.
"""
