"""Detectors: what they find, what they leave, and that they end."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditrail.redact.detectors import BUILT_IN, Detector, matches

ALL = tuple(BUILT_IN.values())


def found(name: str, text: str) -> list[str]:
    return [text[begin:end] for begin, end in BUILT_IN[name].spans(text)]


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("email", "to <alice.b+x@mail.example.com>, b@example.org.", ["alice.b+x@mail.example.com", "b@example.org"]),
        ("email", "user@localhost @decorator a@b", []),
        ("iban", "DE89370400440532013000.", ["DE89370400440532013000"]),
        ("iban", "to DE89 3704 0044 0532 0130 00.", ["DE89 3704 0044 0532 0130 00"]),
        ("iban", "DE89370400440532013001 GB29NWBK60161331926819", ["GB29NWBK60161331926819"]),
        ("iban", "ab12cd34ef56ab78cd90ef12 AB12CD34EF56AB78CD90EF12", []),
        ("card", "4111 1111 1111 1111, 5500-0000-0000-0004", ["4111 1111 1111 1111", "5500-0000-0000-0004"]),
        ("card", "4111111111111112 1789639564061000000 0000000000000000 4.4111111111111111", []),
        ("phone", "call +49 170 1234567 or +1 (555) 010-9999", ["+49 170 1234567", "+1 (555) 010-9999"]),
        ("phone", "order 70331, +5 points, 2026-08-01", []),
        ("secret", "key AKIAIOSFODNN7EXAMPLE!", ["AKIAIOSFODNN7EXAMPLE"]),
        ("secret", "ghp_" + "a" * 36 + " sk-ant-api03-" + "b" * 24, ["ghp_" + "a" * 36, "sk-ant-api03-" + "b" * 24]),
        ("named-secret", 'password=hunter2 "api_key": "zzzz1111"', ["hunter2", "zzzz1111"]),
        ("named-secret", "Authorization: Bearer abcd.efgh", ["abcd.efgh"]),
        ("named-secret", "the token was refused", []),
        ("home", "/home/alice/logs/x /Users/bob C:\\Users\\Carol\\x", ["alice", "bob", "Carol"]),
    ],
)  # fmt: skip
def test_what_is_found(name: str, text: str, values: list[str]) -> None:
    assert found(name, text) == values


PARTS = ["alice@example.com", "DE89370400440532013000", "4111111111111111", "+49 170 1234567", "0049 170 1234567"]
PARTS += ["C:\\Users\\al", "/home/al", "token=abcd", "SECRET: x1y2", "xoxb-1234567890", "AKIAIOSFODNN7EXAMPLE"]
PARTS += [" ", "x", "7", ".", "-----BEGIN PRIVATE KEY-----"]


@given(st.lists(st.sampled_from(PARTS), max_size=4).map("".join), st.sampled_from(ALL))
def test_the_quick_look_misses_nothing(text: str, one: Detector) -> None:
    assert one.may(text) or not list(one.spans(text))


@given(st.sampled_from(ALL), st.data())
def test_what_a_pattern_can_match_passes_the_quick_look(one: Detector, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(one.pattern))
    assert one.may(text) or not list(one.spans(text))


@given(
    st.lists(st.sampled_from(["4111111111111111", "a@b.example", "+49 170 1234567", " ", "x", "/home/", "=", "token"]))
)
def test_matches_are_apart_and_in_order(parts: list[str]) -> None:
    text = "".join(parts)
    end = 0
    for begin, stop, number in matches(text, ALL):
        assert end <= begin < stop <= len(text)
        assert 0 <= number < len(ALL)
        end = stop


@pytest.mark.parametrize(
    "unit", ["a", "a@", "1", "1 ", "+1", "0011", "DE89", "DE89 AAAA ", "eyJ", "/home/", "token=", "-----BEGIN "]
)
def test_no_text_takes_long(unit: str) -> None:
    text = unit * (20_000 // len(unit))
    begin = time.process_time()
    matches(text, ALL)
    assert time.process_time() - begin < 5
