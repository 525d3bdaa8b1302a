"""Two records of one call under one span id: the called half stands below the caller's, its work below itself."""

from __future__ import annotations

from typing import Any

from auditrail.report import halves, skew, tree
from tests.report._views import span, view


def half(number: int, kind: str, at: float, end: float, stream: str, **more: Any) -> Any:
    return span(number, "s1", at, end, stream=stream, attributes=f'{{"kind":"{kind}"}}', **more)


def test_the_called_half_stands_below_the_caller_whatever_their_clocks_say() -> None:
    events = [
        half(1, "server", 0.5, 1.5, "b", parent="root"),
        span(2, "root", 1, 5, stream="a"),
        half(3, "client", 2, 4, "a", parent="root"),
        span(4, "s2", 0.6, 1, "s1", stream="b"),
        span(5, "s3", 2.5, 3, "s1", stream="a"),
        view(6, 2.6, parent_span_id="s1", stream="c"),
    ]
    parents = {key: parent for key, (parent, _) in tree.order(events).items()}
    assert parents == {"1:2": None, "1:3": "1:2", "1:1": "1:3", "1:4": "1:1", "1:5": "1:3", "1:6": "1:1"}


def test_of_several_receivers_the_one_that_had_begun_last_has_the_child() -> None:
    events = [
        half(1, "producer", 0, 1, "a"),
        half(2, "server", 2, 3, "b"),
        half(3, "server", 4, 5, "b"),
        span(4, "s2", 3.5, 3.6, "s1", stream="b"),
        span(5, "s3", 4.5, 4.6, "s1", stream="b"),
        span(6, "s4", 1, 1.5, "s1", stream="b"),
    ]
    parents = {key: parent for key, (parent, _) in tree.order(events).items()}
    assert (parents["1:2"], parents["1:3"]) == ("1:1", "1:1")
    assert (parents["1:4"], parents["1:5"], parents["1:6"]) == ("1:2", "1:3", "1:3")


def test_spans_that_share_an_id_by_fault_are_no_halves() -> None:
    events = [span(1, "s1", 0, 1), span(2, "s1", 2, 3), half(3, "client", 4, 5, "a"), half(4, "client", 6, 7, "a")]
    assert halves.shared(events) == {}
    assert halves.shared([half(1, "client", 0, 1, "a"), span(2, "s1", 2, 3, attributes='{"kind":[')]) != {}


def test_the_halves_tell_whose_clock_is_off() -> None:
    events = []
    for number in range(3):
        at = number * 10
        for kind, shift, stream in (("client", 0.0, "a"), ("server", 3.5, "b")):
            events.append(
                span(
                    len(events),
                    f"s{number}",
                    at + shift,
                    at + 1 + shift,
                    stream=stream,
                    attributes=f'{{"kind":"{kind}"}}',
                )
            )
    (found,) = skew.estimate(events)
    assert (found.stream, round(found.seconds, 1), found.pairs) == ("b", 3.5, 3)
