"""What is missing in a run: every check with its denominator, every gap with its cause and who still holds the rest."""

from __future__ import annotations

from typing import Any

import pytest

from auditrail.report import marks
from auditrail.report.types import Completeness, Gap, RunEventView, Stitch
from tests.report._views import asked, call, result, span, view

PARENTS, ASKED, RESULTS = "parent spans held", "calls asked for by a model that are held", "calls with a result"
ARGUMENTS, BEGIN, END = "tool calls with readable arguments", "begin held", "end held"


def find(*events: RunEventView, named: bool = False) -> marks.Findings:
    return marks.find("r1", list(events), named=named)


def gap(found: marks.Findings) -> Gap:
    (only,) = found.gaps
    assert only.runs == ("r1",)
    return only


def test_parents_are_counted_by_span_and_not_by_child() -> None:
    root = span(1, "aa", 0, 9)
    found = find(root, span(2, "bb", 1, 2, "aa"), span(3, "cc", 1, 2, "gone"), span(4, "dd", 3, 4, "gone"))
    assert found.checks == {PARENTS: (1, 2)}
    assert dict(found.marks) == {"1:3": ["parent span missing"], "1:4": ["parent span missing"]}
    missing = gap(found)
    assert (missing.rule, missing.count, missing.first_ns, missing.last_ns) == ("missing-parent", 2, 10**9, 3 * 10**9)
    assert [(e.path, e.record) for e in missing.evidence] == [("a.jsonl", 3), ("a.jsonl", 4)]


def test_a_log_names_the_span_that_it_was_written_in() -> None:
    log = view(1, 0, layer="policy", trace_id="t", parent_span_id="aa")
    found = find(log)
    assert PARENTS not in found.checks
    assert (gap(found).severity, gap(found).cause) == ("low", "siloed")
    spans = find(log, span(2, "bb", 1, 2, trace_id="t"))
    assert spans.checks[PARENTS] == (0, 1)
    assert (gap(spans).severity, gap(spans).cause) == ("high", "unknown")


def test_a_parent_that_another_run_has_is_held() -> None:
    found = marks.find("r", [span(2, "bb", 1, 2, "aa")], named=True, elsewhere=lambda spans: spans & {"aa"})
    assert found.checks[PARENTS] == (1, 1)


def test_a_parent_that_only_a_log_line_has_is_not_held() -> None:
    assert find(view(1, 0, span_id="aa", trace_id="t"), span(2, "bb", 1, 2, "aa")).checks == {PARENTS: (0, 1)}


def test_records_of_one_file_that_are_no_spans_are_parents_of_each_other() -> None:
    journal = [
        view(1, 0, span_id="aa"),
        view(2, 1, span_id="bb", parent_span_id="aa"),
        call(3, 2, "c", parent_span_id="bb"),
    ]
    assert find(*journal).checks[PARENTS] == (2, 2)


def test_a_record_of_another_kind_than_log_is_held_as_a_parent() -> None:
    assert find(view(1, 0, kind="start", span_id="aa"), span(2, "bb", 1, 2, "aa")).checks == {PARENTS: (1, 1)}


@pytest.mark.parametrize(
    ("attributes", "other", "cause"),
    [
        ('{"parent_remote":true}', None, "siloed"),
        ('{"parent_remote":true}', "b", "lost"),
        ('{"parent_remote":true}', "a", "siloed"),
        ('{"parent_remote":false}', None, "lost"),
        ('{"parent_remote":false}', "b", "lost"),
        (None, "b", "unknown"),
        ('{"note":"\\"parent_remote\\":true"}', None, "unknown"),
    ],
)
def test_the_cause_of_a_missing_parent(attributes: str | None, other: str | None, cause: str) -> None:
    events = [span(2, "bb", 1, 2, "gone", attributes=attributes)]
    if other:
        events.append(span(3, "cc", 1, 2, stream=other))
    assert gap(find(*events)).cause == cause


def test_any_child_may_state_where_its_parent_ran() -> None:
    log = view(1, 0, parent_span_id="gone")
    assert gap(find(log, span(2, "bb", 1, 2, "gone", attributes='{"parent_remote":false}'))).cause == "lost"


def test_calls_that_a_model_asks_for_are_looked_for() -> None:
    wishes = [asked(1, 1, "c1"), asked(2, 2, "c2"), asked(3, 3, "c3"), asked(9, 3, "c3")]
    found = find(
        *wishes,
        call(4, 4, "c1"),
        result(5, 5, "c1"),
        result(6, 5, "c2", layer="tool"),
        view(7, 5, "policy", "decision", tool_call_id="c3"),
        view(8, 6, "llm", "message", tool_call_id="c3"),
    )
    assert found.checks[ASKED] == (2, 3), "a decision and a later message are no execution; a wish counts once"
    missing = gap(found)
    assert (missing.rule, missing.cause, missing.after) == ("call-not-executed", "unknown", "1:3")
    assert dict(found.marks) == {"1:3": ["no execution held"]}


