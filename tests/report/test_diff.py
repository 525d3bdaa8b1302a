"""Two runs, step by step."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail.report.diff import compare
from auditrail.report.types import Comparison, RunEventView
from tests.report._views import view
from tests.report.test_steps import run


def calls(*items: tuple[str, str], start: int = 0) -> list[RunEventView]:
    return [
        view(n, n, "tool", "span", end=n + 0.5, tool=tool, args=args, args_state="present", status="ok", result="r",
             result_state="present", span_id=f"s{n}")
        for n, (tool, args) in enumerate(items, start)
    ]  # fmt: skip


def shown(found: Comparison) -> list[tuple[str, int | None, int | None]]:
    return [(pair.mark, pair.number_a, pair.number_b) for pair in found.pairs]


def test_a_run_is_like_itself() -> None:
    one = run(*calls(("a", "1"), ("b", "2"), ("a", "1")))
    found = compare(one, one)
    assert found.parts_at is None
    assert found.counts() == {"same": 3, "changed": 0, "only-a": 0, "only-b": 0}


def test_ids_times_and_the_order_of_keys_are_no_difference() -> None:
    a = run(*calls(("t", '{"x":1,"run":"run-000001"}')), run_id="run-000001")
    b = run(*calls(("t", '{"run":"run-000002","x":1}'), start=50), run_id="run-000002")
    assert compare(a, b).parts_at is None


def test_a_step_that_one_run_has_alone_is_named_and_the_rest_stays_aligned() -> None:
    a = run(*calls(("a", "1"), ("extra", "x"), ("b", "2"), ("c", "3")))
    b = run(*calls(("a", "1"), ("b", "2"), ("c", "3"), ("more", "y")))
    found = compare(a, b)
    assert shown(found) == [
        ("same", 1, 1), ("only-a", 2, None), ("same", 3, 2), ("same", 4, 3), ("only-b", None, 4),
    ]  # fmt: skip
    assert found.parts_at == 1


def test_the_same_tool_with_other_arguments_is_a_change_of_members() -> None:
    a = run(*calls(("pay", '{"to":"x","amount":4200,"note":{"a":1}}')))
    b = run(*calls(("pay", '{"to":"x","amount":140,"urgent":true}')))
    (pair,) = compare(a, b).pairs
    assert pair.mark == "changed"
    assert [tuple(change) for change in pair.changes] == [
        ("arguments.amount", "4200", "140"),
        ("arguments.note", '{"a":1}', None),
        ("arguments.urgent", None, "true"),
    ]


def test_results_status_and_what_is_missing_are_compared() -> None:
    (one,) = calls(("t", "1"))
    other = one._replace(status="error", error="E", result=None, result_state="absent", marks=("no result",))
    (pair,) = compare(run(one), run(other)).pairs
    assert {change.what for change in pair.changes} == {"result", "result is", "status", "error", "missing"}


def test_another_verdict_is_a_change_of_the_same_decision() -> None:
    def decided(verdict: str) -> RunEventView:
        return view(1, 1, "policy", "decision", tool="pay", decision=verdict, args="{}", args_state="empty")

    (pair,) = compare(run(decided("deny")), run(decided("allow"))).pairs
    assert [tuple(change) for change in pair.changes] == [("decision", "deny", "allow")]


def test_empty_runs_are_alike_and_an_empty_one_is_unlike_any_other() -> None:
    assert compare(run(), run()).parts_at is None
    assert shown(compare(run(), run(*calls(("a", "1"))))) == [("only-b", None, 1)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("12"))),
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("12"))),
)
def test_every_step_of_both_runs_stands_in_the_result_once_and_in_order(
    left: list[tuple[str, str]], right: list[tuple[str, str]]
) -> None:
    found = compare(run(*calls(*left)), run(*calls(*right)))
    assert [pair.number_a for pair in found.pairs if pair.number_a] == list(range(1, len(left) + 1))
    assert [pair.number_b for pair in found.pairs if pair.number_b] == list(range(1, len(right) + 1))
    assert (found.parts_at is None) == (left == right)
    turned = compare(run(*calls(*right)), run(*calls(*left)))
    assert (turned.parts_at is None) == (found.parts_at is None)


def test_long_runs_take_seconds_at_most() -> None:
    kinds = [(f"t{n % 7}", str(n % 3)) for n in range(3_000)]
    other = kinds[:1_000] + [("new", "1")] + kinds[1_200:] + [("t1", "9")] * 50
    begun = time.monotonic()
    found = compare(run(*calls(*kinds)), run(*calls(*other)))
    assert time.monotonic() - begun < 60
    assert found.parts_at is not None
    assert found.notes
