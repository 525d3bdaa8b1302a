"""Ids: one spelling for one id, and no id where there is none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditrail import ids
from auditrail.model import ID_KINDS, Id

TRACE = "4BF92F3577B34DA6A3CE929D0E0E4736"
UUID = "0A1B2C3D-0000-4000-8000-00000000ABCD"


@pytest.mark.parametrize("kind", ["trace", "span", "parent_span", "linked_span", "linked_trace"])
def test_hex_of_traces_and_spans_is_lower_case(kind: str) -> None:
    assert ids.normalise(kind, TRACE) == TRACE.lower()
    assert ids.normalise(kind, "Root=1-AB") == "Root=1-AB", "no hex: as it is"


def test_other_ids_keep_their_case_but_uuids_do_not() -> None:
    assert ids.normalise("run", TRACE) == TRACE
    assert ids.normalise("run", UUID) == UUID.lower()
    assert ids.normalise("request", "Call_ABC") == "Call_ABC"


@pytest.mark.parametrize(
    "value",
    [*sorted(ids.JUNK), *(word.upper() for word in sorted(ids.JUNK)), " null ", "\t", "0" * 32, "0" * 16,
    "00-00", "---",
     "00000000-0000-0000-0000-000000000000", 0, None, True, False, 1.5, [], {}, b"abc", ["a"],
     "x" * (ids.MAX_LENGTH + 1),
     10**600],
)  # fmt: skip
def test_what_is_no_id(value: Any) -> None:
    assert ids.normalise("run", value) is None
    assert ids.normalise("trace", value) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [(" r1 ", "r1"), (7, "7"), (-7, "-7"), ("0a", "0a"), ("00x", "00x"), ("-1", "-1"), ("x" * ids.MAX_LENGTH,) * 2,
     ("défaut", "défaut"), ("nullable", "nullable"), ("0-1", "0-1")],
)  # fmt: skip
def test_what_is_one(value: Any, expected: str) -> None:
    assert ids.normalise("run", value) == expected


@given(st.sampled_from(ID_KINDS), st.text() | st.integers() | st.none() | st.floats())
def test_normalising_twice_changes_nothing(kind: str, value: Any) -> None:
    once = ids.normalise(kind, value)
    if once is not None:
        assert once == once.strip() != ""
        assert ids.normalise(kind, once) == once


def test_add_keeps_each_id_once_and_in_order() -> None:
    made: list[Id] = []
    for kind, value in [("trace", TRACE), ("run", "r1"), ("trace", TRACE.lower()), ("run", "null"), ("run", None),
                        ("session", "r1"), ("run", 5)]:  # fmt: skip
        ids.add(made, kind, value)
    assert made == [Id("trace", TRACE.lower()), Id("run", "r1"), Id("session", "r1"), Id("run", "5")]


def test_an_unknown_kind_is_a_fault_of_the_reader() -> None:
    with pytest.raises(KeyError):
        ids.add([], "nonsense", None)


@pytest.mark.parametrize(
    "mark",
    ["[REDACTED]", "[trimmed for fixture]", "[REDACTED_SESSION]", "<redacted>", "<__redacted__>", "****", "********"],
)
def test_a_mark_of_redaction_is_no_id(mark: str) -> None:
    assert ids.normalise("run", mark) is None
    assert ids.normalise("tool_call", f" {mark} ") is None


@pytest.mark.parametrize("text", ["[1]", "<20260101.1@mail.example.com>", "*", "[a/b]", "<run>"])
def test_brackets_alone_are_no_mark(text: str) -> None:
    assert ids.normalise("run", text) == text
