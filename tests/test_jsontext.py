"""The one parser: exact, never recursing deeper than it may, and every odd thing flagged or refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail import jsontext
from auditrail.containers.limits import MAX_DEPTH
from auditrail.errors import RecordError
from auditrail.model import QUARANTINE_CODES


@pytest.mark.parametrize(
    ("raw", "value", "flags"),
    [
        (b'{"a":1}', {"a": 1}, ()),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}, ()),
        (b'{"a":2,"a":3}', {"a": 3}, ("duplicate-keys",)),
        (b'{"a":2,"\\u0061":3}', {"a": 3}, ("duplicate-keys",)),
        (b'{"a":"\\u0022","b":1,"b":2}', {"a": '"', "b": 2}, ("duplicate-keys",)),
        (b'{"a":123456789012345678901234567890}', {"a": 123456789012345678901234567890}, ("big-integer",)),
        (b'{"a":18446744073709551615}', {"a": 18446744073709551615}, ()),
        (b'{"a":-9223372036854775809}', {"a": -9223372036854775809}, ("big-integer",)),
        (b'{"a":NaN,"b":-Infinity,"c":1e400}', {"a": "NaN", "b": "-Infinity", "c": "1e400"}, ("not-a-number",)),
        (b'{"a":"\\ud800"}', {"a": "\\ud800"}, ("lone-surrogate",)),
        (b'{"\\ud800":1}', {"\\ud800": 1}, ("lone-surrogate",)),
        (b'{"\\ud800":1,"\\\\ud800":2}', {"\\ud800": 2}, ("duplicate-keys", "lone-surrogate")),
        (b'{"a":["\\u0000"]}', {"a": ["\\u0000"]}, ("nul",)),
        (b'"\\u0000"', "\\u0000", ("nul",)),
    ],
)
def test_odd_but_json(raw: bytes, value: Any, flags: tuple[str, ...]) -> None:
    assert jsontext.parse(raw) == (value, flags)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "invalid-json"),
        (b"{", "invalid-json"),
        (b"{}{}", "invalid-json"),
        (b"\xef\xbb\xbf" * 2000 + b"{}", "invalid-json"),
        (b'{"a":"\xff"}', "invalid-utf8"),
        (b'{"a":"\xed\xa0\x80"}', "invalid-utf8"),
        (b'{"a":"x\x00y"}', "control-character"),
        (b'{"a":\x1b1}', "control-character"),
        (b"[" * 100_000, "too-deep"),
        (b"[" * 2000 + b"]" * 2000, "too-deep"),
        (b'{"a":' * 700 + b"NaN" + b"}" * 700, "too-deep"),
    ],
)
def test_refused(raw: bytes, code: str) -> None:
    with pytest.raises(RecordError) as refused:
        jsontext.parse(raw)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": "b',
        b'{"a": tr',
        b'{"a":',
        b'{"a"',
        b'{"a":1',
        b'{"a":1,',
        b'{"a":"x\\',
        rb'{"a":"\u12',
        b"[1,2",
        b'{"a":-',
    ],
)
def test_a_record_that_was_cut_is_said_to_end_early(raw: bytes) -> None:
    with pytest.raises(RecordError, match="; the record ends early"):
        jsontext.parse(raw)


@pytest.mark.parametrize(
    "raw",
    [b"{incomplete", b"not json", b"n", b'{"a":1}}', b"", b"{'a':1}", rb'{"a":"\q and more"}', b"[2026-01-01] up"],
)
def test_a_record_that_is_broken_in_itself_is_not(raw: bytes) -> None:
    with pytest.raises(RecordError) as refused:
        jsontext.parse(raw)
    assert "ends early" not in str(refused.value)


@pytest.mark.parametrize("leaf", [b"1", b"NaN", b'"\\u0000"', b'"\\ud800"', b'{"a":1,"a":2}'])
@pytest.mark.parametrize(("opens", "closes"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_the_limit_on_depth_is_exact_whatever_the_path(leaf: bytes, opens: bytes, closes: bytes) -> None:
    own = leaf.startswith(b"{")
    jsontext.parse(opens * (MAX_DEPTH - own) + leaf + closes * (MAX_DEPTH - own))
    with pytest.raises(RecordError) as refused:
        jsontext.parse(opens * (MAX_DEPTH + 1 - own) + leaf + closes * (MAX_DEPTH + 1 - own))
    assert refused.value.code == "too-deep"


def test_wide_is_not_deep() -> None:
    wide = [{"a": [[], {}]}] * (MAX_DEPTH * 3)
    assert jsontext.parse(json.dumps(wide).encode()) == (wide, ())


def test_what_was_read_can_be_written_and_read_again() -> None:
    deep: Any = 1
    for _ in range(MAX_DEPTH):
        deep = {"a": deep}
    assert jsontext.parse(jsontext.dumps(deep).encode()) == (deep, ())


def outcome(raw: bytes) -> tuple[str | None, Any, tuple[str, ...]]:
    try:
        return None, *jsontext.parse(raw)
    except RecordError as error:
        return error.code, None, ()


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [b"{", b"}", b"[", b"]", b",", b":", b'"a"', b'"\\u0000"', b'"\\ud83d"', b'"\\u0022"', b"NaN", b"1e999",
             b"-0", b"9" * 25, b"9" * 5000, b"\xff", b"\x00", b'"', b"\\", b" ", b"tru", b"true", b"\xef\xbb\xbf"]
        ),
        max_size=30,
    ).map(b"".join)
)  # fmt: skip
def test_soup_is_read_or_refused(raw: bytes) -> None:
    code, value, flags = outcome(raw)
    if code is not None:
        assert code in QUARANTINE_CODES
        return
    assert list(flags) == sorted(flags)
    text = jsontext.dumps(value)
    assert "\x00" not in text
    text.encode("utf-8")


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=20,
    )
)
def test_what_python_writes_is_read_the_same(value: Any) -> None:
    raw = json.dumps(value, ensure_ascii=True).encode()
    read, flags = jsontext.parse(raw)
    if "nul" not in flags and "lone-surrogate" not in flags:
        assert read == value
