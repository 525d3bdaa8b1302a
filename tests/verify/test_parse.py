"""The exact reader of records."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditrail.verify.parse import ParseError, parse

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.booleans())
def test_nothing_is_lost(value: Any, ascii_only: bool) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert parse(raw) == (value, ())


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"123456789012345678901234", 123456789012345678901234),
        (b"-9223372036854775809", -9223372036854775809),
        (b'"\\ud800"', "\ud800"),
        (b'"\xed\xa0\x80"', "\ud800"),
        (b"1e400", float("inf")),
        (b"[Infinity]", [float("inf")]),
    ],
)
def test_odd_values_stay_exact(raw: bytes, value: Any) -> None:
    assert parse(raw).value == value


@pytest.mark.parametrize(
    ("raw", "twice"),
    [
        (b'{"a":1,"a":2}', ("a",)),
        (b'{"x":{"a":1,"b":2,"a":1}}', ("a",)),
        (b'{"a":"\\u0022","a":"x"}', ("a",)),
        (b'{"a":1,"\\u0061":2}', ("a",)),
        (b'{"a":{"b":1},"c":{"b":2}}', ()),
    ],
)
def test_keys_that_stand_twice(raw: bytes, twice: tuple[str, ...]) -> None:
    assert parse(raw).duplicates == twice


RECORD = '{"a": [1, -2.5e-7, true, null], "é": {"b": "x\\u00e9\\n"}}'.encode()


@pytest.mark.parametrize("end", range(1, len(RECORD)))
def test_every_beginning_of_a_record_may_be_torn(end: int) -> None:
    with pytest.raises(ParseError) as error:
        parse(RECORD[:end])
    assert error.value.torn


@pytest.mark.parametrize(
    "raw", [RECORD + b"}", RECORD + b"x", b'{"a":1}\xf5', b'{"a" 1', b"{,", b'{"a":tru3', b"\xff{}", b"nope", b"[1 2"]
)
def test_what_is_no_beginning_is_damaged(raw: bytes) -> None:
    with pytest.raises(ParseError) as error:
        parse(raw)
    assert not error.value.torn


@given(st.binary(max_size=80))
def test_any_bytes_end_in_a_value_or_a_typed_error(raw: bytes) -> None:
    with contextlib.suppress(ParseError):
        parse(raw)


def test_nesting_without_end() -> None:
    with pytest.raises(ParseError):
        parse(b"[" * 200_000 + b"]" * 200_000)


def test_digits_without_end() -> None:
    with pytest.raises(ParseError):
        parse(b"[" + b"9" * 100_000 + b"]")
