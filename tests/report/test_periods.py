"""Periods: quarters with and without a name, fiscal years, and edges counted back from the evidence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditrail import times
from auditrail.errors import UsageError
from auditrail.report import periods
from auditrail.report.gap_types import Period
from auditrail.report.periods import Fiscal, Reach


def ns(text: str) -> int:
    moment = times.parse(text)
    assert moment is not None
    return moment.ns


HELD = Reach(ns("2026-03-02T08:00:00Z"), ns("2026-10-01T00:20:00Z"), ns("2026-09-30T23:50:00Z"))
NOW = ns("2027-01-15T12:00:00Z")


def edges(period: Period) -> tuple[str, str, str]:
    return times.iso(period.from_ns)[:10], times.iso(period.to_ns)[:10], period.label


@pytest.mark.parametrize("text", [None, "latest"])
def test_without_a_name_it_is_the_quarter_in_which_the_last_run_began(text: str | None) -> None:
    made = periods.quarter(text, HELD)
    assert edges(made) == ("2026-07-01", "2026-10-01", "2026Q3")
    assert "2026-09-30" in made.note


def test_without_runs_the_last_record_tells() -> None:
    assert edges(periods.quarter(None, HELD._replace(last_run_ns=None)))[2] == "2026Q4"
    with pytest.raises(UsageError, match="no record has a time"):
        periods.quarter(None, Reach(None, None, None))


@pytest.mark.parametrize("text", ["2026Q3", "2026q3", "2026-Q3", "Q3 2026", "q3/2026", " 2026 Q3 "])
def test_a_quarter_has_many_spellings(text: str) -> None:
    made = periods.quarter(text, HELD)
    assert edges(made) == ("2026-07-01", "2026-10-01", "2026Q3")
    assert made.note == ""


@pytest.mark.parametrize("text", ["2026Q5", "2026", "Q3", "third", "1969Q4", "2262Q1", "2026Q3x", "-1", "Q3 20260"])
def test_what_is_no_quarter_is_told(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        periods.quarter(text, HELD)
    assert caught.value.hint


def test_current_and_last_look_at_the_clock_and_say_so() -> None:
    current = periods.quarter("current", HELD, now_ns=NOW)
    last = periods.quarter("LAST", HELD, now_ns=NOW)
    assert edges(current) == ("2027-01-01", "2027-04-01", "2027Q1")
    assert edges(last) == ("2026-10-01", "2027-01-01", "2026Q4")
    assert "2027-01-15" in current.note
    assert "2027-01-15" in last.note
    assert periods.quarter("current", HELD).to_ns > NOW - 10 * 365 * 86_400 * times.NS  # type: ignore[operator]


@pytest.mark.parametrize(
    ("start", "named_by", "text", "expected"),
    [
        (4, "end", "FY2027Q1", ("2026-04-01", "2026-07-01", "FY2027Q1")),
        (4, "end", "2027Q4", ("2027-01-01", "2027-04-01", "FY2027Q4")),
        (4, "start", "2026Q4", ("2027-01-01", "2027-04-01", "FY2026Q4")),
        (10, "end", "2026Q1", ("2025-10-01", "2026-01-01", "FY2026Q1")),
        (2, "end", "2026Q4", ("2025-11-01", "2026-02-01", "FY2026Q4")),
        (1, "start", "2026Q1", ("2026-01-01", "2026-04-01", "2026Q1")),
    ],
)
def test_fiscal_years(start: int, named_by: str, text: str, expected: tuple[str, str, str]) -> None:
    assert edges(periods.quarter(text, HELD, Fiscal(start, named_by))) == expected


@given(st.integers(100_000_000, 9_000_000_000), st.integers(1, 12), st.sampled_from(["end", "start"]))
def test_the_quarter_of_a_moment_holds_it_and_is_found_by_its_label(seconds: int, start: int, named_by: str) -> None:
    moment = seconds * times.NS
    fiscal = Fiscal(start, named_by)
    made = periods.quarter(None, Reach(None, None, moment), fiscal)
    assert made.from_ns is not None
    assert made.to_ns is not None
    assert made.from_ns <= moment < made.to_ns
    assert periods.quarter(made.label, HELD, fiscal)._replace(note="") == made._replace(note="")
    last = periods.quarter("last", HELD, fiscal, now_ns=moment)
    assert last.to_ns == made.from_ns


def test_edges_are_times_or_counted_back_from_what_is_held() -> None:
    made = periods.span("7d", None, HELD)
    assert made.from_ns == ns("2026-09-24T00:20:00Z")
    assert made.to_ns is None
    assert "2026-10-01T00:20:00Z" in made.note
    both = periods.span("2026-09-01", "2026-09-02T10:00:00+02:00", HELD)
    assert (both.from_ns, both.to_ns) == (ns("2026-09-01"), ns("2026-09-02T08:00:00Z"))
    assert both.note == ""
    assert periods.span(None, None, HELD) == Period(None, None, "all")
    assert periods.moment("36h", HELD, "--since") == ns("2026-09-29T12:20:00Z")


@pytest.mark.parametrize(("since", "until"), [("soon", None), ("2026-09-02", "2026-09-01"), ("-7d", None)])
def test_edges_that_make_no_period(since: str, until: str | None) -> None:
    with pytest.raises(UsageError):
        periods.span(since, until, HELD)
    with pytest.raises(UsageError, match="count back"):
        periods.span("7d", None, Reach(None, None, None))
