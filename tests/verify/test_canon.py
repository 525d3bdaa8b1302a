"""Canonical forms against what their own libraries and languages write."""

from __future__ import annotations

import json
import math
from typing import Any

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from auditrail.verify.canon import FORMS, NotWritableError, form, js_number

# value: Python's json, orjson, JavaScript (JSON.stringify) and JCS, Rust's serde_json.
NUMBERS: list[tuple[Any, str, str, str, str]] = [
    (1e-7, "1e-07", "1e-7", "1e-7", "1e-7"),
    (1e-5, "1e-05", "0.00001", "0.00001", "0.00001"),
    (1e-6, "1e-06", "0.000001", "0.000001", "1e-6"),
    (1e15, "1000000000000000.0", "1000000000000000.0", "1000000000000000", "1000000000000000.0"),
    (1e16, "1e+16", "1e16", "10000000000000000", "1e16"),
    (1e21, "1e+21", "1e21", "1e+21", "1e21"),
    (1.0, "1.0", "1.0", "1", "1.0"),
    (-0.0, "-0.0", "-0.0", "0", "-0.0"),
    (0.1, "0.1", "0.1", "0.1", "0.1"),
    (-12, "-12", "-12", "-12", "-12"),
    (5e-324, "5e-324", "5e-324", "5e-324", "5e-324"),
    (123456789012345680000.0, "1.2345678901234568e+20", "", "123456789012345680000", "1.2345678901234568e20"),
]
SCALARS = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)


@pytest.mark.parametrize(("value", "python", "fast", "ecma", "rust"), NUMBERS)
def test_numbers(value: Any, python: str, fast: str, ecma: str, rust: str) -> None:
    assert form("py", sort=True)([value]) == f"[{python}]".encode()
    assert form("jcs", sort=True)([value]) == f"[{ecma}]".encode()
    assert form("js", sort=True)([value]) == f"[{ecma}]".encode()
    assert form("serde", sort=True)([value]) == f"[{rust}]".encode()
    assert form("orjson", sort=True)([value]) == orjson.dumps([value])


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_is_written_as_ecmascript_writes_it(value: float) -> None:
    assert js_number(value).encode() == rfc8785.dumps(value)
    again = json.loads(form("serde", sort=True)(value))
    assert again == value
    assert math.copysign(1, again) == math.copysign(1, value)


def test_big_integers() -> None:
    big = 12345678901234567890123
    assert form("py-c", sort=True)({"a": big}) == b'{"a":12345678901234567890123}'
    # What reads all numbers as doubles can't have written more digits than a double has.
    assert form("jcs", sort=True)({"a": 2**60}) == b'{"a":1152921504606847000}'
    assert form("js", sort=True)({"a": 2**60}) == b'{"a":1152921504606847000}'
    for name in ("orjson", "serde"):
        with pytest.raises(NotWritableError):
            form(name, sort=True)({"a": big})


def test_keys_beyond_the_first_plane() -> None:
    value = {"\uffff": 1, "\U0001f600": 2}
    first_ffff, first_emoji = '{"\uffff":1,"\U0001f600":2}'.encode(), '{"\U0001f600":2,"\uffff":1}'.encode()
    assert form("jcs", sort=True)(value) == form("js", sort=True)(value) == first_emoji
    for name in ("py-c-u8", "orjson", "serde"):
        assert form(name, sort=True)(value) == first_ffff


def test_integer_like_keys_come_first_in_javascript() -> None:
    value = {"b": 1, "10": 2, "9": 3, "01": 4, "4294967295": 5}
    assert form("js", sort=False)(value) == b'{"9":3,"10":2,"b":1,"01":4,"4294967295":5}'
    assert form("jcs", sort=True)(value) == b'{"01":4,"10":2,"4294967295":5,"9":3,"b":1}'


def test_halves_of_characters() -> None:
    value = {"a": "\ud800"}
    assert form("py", sort=True)(value) == b'{"a": "\\ud800"}'
    assert form("py-u8", sort=True)(value) == b'{"a": "\xed\xa0\x80"}'
    assert form("js", sort=True)(value) == b'{"a":"\\ud800"}'
    for name in ("jcs", "orjson"):
        with pytest.raises(NotWritableError):
            form(name, sort=True)(value)


def test_texts_and_separators() -> None:
    value = {"b": 'é\x7f\x00"\\/\n', "a": [1, {"z": None}]}
    assert form("py", sort=True)(value) == json.dumps(value, sort_keys=True).encode()
    assert form("py", sort=True)(value).startswith(b'{"a": [1, {"z": null}], "b": "\\u00e9\\u007f')
    assert form("py-c-u8", sort=False)(value) == '{"b":"é\x7f\\u0000\\"\\\\/\\n","a":[1,{"z":null}]}'.encode()
    assert form("js", sort=False)(value) == form("py-c-u8", sort=False)(value)


@given(VALUES)
def test_each_form_says_what_the_value_is(value: Any) -> None:
    for name in FORMS:
        for sort in (True, False):
            try:
                text = form(name, sort=sort)(value)
            except (NotWritableError, rfc8785.CanonicalizationError):
                assert name in ("jcs", "orjson", "dcp")
                continue
            again = json.loads(text.decode("utf-8", "surrogatepass"))
            if name in ("jcs", "js", "js-sorted"):  # there all numbers are doubles, and infinity is none
                continue
            if name == "serde" and "Infinity" in json.dumps(value):
                continue
            assert again == value or "Infinity" in json.dumps(value)


@given(VALUES)
def test_javascript_sorts_and_writes_as_jcs_does(value: Any) -> None:
    try:
        expected = rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeError):
        return
    if not _has_index(value):
        assert form("js", sort=True)(value) == expected


def _has_index(value: Any) -> bool:
    """JavaScript puts integer-like keys first, which JCS does not."""
    if isinstance(value, dict):
        return any(key.isdigit() or _has_index(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_has_index, value))


def test_keys_that_look_like_numbers_stand_as_text_where_they_were_joined_by_hand() -> None:
    value = {"10": 1, "9": 2, "b": {"\U0001f600": 1, "\uffff": 2}, "\ud800": 1e-7}
    assert form("js", sort=True)(value).startswith(b'{"9":2,"10":1,"b":')
    expected = '{"10":1,"9":2,"b":{"\U0001f600":1,"\uffff":2},"\\ud800":1e-7}'
    assert form("js-sorted", sort=True)(value) == expected.encode()


def test_whole_numbers_only() -> None:
    write = form("dcp", sort=True)
    assert write({"b": 2.0, "a": [1e3, -0.0, True, None], "\U0001f600": 1, "\uffff": 1}) == (
        '{"a":[1000,0,true,null],"b":2,"\uffff":1,"\U0001f600":1}'.encode()
    )
    for value in (0.5, math.nan, math.inf):
        with pytest.raises(NotWritableError):
            write([value])
