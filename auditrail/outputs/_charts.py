"""The charts of an overview: Vega-Lite specifications, drawn to SVG and PNG by `vl-convert`, without a browser.

Each chart has a sentence that says the same in words, and the table that it is drawn from. Vega-Lite was chosen over
matplotlib (draws pixels first; text becomes paths, so that nothing can read or restyle it) and over drawing SVG by hand
(scales, axes, legends and the room for labels are what is hard to get right).

- The same chart gives the same bytes: no clock, no zone but UTC; text is measured with a font that is part of the
  library (Liberation Sans), not with one of the machine.
- Colours differ in lightness, not in hue alone, and each is at 3:1 or more against the ground or has a line around it:
  they are told apart by people who are colour-blind, and on paper.
- Values of logs are rows of the specification's data, never a part of it that becomes an expression (Vega-Lite writes
  the names of a `sort` into one: order goes by number here), and every text among them is made harmless first: the
  library ends the whole process where it is to measure a character that XML forbids.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

from auditrail import text
from auditrail.outputs import _charts_data as data
from auditrail.outputs._view import View
from auditrail.report.overview_types import Overview

VEGA_LITE = "5.21"
_SCALE = 2.0  # of PNG: sharp on paper and on dense screens
_WIDTH = 760
_LONGEST = 120
_TEXT, _DIM, _LINE = "#1c2129", "#5d6675", "#d5d9e0"
_GRADES = {"complete": "#1f5fa8", "partial": "#c67f20", "fragment": "#7a1f3d"}
_SEVERITIES = {"critical": "#4a0e2b", "high": "#a63a50", "medium": "#a9690f", "low": "#8690a0"}
_SHARES = {
    "all runs": "#c4dbf0", "90 % or more": "#7fb0da", "half or more": "#f0c27a", "less than half": "#d07a25",
    "none": "#7a1f3d",
}  # fmt: skip
# Names stand in the order of a number: see above.
_ORDER = {"field": "at", "op": "min"}
# No limit of length: Vega would cut a character beyond U+FFFF in half. Names are short already.
_CONFIG: dict[str, Any] = {
    "aria": False,
    "background": "#ffffff",
    "font": "Liberation Sans, Arial, Helvetica, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": _TEXT, "titleColor": _DIM, "titleFontWeight": "normal", "gridColor": "#eceef2",
        "domainColor": _LINE, "tickColor": _LINE, "labelFontSize": 11, "titleFontSize": 11, "labelLimit": 0,
    },
    "legend": {
        "labelColor": _TEXT, "titleColor": _DIM, "titleFontWeight": "normal", "labelFontSize": 11, "titleFontSize": 11,
        "orient": "top", "symbolType": "square", "symbolStrokeWidth": 0, "titleOrient": "left",
    },
}  # fmt: skip
# What Vega writes; anything else in a drawing would not be a drawing.
_TAGS = frozenset({"svg", "g", "rect", "path", "line", "text", "tspan", "title", "desc", "defs", "clipPath", "circle"})
_ACTING = re.compile(r"on|style$|.*href$|.*src$")


class Chart(NamedTuple):
    """A chart: `alt` says it in words; `titles` and `rows` are the table behind it; `right` its columns of numbers."""

    name: str
    title: str
    alt: str
    spec: dict[str, Any]
    titles: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    right: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()


def charts(report: Overview, view: View) -> list[Chart]:
    """The charts for which there is something to draw."""
    made = (_coverage(report), _completeness(report), _trend(report), _causes(report), _retention(report, view))
    return [chart for chart in made if chart is not None]


def svg(chart: Chart) -> str:
    """The drawing as SVG, with title and description; it holds shapes and text alone.

    Raises:
        ValueError: the library drew something else.
    """
    import vl_convert

    drawn: str = vl_convert.vegalite_to_svg(chart.spec, vl_version=VEGA_LITE)
    _check(drawn)
    head, _, body = drawn.partition(">")
    title, words = html.escape(chart.title), html.escape(chart.alt)
    return f'{head} role="img"><title>{title}</title><desc>{words}</desc>{body}'


def png(chart: Chart) -> bytes:
    """The drawing as PNG, twice its size in points."""
    import vl_convert

    drawn: bytes = vl_convert.vegalite_to_png(chart.spec, vl_version=VEGA_LITE, scale=_SCALE)
    return drawn


def _check(drawn: str) -> None:
    for element in ET.fromstring(drawn).iter():  # noqa: S314 - made by the library a moment ago, no document type
        tag = element.tag.rpartition("}")[2]
        acting = [name for name in element.attrib if _ACTING.match(name.lower())]
        if tag not in _TAGS or acting:
            raise ValueError(f"a chart holds <{tag}> {' '.join(acting)}")


def _spec(values: Iterable[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "config": _CONFIG,
        "data": {"values": [{name: _harmless(value) for name, value in row.items()} for row in values]},
        **more,
    }


def _harmless(value: Any) -> Any:
    return text.shorten(text.one_line(value), _LONGEST) if isinstance(value, str) else value


def _scale(colours: dict[str, str], present: Iterable[str]) -> dict[str, Any]:
    shown = [name for name in colours if name in set(present)]
    return {"domain": shown, "range": [colours[name] for name in shown]}


# --- one by one -----------------------------------------------------------------------------------------------------


def _coverage(report: Overview) -> Chart | None:
    made = data.coverage(report, tuple(_SHARES))
    if made is None:
        return None
    names = ", ".join(f"'{start}'" for start in made.columns)  # dates of our own
    x = {
        "field": "from",
        "type": "quantitative",
        "scale": {"domain": [0, len(made.columns)], "nice": False, "zero": False},
    }
    axis = {
        "values": made.ticks,
        "labelExpr": f"[{names}][datum.value]",
        "title": None,
        "grid": False,
        "labelOverlap": True,
    }
    y = {
        "field": "layer", "type": "nominal", "sort": _ORDER, "title": None,
        "axis": {"ticks": False, "domain": False},
    }  # fmt: skip
    rows = {
        "field": "agent", "type": "nominal", "sort": {"field": "agent_at", "op": "min"}, "title": None,
        "header": {
            "labelAngle": 0, "labelAnchor": "start", "labelOrient": "top", "labelFontWeight": "bold",
            "labelColor": _TEXT, "labelPadding": 0, "labelLimit": 0, "labelFontSize": 11,
        },
    }  # fmt: skip
    spec = _spec(
        made.cells,
        facet={"row": rows},
        spacing=2,
        spec={
            "width": _WIDTH - 60,
            "height": {"step": 13},
            "mark": {"type": "rect", "stroke": "#66788c", "strokeWidth": 0.6},
            "encoding": {
                "x": {**x, "axis": axis},
                "x2": {"field": "to"},
                "y": y,
                "color": {
                    "field": "share", "type": "nominal", "scale": _scale(_SHARES, _SHARES),
                    "title": "runs with records of the layer", "legend": {"symbolStrokeWidth": 1},
                },
            },
        },
        resolve={"scale": {"y": "independent"}},
    )  # fmt: skip
    return Chart(
        "coverage", f"Coverage by agent, layer and {made.unit}", made.words, spec,
        ("agent", "layer", f"{made.unit}{'' if made.unit == 'day' else ' from'}", "held", "runs", "share"),
        made.rows, frozenset({3, 4, 5}), made.notes,
    )  # fmt: skip


def _completeness(report: Overview) -> Chart | None:
    made = data.completeness(report)
    if made is None:
        return None
    spec = _spec(
        made.cells,
        width=_WIDTH - 180,
        height={"step": 20},
        mark={"type": "bar", "stroke": "#ffffff", "strokeWidth": 1},
        encoding={
            "y": {"field": "agent", "type": "nominal", "sort": _ORDER, "title": None},
            "x": {
                "field": "share", "type": "quantitative", "title": "share of the agent's runs",
                "axis": {"format": ".0%"}, "scale": {"domain": [0, 1]},
            },
            "color": {"field": "grade", "type": "nominal", "scale": _scale(_GRADES, _GRADES), "title": None},
            "order": {"field": "place"},
        },
    )  # fmt: skip
    titles = ("agent", "runs", "complete", "partial", "fragment")
    return Chart(
        "completeness", "Runs that can be told whole", made.words, spec, titles, made.rows, frozenset({1, 2, 3, 4}),
        made.notes,
    )  # fmt: skip


def _trend(report: Overview) -> Chart | None:
    made = data.trend(report)
    if made is None:
        return None
    panels = []
    for what, said, colours in (
        ("runs", "runs that began", _GRADES),
        ("findings", "findings, one by one", _SEVERITIES),
    ):
        panels.append(
            {
                "width": _WIDTH - 60,
                "height": 130,
                "transform": [{"filter": {"field": "what", "equal": what}}],
                "mark": {"type": "bar", "stroke": "#ffffff", "strokeWidth": 0.5},
                "encoding": {
                    "x": {
                        "field": "week", "type": "ordinal", "sort": None, "title": None,
                        "axis": {"values": made.ticks, "labelAngle": 0, "labelOverlap": True},
                    },
                    "y": {
                        "field": "number", "type": "quantitative", "title": said, "axis": {"tickMinStep": 1},
                    },
                    "color": {"field": "kind", "type": "nominal", "scale": _scale(colours, colours), "title": what},
                    "order": {"field": "place"},
                },
            }
        )  # fmt: skip
    spec = _spec(made.cells, vconcat=panels, resolve={"scale": {"color": "independent", "x": "independent"}})
    titles = ("week from", "runs", "complete", "partial", "fragment", "critical", "high", "medium", "low")
    return Chart("trend", "Week by week", made.words, spec, titles, made.rows, frozenset(range(1, 9)), made.notes)


def _causes(report: Overview) -> Chart | None:
    made = data.causes(report)
    if made is None:
        return None
    y = {"field": "cause", "type": "nominal", "sort": _ORDER, "title": None}
    x = {"field": "runs", "type": "quantitative", "title": "runs touched", "axis": {"tickMinStep": 1}}
    spec = _spec(
        made.cells,
        width=_WIDTH - 330,
        height={"step": 22},
        encoding={"y": y, "x": x},
        layer=[
            {
                "mark": {"type": "bar"},
                "encoding": {
                    "color": {
                        "field": "severity", "type": "nominal", "scale": _scale(_SEVERITIES, _SEVERITIES),
                        "title": "worst severity",
                    }
                },
            },
            {
                "mark": {"type": "text", "align": "left", "dx": 5, "color": _TEXT, "fontSize": 11},
                "encoding": {"text": {"field": "label"}},
            },
        ],
    )  # fmt: skip
    titles = ("cause", "severity", "findings", "missing", "runs", "what it means")
    return Chart(
        "gaps-by-cause", "Gaps by cause", made.words, spec, titles, made.rows, frozenset({2, 3, 4}), made.notes
    )


def _retention(report: Overview, view: View) -> Chart | None:
    made = data.retention(report, view)
    if made is None:
        return None
    x = {"type": "temporal", "scale": {"type": "utc"}, "title": None}
    time = {"axis": {"format": "%Y-%m-%d", "labelOverlap": True, "tickCount": 6}}
    spec = _spec(
        made.cells,
        width=_WIDTH - 260,
        height={"step": 20},
        layer=[
            {
                "transform": [{"filter": "datum.what === 'held'"}],
                "mark": {"type": "bar", "color": _GRADES["complete"], "height": 9},
                "encoding": {
                    "x": {"field": "from", **x, **time},
                    "x2": {"field": "to"},
                    "y": {"field": "stream", "type": "nominal", "sort": _ORDER, "title": None},
                },
            },
            {
                "transform": [{"filter": "datum.what === 'held'"}],
                "mark": {"type": "tick", "thickness": 3, "size": 13, "color": _GRADES["complete"], "opacity": 1},
                "encoding": {
                    "x": {"field": "from", **x},
                    "y": {"field": "stream", "type": "nominal", "sort": _ORDER, "title": None},
                },
            },
            {
                "transform": [{"filter": "datum.what === 'required'"}],
                "mark": {"type": "rule", "color": _GRADES["fragment"], "strokeDash": [4, 3], "strokeWidth": 1.5},
                "encoding": {"x": {"field": "from", **x}},
            },
            {
                "transform": [{"filter": "datum.what === 'required'"}],
                "mark": {
                    "type": "text", "align": "left", "angle": 300, "dx": 3, "dy": -2, "fontSize": 10, "color": _TEXT,
                    "baseline": "bottom",
                },
                "encoding": {"x": {"field": "from", **x}, "y": {"value": 0}, "text": {"field": "label"}},
            },
        ],
    )  # fmt: skip
    titles = ("framework", "clause", "stream", "oldest held", "required since", "days required", "days held", "status")
    return Chart("retention", "Retention horizon", made.words, spec, titles, made.rows, frozenset({5, 6}), made.notes)
