"""A run as the values of its HTML page: rows of the list, lanes of the timeline, and what is told of each event.

All text is made harmless here (`auditrail.text`), so that neither the templates nor the script have to think of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from auditrail import text
from auditrail.outputs import _html_details, _html_lanes, _rows, _when
from auditrail.outputs._header import (
    SEVERITIES,
    SEVERITY_STYLES,
    STATUS_WORDS,
    by_severity,
    by_verdict,
    clock_notes,
    layers_held,
    usage,
    when,
)
from auditrail.outputs._paint import Piece
from auditrail.outputs._select import Node, attached, forest, hidden
from auditrail.outputs._tree import DOUBTS
from auditrail.outputs._view import View
from auditrail.outputs._wording import Words
from auditrail.report.types import Gap, Reconstruction, RunEventView

# Levels of the tree that are indented; beyond, the depth is written in front.
_INDENTED = 24
# As for a terminal of so many columns, and so many columns of a phrase: about two lines.
_WIDE, _PHRASE = 100, 150


class Row(NamedTuple):
    """One line of the list: an event, or a note that stands under one (a gap, a spawned run, a fold, a new day).

    `above` is the number of the row that this one stands under, -1 at the top.
    """

    kind: str
    above: int
    depth: int
    phrase: list[Piece]
    facts: Sequence[Piece] = ()
    event: int = -1
    time: str = ""
    layer: str = ""
    status: str = ""
    problem: bool = False
    where: str = ""
    blocks: Sequence[_html_details.Content] = ()


def page(report: Reconstruction, view: View) -> dict[str, Any]:
    """The values of `run.html`."""
    words = Words(report, replace(view, width=_WIDE, unicode=True, content=_brief(view)))
    made = _Page(report, view, words)
    rows = list(made.rows())
    left_out = sum(hidden(report, view).values())
    details = _html_details.Details(report, view, words, made.row_of)
    data = {
        "tz": view.tz,
        "rows": [(row.event, row.above) for row in rows],
        "events": [details.of(event) for event in made.events],
        "raw": details.raw(),
        **_html_lanes.lanes(made.events, report.gaps, made.row_of, made.row_of_gap, words),
    }
    return {
        "title": f"Run {words.clean(report.id)}",
        "run": words.clean(report.id),
        "agent": words.clean(report.agent or ""),
        "status": report.status if report.status in STATUS_WORDS else "unknown",
        "status_words": STATUS_WORDS.get(report.status, words.clean(report.status)),
        "when": when(report, view),
        "grade": words.clean(report.completeness.grade),
        "score": f"{report.completeness.score:.2f}",
        "reasons": [words.clean(reason) for reason in report.completeness.reasons],
        "facts": list(_facts(report, words)),
        "notes": list(_notes(report, words)),
        "gaps": [_gap(gap, words, made.row_of_gap.get(id(gap))) for gap in by_severity(report.gaps)],
        "streams": [
            (
                words.clean(words.labels[use.path]),
                words.clean(use.path),
                words.clean(use.stream),
                words.clean(use.format),
                *(f"{n:,}" for n in (use.records, use.events, use.exact, use.linked, use.inferred)),
            )
            for use in report.streams
        ],
        "rows": rows,
        "tz": view.tz,
        "shown": len(made.events),
        "left_out": left_out,
        "layers": [layer for layer in ("agent", "llm", "tool", "policy", "other") if layer in made.layers],
        "stream_names": sorted({words.clean(event.stream) for event in made.events}),
        "statuses": [s for s in STATUS_WORDS if any(event.status == s for event in made.events)],
        "indented": _INDENTED,
        "data": script_json(data),
    }


def script_json(value: Any) -> Any:
    """JSON that may stand in a script element: nothing in it ends the element, or begins a comment or another one."""
    from markupsafe import Markup

    made = _rows.encode(value)
    for char in "<>&":  # these stand inside of strings only
        made = made.replace(char, f"\\u{ord(char):04x}")
    return Markup(made)  # noqa: S704 - made harmless here


def _brief(view: View) -> Any:
    """Phrases are short also where contents are shown whole: those stand in the details, and below in print."""
    return "digest" if view.content == "digest" else "short"


class _Page:
    """Rows and details of one report; rows are numbered as they stand."""

    def __init__(self, report: Reconstruction, view: View, words: Words) -> None:
        self.report, self.view, self.words = report, view, words
        self.events: list[RunEventView] = []
        self.layers: set[str] = set()
        self.row_of: dict[str, int] = {}
        self.row_of_gap: dict[int, int] = {}
        self._by_id = {event.id: event for event in report.events}
        self._verdicts = dict(report.integrity)
        self._count = 0
        self._day = ""
        self._gaps, self._children = attached(report)

    def rows(self) -> Iterator[Row]:
        """Row after row, depth first; no recursion, for a hostile log may nest as deep as it likes."""
        stack = [(node, -1, 0) for node in reversed(forest(self.report, self.view))]
        while stack:
            node, above, depth = stack.pop()
            for row in self._node(node, above, depth):
                self._count += 1
                yield row
            own = self.row_of.get(node.event.id, -1)
            stack.extend((child, own, depth + 1) for child in reversed(node.children))

    def _node(self, node: Node, above: int, depth: int) -> Iterator[Row]:
        if not node.more:
            yield from self._event(node.event, above, depth)
            return
        folded = self._count
        first, last = node.more[0], node.more[-1]
        what = self.words.short(first.name or first.tool or first.kind, 40)
        span = f"{self.words.where(first)}\u2013{self.words.where(last).rpartition(':')[2]}"
        told = f"{len(node.more):,} more like this ({what})"
        yield Row("fold", above, depth, [(told, "dim")], time=self._time(first), layer=first.layer, where=span)
        for event in node.more:
            yield from self._event(event, folded, depth + 1)

    def _event(self, event: RunEventView, above: int, depth: int) -> Iterator[Row]:
        clean = self.words.clean
        if event.ts_ns is not None:
            day = _when.day(event.ts_ns + event.skew_ns, self.view.tz)
            if self._day and day != self._day:
                yield Row("day", -1, 0, [(day, "dim")])
            self._day = day
        number = self.row_of[event.id] = self._count  # the row that is given next
        gaps = self._gaps.get(event.id, ())
        join = self.words.join(event)
        broken = self._verdicts.get(event.source.path, "").startswith("BROKEN")
        facts = [*self.words.facts(event), *([join] if join else [])]
        if broken:
            facts.insert(0, ("! the chain of this file is BROKEN", "bad"))
        yield Row(
            "event",
            above,
            depth,
            _fitted(self.words.phrase(event)),
            facts,
            event=len(self.events),
            time=self._time(event),
            layer=event.layer,
            status="denied" if event.decision == "deny" else event.status,
            problem=bool(event.marks or gaps or broken or event.status in ("error", "denied"))
            or event.decision not in (None, "allow"),
            where=self.words.where(event),
            blocks=_html_details.contents(event, self.view) if self.view.content == "whole" else [],
        )
        self.events.append(event)
        self.layers.add(event.layer)
        for child in self._children.get(event.id, ()):
            who = f"{clean(child.agent)}, " if child.agent else ""
            told = f"spawned run {clean(child.id)} ({who}{child.events:,} events)"
            yield Row("child", number, depth + 1, [(told, "agent")])
        for gap in gaps:
            self.row_of_gap[id(gap)] = self._count
            doubt = "in doubt" if gap.cause in DOUBTS else "missing"
            style = SEVERITY_STYLES.get(gap.severity, "")
            phrase = [
                (f"{doubt}: {clean(gap.title)}", style),
                (f"  {clean(gap.cause)}, {clean(gap.confidence)}", "dim"),
            ]
            yield Row("gap", number, depth + 1, phrase, problem=True)

    def _time(self, event: RunEventView) -> str:
        if event.ts_ns is None:
            return "no time"
        return f"{'~' if event.skew_ns else ''}{_when.clock(event.ts_ns + event.skew_ns, self.view.tz)}"


def _fitted(phrase: list[Piece]) -> list[Piece]:
    """The phrase, cut where it runs over two lines or so: the rest stands in the details."""
    left, made = _PHRASE, []
    for part, style in phrase:
        made.append((text.shorten(part, left), style))
        left -= text.width(part)
        if left <= 0:
            break
    return made


def _facts(report: Reconstruction, words: Words) -> Iterator[tuple[str, list[str], str]]:
    """Label, values, and how they are set (`mono` for ids)."""
    clean = words.clean
    if report.asked != report.id:
        yield "asked for", [clean(report.asked)], "mono"
    if report.principal:
        yield "on behalf of", [clean(report.principal)], ""
    if report.parent_run:
        by = f", by its record {words.where_id(report.parent_event)}" if report.parent_event else ""
        yield "spawned by", [f"run {clean(report.parent_run)}{by}"], ""
    if report.children:
        made = []
        for child in report.children:
            who = f"{clean(child.agent)}, " if child.agent else ""
            by = f", from {words.where_id(child.event)}" if child.event else ""
            made.append(f"run {clean(child.id)} ({who}{child.events:,} events){by}")
        yield "spawned", made, ""
    if report.usage:
        yield "tokens", [words.clean(usage(report.usage))], ""
    yield "layers held", [layers_held(report)], ""
    others: dict[str, list[str]] = {}
    for kind, value in report.aliases:
        if value != report.id:
            others.setdefault(kind, []).append(clean(value))
    for kind, values in others.items():
        yield clean(kind), values, "mono"


def _notes(report: Reconstruction, words: Words) -> Iterator[tuple[str, list[str]]]:
    """What has to be known before anything is concluded, under its heading."""
    integrity = [
        f"{words.clean(verdict)}: {', '.join(words.clean(words.labels.get(path, path)) for path in paths)}"
        for verdict, paths in by_verdict(report).items()
    ]
    for label, lines in (
        ("integrity", integrity),
        ("clocks", clock_notes(report)),
        ("remarks", report.remarks),
        ("not checked", report.not_checked),
    ):
        if lines:
            yield label, [words.clean(line) for line in lines]


def _gap(gap: Gap, words: Words, row: int | None) -> dict[str, Any]:
    clean = words.clean
    return {
        "severity": gap.severity if gap.severity in SEVERITIES else "low",
        "title": clean(gap.title),
        "count": f"\u00d7{gap.count:,}" if gap.count > 1 else "",
        "cause": clean(gap.cause),
        "confidence": clean(gap.confidence),
        "explanation": clean(gap.explanation),
        "remedy": clean(gap.remedy),
        "evidence": [
            f"{clean(words.labels.get(path, path))}{'' if record is None else f':{record}'}  {clean(note)}"
            for path, record, note in gap.evidence
        ],
        "row": row,
    }
