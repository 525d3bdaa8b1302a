"""Where compact writers agree with a canonical form, and that nothing else is ever said to."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail.verify.agreement import Agreement
from auditrail.verify.canon import form
from auditrail.verify.quick import COMPACT

numbers = st.floats(allow_nan=False, allow_infinity=False) | st.floats(1e-5, 1e17) | st.integers(-(2**54), 2**54)
texts = st.text(max_size=4) | st.text("a\x7fé\ue000😀\u2028\x01", max_size=3)
values = st.recursive(
    numbers | st.booleans() | st.none() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("canon", COMPACT)
@settings(max_examples=150, deadline=None)
@given(value=st.dictionaries(texts, values, max_size=4))
def test_they_agree_where_it_is_said(canon: str, value: dict[str, Any]) -> None:
    agreement = Agreement(canon)
    parsed = agreement.loads(orjson.dumps(value))
    if agreement.odd or not agreement.value(parsed):
        return
    exact = form(canon, sort=True)(parsed)
    assert agreement.exactly(orjson.dumps(parsed, option=orjson.OPT_SORT_KEYS)) == exact
    assert agreement.exactly(msgspec.json.Encoder(order="deterministic").encode(parsed)) == exact


@pytest.mark.parametrize(
    ("canon", "text"),
    [
        ("py-c-u8", "[1e16]"), ("py-c-u8", "[1e-5]"), ("serde", "[1e16]"),
        ("jcs", "[45.0]"), ("jcs", "[-0.0]"), ("js", "[1e21]"), ("js", "[9007199254740993]"), ("jcs", '{"\ue000":1}'),
    ],
)  # fmt: skip
def test_what_they_write_otherwise_is_told(canon: str, text: str) -> None:
    agreement = Agreement(canon)
    parsed = agreement.loads(text.encode())
    assert agreement.odd or not agreement.value(parsed)
