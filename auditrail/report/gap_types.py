"""Gaps, and what a report of them is made of.

All times are nanoseconds since the epoch, UTC; None means that it is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

# The worst first; the same as `gaps.terms.SEVERITIES`, from which outputs are kept apart.
SEVERITIES = ("critical", "high", "medium", "low")


class Evidence(NamedTuple):
    """A place that shows a gap: file, record (None: the whole file), and what it shows."""

    path: str
    record: int | None
    note: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is missing, with cause and evidence; the fields are those of the command line's contract.

    `after` is the id of the event behind which a view may show it (None: in the header). `proof` is the kind of
    evidence for the cause: declared, cross-witness, counted, statistical or none. `set_at` are lines of configuration
    that explain it (`record` is the line), the surest first.
    """

    rule: str
    cause: str
    severity: str
    confidence: str
    title: str
    explanation: str
    remedy: str
    agent: str | None = None
    layer: str | None = None
    stream: str | None = None
    tool: str | None = None
    first_ns: int | None = None
    last_ns: int | None = None
    count: int = 1
    runs: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    controls: tuple[str, ...] = ()
    after: str | None = None
    proof: str = "none"
    set_at: tuple[Evidence, ...] = ()


class Period(NamedTuple):
    """The period that was asked for, from inclusive to exclusive, its name (`2026Q3`, `all`), and how it was chosen.

    `note` is blank where the name says it all; else one clause for a person (`the quarter of today, 2026-09-17`).
    """

    from_ns: int | None
    to_ns: int | None
    label: str
    note: str = ""


class Coverage(NamedTuple):
    """What is held of one layer of one agent in the period.

    `expected_from` says where the number of expected runs comes from: the streams that name runs, or an inventory.
    `calls` counts tool calls, `args_present` those whose arguments can be read. `days_silent` are days (YYYY-MM-DD)
    on which the agent had runs and this layer has no record of any.
    """

    agent: str | None
    layer: str
    runs_expected: int
    expected_from: str
    runs_seen: int
    runs_complete: int
    calls: int
    args_present: int
    days_silent: tuple[str, ...]


class CoverageDay(NamedTuple):
    """One cell of the heat map: of the runs of this agent on this day (YYYY-MM-DD), those that have the layer."""

    agent: str | None
    layer: str
    day: str
    runs_expected: int
    runs_seen: int


class Grades(NamedTuple):
    """How many runs of an agent (None: of all agents) can be put together, and the most frequent reasons why not."""

    agent: str | None
    complete: int
    partial: int
    fragment: int
    reasons: tuple[tuple[str, int], ...] = ()

    @property
    def runs(self) -> int:
        return self.complete + self.partial + self.fragment


class RunGrade(NamedTuple):
    """A run that cannot be put together whole: `partial` or `fragment`, and what was found of it (titles of rules)."""

    run: str
    agent: str | None
    grade: str
    reasons: tuple[str, ...]


class Estimate(NamedTuple):
    """An estimate with its interval: `sampling-rate` (share of traces kept, 0..1) or `unseen-runs` (how many).

    `evidence` says what it was made from, `meaning` in one plain sentence what it means and where it may be wrong.
    """

    kind: str
    agent: str | None
    stream: str | None
    value: float
    low: float
    high: float
    method: str
    evidence: str
    meaning: str


class Retention(NamedTuple):
    """How far back a stream reaches, against what a clause asks for; `status` words are facts, never a verdict of law.

    `status`: held (the oldest record is old enough), shorter (it is not), not-judged (no number is required, or no
    record has a time). `required_since_ns` is the day from which records are required, counted from the end of the
    period or of what is held.
    """

    framework: str
    clause: str
    required_days: int | None
    stream: str
    oldest_ns: int | None
    held_days: int | None
    status: str
    required_since_ns: int | None = None


class FieldHeld(NamedTuple):
    """Of the records of the period, those that carry a field that a clause asks for."""

    framework: str
    clause: str
    field: str
    held: int
    of: int


class Deletion(NamedTuple):
    """When records of a log group will be deleted by its own setting.

    `days` is how long the group keeps records (None: for ever); `deletes_from_ns` when its oldest record that is held
    here goes, or went; `note` says it in a sentence.
    """

    group: str
    days: int | None
    deletes_from_ns: int | None
    note: str


class Waived(NamedTuple):
    """A finding that `auditrail.toml` waives: why, until when (YYYY-MM-DD), and whether that day has passed.

    An expired one waives nothing: its finding stands in `gaps`, too.
    """

    gap: Gap
    reason: str
    until: str
    expired: bool


class RuleCard(NamedTuple):
    """A rule as reports name it: what it looks for, and whether it could judge this case (`reason`: why not)."""

    id: str
    title: str
    severity: str
    confidence: str
    cause: str
    risk: str
    example: str
    remedy: str
    controls: tuple[str, ...]
    judged: bool
    reason: str = ""


class GapsReport(NamedTuple):
    """What is missing in a period, and why.

    Attributes:
        period: what was asked for; held: first and last time of the records in it.
        runs_expected, expected_from: how many runs there should be, and who says so.
        runs_seen, runs_complete: how many are held, and how many of them lack nothing that was looked for.
        coverage, days, grades, run_grades, estimates, gaps, retention, fields, deletions, waived: see their types.
        known: how many gaps a baseline lists already; they are left out of `gaps` (see `report.baseline`).
        notes: sentences on how the period was chosen, on waivers and on the inventory.
        judged: ids of the rules that could judge; not_judged: id and reason of those that could not.
        not_checked: sentences.
        rules: a card for each rule, for formats that list them (`report.rule_list.described`).
        fail_on: the severity from which on a finding fails a check (`--fail-on`), or `never`.
    """

    period: Period
    held: tuple[int | None, int | None]
    runs_expected: int
    expected_from: str
    runs_seen: int
    runs_complete: int
    coverage: tuple[Coverage, ...] = ()
    days: tuple[CoverageDay, ...] = ()
    grades: tuple[Grades, ...] = ()
    run_grades: tuple[RunGrade, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    gaps: tuple[Gap, ...] = ()
    retention: tuple[Retention, ...] = ()
    fields: tuple[FieldHeld, ...] = ()
    deletions: tuple[Deletion, ...] = ()
    waived: tuple[Waived, ...] = ()
    known: int = 0
    notes: tuple[str, ...] = ()
    judged: tuple[str, ...] = ()
    not_judged: tuple[tuple[str, str], ...] = ()
    not_checked: tuple[str, ...] = ()
    rules: tuple[RuleCard, ...] = ()
    fail_on: str = "low"

    @property
    def kind(self) -> str:
        return "gaps"

    def failing(self) -> tuple[Gap, ...]:
        """The findings at or above `fail_on`; one of a severity that is not known is never below it."""
        if self.fail_on == "never":
            return ()
        passing = SEVERITIES[SEVERITIES.index(self.fail_on) + 1 :]
        return tuple(gap for gap in self.gaps if gap.severity not in passing)
