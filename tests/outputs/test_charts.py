"""Charts: drawn alike each time, readable without colours, and no value of a log is more than text."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from auditrail.outputs import _charts
from auditrail.outputs._charts_data import AGENTS
from auditrail.outputs._view import View
from auditrail.report.gap_types import CoverageDay
from tests.outputs import _report_samples as samples
from tests.outputs.test_html import MARKUP

VIEW = View()
NAMES = ["coverage", "completeness", "trend", "gaps-by-cause", "retention"]
WHITE = 1.0


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def test_there_is_a_chart_for_each_question() -> None:
    made = _charts.charts(samples.quarter(), VIEW)
    assert [chart.name for chart in made] == NAMES
    for chart in made:
        assert chart.alt.endswith((".", "law."))
        assert chart.titles
        assert all(len(row) == len(chart.titles) for row in chart.rows)


def test_nothing_is_drawn_of_nothing() -> None:
    assert _charts.charts(samples.empty(), VIEW) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_chart_is_drawn_the_same_each_time(name: str) -> None:
    one, other = (
        next(chart for chart in _charts.charts(samples.quarter(), VIEW) if chart.name == name) for _ in range(2)
    )
    drawn = _charts.svg(one)
    assert drawn == _charts.svg(other)
    assert ET.fromstring(drawn)[1].text == one.alt  # noqa: S314 - made here
    assert len(re.findall("<path|<rect", drawn)) > 3
    if name == "trend":
        assert _charts.png(one) == _charts.png(other)
        assert _charts.png(one).startswith(b"\x89PNG")


@pytest.mark.parametrize("text", [*MARKUP, "\U0001f600" * 90, "\ud800\ufffe", "e\u0301" * 200])
def test_hostile_values_are_text(text: str) -> None:
    for chart in _charts.charts(samples.hostile(text), VIEW):
        drawn = _charts.svg(chart)  # which would have raised at anything but shapes and text
        assert ET.fromstring(drawn)[1].text == chart.alt  # noqa: S314 - made here


def test_a_drawing_that_acts_is_refused() -> None:
    for drawn in ("<svg><script>1</script></svg>", '<svg><g onclick="1"/></svg>', '<svg><image href="x"/></svg>'):
        with pytest.raises(ValueError, match="a chart holds"):
            _charts._check(drawn)


@pytest.mark.parametrize("colours", [_charts._GRADES, _charts._SEVERITIES])
def test_colours_stand_out_from_paper_and_differ_in_lightness(colours: dict[str, str]) -> None:
    tones = [luminance(colour) for colour in colours.values()]
    assert min(contrast(tone, WHITE) for tone in tones) >= 3
    assert all(contrast(one, other) > 1.3 for n, one in enumerate(tones) for other in tones[:n])


def test_too_many_agents_are_counted_and_not_drawn() -> None:
    report = samples.quarter()
    days = tuple(CoverageDay(f"a{n}", "llm", "2026-07-02", 10, 10 if n else 3) for n in range(40))
    made = _charts.charts(report._replace(gaps=report.gaps._replace(days=days)), VIEW)[0]
    assert {cell["agent"] for cell in made.spec["data"]["values"] if cell["agent_at"] == 0} == {"a0"}  # held least
    assert len({cell["agent"] for cell in made.spec["data"]["values"]}) == AGENTS
    assert f"{40 - AGENTS} more agents" in made.notes[0]
    assert made.rows == [("a0", "llm", "2026-07-02", "3", "10", "30 %")]
