"""Bounded memory, what is usual, and the time of the logs."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from auditrail.watch.baseline import usual
from auditrail.watch.bounded import Lru, Pending
from auditrail.watch.eventtime import EventTime


@given(st.lists(st.tuples(st.sampled_from("gpx"), st.integers(0, 40)), max_size=400), st.integers(2, 20))
def test_an_lru_keeps_what_was_touched_last(steps: list[tuple[str, int]], limit: int) -> None:
    lru: Lru[int, int] = Lru(limit)
    touched: list[int] = []
    for what, key in steps:
        if what == "x":
            lru.pop(key)
            touched = [other for other in touched if other != key]
        elif what == "p" or lru.get(key) is not None:
            if what == "p":
                lru.put(key, key)
            touched = [*(other for other in touched if other != key), key]
        assert len(lru) <= max(limit, 2)
        assert all(lru.peek(other) == other for other in touched[-(limit // 2) :])
    assert sorted(key for key, _ in lru.items()) == sorted(key for key, _ in lru.save())


@given(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 50)), max_size=100), st.integers(0, 60))
def test_pending_gives_what_is_due_once(puts: list[tuple[int, int]], now: int) -> None:
    pending: Pending[int] = Pending(1000)
    last: dict[str, int] = {}
    for key, asked in puts:
        # A time that goes back is only seen when the earlier one has come; rules never do that.
        until = max(asked, last.get(str(key), 0))
        pending.put(str(key), until, until)
        last[str(key)] = until
    again: Pending[int] = Pending(1000)
    again.load(pending.save())
    for one in (pending, again):
        assert sorted(one.due(now)) == sorted((key, until) for key, until in last.items() if until <= now)
        assert list(one.due(now)) == []
        assert len(one) == sum(until > now for until in last.values())


def test_pending_forgets_the_oldest_and_its_heap_stays_small() -> None:
    pending: Pending[int] = Pending(10)
    for number in range(10_000):
        pending.put(str(number), number, number)
    assert (len(pending), pending.evicted) == (10, 9990)
    assert len(pending._heap) < 2000
    assert [value for _, value in pending.due(10_000)] == list(range(9990, 10_000))


def test_what_is_usual_is_not_moved_by_a_few() -> None:
    kept = usual([10, 11, 9, 10, 10, 12, 8, 1000])
    assert (kept.n, kept.median) == (8, 10)
    assert kept.score(1000, 1.0) > 100
    assert abs(kept.score(12, 1.0)) < 3
    assert usual([]) == (0, 0.0, 0.0)


@dataclass
class _Log:
    ts: int = 0
    ts_last: int = 0
    records: int = 1


def test_time_waits_for_the_log_that_is_behind_and_goes_on_when_all_is_read() -> None:
    time = EventTime()
    early, late = _Log(100, 100), _Log(500, 500)
    assert time.advance([early, late], [early, late], 0, live=True) == 100
    assert time.advance([_Log(records=0)], [early, late], 5, live=True) == 100, "nobody knows how far it goes back"
    assert time.advance([], [early, late], 10, live=True) == 500
    assert time.advance([], [early, late], 60, live=True) == 550, "the wall clock goes on"
    assert time.advance([], [early, late], 60, live=False) == 550, "it never goes back"
    assert time.advance([early], [early, late], 90, live=True) == 550


def test_one_record_alone_moves_no_clock() -> None:
    log = _Log(0, 0)
    for ts in (10, 11, 9_000, 12, 13):
        EventTime.see(log, ts)
    assert log.ts == 12
