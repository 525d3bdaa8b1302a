"""The estimators, by simulation: how near they come, and how often their intervals hold the truth."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditrail.gaps.estimate import chapman, several, threshold_rate

_FLEETS = 100


@pytest.mark.parametrize(
    ("runs", "shares"),
    [
        (2000, (0.9, 0.8)), (2000, (0.3, 0.5)), (300, (0.5, 0.5)), (100, (0.5, 0.4)), (2000, (0.99, 0.97)),
        (50, (0.9, 0.95)), (2000, (0.5, 0.1)), (2000, (0.8, 0.7, 0.5)), (300, (0.3, 0.3, 0.3, 0.9)), (500, (1.0, 1.0)),
    ],
)  # fmt: skip
def test_the_interval_holds_the_truth_in_ninety_of_a_hundred_fleets(runs: int, shares: tuple[float, ...]) -> None:
    draw = random.Random(f"{runs} {shares}")
    held, values = 0, 0.0
    for _ in range(_FLEETS):
        lists = [[draw.random() < share for share in shares] for _ in range(runs)]
        lengths = [sum(row[number] for row in lists) for number in range(len(shares))]
        seen = sum(any(row) for row in lists)
        both = sum(all(row) for row in lists)
        made = chapman(*lengths, both) if len(shares) == 2 else several(lengths, seen)
        assert seen <= made.low <= made.high
        assert made.low <= made.value + 1e-6
        assert made.value <= made.high
        held += made.low <= runs + 1e-6 and runs <= made.high + 1  # a count is whole: the report rounds outwards
        values += made.value / _FLEETS
    assert held >= 90
    assert abs(values - runs) < 0.02 * runs + 1


def test_lists_that_agree_leave_next_to_nothing_unseen() -> None:
    made = chapman(500, 500, 500)
    assert made.low == 500
    assert made.high < 501


@given(st.integers(0, 500), st.integers(0, 500), st.data())
def test_any_counts_give_an_interval_around_the_value(first: int, second: int, data: st.DataObject) -> None:
    both = data.draw(st.integers(0, min(first, second)))
    seen = first + second - both
    if not seen:
        return
    made = chapman(first, second, both)
    assert seen <= made.low <= made.value + 1
    assert made.value <= made.high


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.25, 0.5, 0.9, 0.95])
@pytest.mark.parametrize("exceptions", [0.0, 0.02])
def test_three_hundred_traces_tell_the_rate_within_two_points(rate: float, exceptions: float) -> None:
    draw = random.Random(f"{rate} {exceptions}")
    held = 0
    for _ in range(_FLEETS):
        kept: list[float] = []
        missing: list[float] = []
        while len(kept) < 300:
            number = draw.random()
            (kept if number < rate or draw.random() < exceptions else missing).append(number)
        made = threshold_rate(kept, missing)
        assert made is not None
        assert abs(made.value - rate) < 0.02
        assert made.low <= made.value <= made.high
        held += made.low <= rate <= made.high
        alone = threshold_rate(kept)
        assert alone is not None
        assert exceptions or abs(alone.value - rate) < 0.02
    assert held >= 90


@given(
    st.lists(st.floats(0, 1, exclude_max=True), max_size=40), st.lists(st.floats(0, 1, exclude_max=True), max_size=40)
)
def test_any_numbers_give_a_rate(kept: list[float], missing: list[float]) -> None:
    made = threshold_rate(kept, missing)
    assert (made is None) == (not kept)
    if made is not None:
        assert 0 <= made.low <= made.value <= made.high <= 1
