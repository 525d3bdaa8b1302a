"""A silence is measured by what others wrote meanwhile."""

from __future__ import annotations

import numpy as np

from auditrail.gaps.absence.silence import FOREVER, Member, silences

HOUR = 3_600_000_000_000


def seen(present: list[bool]) -> tuple[Member, np.ndarray]:
    """Runs of a minute, one an hour; those that are present have a record in each ten seconds."""
    start = np.arange(len(present), dtype=np.int64) * HOUR
    end = start + 60_000_000_000
    here = np.array(present, np.bool_)
    member = Member(
        start, end, here, np.where(here, start, FOREVER), np.where(here, end, -FOREVER), int((end - start).max())
    )
    times = np.sort(np.concatenate([start[here] + step * 10_000_000_000 for step in range(7)]))
    return member, times


def test_missing_runs_in_a_row_are_a_silence() -> None:
    member, times = seen([True] * 20 + [False] * 4 + [True] * 20)
    (one,) = silences(member, times)
    assert list(one.whole) == [20, 21, 22, 23]
    assert one.begins
    assert one.ends


def test_what_never_comes_back_does_not_end() -> None:
    (one,) = silences(*seen([True] * 20 + [False] * 6))
    assert one.begins
    assert not one.ends


def test_a_single_missing_run_is_none() -> None:
    assert silences(*seen([True] * 20 + [False] + [True] * 20)) == []


def test_scattered_runs_are_none() -> None:
    assert silences(*seen([number % 3 != 0 for number in range(60)])) == []


def test_a_declared_rate_takes_streaks_for_chance() -> None:
    member, times = seen([True] * 20 + [False] * 4 + [True] * 20)
    assert silences(member, times, 0.25) == []


def test_quiet_nights_are_none() -> None:
    assert silences(*seen([True] * 40)) == []


def test_a_long_streak_in_a_stream_that_few_runs_have_is_none() -> None:
    """Fourteen of 77 runs: how often a run follows another is not known well enough for 25 in a row to be odd."""
    thinned = ([True] + [False] * 3) * 9 + [True] * 3 + [False] * 25 + [True] + [False] * 12
    assert silences(*seen(thinned)) == []
    whole = [True] * 40 + [False] * 25 + [True] * 12
    assert len(silences(*seen(whole))) == 1
