"""Policies: what is accepted, and what is refused with which words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditrail.redact import policy
from auditrail.redact.errors import PolicyError
from auditrail.redact.fields import FIELDS
from auditrail.redact.policy import Context

RULE = '[[rules]]\nid = "a"\nfields = ["args"]\naction = "withhold"\n'


@pytest.mark.parametrize("name", policy.names())
def test_ready_policies_are_read(name: str) -> None:
    made = policy.load(name)
    assert made.name == name
    assert made.title
    assert any(not made.plan(field, Context()).idle for field in FIELDS)


def test_contents_is_the_default() -> None:
    assert policy.DEFAULT in policy.names()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no [[rules]]"),
        ("= 1", "not TOML"),
        ("colour = 1\n" + RULE, "unknown key 'colour'"),
        (RULE + "tool = []\n", "unknown key 'tool'"),
        (RULE.replace("withhold", "hide"), "unknown action 'hide'"),
        (RULE.replace('["args"]', '["argz"]'), "unknown field 'argz'"),
        (RULE.replace('["args"]', '["error.path"]'), "unknown field 'error.path'"),
        (RULE.replace('["args"]', '["args."]'), "unknown field 'args.'"),
        (RULE.replace('["args"]', '["ids.colour"]'), "unknown field 'ids.colour'"),
        (RULE.replace('["args"]', "[]"), "names none"),
        (RULE.replace('["args"]', '"args"'), "a list of texts"),
        (RULE.replace('["args"]', '["*"]'), "for rules with patterns"),
        (RULE.replace('"a"', '"A b"'), "the id of a rule"),
        (RULE + RULE, "two rules have the id 'a'"),
        ('joins = ["b"]\n' + RULE, "there is no rule 'b'"),
        (RULE + 'patterns = ["mail"]\n', "unknown pattern 'mail'"),
        (RULE + "patterns = []\n", "names none"),
        (RULE.replace("withhold", "keep") + 'patterns = ["email"]\n', "cannot be kept"),
        (RULE.replace('["args"]', '["args.to"]') + 'patterns = ["email"]\n', "whole fields"),
        (RULE.replace('["args"]', '["agent"]'), "equal values have to stay equal"),
        (RULE.replace('["args"]', '["ids"]'), "equal values have to stay equal"),
        (RULE.replace('["args"]', '["tool"]').replace("withhold", "pseudonym") + 'tools = ["x"]\n', "conditions"),
        (RULE + "[patterns]\nemail = 'x'\n", "built-in"),
        (RULE + "[patterns]\nown = '('\n", "pattern 'own'"),
        (RULE + "[patterns]\nown = 'x*'\n", "blank text"),
        (RULE + "[patterns]\nown = 3\n", "no text"),
    ],
)
def test_what_is_wrong_is_said(text: str, said: str) -> None:
    with pytest.raises(PolicyError) as error:
        policy.parse(text)
    assert said in error.value.message


@given(st.text(max_size=200))
def test_any_text_is_a_policy_or_a_typed_error(text: str) -> None:
    for one in (text, RULE + text):
        try:
            policy.parse(one)
        except PolicyError:
            continue


def test_a_policy_that_is_not_there_names_those_that_are(tmp_path: object) -> None:
    with pytest.raises(PolicyError) as error:
        policy.load(f"{tmp_path}/none.toml")
    assert "contents" in error.value.hint


def test_conditions_are_globs_of_the_record() -> None:
    made = policy.parse(RULE + 'tools = ["pay_*", "refund"]\nlayers = ["tool"]\n')
    assert not made.plan("args", Context("pay_out", "a", "tool", "s")).idle
    for context in (Context("xpay_out", "a", "tool"), Context("pay_out", "a", "llm"), Context(None, "a", "tool")):
        assert made.plan("args", context).idle
    assert made.plan("result", Context("refund", "a", "tool")).idle
    assert not made.plan("args").idle
