"""The steps of a run: once each, whichever streams tell of them."""

from __future__ import annotations

from typing import Any

from auditrail.report import tree
from auditrail.report.steps import steps
from auditrail.report.types import Completeness, Evidence, Gap, Reconstruction, RunEventView, Step
from tests.report._views import SECOND, asked, call, result, span, view


def run(*events: RunEventView, gaps: tuple[Gap, ...] = (), run_id: str = "r1") -> Reconstruction:
    """A report of these events with its tree."""
    listed = sorted(events, key=lambda event: (event.ts_ns is None, event.ts_ns or 0))
    placed = tree.order(listed)
    listed = [event._replace(parent_id=placed[event.id][0], depth=placed[event.id][1]) for event in listed]
    return Reconstruction(
        id=run_id, id_kind="run", asked=run_id, aliases=(("run", run_id),), agent="ann", principal=None,
        started_ns=None, ended_ns=None, status="ok", layers=(), parent_run=None, parent_event=None,
        completeness=Completeness("complete", 1.0, ()), events=tuple(listed), tree=tuple(placed), streams=(), gaps=gaps,
    )  # fmt: skip


def made(*events: RunEventView, **more: Any) -> list[Step]:
    return steps(run(*events, **more))


def test_a_call_told_by_three_streams_is_one_step() -> None:
    (step,) = made(
        asked(1, 1.0, "c1", args='{"a":1}', args_state="present", stream="gateway"),
        call(2, 1.1, "c1", args='{"a":"***"}', args_state="redacted", marks=("arguments redacted",)),
        span(3, "s1", 1.2, 1.9, layer="tool", tool="t", tool_call_id="c1", stream="otel", status="ok"),
        result(4, 2.0, "c1", result="paid", result_state="present", status="error", error="late"),
    )
    assert (step.kind, step.name, step.args, step.args_state) == ("tool", "t", '{"a":1}', "present")
    assert (step.result, step.status, step.error) == ("paid", "error", "late")
    assert (step.ts_ns, step.end_ns) == (1.1 * SECOND, 2 * SECOND)
    assert step.marks == ("arguments redacted",)
    assert len(step.events) == 4


def test_a_call_that_was_only_asked_for_says_so() -> None:
    (step,) = made(asked(1, 1.0, "c1", args="{}", args_state="empty"))
    assert step.marks == ("no execution held",)
    assert (step.result, step.status) == (None, "unknown")


def test_calls_without_an_id_are_joined_to_the_results_that_follow() -> None:
    found = made(
        view(1, 1, "tool", "call", tool="t", args="1", args_state="present"),
        view(2, 2, "tool", "call", tool="t", args="2", args_state="present"),
        view(3, 3, "tool", "result", tool="t", result="one", result_state="present"),
        view(4, 4, "tool", "result", tool="u", result="other", result_state="present"),
        view(5, 5, "tool", "result", tool="t", result="two", result_state="present"),
    )
    assert [(step.name, step.args, step.result) for step in found] == [
        ("t", "1", "one"), ("t", "2", "two"), ("u", None, "other"),
    ]  # fmt: skip


def test_an_answer_told_twice_is_one_step() -> None:
    found = made(
        span(1, "a", 1, 2, layer="llm", model="m"),
        view(2, 1.1, "llm", "span", end=1.9, model="m", span_id="b", parent_span_id="a", stream="gateway"),
        view(3, 5, "llm", "span", end=6, model="m", response_id="x"),
        view(4, 6, "llm", "result", model="m", response_id="x", stream="gateway"),
    )
    assert [(step.kind, step.name, len(step.events)) for step in found] == [("llm", "m", 2), ("llm", "m", 2)]


def test_decisions_messages_ends_errors_and_gaps_are_steps_and_log_lines_are_none() -> None:
    gap = Gap(
        "lost", "lost", "high", "proven", "span x is missing", "", "", evidence=(Evidence("a", 4, ""),), after="1:4"
    )
    found = made(
        view(1, 1, kind="start", name="begin"),
        view(2, 2, kind="message", name="user", attributes='{"role":"user","content":"pay"}'),
        view(3, 3, "policy", "decision", tool="t", decision="deny", rule="r"),
        view(4, 4, "other", "log", name="noise"),
        view(5, 5, "other", "error", name="boom", error="E"),
        view(6, 6, "other", "log", status="error", name="bad"),
        view(7, 7, kind="end", name="end", status="ok"),
        gaps=(gap,),
    )
    assert [(step.kind, step.name) for step in found] == [
        ("start", "begin"), ("message", "user"), ("decision", "t"), ("gap", "lost"), ("error", "boom"),
        ("error", "bad"), ("end", "end"),
    ]  # fmt: skip
    assert found[1].said == "pay"
    assert (found[2].decision, found[2].rule) == ("deny", "r")


def test_steps_are_in_the_order_of_corrected_times() -> None:
    found = made(
        view(1, 10, "policy", "decision", decision="allow", name="late"),
        view(2, 11, "policy", "decision", decision="allow", name="early", stream="b", skew_ns=-5 * SECOND),
        view(3, None, "policy", "decision", decision="allow", name="never"),
    )
    assert [step.name for step in found] == ["early", "late", "never"]


def test_a_wish_without_an_id_is_joined_to_the_call_that_follows_or_left_open() -> None:
    def wish(number: int, at: float) -> RunEventView:
        return view(number, at, "llm", "call", tool="t", args="{}", args_state="empty")

    ran = view(2, 2, "tool", "span", end=3, tool="t", status="ok", span_id="x")
    (step,) = made(wish(1, 1), ran)
    assert (step.status, len(step.events), step.marks) == ("ok", 2, ())
    (alone,) = made(wish(1, 1))
    assert alone.marks == ()
