"""A gaps report in words: what its outputs for people say alike. Everything that comes out is harmless text."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from auditrail.outputs import _when
from auditrail.outputs._header import SEVERITIES
from auditrail.outputs._view import View
from auditrail.outputs._wording import Contents
from auditrail.report.gap_types import Estimate, GapsReport, Grades, Waived
from auditrail.report.types import Gap

LAYERS = ("agent", "llm", "tool", "policy", "other")
# What a cause means, for a reader who sees the word for the first time.
CAUSE_WORDS = {
    "sampling": "kept for a share of the traces only",
    "redaction": "removed or masked on purpose",
    "logging-disabled": "a setting of the producer leaves it out",
    "truncation": "cut at a limit of length",
    "retention": "deleted when it grew old",
    "outage": "the stream was silent while runs went on",
    "siloed": "a stream that was never joined to the others",
    "lost": "single records gone on their way",
    "crash": "the writer stopped before it was done",
    "policy-missing": "no decision where one should be, or one that was not obeyed",
    "export-cut": "the export holds a part only",
    "duplicate-conflict": "two records with one key and different content",
    "integrity": "the records do not fit their own proof",
    "clock": "times that cannot be trusted",
    "unknown": "missing, and nothing tells why",
}
PROOF_WORDS = {
    "declared": "the records say so themselves",
    "cross-witness": "another stream shows it",
    "counted": "a sequence has a hole",
    "statistical": "the pattern of what is left shows it",
    "none": "nothing shows the cause",
}
RUNS_SHOWN = 4
_REMEDIES_SHOWN = 3


class Cause(NamedTuple):
    """All findings of one cause: the worst severity, how many findings and missing things, runs touched, agents."""

    cause: str
    severity: str
    findings: int
    things: int
    runs: int
    agents: tuple[str, ...]


class Step(NamedTuple):
    """One change that would have prevented findings, with what it is worth."""

    remedy: str
    rules: tuple[str, ...]
    severity: str
    things: int
    runs: int


class Words(Contents):
    """Puts one gaps report into words, for one view."""

    def __init__(self, report: GapsReport, view: View) -> None:
        super().__init__(view)
        self.report = report

    def period(self) -> str:
        """What was asked for: `2026Q3, 2026-07-01 to 2026-10-01 UTC`."""
        period = self.report.period
        if period.from_ns is None and period.to_ns is None:
            return "everything that is held"
        edges = [self._edge(period.from_ns, "the first record"), self._edge(period.to_ns, "the last record")]
        said = f"{edges[0]} {self.marks.dash} {edges[1]} {self.view.tz}"
        label = self.clean(period.label)
        return said if not label or " " in label or label == "all" else f"{label}, {said}"

    def held(self) -> str:
        first, last = self.report.held
        if first is None or last is None:
            return "no record with a time"
        edges = f" {self.marks.dash} ".join(_when.stamp(edge, self.view.tz) for edge in (first, last))
        return f"{edges} {self.view.tz} ({_when.duration(last - first)})"

    def runs(self) -> str:
        """The denominators, and who says how many runs there should be."""
        report = self.report
        source = f"; expected by {self.clean(report.expected_from)}" if report.expected_from else ""
        if not report.runs_expected:
            return f"{report.runs_seen:,} held{source}"
        part = share(report.runs_seen, report.runs_expected)
        return f"{report.runs_seen:,} held of {report.runs_expected:,} expected ({part}{source})"

    def complete(self) -> str:
        """How many runs can be told from end to end."""
        report = self.report
        if not report.runs_seen:
            return "no run is held in this period"
        part = share(report.runs_complete, report.runs_seen)
        made = f"{report.runs_complete:,} of {report.runs_seen:,} held runs ({part})"
        total = next((grades for grades in report.grades if grades.agent is None), None)
        if total is not None and total.runs:
            made += f"; {total.partial:,} in part, {total.fragment:,} in fragments"
        return made

    def verdict(self) -> str:
        """The answer in one sentence."""
        report = self.report
        if not report.gaps:
            known = f", besides {report.known:,} known already" if report.known else ""
            if not report.runs_seen:
                return f"Nothing was found{known}, and nothing could be judged: no run is held in this period."
            return f"No gap was found{known}. What was not checked is listed at the end."
        counted = ", ".join(f"{n:,} {name}" for name, n in self.severities() if n)
        touched = self.touched()
        of = f" of {report.runs_seen:,}" if report.runs_seen else ""
        runs = f"; they touch {touched:,}{of} runs" if touched else ""
        return f"{_many(len(report.gaps), 'finding')}: {counted}{runs}."

    def severities(self) -> list[tuple[str, int]]:
        gaps = self.report.gaps
        made = [(name, sum(gap.severity == name for gap in gaps)) for name in SEVERITIES]
        other = sum(gap.severity not in SEVERITIES for gap in gaps)
        return [*made, ("other", other)] if other else made

    def touched(self) -> int:
        return len({run for gap in self.report.gaps for run in gap.runs})

    def causes(self) -> list[Cause]:
        """The causes, worst first: by severity, then by the number of runs touched."""
        made = []
        for cause in dict.fromkeys(gap.cause for gap in self.report.gaps):
            mine = [gap for gap in self.report.gaps if gap.cause == cause]
            made.append(
                Cause(
                    cause,
                    min((gap.severity for gap in mine), key=rank),
                    len(mine),
                    sum(gap.count for gap in mine),
                    len({run for gap in mine for run in gap.runs}),
                    tuple(sorted({gap.agent for gap in mine if gap.agent is not None})),
                )
            )
        return sorted(made, key=lambda cause: (rank(cause.severity), -cause.runs, -cause.things, cause.cause))

    def steps(self) -> list[Step]:
        """What to change first: the remedies of the worst findings, those of the most runs before others."""
        by_remedy: dict[str, list[Gap]] = {}
        for gap in self.report.gaps:
            if gap.remedy:
                by_remedy.setdefault(gap.remedy, []).append(gap)
        made = [
            Step(
                remedy,
                tuple(sorted({gap.rule for gap in mine})),
                min((gap.severity for gap in mine), key=rank),
                sum(gap.count for gap in mine),
                len({run for gap in mine for run in gap.runs}),
            )
            for remedy, mine in by_remedy.items()
        ]
        made.sort(key=lambda step: (rank(step.severity), -step.runs, -step.things, step.rules, step.remedy))
        return made[:_REMEDIES_SHOWN]

    def proof(self, gap: Gap) -> str:
        """On what evidence the cause rests: `counted: a sequence has a hole`."""
        words = f": {PROOF_WORDS[gap.proof]}" if gap.proof in PROOF_WORDS else ""
        return f"{self.clean(gap.proof)}{words}"

    def extent(self, gap: Gap) -> str:
        """How much is missing, in how many runs, from when to when."""
        made = f"{gap.count:,} missing"
        if gap.runs:
            made += f" in {_many(len(gap.runs), 'run')}"
        if gap.first_ns is not None:
            made += f", {_when.stamp(gap.first_ns, self.view.tz)}"
            if gap.last_ns is not None and gap.last_ns != gap.first_ns:
                made += f" {self.marks.dash} {_when.stamp(gap.last_ns, self.view.tz)}"
            made += f" {self.view.tz}"
        return made

    def runs_of(self, gap: Gap, shown: int = RUNS_SHOWN) -> str:
        """The first runs, and how the others are seen."""
        names = ", ".join(self.short(run, 60) for run in gap.runs[:shown])
        more = len(gap.runs) - shown
        return f"{names} and {more:,} more: --format json" if more > 0 else names

    def place(self, path: str, record: int | None) -> str:
        return self.clean(path) if record is None else f"{self.clean(path)}:{record}"

    def about(self, gap: Gap) -> str:
        """Where it is missing: agent, layer, stream and tool, as far as known."""
        named = (("agent", gap.agent), ("layer", gap.layer), ("stream", gap.stream), ("tool", gap.tool))
        return ", ".join(f"{name} {self.short(value, 60)}" for name, value in named if value)

    def name(self, agent: str | None) -> str:
        return "(no name)" if agent is None else self.clean(agent)

    def estimate(self, row: Estimate) -> str:
        """What is estimated, with its interval: `share of traces kept: 25 % (21 % to 29 %)`."""
        who = ", ".join(self.clean(part) for part in (row.agent, row.stream) if part)
        where = f" of {who}" if who else ""
        if row.kind == "sampling-rate":
            low, value, high = (percent(number) for number in (row.low, row.value, row.high))
            return f"share of traces kept{where}: {value} (95 %: {low} to {high})"
        what = "runs that no stream holds" if row.kind == "unseen-runs" else self.clean(row.kind)
        return f"{what}{where}: {row.value:,.4g} (95 %: {row.low:,.4g} to {row.high:,.4g})"

    def waiver(self, row: Waived) -> str:
        state = "expired on" if row.expired else "until"
        what = f"{self.clean(row.gap.title)} [{self.clean(row.gap.rule)}]"
        return f"{what}: {self.clean(row.reason)} ({state} {self.clean(row.until)})"

    def reasons(self) -> list[str]:
        """Why runs are not complete, the most frequent first."""
        total = next((grades for grades in self.report.grades if grades.agent is None), Grades(None, 0, 0, 0))
        return [f"{self.clean(reason)}: {_many(runs, 'run')}" for reason, runs in total.reasons]

    def footnotes(self) -> list[str]:
        """What is not among the findings, and why."""
        report = self.report
        made = [self.clean(note) for note in report.notes]
        if report.known:
            verb = "is" if report.known == 1 else "are"
            made.append(f"{_many(report.known, 'finding')} known by the baseline {verb} left out.")
        return made

    def _edge(self, ns: int | None, open_edge: str) -> str:
        if ns is None:
            return open_edge
        stamp = _when.stamp(ns, self.view.tz)
        return stamp.removesuffix(" 00:00:00")


def rank(severity: str) -> int:
    """0 for the worst severity; one that is unknown comes last."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else len(SEVERITIES)


def share(part: int, whole: int) -> str:
    """A share in per cent, cut and not rounded: 99.97 % is not all; a dash where there is no whole."""
    return percent(part / whole) if whole > 0 else "-"


def percent(value: float) -> str:
    return f"{math.floor(1_000 * value + 1e-9) / 10:g} %"


def worst_first(gaps: Iterable[Gap]) -> list[Gap]:
    """The gravest first; alike ones stay in the order of the report."""
    return sorted(gaps, key=lambda gap: rank(gap.severity))


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
