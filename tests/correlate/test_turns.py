"""One id, several calls: which call a record is about."""

from __future__ import annotations

from time import monotonic
from typing import Any

from auditrail.correlate.turns import turns
from auditrail.report import marks, tree
from auditrail.report.types import RunEventView
from tests.report._views import asked, call, result, span, view

ASKED, RESULTS = "calls asked for by a model that are held", "calls with a result"


def checks(*events: RunEventView) -> tuple[dict[str, tuple[int, int]], list[str]]:
    found = marks.find("r1", list(events), named=False)
    return {name: found.checks[name] for name in (ASKED, RESULTS) if name in found.checks}, sorted(found.marks)


def test_an_id_that_stands_for_one_call_has_no_turns() -> None:
    one = [asked(1, 1, "c"), call(2, 2, "c"), span(3, "aa", 2, 3, layer="tool", tool_call_id="c"), result(4, 4, "c")]
    assert turns(one) == {}


def test_an_id_used_again_after_its_result_is_another_call() -> None:
    events = [
        asked(1, 1, "c0"), result(2, 2, "c0", layer="tool"),
        asked(3, 3, "c0"), result(4, 4, "c0", layer="tool"),
        asked(5, 5, "c0", args="x", args_state="present"),
    ]  # fmt: skip
    assert turns(events) == {"1:3": 1, "1:4": 1, "1:5": 2}
    assert checks(*events) == ({ASKED: (2, 3)}, ["1:5"]), "the last one was never carried out"


def test_records_without_a_time_are_told_apart_by_their_order() -> None:
    events = [
        view(number, None, layer, kind, tool_call_id="c0", ts_source="order")
        for number, (layer, kind) in enumerate([("llm", "call"), ("tool", "result")] * 3, start=1)
    ]
    assert turns(events) == {"1:3": 1, "1:4": 1, "1:5": 2, "1:6": 2}
    assert checks(*events) == ({ASKED: (3, 3)}, [])


def test_calls_of_one_answer_that_share_an_id_get_their_results_in_order() -> None:
    events = [
        asked(1, 1, "c0", args="a", args_state="present"), asked(2, 1, "c0", args="b", args_state="present"),
        result(3, 2, "c0", layer="tool"),
    ]  # fmt: skip
    assert turns(events) == {"1:2": 1}
    assert checks(*events) == ({ASKED: (1, 2)}, ["1:2"])
    assert turns([*events, result(4, 3, "c0", layer="tool")]) == {"1:2": 1, "1:4": 1}
    assert turns([events[0], events[1]._replace(tool="other")]) == {"1:2": 1}


def test_a_wish_told_twice_is_one() -> None:
    assert turns([asked(1, 1, "c"), asked(2, 2, "c"), result(3, 3, "c")]) == {}
    assert turns([asked(1, 1, "c"), result(2, 2, "c"), asked(3, 3, "c")]) == {}, "not carried out again"
    proxied = [asked(1, 1, "c"), result(2, 2, "c"), asked(3, 9, "c", stream="proxy")]
    assert turns(proxied) == {}, "another stream's record of the same wish, written later"


def test_begins_and_ends_alternate_where_no_stream_tells_of_a_wish() -> None:
    events = [call(1, 1, "c"), result(2, 2, "c"), call(3, 3, "c"), result(4, 4, "c"), call(5, 5, "c")]
    assert turns(events) == {"1:3": 1, "1:4": 1, "1:5": 2}
    assert checks(*events) == ({RESULTS: (2, 3)}, ["1:5"])


def test_a_failure_and_a_result_of_one_call_are_one_turn() -> None:
    assert turns([call(1, 1, "c"), view(2, 2, kind="error", tool_call_id="c"), result(3, 3, "c")]) == {}


