"""Whatever the ids: runs are never mixed, no event is in two of them, and the order of loading changes nothing."""

from __future__ import annotations

import random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from auditrail.model import Event, Id
from tests.correlate._hand import SECOND, Runs, correlate

# Kinds that speak of the same thing share their values; a run and a trace of one name would look like one run here.
_KIN = {"parent_run": "run", "parent_span": "span", "parent_request": "request", "linked_trace": "trace"}
IDS = st.tuples(
    st.sampled_from(
        ["run", "trace", "session", "conversation", "tool_call", "request", "response", "decision", "message", "span",
         "parent_span", "parent_run", "parent_request", "task", "linked_trace"]
    ),
    st.sampled_from(["a", "b", "c", "call_1", "d"]),
)  # fmt: skip
EVENTS = st.lists(
    st.builds(
        lambda at, stream, layer, kind, agent, tool, args, key, ids: Event(
            ts_ns=None if at is None else at * SECOND,
            ts_source="order" if at is None else "event",
            stream=stream,
            layer=layer,
            kind=kind,
            agent=agent,
            tool=tool,
            args=args,
            args_state="present" if args else "absent",
            dedupe_key=key,
            ids=tuple(Id(kind, f"{_KIN.get(kind, kind)}-{value}") for kind, value in ids),
        ),
        st.sampled_from([None, 1, 2, 3, 500, 5000, 100_000]),
        st.sampled_from(["one", "two"]),
        st.sampled_from(["agent", "llm", "tool", "policy"]),
        st.sampled_from(["start", "call", "span", "end", "decision"]),
        st.sampled_from([None, "x", "y"]),
        st.sampled_from([None, "pay"]),
        st.sampled_from([None, '{"n":12345}']),
        st.sampled_from([None, None, None, "k"]),
        st.lists(IDS, max_size=4, unique=True),
    ),
    max_size=14,
)


def run_id(event: Event) -> str | None:
    return next((item.value for item in event.ids if item.kind == "run"), None)


def shape(runs: Runs) -> object:
    return (runs.of, runs.how, runs.rows, runs.conflicts, runs.copies, runs.ids)


# Without shrinking: each example correlates two cases, and hypothesis would take minutes to make one smaller.
@settings(max_examples=40, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(EVENTS, st.randoms(use_true_random=False))
def test_runs_are_sound(events: list[Event], dice: random.Random) -> None:
    runs = correlate(events)
    live = set(range(len(events))) - {copy for copy, (_, same) in runs.copies.items() if same}
    assert set(runs.of) <= live
    for number in live:
        own = run_id(events[number])
        if own is not None:
            assert runs.of[number] == own, "an event that names its run is in that run"
            assert runs.how[number][2] == "exact"
    for run, row in runs.rows.items():
        members = runs.members(run)
        assert row["events"] == len(members) > 0
        named = {run_id(events[number]) for number in members} - {None}
        assert len(named) <= 1, "two run ids in one run"
        if named:
            assert named == {run}
        for number in members:
            kind, value, confidence, via = runs.how[number]
            assert value
            if confidence == "linked" and kind in ("tool_call", "request", "response", "decision", "message"):
                assert via is None or via in members
            if confidence == "inferred":
                assert via in members
                assert runs.how[via][2] != "inferred", "joined through an inference"  # type: ignore[index]
    for trace in {item.value for event in events for item in event.ids if item.kind == "trace"}:
        bare = {runs.of[n] for n in live if run_id(events[n]) is None and trace == next(
            (item.value for item in events[n].ids if item.kind == "trace"), None)}  # fmt: skip
        assert len(bare) <= 1, "one trace in two runs"
    order = list(range(len(events)))
    dice.shuffle(order)
    assert shape(correlate(events, order=order)) == shape(runs)
