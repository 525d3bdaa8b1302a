"""Clock skew: claimed where pairs prove it, and nowhere else."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditrail.report import skew
from auditrail.report.types import RunEventView, Skew
from tests.report._views import SECOND, call, result, span, view


def bracket(number: int, begin: float, end: float, inner: float, *, stream: str = "api", took: float = 0.0,
            layer: str = "tool") -> list[RunEventView]:  # fmt: skip
    """A call of the agent with its result, and a record of another stream that carries the same id."""
    name = f"c{number}"
    return [
        call(number * 10, begin, name),
        result(number * 10 + 1, end, name),
        view(number * 10 + 2, inner, layer, "log", tool_call_id=name, stream=stream, end=inner + took),
    ]


def test_no_events_no_skew() -> None:
    assert skew.estimate([]) == ()
    assert skew.estimate([view(1, None), view(2, 5)]) == ()


def test_no_shift_is_claimed_where_none_is_needed() -> None:
    events = [event for n in range(5) for event in bracket(n, n * 10, n * 10 + 1, n * 10 + 0.4)]
    assert skew.estimate(events) == ()


def test_a_clock_ahead_of_its_callers_is_found() -> None:
    """The service of the demo: its records stand 1.7 s behind the results of the calls that it served."""
    events = [event for n in range(4) for event in bracket(n, n * 10, n * 10 + 0.4, n * 10 + 0.2 + 1.7, took=0.05)]
    (found,) = skew.estimate(events)
    assert (found.stream, found.pairs) == ("api", 4)
    assert found.seconds == pytest.approx(1.7, abs=0.2)


def test_one_pair_is_not_enough() -> None:
    assert skew.estimate(bracket(1, 10, 10.4, 12)) == ()
    assert len(skew.estimate([*bracket(1, 10, 10.4, 12), *bracket(2, 20, 20.4, 22)])) == 1


def test_two_clocks_off_in_different_directions() -> None:
    events = []
    for n in range(3):
        events += bracket(n, n * 100, n * 100 + 1, n * 100 + 0.5 + 5)
        events += bracket(n + 10, n * 100 + 50, n * 100 + 51, n * 100 + 50.5 - 30, stream="db")
    assert skew.estimate(events) == (
        Skew("api", pytest.approx(5, abs=0.5), 3),
        Skew("db", pytest.approx(-30, abs=0.5), 3),
    )


def test_less_than_a_quarter_of_a_second_is_not_worth_a_word() -> None:
    assert skew.estimate([e for n in range(4) for e in bracket(n, n * 10, n * 10 + 0.01, n * 10 + 0.2)]) == ()
    assert len(skew.estimate([e for n in range(4) for e in bracket(n, n * 10, n * 10 + 0.01, n * 10 + 0.3)])) == 1


def test_half_of_the_pairs_in_order_is_no_skew() -> None:
    fine = [event for n in range(3) for event in bracket(n, n * 10, n * 10 + 1, n * 10 + 0.5)]
    off = [event for n in range(3, 6) for event in bracket(n, n * 10, n * 10 + 1, n * 10 + 5)]
    assert skew.estimate([*fine, *off]) == ()


def test_pairs_that_disagree_are_no_clock() -> None:
    events = [
        event for n, off in enumerate((3, 50, -90, 700)) for event in bracket(n, n * 10, n * 10 + 1, n * 10 + off)
    ]
    assert skew.estimate(events) == ()


def test_spans_in_spans_bracket_too() -> None:
    events = []
    for n in range(3):
        events += [
            span(n * 10, f"a{n}", n, n + 0.5),
            span(n * 10 + 1, f"b{n}", n + 7.1, n + 7.4, f"a{n}", stream="api"),
        ]
    (found,) = skew.estimate(events)
    assert found.seconds == pytest.approx(7, abs=0.1)


def test_bounds_that_only_touch_hold_the_edge_they_share() -> None:
    """A span as long as the one around it leaves one moment: all of them agree on it, whatever lies beside."""
    events = []
    for n, length in enumerate((1, 1, 3)):
        begin = n * 100
        events += [span(n * 10, f"a{n}", begin, begin + length)]
        events += [span(n * 10 + 1, f"b{n}", begin + 5, begin + 6, f"a{n}", stream="api")]
    assert skew.estimate(events) == (Skew("api", 5.0, 3),)


def test_a_policy_decision_may_come_before_the_call() -> None:
    events = [e for n in range(4) for e in bracket(n, n * 10, n * 10 + 1, n * 10 - 5, layer="policy", stream="opa")]
    assert skew.estimate(events) == ()


def test_what_took_longer_than_its_call_says_nothing() -> None:
    assert skew.estimate([e for n in range(4) for e in bracket(n, n * 100, n * 100 + 1, n * 100 + 5, took=9)]) == ()


@given(
    st.floats(-100_000, 100_000, allow_nan=False),
    st.lists(st.tuples(st.floats(0.001, 5), st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=8),
)
def test_a_planted_shift_is_found_within_the_tightest_bracket(
    shift: float, brackets: list[tuple[float, float, float]]
) -> None:
    events, widths = [], []
    for n, (length, place, share) in enumerate(brackets):
        took = length * share
        begin = n * 10.0
        events += bracket(n, begin, begin + length, begin + (length - took) * place + shift, took=took)
        widths.append(length - took)
    found = skew.estimate(events)
    if found:
        # A bracket that its event fills leaves no room, and by rounding it may say nothing.
        assert found[0].pairs * 2 > sum(width > 1e-6 for width in widths)
        if found[0].pairs == len(brackets):
            assert abs(found[0].seconds - shift) <= min(widths) + 1e-5
    else:
        assert abs(shift) <= max(widths) + skew.SMALLEST_NS / SECOND + 1e-5 or any(w < 1e-6 for w in widths)


def test_many_pairs_cost_little() -> None:
    events = [event for n in range(5000) for event in bracket(n, n, n + 0.4, n + 0.2 + 2)]
    begun = time.process_time()
    assert [found.pairs for found in skew.estimate(events)] == [5000]
    assert time.process_time() - begun < 10
