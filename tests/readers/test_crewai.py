"""CrewAI's event bus: the kickoff names the run, scopes pair by the event that opened them."""

from __future__ import annotations

from auditrail.containers.records import Record
from auditrail.readers import crewai
from tests.readers._rows import of, read, rest, rows, score


def event(number, kind, parent=None, **more):
    return {"type": kind, "timestamp": "2026-05-01T10:00:00Z", "event_id": f"e{number}", "parent_event_id": parent,
            "emission_sequence": number, **more}  # fmt: skip


def test_the_kickoff_names_the_run_of_all_that_stands_below_it():
    events = rows("crewai", "kickoff")
    kickoff = of(events, name="crew_kickoff_started")[0]
    assert {row["run_id"] for row in events if row["name"] != "default_env"} == {kickoff["span_id"]}
    assert (kickoff["kind"], events[-1]["kind"], events[-1]["status"]) == ("start", "end", "ok")


def test_two_kickoffs_in_one_log_are_two_runs():
    events = read("crewai", event(1, "crew_kickoff_started"), event(2, "task_started", "e1"),
                  event(3, "crew_kickoff_started"), event(4, "tool_usage_started", "e3"),
                  event(5, "memory_query_started", "e2"))  # fmt: skip
    assert [row["run_id"] for row in events] == ["e1", "e1", "e3", "e3", "e1"]


def test_a_parent_that_comes_late_is_found():
    events = read("crewai", event(2, "task_started", "e1"), event(1, "crew_kickoff_started"))
    assert [row["run_id"] for row in events] == ["e1", "e1"]


def test_the_end_of_a_scope_tells_where_its_start_stood():
    events = read("crewai", event(1, "crew_kickoff_started"), event(3, "llm_call_started", "e2"),
                  event(4, "agent_execution_completed", "e1", started_event_id="e2"))  # fmt: skip
    assert events[1]["run_id"] == "e1"


def test_a_missing_parent_leaves_no_run_but_the_session():
    (row,) = read("crewai", event(5, "tool_usage_started", "gone", tool_name="t", tool_args={}))
    assert row["run_id"] is None
    assert row["session_id"].startswith("logs/run@")


def test_a_ring_of_parents_ends():
    events = read("crewai", event(1, "x_started", "e2"), event(2, "y_started", "e1"))
    assert [row["run_id"] for row in events] == [None, None]


def test_a_long_log_is_let_go_of_in_order():
    assembler = crewai.Assembler()
    raws = [b'{"event_id": "e%d"}' % number for number in range(1000)]
    records = [Record(number, number, len(raw), raw, bytes(32)) for number, raw in enumerate(raws, start=1)]
    out = [again for record in records for again in assembler.feed(record)]
    assert len(out) == 1000 - 256
    assert [record.number for record in [*out, *assembler.flush()]] == [record.number for record in records]
    assert assembler.flush() == []


def test_a_tool_pairs_by_the_event_that_began_it():
    events = rows("crewai", "kickoff")
    began, ended = of(events, tool="search_orders")
    assert began["tool_call_id"] == ended["tool_call_id"] == began["span_id"]
    assert (ended["kind"], ended["status"], ended["result"]) == ("result", "ok", "2 orders of Ada")
    tries = of(events, tool="cancel_order", kind="error")
    assert len({row["tool_call_id"] for row in tries}) == len(tries) == 3
    assert {row["error"] for row in tries} == {"ValueError('order is shipped')"}


def test_a_failure_that_a_tool_reports_is_an_error():
    (row,) = of(rows("crewai", "older"), kind="result")
    assert (row["status"], row["error"], row["result_state"]) == ("error", "no funds", "empty")


def test_the_sequence_shows_what_is_missing():
    seen = [row["seq"] for row in rows("crewai", "kickoff") if row["run_id"]]
    assert sorted(seen) != list(range(1, 43))
    assert {row["seq_kind"] for row in rows("crewai", "kickoff")} == {"crewai.emission_sequence"}


def test_a_guardrail_refuses_then_lets_pass():
    decisions = of(rows("crewai", "kickoff"), kind="decision")
    assert [(row["policy"], row["decision"], row["error"]) for row in decisions] == [
        ("check", "deny", "too short"),
        ("check", "allow", None),
    ]


def test_hooks_and_people_decide():
    decisions = of(rows("crewai", "older"), kind="decision")
    assert [(row["policy"], row["rule"], row["decision"]) for row in decisions] == [
        ("before_tool_call", "limit_hook", "deny"),
        ("human_feedback", None, "ask"),
        ("human_feedback", None, "allow"),
    ]


def test_tokens_stand_on_the_answer_and_calls_in_it_are_found():
    events = rows("crewai", "kickoff")
    answer = of(events, name="llm_call_completed")[0]
    assert (answer["kind"], answer["tokens_in"], answer["tokens_out"]) == ("message", 20, 6)
    assert of(events, name="llm_call_started")[0]["request_id"] == answer["request_id"]
    (call,) = of(rows("crewai", "older"), layer="llm", kind="call")
    assert (call["tool"], call["tool_call_id"], call["response_id"]) == ("pay", "call_5", "chatcmpl-9")


def test_the_tracings_form_says_the_same():
    told = ("name", "kind", "run_id", "span_id", "parent_span_id", "seq", "tokens_out", "dedupe_key")
    traced = [tuple(row[name] for name in told) for row in rows("crewai", "tracing")]
    assert traced == [tuple(row[name] for name in told) for row in rows("crewai", "kickoff")[:8]]


def test_events_without_ids_are_one_run():
    events = rows("crewai", "older")
    assert len({row["run_id"] for row in events if row["name"] != "event"}) == 1
    assert (events[-1]["kind"], events[-1]["status"], events[-1]["error"]) == ("end", "error", "no funds")


def test_what_is_no_id_or_time_stays():
    (row,) = of(rows("crewai", "older"), name="event")
    assert {"timestamp", "type", "emission_sequence", "event_id", "task_id"} <= rest(row).keys()


def test_others_are_not_claimed():
    assert score("crewai", {"type": "x", "timestamp": 1, "event_id": "e", "parent_event_id": None}) == 0.0
    assert score("crewai", {"type": "tool_usage_started", "timestamp": 1}) == 0.0
    assert score("crewai", event(1, "anything")) == 0.95
