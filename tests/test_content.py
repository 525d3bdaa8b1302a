"""States of arguments and results: every marker of every tool, as a whole value and nowhere else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditrail import content
from auditrail.model import STATES

# Spelt out, and not taken from the module: a marker that is lost there has to be missed here.
REDACTED = [
    "<sensitiveDataRemoved>",
    "__REDACTED__", "[REDACTED]", "[redacted]", "redacted-by-litellm", "[LangSmith Secret]", "<redacted>", "<REDACTED>",
    "<fully masked due to failed mask function>", "(redacted)", "[Filtered]", "[FILTERED]", "[masked]", "[PII]",
    "[SENSITIVE_DATA]", "HIDDEN_DUE_TO_SECURITY_REASONS", "<secret_hidden>", "[removed]", "xxxxx", "XXXXX",
    "***", "****",
    "*" * 20, "[REDACTED_PERSON_1]", "[REDACTED: email]", "[scrubbed]", "[Hidden by policy]", "<__redacted__>",
    "_redacted_",
    "**REDACTED**", "***REDACTED***", "** redacted **", "--redacted--", "{{redacted}}", "<masked>", "<redacted: email>",
    "REDACTED", "redacted input", "\u2022\u2022\u2022\u2022", "****4242", "****-****-****-4242", "j***@example.com",
    "<PERSON>", "<EMAIL_ADDRESS>", "<US_SSN>", "{NAME}", "{CREDIT_DEBIT_CARD_NUMBER}",
]  # fmt: skip
TRUNCATED = [
    "abc...[truncated]", "abc... [truncated]", "abc... [truncated 120 characters]", "abc[TRUNCATED...]",
    "abc<truncated>",
    "abc (truncated)", "<bytes len=12 truncated>", "<str truncated>", "[base64_data truncated: 9 bytes]",
    "abc [output truncated]", "abc (truncated 12 lines)", "abc [... truncated ...]", "abc\u2026 [+120 chars]",
    "abc... (1,200 more characters)", "*** Error message is too long, truncated ***",
    "x... (litellm_truncated 3200 chars)", "abc...[truncated]\n",
]  # fmt: skip
PRESENT = [
    "abc (not truncated)", "<removed>", "<hidden>", "***emphasis***", "REMOVED", "redacted documents", "## redacted",
    "a * b",
    "2***3", "src/**/*.py", "12 chars", "(12 bytes)", "-- removed",
    "hello", "please show [REDACTED] in the report", "[REDACTED] and more", "the value was ***", "** bold **",
    "**", "<person>",
    "{name}", "{Name}", "<b>", "<AB>", "[1, 2]", "[note]", "redacted", "hidden", "xxxxxx", "xxxx", "truncated by hand",
    "[truncated] is what it says", "0", "false", "_private_", "(see above)", "{\"a\": \"[REDACTED] it is\"}",
    "abc" * 100_000,
]  # fmt: skip


def state(value: Any) -> str:
    return content.state_of(value)


@pytest.mark.parametrize("text", REDACTED)
def test_markers_of_redaction(text: str) -> None:
    for value in (text, f"  {text}\n", {"a": 1, "b": {"c": [text]}}, [text, "x"], [[[text]]]):
        assert state(value) == "redacted", value


@pytest.mark.parametrize("text", REDACTED)
def test_a_text_around_a_marker_is_present(text: str) -> None:
    for value in (f"the {text} of it", f"{text} x", [f"was {text} before"], {text: "the key is no value"}):
        assert state(value) == "present", value


@pytest.mark.parametrize("text", TRUNCATED)
def test_marks_of_truncation_stand_at_the_end(text: str) -> None:
    assert state(text) == state([text]) == state({"a": text}) == state("x" * 10_000 + text) == "truncated"
    if "litellm" not in text:  # LiteLLM keeps the end of the text behind its mark
        assert state(f"{text} and then some more text") == "present"


@pytest.mark.parametrize("text", PRESENT)
def test_what_is_present(text: str) -> None:
    assert state(text) == "present"


@pytest.mark.parametrize("text", [*REDACTED, *TRUNCATED])
def test_json_text_is_looked_into(text: str) -> None:
    expected = "redacted" if text in REDACTED else "truncated"
    for value in ({"a": text}, {"a": {"b": [1, text]}}, [text, "x"], text):
        written = json.dumps(value)
        assert state(written) == expected, written
        assert state(f"\n {json.dumps(value, indent=2)} ") == expected
    assert state(json.dumps({"a": text}).replace("<", "\\u003c").replace(">", "\\u003e")) == expected
    if "litellm" not in text:
        assert state(json.dumps({"a": f"about {text} it is"})) == "present"


@pytest.mark.parametrize("text", ['{"a": "***"', '["[REDACTED]"', '{"a": ' * 300 + '"***"' + "}" * 300, "{***}"])
def test_broken_json_text_is_present(text: str) -> None:
    assert state(text) == "present"


@pytest.mark.parametrize("length", [32, 40, 64, 128])
@pytest.mark.parametrize("prefix", ["", "sha256:", "md5:", "blake3:"])
def test_one_hash_alone_is_hashed(length: int, prefix: str) -> None:
    text = prefix + ("0123456789abcdef" * 8)[:length]
    if len(text) <= 120:
        assert state(text) == state(f" {text} ") == "hashed"
    assert state([text]) == state({"id": text}) == "present", "an id among other arguments is no hash of them"
    assert state(f"{text} x") == state("g" + text[1:]) == state(text + "0") == "present"


@pytest.mark.parametrize("value", [None, "", {}, [], "{}", "[]", "null", '""', " {} ", "  ", "\n"])
def test_what_is_given_and_holds_nothing_is_empty(value: Any) -> None:
    assert state(value) == "empty"
    assert content.state_of(value, given=False) == "absent"


@pytest.mark.parametrize("value", [0, False, 1.5, [0], {"a": None}, [None], [[]], {"a": ""}])
def test_values_that_are_not_text_are_present(value: Any) -> None:
    assert state(value) == "present"


def test_json_text_that_was_cut_is_truncated() -> None:
    assert state('{"a": "abc", "b": ["def...[truncated]') == "truncated"


def test_redacted_outweighs_truncated() -> None:
    assert state(["abc...[truncated]", "[REDACTED]"]) == "redacted"


def test_many_leaves_cost_a_bounded_time() -> None:
    assert state([["x"] * 300_000]) == "present"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([*REDACTED, *TRUNCATED]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_parsed_or_as_text_the_state_is_the_same(value: Any) -> None:
    found = state(value)
    assert found in STATES
    if isinstance(value, (dict, list)):
        assert state(json.dumps(value)) == found
        assert state(json.dumps(value, ensure_ascii=False)) == found


@given(
    st.lists(
        st.sampled_from([*REDACTED, *TRUNCATED, *PRESENT, "", "{}", '{"a":1}', '[{"a":"[REDACTED]"}]', "[{]", '{"x'])
    )
)
def test_many_texts_have_the_states_of_each(texts: list[str]) -> None:
    assert content.states_of(texts) == [content.state_of(text) for text in texts]


def test_no_marker_begins_as_an_object_does() -> None:
    """`states_of` counts on it."""
    for marker in [*REDACTED, *content._REDACTED]:
        assert not marker.startswith(('{"', "[{")), marker