def test_spans_inside_one_another_are_one_call_and_spans_in_a_row_are_two() -> None:
    inside = [span(1, "aa", 1, 5, layer="tool", tool_call_id="c"), span(2, "bb", 2, 4, layer="tool", tool_call_id="c")]
    assert turns(inside) == {}
    row = [span(1, "aa", 1, 2, layer="tool", tool_call_id="c"), span(2, "bb", 3, 4, layer="tool", tool_call_id="c")]
    assert turns(row) == {"1:2": 1}


def test_the_tool_s_own_log_is_paired_by_number_and_by_time_where_it_lacks_some() -> None:
    agent = [asked(1, 1, "c"), result(2, 2, "c"), asked(3, 5, "c"), result(4, 6, "c"), asked(5, 9, "c"),
             result(6, 9.5, "c")]  # fmt: skip
    whole = [result(number, at, "c", layer="tool", stream="tool") for number, at in ((11, 1), (12, 5), (13, 9))]
    assert {e.id: turns([*agent, *whole]).get(e.id, 0) for e in whole} == {"1:11": 0, "1:12": 1, "1:13": 2}
    late = whole[1:]
    assert {e.id: turns([*agent, *late]).get(e.id, 0) for e in late} == {"1:12": 1, "1:13": 2}
    assert turns([*agent, view(20, None, "tool", "result", stream="x", tool_call_id="c")]).get("1:20", 0) == 0


def test_decisions_in_a_log_of_their_own_are_one_a_call() -> None:
    agent = [asked(1, 1, "c"), result(2, 2, "c"), asked(3, 5, "c"), result(4, 6, "c")]
    policy = [view(11, 1.5, "policy", "decision", stream="p", tool_call_id="c"),
              view(12, 5.5, "policy", "decision", stream="p", tool_call_id="c")]  # fmt: skip
    assert turns([*agent, *policy]) == {"1:3": 1, "1:4": 1, "1:12": 1}


def test_a_result_stands_below_the_call_of_its_own_turn() -> None:
    events = [call(1, 1, "c"), result(2, 2, "c"), call(3, 3, "c"), result(4, 4, "c")]
    assert {event_id: parent for event_id, (parent, _) in tree.order(events).items()} == {
        "1:1": None, "1:2": "1:1", "1:3": None, "1:4": "1:3",
    }  # fmt: skip


def test_an_id_used_ten_thousand_times_takes_no_time() -> None:
    events = [
        event
        for n in range(10_000)
        for event in (
            asked(2 * n + 1, 2 * n, "c", args=str(n), args_state="present"),
            result(2 * n + 2, 2 * n + 1, "c"),
        )
    ]
    begun = monotonic()
    assert max(turns(events).values()) == 9_999
    assert monotonic() - begun < 30


def test_an_answer_that_is_logged_while_its_call_runs_asks_for_that_call() -> None:
    running = span(1, "aa", 1, 5, layer="tool", tool_call_id="c")
    assert turns([running, asked(2, 2, "c"), asked(3, 2, "c")]) == {}
    assert turns([running, asked(2, 6, "c"), asked(3, 6, "c")]) == {"1:2": 1, "1:3": 1}, "after it: another call"


def test_a_call_that_was_carried_out_before_it_was_asked_for_is_one_call_told_by_two_clocks() -> None:
    given: dict[str, Any] = {"args": '{"sku":"a"}', "args_state": "present"}
    ran = span(1, "aa", 1, 2, layer="tool", tool_call_id="c", tool="t", **given)
    late = [asked(2, 600, "c", **given), asked(3, 600, "c", **given)]
    assert turns([ran, *late]) == {}
    again = span(4, "bb", 700, 701, layer="tool", tool_call_id="c", tool="t", **given)
    assert turns([ran, *late, again]) == {"1:2": 1, "1:3": 1, "1:4": 1}, "carried out again: another call"
    other = [event._replace(args='{"sku":"b"}') for event in late]
    assert turns([ran, *other]) == {"1:2": 1, "1:3": 1}, "with other arguments: another call"