def test_where_only_the_models_side_is_held_nothing_could_show_that_calls_ran() -> None:
    found = find(span(1, "aa", 0, 9, layer="llm"), asked(2, 1, "c1"), asked(3, 2, "c2"))
    unseen = gap(found)
    assert (unseen.severity, unseen.cause, unseen.count) == ("low", "siloed", 2)
    assert (found.marks, ASKED in found.checks) == ({}, False)


def test_executions_without_a_call_id_stand_for_calls_of_their_tool_one_for_one() -> None:
    wishes = [asked(1, 1, "c1"), asked(2, 2, "c2"), asked(3, 3, "c3")]
    ran = [span(4, "aa", 1, 2, layer="tool", tool="t"), span(5, "bb", 2, 3, layer="tool", tool="t")]
    found = find(*wishes, *ran, span(6, "cc", 3, 4, layer="tool", tool="other"))
    assert (found.checks[ASKED], gap(found).evidence[0].record) == ((2, 3), 3)


def test_calls_without_a_result() -> None:
    found = find(
        call(1, 1, "c1"), result(2, 2, "c1"),
        call(3, 3, "c2"), view(4, 4, kind="error", tool_call_id="c2"),
        call(5, 5, "c3"), span(6, "ee", 5, 6, layer="tool", tool_call_id="c3"),
        call(7, 7, "c4"), view(8, 8, "tool", "span", tool_call_id="c4"),
        asked(9, 9, "c5"), call(10, 9, "c5"), view(11, 9, "llm", "result", tool_call_id="c5"),
    )  # fmt: skip
    assert found.checks[RESULTS] == (3, 5), "a span without an end, and a model's message, are no result"
    assert sorted(found.marks) == ["1:10", "1:7"]
    assert {g.rule for g in found.gaps} == {"call-without-result"}


def test_readable_arguments_have_those_calls_as_denominator_that_state_any() -> None:
    states = ("present", "empty", "absent", "redacted", "hashed", "truncated", "offloaded")
    found = find(*(view(n, n, "tool", "span", tool="t", args_state=state) for n, state in enumerate(states)))
    assert found.checks == {ARGUMENTS: (2, 6)}
    assert {(g.rule, g.cause) for g in found.gaps} == {
        ("content-redacted", "redaction"), ("content-hashed", "redaction"), ("content-truncated", "truncation"),
        ("content-offloaded", "siloed"),
    }  # fmt: skip
    assert found.marks["1:3"] == ["arguments redacted"]


def test_results_are_marked_and_not_counted() -> None:
    found = find(view(1, 1, "tool", "result", tool="t", result_state="truncated"))
    assert found.checks == {}
    assert found.marks["1:1"] == ["result truncated"]
    assert gap(found).title == "t: result truncated in a"


def test_who_still_holds_redacted_arguments_is_named() -> None:
    redacted = [call(n, n, f"c{n}", stream="gateway", args_state="redacted") for n in (1, 2)]
    held = call(3, 3, "c1", stream="agent", args_state="present", args="{}x")
    found = [g for g in find(*redacted, held, result(4, 4, "c1"), result(5, 4, "c2")).gaps if g.rule != RESULTS]
    (one,) = found
    assert (one.severity, one.count, one.stream) == ("low", 2, "gateway")
    assert one.explanation.endswith("agent still hold(s) the arguments")
    assert [(e.path, e.note) for e in one.evidence][-1] == ("agent.jsonl", "still holds the arguments")


def test_nobody_holds_what_only_the_same_stream_has() -> None:
    redacted = call(1, 1, "c1", args_state="redacted")
    same = view(2, 2, kind="result", tool_call_id="c1", tool="t", args_state="present")
    assert gap(find(redacted, same)).severity == "medium"


@pytest.mark.parametrize(
    ("events", "met"),
    [
        ([span(1, "aa", 0, 9)], (1, 1)),
        ([view(1, 0, kind="start"), view(2, 1, kind="end")], (1, 1)),
        ([view(1, 0, kind="start")], (1, 0)),
        ([view(2, 1, "other", "end")], (0, 1)),
        ([view(1, 0, "tool", "start"), view(2, 1, "llm", "end")], (0, 0)),
        ([span(1, "aa", 0, 9, "above")], (0, 0)),
        ([view(1, 0, "llm", "span", end=1)], (0, 0)),
        ([view(1, 0, "agent", "span", span_id="aa")], (0, 0)),
    ],
)
def test_begin_and_end(events: list[RunEventView], met: tuple[int, int]) -> None:
    found = find(*events, named=True)
    assert (found.checks[BEGIN], found.checks[END]) == ((met[0], 1), (met[1], 1))
    assert [g.rule for g in found.gaps if g.rule == "run-without-end"] == (["run-without-end"] if met == (1, 0) else [])


