"""One run end to end, from small cases made by hand."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest

from auditrail.errors import RunNotFoundError
from auditrail.model import Event
from auditrail.report.events import event_id
from auditrail.report.reconstruction import reconstruct
from auditrail.report.types import Reconstruction
from tests.correlate._hand import ev
from tests.report._cases import held, insert, source_row

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def story() -> dict[str, list[Event | list[Event]]]:
    """An agent that asks for a refund, the policy that allows it, the service that does it, and a spawned run."""
    return {
        "agent.jsonl": [
            ev(
                10,
                "agent",
                "agent",
                "run=r1",
                f"trace={TRACE}",
                "session=s1",
                kind="start",
                agent="ann",
                principal="joe",
            ),
            [
                ev(11, "agent", "llm", "run=r1", "response=resp-1", kind="result", end_ns=12 * 10**9),
                ev(12, "agent", "llm", "run=r1", "response=resp-1", "tool_call=c1", kind="call", tool="refund"),
            ],
            ev(
                13, "agent", "agent", "run=r1", "tool_call=c1", "request=q1", kind="call", tool="refund", args='{"a":1}'
            ),
            ev(20, "agent", "agent", "run=r1", "tool_call=c1", kind="result", tool="refund", status="ok"),
            ev(21, "agent", "agent", "run=r1", "tool_call=c2", kind="call", tool="delegate"),
            ev(22, "agent", "agent", "run=r2", "parent_run=r1", "parent_call=c2", kind="start", agent="bob"),
            ev(23, "agent", "agent", "run=r2", kind="end", status="ok"),
            ev(24, "agent", "agent", "run=r1", "tool_call=c2", kind="result", tool="delegate"),
            ev(30, "agent", "agent", "run=r1", kind="end", status="ok"),
        ],
        "api.jsonl": [
            ev(14, "api", "tool", "request=q1", attributes='{"message":"paid","x":1}'),
            ev(15, "api", "tool", "request=q1", tz_assumed=True, dedupe_key="k1"),
            ev(15, "api", "tool", "request=q1", tz_assumed=True, dedupe_key="k1"),
            ev(None, "api", "tool", "request=q1"),
        ],
        "opa.jsonl": [
            ev(13.5, "opa", "policy", "tool_call=c1", "decision=d1", kind="decision", decision="allow"),
            ev(9000, "opa", "policy", "decision=d-lonely", kind="decision", decision="deny"),
        ],
    }


@pytest.fixture(scope="module")
def case() -> Any:
    with held(**story()) as connection:
        yield connection


@pytest.fixture(scope="module")
def run(case: Any) -> Reconstruction:
    return reconstruct(case, "r1")


def test_ids_of_events_name_source_and_record() -> None:
    assert (event_id(3, 17, 0), event_id(3, 17, 2)) == ("3:17", "3:17.2")


def test_events_stand_in_order_of_time_and_those_without_beside_their_neighbours(run: Reconstruction) -> None:
    assert [event.id for event in run.events] == [
        "1:1", "1:2", "1:2.1", "1:3", "3:1", "2:1", "2:2", "2:4", "1:4", "1:5", "1:8", "1:9",
    ]  # fmt: skip


def test_every_event_has_its_place(case: Any, run: Reconstruction) -> None:
    second = next(event for event in run.events if event.id == "1:2.1")
    assert second.source[:5] == ("agent.jsonl", 2, 1, 2000, 99)
    assert all(re.fullmatch("[0-9a-f]{64}", event.source.blake3) for event in run.events)


def test_joins_name_events_of_the_run(run: Reconstruction) -> None:
    ids = {event.id for event in run.events}
    how = {event.id: event.stitched_by for event in run.events}
    assert how["1:1"][:3] == ("run", "r1", "exact")
    assert how["2:1"][:3] == ("request", "q1", "linked")
    assert how["3:1"][:3] == ("tool_call", "c1", "linked")
    assert all(stitch.via in ids for stitch in how.values() if stitch.confidence == "linked")
    assert how["2:1"].via == "1:3"


def test_the_tree_holds_every_event_once_and_agrees_with_the_events(run: Reconstruction) -> None:
    by_id = {event.id: event for event in run.events}
    assert sorted(run.tree) == sorted(by_id)
    above = {name: by_id[name].parent_id for name in run.tree}
    assert above["1:2.1"] == "1:2", "the wish under the model's answer"
    assert above["1:4"] == above["3:1"] == "1:3"
    assert above["2:1"] == "1:3"
    for name, parent in above.items():
        assert by_id[name].depth == (0 if parent is None else by_id[parent].depth + 1)


def test_the_head_of_the_run(run: Reconstruction) -> None:
    assert (run.id, run.id_kind, run.asked, run.agent, run.principal) == ("r1", "run", "r1", "ann", "joe")
    assert (run.started_ns, run.ended_ns, run.status) == (10 * 10**9, 30 * 10**9, "ok")
    assert run.layers == ("agent", "llm", "tool", "policy")


def test_aliases_are_all_ids_that_lead_here(case: Any, run: Reconstruction) -> None:
    assert run.aliases == (
        ("run", "r1"), ("trace", TRACE), ("session", "s1"), ("request", "q1"), ("response", "resp-1"),
        ("tool_call", "c1"), ("tool_call", "c2"), ("decision", "d1"),
    )  # fmt: skip
    for kind, value in run.aliases:
        assert reconstruct(case, value)._replace(asked="r1") == run, kind


def test_a_spawned_run_points_both_ways(case: Any, run: Reconstruction) -> None:
    (child,) = run.children
    assert (child.id, child.agent, child.status, child.events, child.event) == ("r2", "bob", "ok", 2, "1:5")
    own = reconstruct(case, "r2")
    assert (own.parent_run, own.parent_event, own.children) == ("r1", "1:5", ())


def test_a_copy_is_counted_and_not_shown_twice(run: Reconstruction) -> None:
    assert {event.id: event.copies for event in run.events if event.copies} == {"2:2": 1}


def test_streams_add_up(run: Reconstruction) -> None:
    assert [use.path for use in run.streams] == ["agent.jsonl", "api.jsonl", "opa.jsonl"]
    assert sum(use.events for use in run.streams) == len(run.events)
    assert all(use.exact + use.linked + use.inferred == use.events for use in run.streams)
    agent = run.streams[0]
    assert (agent.events, agent.records, agent.exact, agent.layer, agent.format) == (8, 7, 8, "agent", "jsonl")


def test_a_message_is_taken_from_the_attributes(run: Reconstruction) -> None:
    assert {event.id: event.message for event in run.events if event.message} == {"2:1": "paid"}


def test_records_without_a_time_stand_before_the_first_or_behind_the_last_that_has_one() -> None:
    files = {
        "task.jsonl": [ev(at, "task", "agent", "run=r1", kind="message") for at in (None, 5, None, 8, None)],
        "other.jsonl": [ev(6, "other", "tool", "run=r1")],
        "silent.jsonl": [ev(None, "silent", "tool", "run=r1")],
    }
    with held(**files) as connection:
        run = reconstruct(connection, "r1")
    assert [event.id for event in run.events] == ["1:1", "1:2", "1:3", "2:1", "1:4", "1:5", "3:1"]
    assert [event.ts_ns for event in run.events if event.id in ("1:1", "1:3", "1:5", "3:1")] == [None] * 4
    assert run.tree == tuple(event.id for event in run.events)


def test_remarks_are_sentences_about_the_sources(run: Reconstruction) -> None:
    assert run.remarks == (
        "1 time(s) carried no zone: UTC was assumed",
        "1 event(s) have no time: they stand where their file has them, beside those with a time",
    )
    assert run.integrity == tuple((path, "not verified") for path in ("agent.jsonl", "api.jsonl", "opa.jsonl"))
    assert any("auditrail verify" in text for text in run.not_checked)


def test_changed_and_damaged_sources_are_remarked() -> None:
    with held(**story()) as case:
        case.execute("UPDATE sources SET superseded_by = 9, quarantined = 2 WHERE source = 1")
        case.execute("UPDATE sources SET quarantined = 100 WHERE source = 3")
        remarks = reconstruct(case, "r2").remarks
    assert "agent.jsonl changed after it was loaded: both versions are in the case" in remarks
    assert "2 record(s) of the sources used here are in quarantine and may belong to this run" in remarks


def test_an_id_of_the_run_that_joined_nothing_is_remarked_and_no_other() -> None:
    with held(**story()) as case:
        run = reconstruct(case, "r1")
        call = next(event.tool_call_id for event in run.events if event.tool_call_id)
        insert(case, "conflicts", [("shared-id", "tool_call", call, 2, 9, "-"), ("hub", "request", "x", 9, 9, "-")])
        remarks = [text for text in reconstruct(case, "r1").remarks if "several runs" in text]
    assert len(remarks) == 1
    assert remarks[0].startswith(f"tool_call {call}: several runs carry this id")


def test_an_event_in_no_run_is_a_fragment(case: Any) -> None:
    run = reconstruct(case, "d-lonely")
    assert (run.id, run.id_kind, run.completeness.grade) == ("d-lonely", "decision", "fragment")
    assert [(event.id, event.decision) for event in run.events] == [("3:2", "deny")]
    assert (run.status, run.layers, run.aliases) == ("unknown", ("policy",), (("decision", "d-lonely"),))
    assert run.started_ns == run.ended_ns == 9000 * 10**9
    assert (run.parent_run, run.children) == (None, ())


def test_no_such_run(case: Any) -> None:
    with pytest.raises(RunNotFoundError):
        reconstruct(case, "nothing like this")


def test_the_same_case_gives_the_same_report(run: Reconstruction) -> None:
    with held(**story()) as again:
        assert reconstruct(again, "r1") == run


def test_a_shifted_clock_moves_the_view_and_not_the_stored_time() -> None:
    records: list[Any] = []
    served: list[Any] = []
    for n in range(3):
        records += [
            ev(n * 10, "agent", "agent", "run=r1", f"tool_call=c{n}", kind="call"),
            ev(n * 10 + 1, "agent", "agent", "run=r1", f"tool_call=c{n}", kind="result"),
        ]
        served.append(ev(n * 10 + 5.5, "api", "tool", f"tool_call=c{n}"))
    with held(agent=records, api=served) as case:
        run = reconstruct(case, "r1")
    (skew,) = run.clock_skew
    assert skew.stream == "api"
    assert skew.seconds == pytest.approx(5, abs=0.5)
    shifted = [event for event in run.events if event.skew_ns]
    assert [(event.ts_ns, event.stream) for event in shifted] == [(int(t * 10**9), "api") for t in (5.5, 15.5, 25.5)]
    assert {event.skew_ns for event in shifted} == {round(-skew.seconds * 10**9)}


def test_attributes_that_no_parser_takes_cost_the_message_only() -> None:
    deep = '{"message":"x","deep":' + "[" * 260 + "]" * 260 + "}"
    with held(agent=[ev(1, "agent", "agent", "run=r1", attributes=deep)]) as case:
        (event,) = reconstruct(case, "r1").events
    assert (event.attributes, event.message) == (deep, None)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ('{"message":"a","msg":"b"}', "a"), ('{"msg":"b","body":"c"}', "b"), ('{"body":"c"}', "c"),
        ('{"message":{"x":1},"body":"c"}', "c"), ('{"message":"  "}', None), ('{"x":{"message":"a"}}', None),
        ('["message"]', None), ("{}", None), (None, None),
    ],
)  # fmt: skip
def test_the_text_of_a_log_line(attributes: str | None, message: str | None) -> None:
    with held(agent=[ev(1, "agent", "agent", "run=r1", attributes=attributes)]) as case:
        assert reconstruct(case, "r1").events[0].message == message


def test_two_sources_under_one_path_are_told_apart() -> None:
    with held(a=[ev(1, "a", "agent", "run=r1")], b=[ev(2, "a", "agent", "run=r1")]) as case:
        case.execute("UPDATE sources SET path = 'same.jsonl'")
        run = reconstruct(case, "r1")
    assert [event.id for event in run.events] == ["1:1", "2:1"]
    (use,) = run.streams
    assert (use.path, use.events, use.records) == ("same.jsonl", 2, 2)


def test_five_thousand_events_take_no_time() -> None:
    """Half of them in one stream with spans, the rest log lines between them, with a clock that is off."""
    spans: list[Any] = [ev(0, "otel", "agent", f"trace={TRACE}", "span=root", kind="span", end_ns=10**13)]
    logs: list[Any] = []
    for n in range(1, 1250):
        spans += [
            ev(n, "otel", "tool", f"trace={TRACE}", f"span=s{n}", "parent_span=root", f"tool_call=c{n}", kind="call"),
            ev(n + 0.5, "otel", "tool", f"trace={TRACE}", f"tool_call=c{n}", kind="result"),
            ev(n, "otel", "tool", f"trace={TRACE}", f"span=t{n}", f"parent_span=t{n - 1}", kind="span",
               end_ns=n * 10**9 + 5 * 10**8),
        ]  # fmt: skip
        logs.append(ev(n + 7.25, "api", "tool", f"tool_call=c{n}"))
    with held(otel=spans, api=logs) as case:
        begun = time.process_time()
        run = reconstruct(case, TRACE)
        took = time.process_time() - begun
    assert len(run.events) == len(run.tree) == 4 * 1249 + 1
    assert run.clock_skew[0].pairs == 1249
    assert took < 10  # quadratic work would take a minute


def test_sources_of_a_case_need_no_events() -> None:
    with held(**story()) as case:
        insert(case, "sources", [source_row(9, "empty.jsonl", format=None, status="unknown-format")])
        assert len(reconstruct(case, "r1").streams) == 3
