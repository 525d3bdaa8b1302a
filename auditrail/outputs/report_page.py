"""The page of a report: a period at a glance, with the list of its runs, as one file that opens from disk.

Charts are drawn when the page is made (`_charts`) and stand in it as SVG, each with its words and its table. The list
of runs is drawn by SlickGrid (`_vendor/`) from columns in a block of JSON: a page that is opened from disk may read no
other file. What keeps values of logs a text is told in `html`; SlickGrid sets text alone, and the policy forbids all
else.

Pages of single runs are those of `html`: beside this page in a folder, or, told shorter, in it (`Pages`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from auditrail import text
from auditrail.outputs import _charts, _gaps_html, _gaps_tables, _html_run, _report_runs, _when
from auditrail.outputs._gaps_tables import Table
from auditrail.outputs._gaps_words import Words, rank, share, worst_first
from auditrail.outputs._page import GRID, page
from auditrail.outputs._view import View
from auditrail.report.overview_types import Overview
from auditrail.report.types import Reconstruction

NAME = "report-page"
EXTENSION = "html"
REPORTS = ("overview",)

_FINDINGS, _ROWS, _DEFECTS, _RUNS_LISTED = 100, 500, 100, 500
_VERDICT_ORDER = ("BROKEN", "UNVERIFIABLE", "INTACT-UNANCHORED", "INTACT", "NOT-CHAINED")
_ALL = "auditrail report --format json has all"
_SELECTS = (
    ("agent", "Agent", "any agent"), ("status", "Status", "any status"), ("grade", "How much is held", "any grade"),
    ("severity", "Worst severity", "any severity"), ("cause", "Cause", "any cause"),
    ("integrity", "Integrity", "any verdict"),
)  # fmt: skip


class Pages(NamedTuple):
    """Pages of single runs.

    Attributes:
        links: key of a run -> address of its page, relative to this one: `runs/000001.html`.
        inlined: runs that are told in this page itself, by their keys.
    """

    links: Mapping[int, str] = {}
    inlined: Mapping[int, Reconstruction] = {}


def render(report: Overview, view: View, pages: Pages = Pages()) -> Iterator[str]:  # noqa: B008 - never changed
    """The page; the same report, view and pages give the same bytes."""
    links = {**pages.links, **{run: f"#{_anchor(run)}" for run in pages.inlined}}
    return page(
        "report.html",
        _values(report, replace(view, unicode=True), pages, links),
        library=GRID,
        scripts=("report.js",),
        styles=("style.css", "gaps.css", "report.css"),
    )


def _anchor(run: int) -> str:
    return f"run-{int(run)}"


def _values(report: Overview, view: View, pages: Pages, links: Mapping[int, str]) -> dict[str, Any]:
    words = Words(report.gaps, view)
    gaps = worst_first(report.gaps.gaps)
    cards = {card.id: card for card in report.gaps.rules}
    counted = f"{len(report.runs):,} {'run' if len(report.runs) == 1 else 'runs'}"
    charts = [_figure(chart) for chart in _charts.charts(report, view)]
    rest = len(report.runs) - _report_runs.SHOWN
    return {
        "title": f"Audit trail, {words.period()}",
        "period": _period(report, words),
        "verdict": words.verdict(),
        "worst": min((gap.severity for gap in gaps), key=rank, default=""),
        "facts": (("held", words.held()), ("runs", words.runs()), ("told whole", words.complete())),
        "tiles": _tiles(report),
        "parts": _parts(report, charts),
        "charts": charts,
        "coverage": _gaps_tables.coverage(words, None),
        "layers": _layers(report),
        "counted": counted,
        "pages_note": f"{_pages_note(report, links, inlined=bool(pages.inlined))} Times are in {view.tz}.",
        "selects": _SELECTS,
        "run_titles": [_report_runs.TITLES[name] for name in _report_runs.LISTED],
        "run_right": [place for place, name in enumerate(_report_runs.LISTED) if name in _report_runs.RIGHT],
        "run_rows": _report_runs.rows(report, view, links),
        "run_rest": f"and {rest:,} more: {_ALL}" if rest > 0 else "",
        "findings": [_gaps_html.finding(gap, words, cards.get(gap.rule)) for gap in gaps[:_FINDINGS]],
        "findings_note": _more(len(gaps), _FINDINGS, "findings") or "The worst come first; each with its evidence.",
        "estimates": [
            (words.estimate(row), words.clean(row.meaning), f"{words.clean(row.method)}: {words.clean(row.evidence)}")
            for row in report.gaps.estimates
        ],
        "asked": _gaps_tables.retention(words),
        "fields": _gaps_tables.fields(words),
        "deletions": _gaps_tables.deletions(words),
        "verdicts": _verdicts(report),
        "defects": _defects(report),
        "sources": _sources(report, view),
        "digest": report.digest,
        "method": _lines(report.method),
        "limits": _lines(report.limits),
        "expired": [words.waiver(row) for row in report.gaps.waived if row.expired],
        "waived": [words.waiver(row) for row in report.gaps.waived if not row.expired],
        "notes": _lines((*report.gaps.notes, *report.notes)),
        "not_checked": _lines(report.not_checked),
        "inlined": [
            {**_html_run.page(run, view), "anchor": _anchor(key)} for key, run in sorted(pages.inlined.items())
        ],
        "data": _html_run.script_json(_report_runs.data(report, view, links, counted)),
    }


def _lines(sentences: Sequence[str]) -> list[str]:
    return [text.one_line(sentence) for sentence in sentences]


def _more(total: int, shown: int, what: str) -> str:
    return f"{shown:,} of {total:,} {what} are shown, the worst first: {_ALL}." if total > shown else ""


def _period(report: Overview, words: Words) -> str:
    scope = report.scope
    parts = [words.period()]
    if scope.agent is not None:
        parts.append(f"only agent {words.short(scope.agent, 60)}")
    if scope.runs:
        more = f" and {len(scope.runs) - 5:,} more" if len(scope.runs) > 5 else ""
        parts.append(f"only {', '.join(words.short(run, 60) for run in scope.runs[:5])}{more}")
    if scope.layer is not None:
        parts.append(f"only layer {words.short(scope.layer, 60)}")
    return "; ".join(parts)


def _tiles(report: Overview) -> list[tuple[str, str, str]]:
    totals = report.totals
    verdicts = {verdict: sum(row.verdict == verdict for row in report.sources) for verdict in _VERDICT_ORDER}
    judged = ", ".join(f"{number:,} {verdict}" for verdict, number in verdicts.items() if number)
    return [
        ("runs", f"{totals.runs:,}", f"{totals.events:,} events"),
        ("complete", share(totals.complete, totals.runs), f"{totals.complete:,} runs"),
        ("partial", f"{totals.partial:,}", share(totals.partial, totals.runs)),
        ("fragments", f"{totals.fragment:,}", share(totals.fragment, totals.runs)),
        ("findings", f"{len(report.gaps.gaps):,}", f"of {len(report.causes):,} causes"),
        ("events in no run", f"{totals.unplaced:,}", "of the period"),
        ("records read", f"{totals.records:,}", f"of {totals.sources:,} sources; {totals.quarantined:,} quarantined"),
        ("broken sources", f"{verdicts['BROKEN']:,}", judged or "none was verified"),
    ]


def _parts(report: Overview, charts: list[dict[str, Any]]) -> list[tuple[str, str]]:
    made = [(chart["name"], chart["title"]) for chart in charts]
    made += [("agents", "By agent and layer")] if report.gaps.coverage else []
    made += [("runs", "Runs")]
    made += [("findings", "Findings")] if report.gaps.gaps else []
    made += [("estimates", "Estimates")] if report.gaps.estimates else []
    made += [("integrity", "Integrity"), ("sources", "Sources")]
    made += [(name, title) for name, title, lines in (
        ("method", "Method", report.method), ("limits", "Limits", report.limits),
        ("not-checked", "Not checked", report.not_checked),
    ) if lines]  # fmt: skip
    return made


def _figure(chart: _charts.Chart) -> dict[str, Any]:
    from markupsafe import Markup

    return {
        "name": chart.name,
        "title": chart.title,
        "alt": chart.alt,
        "svg": Markup(_charts.svg(chart)),  # noqa: S704 - shapes and text alone: `svg` looks through it
        "notes": chart.notes,
        "rows": chart.rows,
        "table": Table(chart.titles, chart.rows, chart.right),
    }


def _pages_note(report: Overview, links: Mapping[int, str], *, inlined: bool) -> str:
    held = sum(run.run in links for run in report.runs)
    if not report.runs:
        return "No run began in this period."
    where = "below" if inlined else "beside this one"
    lacking = len(report.runs) - held
    if not held:
        return "No run has a page here. To make one, with the case: auditrail reconstruct RUN -o run.html."
    if not lacking:
        return f"Each run has a page {where}: its id is a link."
    return (
        f"{held:,} of {len(report.runs):,} runs have a page {where}: their ids are links. {lacking:,} have none: "
        "choose one to see how to make it, or auditrail report --pages all."
    )


def _layers(report: Overview) -> Table:
    rows = [
        (
            row.layer, f"{row.events:,}", f"{row.runs_expected:,}", f"{row.runs_seen:,}",
            share(row.runs_seen, row.runs_expected), f"{row.runs_complete:,}",
        )
        for row in report.layers
    ]  # fmt: skip
    titles = ("layer", "events", "runs that should have it", "that have it", "share", "that lack nothing there")
    return Table(titles, rows, frozenset({1, 2, 3, 4, 5}))


def _verdicts(report: Overview) -> Table:
    order = {verdict: place for place, verdict in enumerate(_VERDICT_ORDER)}
    listed = sorted(report.verdicts, key=lambda row: (order.get(row.verdict, len(order)), row.path, row.chain or ""))
    rows = [
        (
            text.one_line(row.verdict), text.one_line(row.path), text.one_line(row.profile or "-"),
            text.one_line(row.chain or "-"), f"{row.records:,}", f"{row.checked:,}", f"{row.defects:,}",
            text.one_line("; ".join(row.not_checked)) or "-",
        )
        for row in listed[:_ROWS]
    ]  # fmt: skip
    titles = ("verdict", "file", "chain profile", "chain", "records", "checked", "defects", "left open")
    return Table(titles, rows, frozenset({4, 5, 6}), _note(len(listed), _ROWS, "verdicts"))


def _note(total: int, shown: int, what: str) -> tuple[str, ...]:
    said = _more(total, shown, what)
    return (said,) if said else ()


def _defects(report: Overview) -> Table:
    listed = [(row, defect) for row in report.verdicts for defect in row.listed]
    listed.sort(key=lambda pair: not pair[1].breaks)
    rows = [
        (
            text.one_line(defect.kind), "breaks" if defect.breaks else "remark",
            text.one_line(row.path if defect.record is None else f"{row.path}:{defect.record}"),
            text.one_line(defect.note),
        )
        for row, defect in listed[:_DEFECTS]
    ]  # fmt: skip
    total = max(sum(row.defects for row in report.verdicts), len(listed))
    return Table(("defect", "weight", "at", "what"), rows, frozenset(), _note(total, len(rows), "defects"))


def _sources(report: Overview, view: View) -> Table:
    rows = [
        (
            text.one_line(row.path), text.one_line(row.format or "none"), row.status, f"{row.records:,}",
            f"{row.events:,}", f"{row.quarantined:,}", _stamp(row.first_ns, view), _stamp(row.last_ns, view),
            text.one_line(row.verdict), text.one_line(row.blake3),
        )
        for row in report.sources[:_ROWS]
    ]  # fmt: skip
    titles = (
        "source", "format", "status", "records", "events", "quarantined", "first", "last", "integrity", "blake3",
    )  # fmt: skip
    hidden = len(report.sources) - len(rows)
    notes = (f"and {hidden:,} more sources: {_ALL}",) if hidden > 0 else ()
    return Table(titles, rows, frozenset({3, 4, 5}), notes)


def _stamp(ns: int | None, view: View) -> str:
    return "-" if ns is None else _when.stamp(ns, view.tz)
