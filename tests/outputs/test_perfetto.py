"""The Trace Event Format: what a viewer needs to place every event."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from auditrail.outputs import perfetto
from auditrail.outputs._view import View


def trace(report: Any, **view: Any) -> dict[str, Any]:
    return json.loads("".join(perfetto.render(report, View(**view))))


def of_phase(document: dict[str, Any], *phases: str) -> list[dict[str, Any]]:
    return [event for event in document["traceEvents"] if event["ph"] in phases]


def test_every_event_with_a_time_is_a_slice_or_an_instant_and_the_others_are_kept(incident: Any, hostile: Any) -> None:
    for report in (incident, hostile):
        document = trace(report)
        placed = {event["args"]["id"] for event in of_phase(document, "X", "i") if not event["cat"].startswith("gap")}
        kept = {event["id"] for event in document["otherData"]["events_without_time"]}
        assert placed | kept == {event.id for event in report.events}
        assert not placed & kept


def test_events_have_what_the_format_asks_for(incident: Any) -> None:
    document = trace(incident)
    named = {(event["pid"], event["tid"]) for event in of_phase(document, "M") if event["name"] == "thread_name"}
    processes = {event["pid"] for event in of_phase(document, "M") if event["name"] == "process_name"}
    for event in of_phase(document, "X", "i"):
        assert set(event) >= {"name", "cat", "ph", "ts", "pid", "tid", "args"}
        assert isinstance(event["ts"], (int, float))
        assert event["pid"] in processes
        assert event["ts"] >= 0 or event["cat"].startswith("gap")
        if event["ph"] == "X":
            assert event["dur"] >= 0
        else:
            assert event["s"] in ("t", "p", "g")
        assert event["cat"].startswith("gap") or (event["pid"], event["tid"]) in named
    assert document["otherData"]["begin"] == "2026-09-17T10:06:02.000000Z"


def test_slices_of_one_thread_nest(make_event: Any, make_run: Any) -> None:
    spans = [
        ("10:00:00", "10:00:05"),
        ("10:00:01", "10:00:02"),
        ("10:00:01.500", "10:00:06"),
        ("10:00:04", "10:00:04.5"),
    ]
    rows = [
        (0, make_event("a", n, begin, "tool", "span", end=end, name=f"s{n}")) for n, (begin, end) in enumerate(spans, 1)
    ]
    document = trace(make_run(*rows))
    threads = defaultdict(list)
    for event in of_phase(document, "X"):
        threads[event["pid"], event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
    assert len(threads) == 2
    for listed in threads.values():
        for one in listed:
            for two in listed:
                assert one[1] <= two[0] or two[1] <= one[0] or (one[0] <= two[0] and two[1] <= one[1]) or (
                    two[0] <= one[0] and one[1] <= two[1]
                )  # fmt: skip


def test_times_are_exact_and_corrected_for_the_view(make_event: Any, make_run: Any) -> None:
    first = make_event("a", 1, "10:00:00", "agent", "start")
    late = make_event("b", 2, "10:00:01", "tool", "span", end="10:00:01.000000123", skew_ns=500)
    document = trace(make_run((0, first), (0, late)))
    (slice_,) = of_phase(document, "X")
    assert (slice_["ts"], slice_["dur"]) == (1_000_000.5, 0.123)
    assert slice_["args"]["ts"] == "2026-09-17T10:00:01.000000Z"


def test_gaps_and_failures_are_marked(incident: Any) -> None:
    document = trace(incident)
    gaps = [event for event in of_phase(document, "i") if event["cat"].startswith("gap")]
    assert [gap["args"]["severity"] for gap in gaps] == ["high", "critical"]
    assert all(
        event.get("cname") == "terrible"
        for event in of_phase(document, "X", "i")
        if event["args"].get("status") in ("error", "denied")
    )


def test_arrows_start_and_end_on_slices(make_event: Any, make_run: Any) -> None:
    from auditrail.report.types import Stitch

    one = make_event("a", 1, "10:00:00", "agent", "span", end="10:00:05")
    two = make_event(
        "b", 2, "10:00:01", "tool", "span", end="10:00:02", join=Stitch("trace", "t", "linked", one.id)
    )  # fmt: skip
    start, finish = of_phase(trace(make_run((0, one), (1, two))), "s", "f")
    assert start["id"] == finish["id"]
    assert finish["bp"] == "e"
    assert start["pid"] != finish["pid"]
