"""Escapes beyond ASCII, and lines that say what was parsed of them and no more."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditrail.verify.spelling import escaped, respells

texts = st.text(max_size=8) | st.text('a\\x"\x7fé\x85\u2019\ue000😀', max_size=6)


@given(value=st.dictionaries(texts, texts, max_size=4))
def test_escapes_are_those_of_python(value: dict[str, str]) -> None:
    try:
        data = orjson.dumps(value)
    except TypeError:
        return  # half characters
    assert escaped(data) == json.dumps(value, separators=(",", ":")).encode()


@given(value=st.dictionaries(texts, texts | st.lists(st.integers()), max_size=4), ascii_only=st.booleans())
def test_lines_of_pythons_writer_are_respelled(value: dict[str, Any], ascii_only: bool) -> None:
    try:
        data = orjson.dumps(value)
    except TypeError:
        return  # half characters, integers beyond 64 bits
    for separators in ((",", ":"), (", ", ": ")):
        assert respells(data, json.dumps(value, ensure_ascii=ascii_only, separators=separators).encode())


@pytest.mark.parametrize(
    "line", [b'{"a":"x", "a":"\\n"}', b'{"a":"\\u000a"}', b'{"a":"\\n"}x', b'{"a":"\\n","b":1}', b'{"\\u0061":"\\n"}']
)
def test_what_says_more_or_otherwise_is_told(line: bytes) -> None:
    assert not respells(b'{"a":"\\n"}', line)
