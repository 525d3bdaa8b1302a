"""The head of a run in text: what it was, how much of it is held, where it was read from, what is missing."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator

from auditrail.outputs import _when
from auditrail.outputs._paint import Line, Piece, wrap
from auditrail.outputs._table import Cells, table
from auditrail.outputs._view import View
from auditrail.outputs._wording import Words
from auditrail.report.types import Gap, Reconstruction, StreamUse, Usage

_LABEL = 14
_INDENT = "  "
# Columns from which the table of files has room for its further columns.
_WIDE, _MIDDLE = 110, 90
SEVERITIES = ("critical", "high", "medium", "low")
SEVERITY_STYLES = {"critical": "bad", "high": "bad", "medium": "warn", "low": "dim"}
STATUS_WORDS = {
    "ok": "ok, as its records say",
    "error": "error, as its records say",
    "denied": "denied, as its records say",
    "unknown": "not known: no record states an outcome",
}
_STATUS_STYLES = {"error": "bad", "denied": "bad", "unknown": "warn"}
_GRADE_STYLES = {"complete": "good", "partial": "warn", "fragment": "bad"}


def by_severity(gaps: tuple[Gap, ...]) -> list[Gap]:
    """The gravest first; alike ones stay in the order of the report."""
    rank = {name: index for index, name in enumerate(SEVERITIES)}
    return sorted(gaps, key=lambda gap: rank.get(gap.severity, len(rank)))


def when(report: Reconstruction, view: View) -> str:
    """Begin, end and length of the run in the zone of the view, with the date once if it is one day."""
    start, end = report.started_ns, report.ended_ns
    if start is None:
        return "not known: none of its records has a time"
    made = f"{_when.day(start, view.tz)} {_when.clock(start, view.tz)}"
    if end is None or end == start:
        return f"{made} {view.tz}"
    same_day = _when.day(start, view.tz) == _when.day(end, view.tz)
    until = _when.clock(end, view.tz) if same_day else f"{_when.day(end, view.tz)} {_when.clock(end, view.tz)}"
    dash = "\u2013" if view.unicode else "-"
    return f"{made} {dash} {until} {view.tz} ({_when.duration(end - start)})"


def clock_notes(report: Reconstruction) -> list[str]:
    """Sentences on times: clocks that are off, zones that were assumed, times that are those of a collector."""
    made = []
    for skew in report.clock_skew:
        side = "ahead of" if skew.seconds > 0 else "behind"
        made.append(
            f"The clock of {skew.stream} is {abs(skew.seconds):.3g} s {side} the others, by {skew.pairs} "
            f"{'pair' if skew.pairs == 1 else 'pairs'} of events whose order is certain. Its times are shown "
            "corrected, marked ~; stored times are unchanged."
        )
    kinds = (
        ("no zone given, taken as UTC", [e.stream for e in report.events if e.tz_assumed]),
        ("of the collector, not of the event", [e.stream for e in report.events if e.ts_source == "observed"]),
        ("of the log store, not of the event", [e.stream for e in report.events if e.ts_source == "ingest"]),
        ("not known, shown in the order of the file", [e.stream for e in report.events if e.ts_ns is None]),
    )
    for what, streams in kinds:
        made += [f"{n:,} {'time' if n == 1 else 'times'} of {s}: {what}." for s, n in Counter(streams).items()]
    return made


def layers_held(report: Reconstruction) -> str:
    """The layers of which records are held, and those of which there is none."""
    absent = [layer for layer in ("agent", "llm", "tool", "policy") if layer not in report.layers]
    held = ", ".join(report.layers) or "none"
    return f"{held} (nothing of: {', '.join(absent)})" if absent else held


def usage(used: Usage) -> str:
    """Tokens of the run in words, with the stream that counts them."""
    answers = f"{used.answers:,} {'answer' if used.answers == 1 else 'answers'} of a model"
    return f"{used.tokens_in:,} in, {used.tokens_out:,} out, for {answers}, as {used.stream} counts them"


def header(report: Reconstruction, view: View, words: Words) -> list[Line]:
    """The lines above the tree."""
    clean, marks = words.clean, words.marks
    title: Line = [("Run ", "bold"), (clean(report.id), "bold")]
    if report.agent:
        title += [("  ", ""), (clean(report.agent), "agent")]
    made = [title]

    def fact(label: str, *values: str, style: str = "") -> None:
        head = label
        for value in values:
            for part in wrap(value, view.width - _LABEL - len(_INDENT)):
                made.append([(f"{_INDENT}{head:<{_LABEL}}", "dim"), (part, style)])
                head = ""

    fact("status", STATUS_WORDS.get(report.status, clean(report.status)), style=_STATUS_STYLES.get(report.status, ""))
    if report.asked != report.id:
        fact("asked for", clean(report.asked))
    fact("when", when(report, view))
    if report.principal:
        fact("on behalf of", clean(report.principal))
    for label, relative in _relatives(report, words):
        fact(label, relative)
    others: dict[str, list[str]] = {}
    for kind, value in report.aliases:
        if value != report.id:
            others.setdefault(kind, []).append(clean(value))
    fact("other ids", *(_ids(clean(kind), values) for kind, values in others.items()))
    if report.usage:
        fact("tokens", clean(usage(report.usage)))
    fact("layers held", layers_held(report))
    done = report.completeness
    fact("completeness", f"{done.grade} (score {done.score:.2f})", style=_GRADE_STYLES.get(done.grade, ""))
    fact("", *(f"- {clean(reason)}" for reason in done.reasons))
    for verdict, paths in by_verdict(report).items():
        named = ", ".join(clean(words.labels.get(path, path)) for path in paths)
        fact("integrity", f"{clean(verdict)}: {named}")
    fact("clocks", *map(clean, clock_notes(report)))
    fact("remarks", *map(clean, report.remarks))
    fact("not checked", *map(clean, report.not_checked))
    made += [[], *_streams(report, view, words)]
    if report.gaps:
        made += [[], [("Missing or in doubt", "bold")]]
        for gap in by_severity(report.gaps):
            made += _gap(gap, view, words, marks.missing)
    return made


def _relatives(report: Reconstruction, words: Words) -> Iterator[tuple[str, str]]:
    """The run that spawned this one, and those that it spawned, each with the record that says so."""
    if report.parent_run:
        by = f", by its record {words.where_id(report.parent_event)}" if report.parent_event else ""
        yield "spawned by", f"run {words.clean(report.parent_run)}{by}"
    for child in report.children:
        by = f", from {words.where_id(child.event)}" if child.event else ""
        who = f"{words.clean(child.agent)}, " if child.agent else ""
        yield "spawned", f"run {words.clean(child.id)} ({who}{_count(child.events, 'event')}){by}"


def _gap(gap: Gap, view: View, words: Words, mark: str) -> list[Line]:
    style = SEVERITY_STYLES.get(gap.severity, "")
    head: Piece = (f"{_INDENT}{mark} {gap.severity:<8} ", style)
    count = f" ({words.marks.times}{gap.count})" if gap.count > 1 else ""
    lines = wrap(f"{words.clean(gap.title)}{count} [{gap.cause}, {gap.confidence}]", view.width - len(head[0]))
    return [[head if index == 0 else (" " * len(head[0]), ""), (part, "")] for index, part in enumerate(lines)]


def _ids(kind: str, values: list[str]) -> str:
    rest = f" and {len(values) - 1:,} more" if len(values) > 1 else ""
    return f"{kind} {values[0]}{rest}"


def by_verdict(report: Reconstruction) -> dict[str, list[str]]:
    """Verdict -> the paths that have it, in the order of the report."""
    made: dict[str, list[str]] = {}
    for path, verdict in report.integrity:
        made.setdefault(verdict, []).append(path)
    return made


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _streams(report: Reconstruction, view: View, words: Words) -> list[Line]:
    """The files used, with the short names by which the tree refers to them; the folder they share stands once."""
    uses = report.streams if view.width >= _WIDE else _by_path(report.streams)
    folder = _shared_folder([use.path for use in uses])
    columns = [
        Cells("as", [words.clean(words.labels[u.path]) for u in uses], firm=2),
        Cells("file", [words.clean(u.path[len(folder) :]) for u in uses], cut="middle"),
        Cells("format", [words.clean(u.format if view.width >= _MIDDLE else u.format.split(" ")[0]) for u in uses]),
        Cells("records", [f"{u.records:,}" for u in uses], right=True, firm=2),
        Cells("events", [f"{u.events:,}" for u in uses], right=True, firm=2),
        Cells("exact", [f"{u.exact:,}" for u in uses], right=True, firm=2),
        Cells("linked", [f"{u.linked:,}" for u in uses], right=True, firm=2),
        Cells("inferred", [f"{u.inferred:,}" for u in uses], right=True, firm=2),
    ]
    if view.width >= _WIDE:
        columns.insert(3, Cells("layer", [words.clean(u.layer) for u in uses], firm=2))
        columns.insert(2, Cells("stream", [words.clean(u.stream) for u in uses]))
    elif view.width < _MIDDLE:
        del columns[3]
    return [
        [("Read from", "bold"), (f" {words.clean(folder)}" if folder else "", "")],
        *table(columns, view, rule=False),
    ]


def _by_path(uses: tuple[StreamUse, ...]) -> tuple[StreamUse, ...]:
    """One row for each file, where there is no room to tell its streams apart."""
    made: dict[str, StreamUse] = {}
    for use in uses:
        had = made.get(use.path)
        made[use.path] = (
            use
            if had is None
            else had._replace(
                events=had.events + use.events,
                records=had.records + use.records,
                exact=had.exact + use.exact,
                linked=had.linked + use.linked,
                inferred=had.inferred + use.inferred,
            )
        )
    return tuple(made.values())


def _shared_folder(paths: list[str]) -> str:
    """The folder, with its slash, that all paths begin with; blank if there is none, or only one path."""
    folder, slash, _ = posixpath.commonprefix(paths).rpartition("/")
    return folder + slash if len(paths) > 1 else ""
