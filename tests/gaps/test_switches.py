"""Change points: what stops and comes back is found; what is there by chance, or by habit, is not."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditrail.gaps.switches import Off, Unit, offs


def series(*stretches: tuple[int, bool], each: int = 2) -> list[Unit]:
    units = []
    for length, on in stretches:
        for _ in range(length):
            at = len(units) * 100
            units.append(Unit(each, 0, None, None) if on else Unit(0, each, at, at + 10))
    return units


def places(found: list[Off]) -> list[tuple[int, int]]:
    return [(off.first, off.last) for off in found]


def test_a_switch_off_is_found_with_its_time() -> None:
    (off,) = offs(series((30, True), (10, False)))
    assert (off.first, off.last, off.from_ns, off.to_ns) == (30, 39, 3000, None)
    assert (off.records, off.units, off.on_records, off.of_records) == (20, 10, 60, 60)


def test_it_may_come_back_and_go_again() -> None:
    found = offs(series((30, True), (10, False), (30, True), (12, False), (9, True)))
    assert places(found) == [(30, 39), (70, 81)]
    assert [off.to_ns for off in found] == [3910, 8110]


def test_what_is_switched_on_later_was_off_until_then() -> None:
    (off,) = offs(series((12, False), (30, True)))
    assert (off.from_ns, off.to_ns) == (None, 1110)


@pytest.mark.parametrize(("before", "after"), [(6, 5), (5, 8), (200, 3), (1000, 4)])
def test_few_units_are_enough_where_the_rest_is_sure(before: int, after: int) -> None:
    assert places(offs(series((before, True), (after, False)))) == [(before, before + after - 1)]


@pytest.mark.parametrize(("before", "after"), [(4, 8), (30, 2), (3, 3), (0, 30), (30, 0)])
def test_too_few_units_say_nothing(before: int, after: int) -> None:
    assert offs(series((before, True), (after, False))) == []


def test_noise_on_both_sides_does_not_hide_it() -> None:
    units = series((100, True), (60, False))
    units[40], units[130] = Unit(0, 2, 4000, 4010), Unit(2, 0, None, None)
    assert places(offs(units)) == [(100, 159)]


def test_a_run_in_which_it_fell_is_on_either_side() -> None:
    units = series((40, True), (20, False))
    units[39] = Unit(1, 3, 3950, 3990)
    (off,) = offs(units)
    assert off.from_ns == 3950


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8, 0.9, 0.95])
@pytest.mark.parametrize("seed", range(8))
def test_what_is_there_by_chance_is_no_switch(share: float, seed: int) -> None:
    draw = random.Random(seed)
    assert offs([Unit(1, 0, None, None) if draw.random() < share else Unit(0, 1, n, n) for n in range(3000)]) == []


def test_a_fall_to_half_is_no_switch() -> None:
    draw = random.Random(5)
    units = series((300, True)) + [Unit(2, 0, None, None) if draw.random() < 0.5 else Unit(0, 2, n, n)
                                   for n in range(300)]  # fmt: skip
    assert offs(units) == []


def test_many_units_take_a_bounded_time() -> None:
    units = [Unit(n % 2, 1 - n % 2, n, n) for n in range(200_000)]
    assert offs(units) == []
    assert places(offs(series((100_000, True), (100_000, False)))) == [(100_000, 199_999)]


@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=8))
def test_every_stretch_found_lacks_nearly_all(stretches: list[tuple[int, bool]]) -> None:
    units = series(*stretches)
    for off in offs(units):
        inside = units[off.first : off.last + 1]
        assert sum(unit.lacks for unit in inside) == off.records >= 5
        assert sum(unit.has for unit in inside) <= 0.1 * sum(unit.has + unit.lacks for unit in inside)
