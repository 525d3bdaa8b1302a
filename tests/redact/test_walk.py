"""One value: whole, by path, by pattern; and that nothing withheld is left, whatever the JSON looks like."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditrail.redact import policy
from auditrail.redact.commit import TOKEN, Place, check
from auditrail.redact.policy import Context
from auditrail.redact.walk import Redactor

KEY = bytes(range(32))
PLACE = Place("events", "7", "args")


def redactor(*rules: str, joins: str = "") -> Redactor:
    text = (f'joins = ["{joins}"]\n' if joins else "") + "".join(
        f"[[rules]]\nid = 'r{n}'\n{rule}\n" for n, rule in enumerate(rules)
    )
    return Redactor(policy.parse(text), KEY, collect=True)


def rule(fields: str, action: str = "withhold", more: str = "") -> str:
    return f"fields = ['{fields}']\naction = '{action}'\n{more}"


def args(made: Redactor, value: Any) -> Any:
    text = made.content(PLACE, value if isinstance(value, str) else json.dumps(value), Context())
    try:
        return json.loads(text)
    except ValueError:
        return text


def test_by_path_through_lists_and_texts_of_json() -> None:
    made = redactor(rule("args.customer.iban"), rule("args.items.*.note"))
    value = {
        "customer": {"iban": "DE00", "name": "Al"},
        "items": [{"note": "x", "n": 1}, {"note": ["y"], "n": 2}],
        "inner": json.dumps({"a": 1}),
    }
    left = args(made, value)
    assert TOKEN.fullmatch(left["customer"]["iban"])
    assert left["customer"]["name"] == "Al"
    assert [TOKEN.fullmatch(one["note"]) is not None for one in left["items"]] == [True, True]
    assert [one.place.path for one in made.taken] == ["/customer/iban", "/items/0/note", "/items/1/note"]
    left = args(redactor(rule("args.*iban")), {"body": json.dumps({"iban": "DE00", "n": 1})})
    assert TOKEN.fullmatch(json.loads(left["body"])["iban"])


def test_the_first_rule_that_covers_a_place_decides() -> None:
    made = redactor(rule("args.kind", "keep"), rule("args.meta.id", "keep"), rule("args.*"))
    left = args(made, {"kind": "refund", "meta": {"id": 3, "who": "Al"}, "to": "Bob", "n": 5, "none": None})
    assert left["kind"] == "refund"
    assert left["meta"]["id"] == 3
    assert TOKEN.fullmatch(left["withheld"])
    assert set(left) == {"kind", "meta", "withheld"}
    assert set(left["meta"]) == {"id", "withheld"}
    values = {one.place.path: json.loads(one.value) for one in made.taken}
    assert values == {"/withheld": {"to": "Bob", "n": 5, "none": None}, "/meta/withheld": {"who": "Al"}}


def test_a_member_called_withheld_is_not_taken_for_ours() -> None:
    made = redactor(rule("args.withheld", "keep"), rule("args.*"))
    left = args(made, {"withheld": "said the log", "to": "Bob"})
    assert TOKEN.fullmatch(left["withheld"])
    assert json.loads(made.taken[0].value) == {"to": "Bob", "withheld": "said the log"}


def test_what_cannot_be_looked_into_is_withheld_whole() -> None:
    made = redactor(rule("args.customer.iban"))
    assert TOKEN.fullmatch(args(made, '{"customer":{"iban":"DE89'))
    assert args(made, "plain words") == "plain words"


def test_escapes_in_json_that_was_cut_hide_nothing() -> None:
    made = redactor(rule("args", "withhold", "patterns = ['email']"))
    assert TOKEN.fullmatch(args(made, '{"to":"alice\\u0040example.com","te'))


def test_a_member_that_stands_twice_does_not_get_out() -> None:
    text = '{"mail":"alice@example.com","mail":"none"}'
    made = redactor(rule("args", "withhold", "patterns = ['email']"))
    assert "alice" not in json.dumps(args(made, text))


def test_patterns_in_leaves_keys_numbers_and_escapes() -> None:
    made = redactor(rule("*", "pseudonym", "patterns = ['email', 'card']"))
    text = '{"to":"alice\\u0040example.com","alice@example.com":1,"card":4111111111111111,"n":4111111111111112}'
    left = args(made, text)
    assert left["n"] == 4111111111111112
    assert left["card"].startswith("pseudonym:card:")
    assert left["to"].startswith("pseudonym:email:")
    assert left[left["to"]] == 1
    assert made.name("principal", "alice@example.com") == left["to"]


def test_equal_values_are_equal_only_where_they_join() -> None:
    two = {"a": "Alice Miller", "b": "Alice Miller"}
    left = args(redactor(rule("args.?")), two)
    assert left["a"] != left["b"]
    left = args(redactor(rule("args.?"), joins="r0"), two)
    assert left["a"] == left["b"]
    assert left["a"].startswith("withheld:r0:")


def test_names_are_the_same_wherever_they_stand() -> None:
    made = redactor(rule("ids", "pseudonym"))
    assert made.name("ids.span", "ab") == made.name("ids.parent_span", "ab") != made.name("ids.trace", "ab")
    assert made.counts == {("r0", "ids.span"): 1, ("r0", "ids.parent_span"): 1, ("r0", "ids.trace"): 1}


def test_a_redactors_mark_stays_and_what_only_looks_like_one_goes() -> None:
    left = args(redactor(rule("args.?")), {"a": "[REDACTED]", "b": "****", "c": "****4242", "d": "[removed: Alice]"})
    assert (left["a"], left["b"]) == ("[REDACTED]", "****")
    assert TOKEN.fullmatch(left["c"])
    assert TOKEN.fullmatch(left["d"])


def test_attributes_stay_an_object() -> None:
    made = redactor(rule("attributes"))
    left = made.content(Place("events", "7", "attributes"), '{"a":1}', Context())
    assert TOKEN.fullmatch(json.loads(left)["withheld"])


SECRET = st.sampled_from(["alice@example.com", "Alice Miller", "DE89370400440532013000", "hunter2-hunter2"])
TREES = st.recursive(
    SECRET | st.integers(0, 9) | st.none() | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b.c", "d/e", "f~g", "", "withheld", "k"]), inner, max_size=4)
        | inner.map(json.dumps)
    ),
    max_leaves=12,
)


@given(TREES, st.sampled_from(["args", "args.*", "args.a", "args.*c*", "args.k.*"]), st.booleans())
def test_what_is_taken_is_gone_proven_and_all_else_stays(tree: Any, field: str, keep: bool) -> None:
    made = redactor(*([rule("args.a.k", "keep")] if keep else []), rule(field))
    text = tree if isinstance(tree, str) else json.dumps(tree)
    left = made.content(PLACE, text, Context())
    if field in ("args", "args.*") and not keep and isinstance(tree, (dict, list)):
        assert "Alice" not in left
        assert "hunter2" not in left
    for one in made.disclosures():
        check(one, left)
    again = redactor(*([rule("args.a.k", "keep")] if keep else []), rule(field))
    assert again.content(PLACE, text, Context()) == left
    if not again.taken:
        assert left == text


@pytest.mark.parametrize("depth", [10, 900, 5000])
def test_deep_nesting_ends(depth: int) -> None:
    text = "[" * depth + '"Alice Miller"' + "]" * depth
    assert "Alice" not in redactor(rule("args.*")).content(PLACE, text, Context())
    assert "alice@" not in redactor(rule("args", "withhold", "patterns = ['email']")).content(
        PLACE, text.replace("Alice Miller", "alice@example.com"), Context()
    )
