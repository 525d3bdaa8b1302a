"""The list of runs of a report page: as columns for its script, and its first rows as a plain table.

A column of few different words holds numbers of words (`words`), times hold steps from row to row: 100,000 runs take
some five megabytes, and are read in a moment. All text is made harmless here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from auditrail import text
from auditrail.outputs import _when
from auditrail.outputs._header import SEVERITIES
from auditrail.outputs._view import View
from auditrail.report.overview_types import Overview, RunLine

# So many rows stand in the page as they are: what is seen without a script.
SHOWN = 100
_NONE = "\u2013"
_MS = 1_000_000
TITLES = {
    "id": "run", "agent": "agent", "start": "started", "length": "length", "status": "status", "grade": "held",
    "score": "score", "severity": "severity", "causes": "causes", "findings": "findings", "events": "events",
    "errors": "errors", "denials": "denied", "tokens_in": "tokens in", "tokens_out": "tokens out",
    "layers": "layers", "integrity": "integrity",
}  # fmt: skip
LISTED = (
    "id", "agent", "start", "length", "status", "grade", "severity", "causes", "events", "tokens_in", "tokens_out",
    "integrity",
)  # fmt: skip
RIGHT = frozenset({"length", "events", "tokens_in", "tokens_out"})
_NUMBERS = ("events", "errors", "denials", "tokens_in", "tokens_out", "findings")
_ORDERS = {"severity": SEVERITIES, "grade": ("fragment", "partial", "complete")}
_WORDS: dict[str, Callable[[RunLine], str]] = {
    "agent": lambda run: run.agent or "",
    "status": lambda run: run.status,
    "grade": lambda run: run.grade,
    "severity": lambda run: run.severity or "",
    "causes": lambda run: ", ".join(run.causes),
    "layers": lambda run: ", ".join(run.layers),
    "integrity": lambda run: run.integrity,
}


class PlainRow(NamedTuple):
    """A row of the plain table; `href` leads to the run's page, blank where there is none."""

    href: str
    cells: tuple[str, ...]


def data(report: Overview, view: View, links: Mapping[int, str], counted: str) -> dict[str, Any]:
    """What the script needs.

    Args:
        report: the overview.
        view: for its zone.
        links: key of a run -> address of its page, relative to this one.
        counted: how many runs there are, in words.
    """
    columns: dict[str, list[Any]] = {"id": [text.one_line(run.id) for run in report.runs]}
    before, steps = 0, list[int | None]()
    for run in report.runs:
        start = None if run.started_ns is None else run.started_ns // _MS
        steps.append(None if start is None else start - before)
        before = before if start is None else start
    columns["start"] = steps
    columns["length"] = [None if run.duration_ns is None else run.duration_ns // _MS for run in report.runs]
    columns["score"] = [run.score for run in report.runs]
    for name in _NUMBERS:
        columns[name] = [getattr(run, name) for run in report.runs]
    words: dict[str, list[str]] = {}
    for name, of_run in _WORDS.items():
        places: dict[str, int] = {}
        columns[name] = [places.setdefault(of_run(run), len(places)) for run in report.runs]
        words[name] = [text.one_line(word) for word in places]
    return {
        "tz": view.tz,
        "counted": counted,
        "titles": TITLES,
        "listed": LISTED,
        "facts": list(TITLES.items()),
        "columns": columns,
        "words": words,
        "ranks": {name: _ranks(name, listed) for name, listed in words.items()},
        "causes": sorted({text.one_line(cause) for run in report.runs for cause in run.causes}),
        "pages": [(row, links[run.run]) for row, run in enumerate(report.runs) if run.run in links],
    }


def _ranks(name: str, listed: list[str]) -> list[int]:
    """The place of each word in the order of the column; blank ones stand last."""
    order = _ORDERS.get(name, ())
    ranked = sorted(listed, key=lambda word: (word == "", order.index(word) if word in order else len(order), word))
    places = {word: place for place, word in enumerate(ranked)}
    return [places[word] for word in listed]


def rows(report: Overview, view: View, links: Mapping[int, str]) -> list[PlainRow]:
    """The first rows, for who has no script."""
    return [PlainRow(links.get(run.run, ""), _cells(run, view)) for run in report.runs[:SHOWN]]


def _cells(run: RunLine, view: View) -> tuple[str, ...]:
    made = {name: text.one_line(of_run(run)) or _NONE for name, of_run in _WORDS.items()}
    made["id"] = text.one_line(run.id)
    made["start"] = _NONE if run.started_ns is None else _when.stamp(run.started_ns, view.tz)
    made["length"] = _NONE if run.duration_ns is None else _when.duration(run.duration_ns)
    for name in _NUMBERS:
        value = getattr(run, name)
        made[name] = _NONE if value is None else f"{value:,}"
    return tuple(made[name] for name in LISTED)
