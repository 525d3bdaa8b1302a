from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditrail.lint import ottl


def test_arguments_stand_one_by_one() -> None:
    call = ottl.first_call('replace_all_patterns(span.attributes, "value", "a,(b", Concat(["x", body], "")) where true')
    assert call is not None
    assert [each.texts for each in call.arguments] == [(), ("value",), ("a,(b",), ("x", "")]
    assert call.argument(3).names == ("Concat", "body")
    assert call.argument(9).texts == ()
    assert call.where == "true"


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ('set(body, "no where here")', ""),
        ('set(body, " where ") where IsString(body)', "IsString(body)"),
        ("delete_key(attributes, \"a\")\n  where attributes['b'] == nil", "attributes['b'] == nil"),
        ('set(body, "open', ""),
        ('set(body, "a") whereabouts', ""),
    ],
)
def test_a_condition_is_what_stands_behind_the_call(statement: str, where: str) -> None:
    call = ottl.first_call(statement)
    assert call is not None
    assert call.where == where


@given(st.text(alphabet='ab.("),[]{} \\\n0-9where', max_size=60))
def test_any_text_is_a_call_or_none(statement: str) -> None:
    call = ottl.first_call(statement)
    assert call is None or statement.lstrip().startswith(call.name)


@pytest.mark.parametrize(
    ("statement", "fails"),
    [
        ('attributes["http.route"] == "/health"', False),
        ('IsMatch(name, "GET /.*") and attributes["n"] > 3', False),
        ('set(span.attributes["a"], span.attributes["b"])', False),
        ('delete_matching_keys(attributes, "x")', False),
        ('set(attributes["a"], SHA256(attributes["a"]))', True),
        ('attributes["a"]["b"] == 1', True),
        ('body["level"] == "debug"', True),
        ('delete_key(log.body, "password")', True),
        ('set(log.body, "x")', False),
        ('merge_maps(attributes, ParseJSON(body), "upsert")', True),
    ],
)
def test_what_can_fail(statement: str, fails: bool) -> None:
    assert ottl.can_fail(statement) is fails