def test_a_history_that_is_one_record_lost_nothing_before_it() -> None:
    said = [view(1, 0, "llm", "message"), view(2, 1, "llm", "message", record=1)]
    found = find(*said, named=True)
    assert (found.checks, found.gaps) == ({END: (1, 1)}, [])


def test_the_last_sure_record_of_a_run_without_end_is_marked() -> None:
    guess = view(3, 9, stitched_by=Stitch("agent", "x", "inferred", "1:1"))
    found = find(view(1, 0, kind="start"), view(2, 5), guess, named=True)
    assert dict(found.marks) == {"1:2": ["the run has no end after this"]}
    assert (gap(found).cause, gap(found).after) == ("crash", "1:2")


def test_a_run_that_nothing_names_is_not_asked_for_a_begin() -> None:
    assert find(view(1, 0, kind="start")).checks == {}


def graded(*events: RunEventView, named: bool) -> Completeness:
    return marks.completeness(find(*events, named=named), named=named)


def test_complete() -> None:
    made = graded(span(1, "aa", 0, 9), call(2, 1, "c1", args_state="present"), result(3, 2, "c1"), named=True)
    assert made == Completeness("complete", 1.0, ())


def test_partial_counts_every_check() -> None:
    made = graded(view(1, 0, kind="start"), call(2, 1, "c1"), call(3, 2, "c2"), result(4, 3, "c1"), named=True)
    assert made == Completeness("partial", 0.5, (f"{RESULTS}: 1 of 2", f"{END}: 0 of 1"))


def test_a_fragment_is_never_complete() -> None:
    made = graded(call(2, 1, "c1"), result(4, 3, "c1"), named=False)
    assert made == Completeness("fragment", 1.0, ("no record names the run or its trace",))


@pytest.mark.parametrize(("named", "reasons"), [(False, 1), (True, 2)])
def test_a_run_without_events_is_not_complete(named: bool, reasons: int) -> None:
    made = graded(named=named)
    assert made.grade != "complete"
    assert (made.score, len(made.reasons)) == (0.0, reasons)


def test_nothing_that_could_be_checked_is_a_fragment() -> None:
    assert marks.completeness(marks.Findings(), named=True).grade == "fragment"


def test_a_check_without_denominator_is_not_made() -> None:
    found: Any = marks.Findings()
    found.check("x", 0, 0)
    assert found.checks == {}


def test_records_of_one_key_that_disagree_are_a_conflict_on_each_of_them() -> None:
    events = [view(1, 0, name="n"), view(2, 1, name="m"), view(3, 2)]
    found = marks.find("r1", events, named=False, contradictions={2: 1})
    assert set(found.marks) == {"1:1", "1:2"}
    conflict = gap(found)
    assert (conflict.rule, conflict.cause, conflict.count) == ("duplicate-conflict", "duplicate-conflict", 2)
    assert [evidence.record for evidence in conflict.evidence] == [1, 2]


def test_a_conflict_with_a_record_of_another_run_is_told_too() -> None:
    found = marks.find("r1", [view(2, 1)], named=False, contradictions={2: 99})
    assert gap(found).count == 1


def test_a_message_of_a_chain_is_held_under_its_own_id() -> None:
    chain = [
        view(1, 0, "agent", "message", span_id="u1"),
        view(2, 1, "llm", "message", span_id="u2", parent_span_id="u1"),
        view(3, 2, "llm", "message", span_id="u4", parent_span_id="u3"),
    ]
    assert find(*chain).checks == {PARENTS: (1, 2)}


@pytest.mark.parametrize(
    ("events", "checks"),
    [
        ([view(1, 0, "agent", "message"), view(2, 1, "llm", "message")], {BEGIN: (1, 1), END: (1, 1)}),
        ([view(1, 0, "agent", "message"), asked(2, 1, "c"), result(3, 2, "c")], {BEGIN: (1, 1), END: (0, 1)}),
        ([view(1, 0, "llm", "message"), view(2, 1, "agent", "message")], {BEGIN: (0, 1), END: (0, 1)}),
        ([view(1, 0, "agent", "log"), view(2, 1, "llm", "log")], {BEGIN: (0, 1), END: (0, 1)}),
    ],
)
def test_a_conversation_begins_with_a_question_and_ends_with_an_answer(
    events: list[RunEventView], checks: dict[str, tuple[int, int]]
) -> None:
    found = find(*events, named=True).checks
    assert {name: found[name] for name in (BEGIN, END)} == checks


def test_no_end_is_asked_of_a_producer_that_writes_none() -> None:
    events = [view(1, 0, "agent", "start"), view(2, 1, "llm", "log")]
    found = marks.find("r1", events, named=True, records_ends=lambda: False)
    assert found.checks == {BEGIN: (1, 1)}
    assert found.gaps == []
    assert [gap.rule for gap in marks.find("r1", events, named=True).gaps] == ["run-without-end"]
