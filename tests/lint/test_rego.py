from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditrail.lint.node import SyntaxProblem
from auditrail.lint.syntax import rego


def heads(text: str) -> list[tuple[str, int, int]]:
    root = rego.parse(text).roots[0]
    rules = root.at("rules")
    assert rules is not None
    return [(str(name.value), each.line, each.column) for each in rules.each() if (name := each.at("name"))]


def test_rules_have_their_places_whatever_stands_between() -> None:
    text = (
        'package system.log # x {\n\nimport rego.v1\n\n# mask if { (\n  default drop := false\n'
        'mask contains "/input/a{" if {\n\n  input.x == `{\n"`\n} else := 1 if {\n  true\n}\ndrop if { true }\n'
    )  # fmt: skip
    assert heads(text) == [("drop", 6, 3), ("mask", 7, 1), ("drop", 14, 1)]


@pytest.mark.parametrize("text", ["package x\na {", "a }", 'a := "x\n', "a := `x"])
def test_what_does_not_close_is_refused(text: str) -> None:
    with pytest.raises(SyntaxProblem):
        rego.parse(text)


@given(st.text(alphabet='ab{}[]()"`#\\\n: =drop', max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(SyntaxProblem):
        for _, line, column in heads(text):
            assert 1 <= line <= text.count("\n") + 1
            assert column >= 1
