"""The heat map: columns, the layer that is held least, and what fits."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from auditrail.outputs._gaps_heat import UNITS, Cell, fitting, heat, trend
from auditrail.report.gap_types import CoverageDay

ROOM = {"day": 92, "week": 14, "month": 12, "year": 10}
DAYS = st.builds(
    CoverageDay,
    st.sampled_from(["a", "b", None]),
    st.sampled_from(["agent", "llm", "policy"]),
    st.dates(date(1677, 9, 22), date(2262, 4, 11)).map(date.isoformat),
    st.integers(0, 5),
    st.integers(0, 5),
)


def day(text: str, seen: int, layer: str = "llm", expected: int = 4, agent: str | None = "a") -> CoverageDay:
    return CoverageDay(agent, layer, text, expected, seen)


def test_the_layer_held_least_counts() -> None:
    made = heat([day("2026-07-01", 4, "agent"), day("2026-07-01", 1, "llm")], "day")
    assert made.rows == (("a", (Cell(4, 1, "llm"),)),)
    assert made.rows[0][1][0].tenths == 2


def test_a_layer_that_an_agent_never_has_is_no_gap_of_a_day() -> None:
    days = [day("2026-07-01", 4, "agent"), day("2026-07-01", 0, "policy"), day("2026-07-02", 4, "agent")]
    assert [cell.tenths for cell in heat(days, "day").rows[0][1]] == [10, 10]
    # But an agent of which nothing is held at all is shown as such.
    assert [cell.tenths for cell in heat([day("2026-07-01", 0)], "day").rows[0][1]] == [0]


def test_only_all_is_ten_tenths() -> None:
    assert Cell(1000, 999, "llm").tenths == 9
    assert Cell(1000, 1000, "llm").tenths == 10
    assert Cell(2, 3, "llm").tenths == 10
    assert Cell(0, 0, "").tenths is None


def test_a_day_without_any_run_has_its_column() -> None:
    made = heat([day("2026-07-01", 4), day("2026-07-04", 2)], "day")
    assert made.columns == ("2026-07-01", "2026-07-02", "2026-07-03", "2026-07-04")
    assert [cell.tenths for cell in made.rows[0][1]] == [10, None, None, 5]


def test_weeks_begin_on_monday_and_sum_up() -> None:
    made = heat([day("2026-07-01", 4), day("2026-07-05", 0), day("2026-07-06", 3)], "week")
    assert made.columns == ("2026-06-29", "2026-07-06")
    assert made.rows[0][1] == (Cell(8, 4, "llm"), Cell(4, 3, "llm"))


def test_what_does_not_fit_by_the_day_is_shown_by_the_week_and_so_on() -> None:
    first = date(2026, 7, 1)
    for count, unit in ((92, "day"), (93, "week"), (300, "month"), (1000, "year")):
        days = [day((first + timedelta(days=n)).isoformat(), 4) for n in range(count)]
        assert fitting(days, ROOM).unit == unit
    assert fitting([], ROOM).rows == ()


def test_the_trend_leaves_out_agents_that_never_have_the_layer() -> None:
    days = [day("2026-07-01", 2), day("2026-07-01", 0, agent="b"), day("2026-07-08", 4)]
    assert trend(days) == {"llm": [("2026-06-29", 4, 2), ("2026-07-06", 4, 4)]}


@given(st.lists(DAYS, max_size=30))
def test_a_map_fits_and_loses_no_agent(days: list[CoverageDay]) -> None:
    made = fitting(days, ROOM)
    assert len(made.columns) <= ROOM[made.unit]
    assert made.unit in UNITS
    assert list(made.columns) == sorted(set(made.columns))
    assert {agent for agent, _ in made.rows} == {cell.agent for cell in days}
    assert all(len(cells) == len(made.columns) for _, cells in made.rows)
    assert fitting(reversed(days), ROOM) == made
