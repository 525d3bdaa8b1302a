"""An overview of a period as report.pdf: for people who will not install anything, and for printers.

It says all that an auditor must know and lists what fits: every list has a bound, and says how many more there are and
where (`Beside`). So its length and the time to make it do not grow with the case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from auditrail import __version__
from auditrail.outputs import _when
from auditrail.outputs._gaps_words import Words, rank, share
from auditrail.outputs._pdf import coverage, findings, retention, sources
from auditrail.outputs._pdf.blocks import Block, Bullets, Column, Document, Facts, Figures, Heading, Table, Text
from auditrail.outputs._pdf.setting import compiled
from auditrail.outputs._view import View
from auditrail.report.overview_types import Overview, RunLine

RUNS_SHOWN, REASONS_SHOWN, ROWS_SHOWN = 40, 8, 60
_WHAT = (
    "This report says what the records show, what is missing from them and why, and how sure that is. It states facts "
    "about records; it is not a legal opinion, and no statement that any rule is met."
)
_GRADES = (
    "Complete: no finding of severity medium or above says that something of the run is missing. Partial: at least one "
    "does. Fragment: no record names the run, or which agent it was."
)


class Withheld(NamedTuple):
    """What a redaction policy withheld: the field, the rule that says so, and how many values."""

    field: str
    rule: str
    values: int


class Beside(NamedTuple):
    """What stands beside the report, and what only the person who makes it can tell.

    Attributes:
        table: where the whole lists are, with `{name}` for runs, gaps, sources, verdicts.
        operator, generated_at: who made it, and when (as given); blank: not told.
        custody: sentences on who had the evidence.
        withheld: what was withheld; `redacted` says whether a policy was applied at all.
        redacted: the name or digest of the policy; blank: none.
    """

    table: str = "records/{name}.csv"
    operator: str = ""
    generated_at: str = ""
    custody: Sequence[str] = ()
    withheld: Sequence[Withheld] = ()
    redacted: str = ""

    def more(self, count: int, name: str) -> tuple[str, ...]:
        """A sentence on what is not listed: `and 1,240 more in records/gaps.csv`."""
        return (f"and {count:,} more in {self.table.format(name=name)}",) if count > 0 else ()


def render(overview: Overview, view: View, beside: Beside | None = None) -> bytes:
    """The PDF; the same values give the same bytes.

    Args:
        overview: from `report.overview.overview`.
        view: its zone is used for shown times.
        beside: what stands beside the report; None: a bundle with CSV tables, nothing further told.
    """
    return compiled(document(overview, view, beside or Beside()))


def document(overview: Overview, view: View, beside: Beside) -> Document:
    """What the PDF says, before it is set."""
    words = Words(overview.gaps, view)
    label = overview.gaps.period.label
    return Document(
        title="Audit trail report",
        subtitle=words.period(),
        verdict=words.verdict(),
        facts=_cover(overview, words, beside),
        notes=(_WHAT,),
        running=f"Audit trail report: {words.short(label if label != 'all' else words.period(), 70)}",
        foot=f"evidence {overview.digest[:32]}" if overview.digest else "",
        blocks=tuple(_blocks(overview, words, beside)),
        author=f"auditrail {__version__}",
    )


def _cover(overview: Overview, words: Words, beside: Beside) -> Facts:
    scope, totals = overview.scope, overview.totals
    runs = f"{', '.join(scope.runs[:4])}{f' and {len(scope.runs) - 4:,} more' if len(scope.runs) > 4 else ''}"
    parts = (("runs", runs), ("agent", scope.agent), ("layer", scope.layer))
    named = ", ".join(f"{name} {value}" for name, value in parts if value)
    rows = [
        ("scope", named or "all agents, layers and runs of the case"),
        ("period asked for", words.period()),
        ("period held", words.held()),
        ("frameworks", ", ".join(scope.require)),
        ("runs", words.runs()),
        ("evidence", f"{_many(totals.sources, 'source')}, {_many(totals.records, 'record')}"),
        ("case digest", overview.digest),
        ("made by", f"auditrail {__version__}"),
        ("operator", beside.operator),
        ("made at", beside.generated_at),
        ("redaction", beside.redacted),
    ]
    return Facts([(name, value) for name, value in rows if value], mono=("case digest",))


def _blocks(overview: Overview, words: Words, beside: Beside) -> Iterator[Block]:
    yield from _summary(overview, words)
    yield from coverage.blocks(overview, words)
    yield from _runs(overview, words, beside)
    yield from findings.by_cause(overview, words, beside.table)
    yield from retention.blocks(overview, words)
    yield from sources.integrity(overview, beside.table)
    yield from _estimates(overview, words)
    if beside.redacted or beside.withheld:
        yield from _withheld(beside)
    yield Heading("How this was made, and its limits")
    yield Bullets(overview.method)
    yield Heading("Limits", 2)
    yield Bullets((*overview.limits, *overview.gaps.notes, *overview.notes))
    if beside.custody:
        yield Heading("Chain of custody", 2)
        yield Bullets(beside.custody)
    yield Heading("What was not checked")
    yield Bullets(overview.not_checked or ("Nothing is known to be left out.",))
    yield from findings.appendix(overview, words, beside.table)
    yield from sources.appendix(overview, words, beside.table)


def _summary(overview: Overview, words: Words) -> Iterator[Block]:
    gaps, totals = overview.gaps, overview.totals
    chained = [row for row in overview.verdicts if row.verdict != "NOT-CHAINED"]
    broken = sum(row.verdict == "BROKEN" for row in chained)
    yield Heading("Summary")
    yield Figures(
        (
            (f"{gaps.runs_seen:,}", f"runs held of {gaps.runs_expected:,} expected"),
            (share(totals.complete, totals.runs), "of the held runs are complete"),
            (f"{len(gaps.gaps):,}", f"{'finding' if len(gaps.gaps) == 1 else 'findings'} on what is missing"),
            (f"{broken:,}", f"of {len(chained):,} chains broken")
            if chained
            else ("no chain", "in any source: a change before loading leaves no trace"),
        )
    )
    yield Text(words.verdict())
    agents = sum(row.agent is not None for row in overview.agents)
    held = f"{_many(totals.runs, 'run')} of {_many(agents, 'named agent')} with {_many(totals.events, 'event')}"
    records = f"{_many(totals.records, 'record')} in {_many(totals.sources, 'source')}"
    yield Bullets(
        (
            f"{held}; {_many(totals.unplaced, 'event')} of the period could be joined to no run.",
            f"Told from end to end: {words.complete()}.",
            f"{records}; kept apart, as unreadable: {totals.quarantined:,}; copies: {totals.duplicates:,}.",
            sources.sentence(overview),
            *retention.sentence(overview),
            *(f"Estimated: {words.estimate(row)}." for row in gaps.estimates[:3]),
        )
    )
    steps = words.steps()
    if steps:
        yield Heading("What to change first", 2)
        yield Bullets(
            [f"{step.remedy} ({', '.join(step.rules)}; {_many(step.things, 'thing')} missing)" for step in steps]
        )
    yield from coverage.trend(overview)


def _runs(overview: Overview, words: Words, beside: Beside) -> Iterator[Block]:
    totals = overview.totals
    yield Heading("Runs: complete, partial, fragment")
    yield Text(_GRADES)
    rows = [
        (words.name(row.agent), *(f"{n:,}" for n in (row.runs, row.complete, row.partial, row.fragment)),
         share(row.complete, row.runs), f"{row.events:,}", f"{row.errors:,}", f"{row.denials:,}")
        for row in sorted(overview.agents, key=lambda row: (-row.fragment - row.partial, row.agent or ""))
    ]  # fmt: skip
    shown = rows[:RUNS_SHOWN]
    if len(rows) > 1:
        sums = (totals.runs, totals.complete, totals.partial, totals.fragment)
        done = share(totals.complete, totals.runs)
        shown.append(("all", *(f"{n:,}" for n in sums), done, f"{totals.events:,}", "", ""))
    titles = ("runs", "complete", "partial", "fragment", "share", "events", "errors", "denied")
    yield Table(
        (Column("agent", 2.4), *(Column(title, 1, "number") for title in titles)),
        shown,
        beside.more(len(rows) - RUNS_SHOWN, "runs"),
        "No run is held in this period.",
    )
    if reasons := words.reasons():
        yield Heading("Why runs are not complete", 2)
        yield Bullets([*reasons[:REASONS_SHOWN], *beside.more(len(reasons) - REASONS_SHOWN, "gaps")])
    listed = [run for run in overview.runs if run.grade != "complete"]
    if listed:
        listed.sort(key=lambda run: (run.grade != "fragment", rank(run.severity or ""), -run.findings))
        yield Heading("Runs that are not complete", 2)
        yield Table(
            (
                Column("run", 3, "mono"), Column("agent", 1.7), Column(f"began ({words.view.tz})", 1.7),
                Column("grade", 1), Column("worst", 0.9, "severity"), Column("causes", 2.2),
            ),
            [_run_row(run, words) for run in listed[:RUNS_SHOWN]],
            beside.more(len(listed) - RUNS_SHOWN, "runs"),
        )  # fmt: skip


def _run_row(run: RunLine, words: Words) -> tuple[str, ...]:
    began = "" if run.started_ns is None else _when.stamp(run.started_ns, words.view.tz)
    return run.id, words.name(run.agent), began, run.grade, run.severity or "", ", ".join(run.causes)


def _estimates(overview: Overview, words: Words) -> Iterator[Block]:
    yield Heading("Estimates")
    if not overview.gaps.estimates:
        yield Text("Nothing could be estimated; why stands under what was not checked.")
        return
    yield Text(
        "What no record can show is estimated, with an interval of 95 % where it is not declared by the records."
    )
    for row in overview.gaps.estimates[:ROWS_SHOWN]:
        yield Heading(words.estimate(row), 2)
        yield Text(row.meaning)
        yield Text(f"{row.method}: {row.evidence}", quiet=True)


def _withheld(beside: Beside) -> Iterator[Block]:
    yield Heading("What was withheld")
    yield Text(f"Values were replaced by commitments under the policy {beside.redacted}." if beside.redacted else
               "Values were replaced by commitments.")  # fmt: skip
    yield Table(
        (Column("field", 2), Column("rule", 2), Column("values", 1, "number")),
        [(row.field, row.rule, f"{row.values:,}") for row in beside.withheld[:ROWS_SHOWN]],
        [f"and {len(beside.withheld) - ROWS_SHOWN:,} more in redaction.json"]
        if len(beside.withheld) > ROWS_SHOWN
        else (),
        "No value met a rule of the policy.",
    )


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
