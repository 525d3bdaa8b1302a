"""Times of any writer: bands of numbers, ISO texts, what is out of range, and no crash whatever comes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditrail import times

NOW = 1_789_639_200  # 2026-09-17T10:00:00Z
NS = NOW * 10**9
LAST = (1 << 63) - 1


def ns(value: Any) -> int | None:
    moment = times.parse(value)
    return moment.ns if moment else None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (NOW, NS), (NOW * 10**3, NS), (NOW * 10**6, NS), (NS, NS),
        (str(NOW), NS), (f" {NOW * 10**3} ", NS), (f"+{NOW}", NS), (f"{NOW}.", None), (f"-{NOW}", None),
        (float(NOW), NS), (NOW + 0.5, NS + 5 * 10**8), (NOW + 0.52, NS + 520_000_000), (f"{NOW}.123456789",
        NS + 123456789),
        (f"{NOW}.1234567899", NS + 123456789), (NOW * 1e3 + 0.25, NS + 250_000), (NOW * 1e6, NS),
        (f"{NOW * 10**3}.5", NS + 500_000), (f"{NS}.9", NS),
    ],
)  # fmt: skip
def test_numbers_are_read_by_their_size(value: Any, expected: int | None) -> None:
    assert ns(value) == expected


@pytest.mark.parametrize("digits", [10, 13, 16, 19])
def test_bands_begin_and_end(digits: int) -> None:
    unit = 10 ** (19 - digits)
    low = 10 ** (digits - 1)
    assert ns(low) == low * unit == 10**18
    assert ns(low - 1) is None
    last = LAST // unit
    assert ns(last) == last * unit
    assert ns(last + 1) is None, "what does not fit 64 bits"
    assert ns(10**digits) is None


@pytest.mark.parametrize(
    "value",
    [0, -1, -NOW, 1, 10**9 - 1, 10**11, 10**14, 10**20, 10**400, True, False, None, [], {}, b"1", (NOW,), 1.5,
    0.0, -0.0,
     1e-5, 1e19, 1e300, float("nan"), float("inf"), float("-inf"), object(), 1j, "", " ", "0", "nan", "inf",
     "1e9", "now",
     "12", "x" * 65, "1" * 64, "1" * 5000, "9" * 19, "²" * 10, "\x00", "\ud800"],
)  # fmt: skip
def test_what_is_no_time(value: Any) -> None:
    assert times.parse(value) is None


@pytest.mark.parametrize(
    ("text", "more", "assumed"),
    [
        ("2026-09-17T10:00:00Z", 0, False),
        ("2026-09-17T10:00:00z", 0, False),
        ("2026-09-17 10:00:00 UTC", 0, False),
        ("2026-09-17T10:00:00", 0, True),
        ("2026-09-17 10:00", 0, True),
        ("  2026-09-17T10:00:00Z\n", 0, False),
        ("2026-09-17T10:00:00.5Z", 500_000_000, False),
        ("2026-09-17T10:00:00,123Z", 123_000_000, False),
        ("2026-09-17 10:00:00,123", 123_000_000, True),
        ("2026-09-17T10:00:00.123456789Z", 123_456_789, False),
        ("2026-09-17T10:00:00.1234567899999Z", 123_456_789, False),
        ("2026-09-17T12:00:00+02:00", 0, False),
        ("2026-09-17T12:00:00+0200", 0, False),
        ("2026-09-17T12:00:00+02", 0, False),
        ("2026-09-17T15:30:00 +05:30", 0, False),
        ("2026-09-17T10:00:30+00:00:30", 0, False),
        ("2026-09-17T04:30:00-0530", 0, False),
        ("2026-09-17T10:00:00+00:00Z", 0, False),
        ("2026-09-18T09:59:00+23:59", 0, False),
    ],
)
def test_iso_texts(text: str, more: int, assumed: bool) -> None:
    assert times.parse(text) == (NS + more, assumed)


def test_a_date_alone_is_midnight() -> None:
    assert times.parse("2026-09-17") == (NS - 10 * 3600 * 10**9, True)
    assert times.parse("2026-09-17Z") == (NS - 10 * 3600 * 10**9, False)


def test_a_leap_second_is_the_second_before_it() -> None:
    assert times.parse("2016-12-31T23:59:60Z") == times.parse("2016-12-31T23:59:59Z")
    assert times.parse("2016-12-31T23:59:60.5Z") == times.parse("2016-12-31T23:59:59.5Z")


@pytest.mark.parametrize(
    "text",
    ["2026-09-17T10:00:61Z", "2026-09-17T10:00:75Z", "2026-09-17T10:60:00Z", "2026-09-17T24:00:00Z", "2026-13-01",
     "2026-02-29", "2026-00-01", "2026-01-00", "0000-01-01", "2026-09-17T10:00:00+24:00", "2026-09-17T10:00:00+99:99",
     "2026-09-17T10:00:00+00:60", "2026-09-17T10:00:00+", "2026-09-17T10", "2026-09-17T10:00:00.Z", "2026-09-17T",
     "17.09.2026", "2026-09-17T10:00:00Z junk", "2026-09-17T10:00:00 CET", "1600-01-01", "2262-04-12", "9999-12-31",
     "²²²²-01-01"],
)  # fmt: skip
def test_texts_that_are_no_time(text: str) -> None:
    assert times.parse(text) is None


def test_the_edges_of_64_bits() -> None:
    assert ns("2262-04-11T23:47:16.854775807Z") == LAST
    assert ns("2262-04-11T23:47:16.854775808Z") is None
    assert ns("1677-09-21T00:12:43.145224193Z") == -LAST
    assert ns("1677-09-21T00:12:43.145224191Z") is None


@given(st.integers(0, LAST))
def test_what_iso_writes_is_read_back(moment: int) -> None:
    assert times.parse(times.iso(moment, digits=9)) == (moment, False)
    assert times.parse(times.iso(moment)) == (moment // 10**6 * 10**6, False)


@given(st.datetimes(datetime(1970, 1, 2), datetime(2261, 12, 30), timezones=st.timezones()))  # noqa: DTZ001 - bounds are naive
def test_any_zone_of_the_world_is_one_moment(moment: datetime) -> None:
    delta = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    expected = (delta.days * 86400 + delta.seconds) * 10**9 + delta.microseconds * 1000
    assert times.parse(moment.isoformat()) == (expected, False)


ANY = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80) | st.binary(max_size=20)
    | st.text("0123456789-:.,TZ+ ²٣", max_size=40) | st.lists(st.integers(), max_size=2)
    | st.from_regex(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}([.,]\d{1,12})?([+-]\d{2}:?\d{2}|Z)?", fullmatch=True)
)  # fmt: skip


@given(ANY)
def test_nothing_makes_it_raise(value: Any) -> None:
    moment = times.parse(value)
    assert moment is None or -LAST <= moment.ns <= LAST
    number = times.nanos(value)
    assert number is None or 0 < number <= LAST


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (NS, NS), (str(NS), NS), (f" {NS} ", NS), (1, 1), ("1", 1), (5.0, 5), (LAST, LAST), (str(LAST), LAST),
        (LAST + 1, None), (str(LAST + 1), None), (0, None), ("0", None), ("", None), (" ", None), (-1, None),
        ("-1", None),
        (True, None), (None, None), ([], None), ("x", None), ("1.5", None), ("1e3", None), ("²", None),
        ("1" * 21, None),
        ("0" * 5000, None), (float("nan"), None), (float("inf"), None), (-float("inf"), None), (1e30, None),
        (10**400, None),
    ],
)  # fmt: skip
def test_nanos(value: Any, expected: int | None) -> None:
    assert times.nanos(value) == expected


@pytest.mark.parametrize(
    ("moment", "digits", "text"),
    [
        (None, 3, ""), (0, 3, "1970-01-01T00:00:00.000Z"), (0, 0, "1970-01-01T00:00:00Z"),
        (NS + 999_999_999, 3, "2026-09-17T10:00:00.999Z"), (NS + 999_999_999, 0, "2026-09-17T10:00:00Z"),
        (NS + 123_456_789, 9, "2026-09-17T10:00:00.123456789Z"), (-1, 9, "1969-12-31T23:59:59.999999999Z"),
        (LAST, 9, "2262-04-11T23:47:16.854775807Z"), (1 << 200, 3, f"{1 << 200} ns"),
    ],
)  # fmt: skip
def test_iso(moment: int | None, digits: int, text: str) -> None:
    assert times.iso(moment, digits=digits) == text
