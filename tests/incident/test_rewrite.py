"""Rewriting of raw records: whatever a policy withholds of an event is in no leaf of its record any more."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditrail import jsontext
from auditrail.config import Config
from auditrail.content import state_of
from auditrail.incident import holding, rereading
from auditrail.incident.rewrite import Rewriter, Taken, leaves, stand_in
from auditrail.incident.select import Piece
from auditrail.incident.withhold import Withholder

TOKEN = f"withheld:arguments:{'0' * 64}"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
LEAVES = st.one_of(TEXTS, st.integers(-(2**53), 2**53), st.booleans(), st.none())
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8
)
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SLOW
@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4), st.booleans())
def test_arguments_of_any_shape_are_nowhere(tmp_path: Path, args: dict[str, Any], as_text: bool) -> None:
    row = {
        "run_id": "run-a", "agent": "a", "event": "tool_call", "tool": "send", "tool_call_id": "c1",
        "ts": "2026-09-17T10:00:01Z", "args": json.dumps(args) if as_text else args,
    }  # fmt: skip
    log = tmp_path / "agent.jsonl"
    log.write_text(json.dumps(row) + "\n")
    before = rereading.read(log, str(log), Config())
    withholder = Withholder("contents", None)
    piece = Piece(str(log), log.name, dict.fromkeys(before.events), lines=True)  # type: ignore[arg-type]
    withholder.look([piece])
    withholder.write(piece, tmp_path / "copy.jsonl")
    after = rereading.read(tmp_path / "copy.jsonl", "copy.jsonl", Config())
    assert after.closed(1) == before.closed(1)
    (event,), (held,) = before.events[1], after.events[1]
    gone = {leaf for name, leaf in leaves(json.loads(event["args"])) if not name_stays(name, leaf)}
    left = {leaf for _, leaf in leaves(json.loads(held["args"]))}
    assert not {leaf for leaf in gone & left if leaf not in ('"send"', '"c1"', '"run-a"', '"a"')}


def name_stays(name: str, leaf: str) -> bool:
    """Marks of other redactors, and words that tell a part of a message, stay by intent."""
    from auditrail.content import is_mark
    from auditrail.incident.rewrite import tells_part

    value = jsontext.parse(leaf.encode())[0]
    return isinstance(value, str) and (is_mark(value) or tells_part(name, value))


@pytest.mark.parametrize(
    ("text", "cut", "state"),
    [
        ("a text of a person", False, "present"),
        ("a text... [truncated 120 characters]", False, "truncated"),
        ("[Output truncated: 90 lines]", True, "truncated"),
        ("**** **** 4242", False, "present"),
        ("****4242", False, "redacted"),
        ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", False, "hashed"),
    ],
)
def test_what_was_cut_masked_or_hashed_stays_told_as_such(text: str, cut: bool, state: str) -> None:
    made = stand_in(text, TOKEN, cut=cut)
    assert text not in made
    assert state_of(made) == state


def test_pairs_of_a_key_and_a_value_have_the_name_of_the_key() -> None:
    record = {"attributes": [{"key": "user.name", "value": {"stringValue": "Bob"}}, {"key": "b", "value": "Bob"}]}
    taken = Taken(members={("name", '"Bob"'): TOKEN}, gone={'"Bob"': TOKEN})
    made = Rewriter(taken, set(), {}).json(record)
    assert made["attributes"][0]["value"]["stringValue"] == TOKEN
    assert made["attributes"][1]["value"] == "Bob"


def test_what_is_spared_is_one_place_and_not_a_value_everywhere() -> None:
    taken = Taken(whole={"completed": TOKEN})
    record = {"status": "completed", "said": "completed"}
    made = Rewriter(taken, set(), {}, frozenset({(".status", '"completed"')})).json(record)
    assert made == {"status": "completed", "said": TOKEN}


def test_records_that_are_text_are_searched_as_their_format_escapes() -> None:
    taken = Taken(whole={"a=b | secret": TOKEN, "Bob": TOKEN})
    made = Rewriter(taken, set(), {}).text(r"CEF:0|x|msg=a\=b \| secret user=Bob Bobby")
    assert made == rf"CEF:0|x|msg={TOKEN} user={TOKEN} Bobby"


@given(st.sets(st.integers(0, 20), max_size=6), st.integers(0, 20))
def test_the_fewest_items_are_found(needed: set[int], more: int) -> None:
    items = sorted({*needed, *range(more)})
    if needed:
        assert set(holding.least(items, lambda some: needed <= set(some))) == needed


def test_nesting_without_end_is_refused() -> None:
    from auditrail.incident.select import FreezeError

    deep: Any = "x"
    for _ in range(100):
        deep = [deep]
    with pytest.raises(FreezeError, match="too deep"):
        Rewriter(Taken(whole={"x": TOKEN}), set(), {}).json(deep)
