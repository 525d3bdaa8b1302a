from __future__ import annotations

import time

import pytest

from auditrail.lint import attributes

NAMES = (*attributes.IDS, *attributes.CONTENTS, *attributes.TOKENS)


@pytest.mark.parametrize(
    "pattern", [r"([\w.]+)+!", r"((\w|\.)+)+!", r"(a|\w|.)*!", ".*" * 40 + "!", "(" * 400, "[", r"(?:(?:[a-z.]+)*)*!"]
)
def test_a_pattern_that_never_ends_is_not_tried(pattern: str) -> None:
    begun = time.perf_counter()
    assert attributes.matching(pattern, NAMES) == []
    assert time.perf_counter() - begun < 1


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        (".*token.*", "gen_ai.usage.input_tokens"), ("(?i).*INPUT.*", "input.value"),
        (r"^session[._]id$", "session.id"),
        (r"(gen_ai|llm)\..*messages", "gen_ai.input.messages"),
        (r"[(+]?tool\.call\.(?:id|arguments)?", "gen_ai.tool.call.id"),
    ],
)  # fmt: skip
def test_usual_patterns_are_tried(pattern: str, name: str) -> None:
    assert name in attributes.matching(pattern, NAMES)


def test_contents_are_told_by_their_names() -> None:
    assert attributes.fields_of(["gen_ai.tool.call.arguments", "output.value"]) == ("args", "result")
    assert attributes.fields_of(["llm.input_messages.0.message.content"]) == ("messages",)
    assert attributes.fields_of(["http.method", "prompting"]) == ()
