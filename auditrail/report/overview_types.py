"""What an overview is made of: the gaps of a period, with the runs, sources and verdicts that they stand beside.

All times are nanoseconds since the epoch, UTC; None means that it is not known.
"""

from __future__ import annotations

from typing import NamedTuple

from auditrail.report.gap_types import GapsReport


class Scope(NamedTuple):
    """What was asked for: the name of the period, ids of runs (blank: all), agent and layer (None: all)."""

    period: str
    runs: tuple[str, ...]
    agent: str | None
    layer: str | None
    require: tuple[str, ...]


class Totals(NamedTuple):
    """Counts. `sources` to `duplicates` are of the whole case, the others of the scope.

    `events` counts events of the scope's runs; `unplaced` events of the period that no key joins to any run (copies of
    another event left out). `complete`, `partial` and `fragment` add up to `runs`.
    """

    sources: int
    records: int
    quarantined: int
    duplicates: int
    runs: int
    complete: int
    partial: int
    fragment: int
    events: int
    unplaced: int


class Week(NamedTuple):
    """A week, named by its Monday (YYYY-MM-DD, UTC), or None for what has no time.

    Runs count in the week in which they began. `critical` to `low` count what was found missing, one by one (before
    alike findings are told as one, waived ones included), in the week in which it begins.
    """

    start: str | None
    runs: int
    complete: int
    partial: int
    fragment: int
    critical: int
    high: int
    medium: int
    low: int


class AgentRow(NamedTuple):
    """One agent (None: runs in which no record names any): runs by grade, their events, first and last time."""

    agent: str | None
    runs: int
    complete: int
    partial: int
    fragment: int
    events: int
    errors: int
    denials: int
    first_ns: int | None
    last_ns: int | None


class LayerRow(NamedTuple):
    """One layer over all agents: runs that should have it, that have it, that lack nothing there; and its events."""

    layer: str
    runs_expected: int
    runs_seen: int
    runs_complete: int
    events: int


class CauseRow(NamedTuple):
    """A cause: its worst severity, findings, things missing, runs touched, and agents (None: no agent is named)."""

    cause: str
    severity: str
    findings: int
    things: int
    runs: int
    agents: tuple[str | None, ...]


class RunLine(NamedTuple):
    """One run of the list.

    `run` is its key in the case, `id` what a person calls it. `grade` is that of the rules (complete, partial,
    fragment), `score` the share of the checks of `reconstruct` that it meets, 0..1 (None: not worked out). Tokens are
    those of the stream that counts most (None: no record tells any, or not worked out). `causes` are those of what was
    found missing, waived findings included, `severity` the worst of them. `integrity` is the worst verdict of the
    files that it was read from.
    """

    run: int
    id: str
    id_kind: str
    agent: str | None
    started_ns: int | None
    ended_ns: int | None
    status: str
    grade: str
    score: float | None
    events: int
    errors: int
    denials: int
    tokens_in: int | None
    tokens_out: int | None
    layers: tuple[str, ...]
    causes: tuple[str, ...]
    severity: str | None
    findings: int
    integrity: str
    parent_run: str | None

    @property
    def duration_ns(self) -> int | None:
        return None if self.started_ns is None or self.ended_ns is None else self.ended_ns - self.started_ns


class DefectRow(NamedTuple):
    """One defect of a chain; `breaks`: it makes the verdict BROKEN, else it is a remark."""

    kind: str
    record: int | None
    offset: int | None
    seq: int | None
    breaks: bool
    note: str


class VerdictRow(NamedTuple):
    """What verification said of one chain of one file when it was loaded; `defects` counts all, `listed` shows some."""

    path: str
    kind: str
    profile: str | None
    chain: str | None
    records: int
    checked: int
    verdict: str
    head: str | None
    uncovered_fields: tuple[str, ...]
    not_checked: tuple[str, ...]
    defects: int
    listed: tuple[DefectRow, ...]
    verified_by: str


class SourceRow(NamedTuple):
    """One source as it was loaded; `verdict` is the worst of its path. `records` is the sum of the four ways to end."""

    source: int
    path: str
    format: str | None
    stream: str | None
    layer: str | None
    status: str
    bytes: int
    blake3: str
    records: int
    records_with_events: int
    events: int
    quarantined: int
    blank: int
    ignored: int
    duplicates: int
    first_ns: int | None
    last_ns: int | None
    superseded_by: int | None
    error: str | None
    loaded_by: str
    verdict: str


class Overview(NamedTuple):
    """A period at a glance.

    Attributes:
        scope, totals: what was asked for, and how much there is.
        gaps: period asked for and held, coverage, cells of agent x layer x day, grades, gaps, retention, estimates,
            waivers, notes: see `GapsReport`.
        weeks: in order of time, weeks without anything between two others included (unless they are too many); the
            row without a week stands last.
        agents, layers, causes: sums; agents by name, causes with the worst first.
        runs: the runs of the scope in order of their begin.
        verdicts: per chain; sources: in the order of loading.
        digest: blake3, hex, over a line `<blake3>  <path>` with LF for each source, sorted by path: names the evidence.
        method, limits: sentences on how the numbers were made, and on what they cannot say.
        notes: sentences on what was not worked out here, beside those of `gaps`.
        not_checked: sentences.
    """

    scope: Scope
    totals: Totals
    gaps: GapsReport
    weeks: tuple[Week, ...] = ()
    agents: tuple[AgentRow, ...] = ()
    layers: tuple[LayerRow, ...] = ()
    causes: tuple[CauseRow, ...] = ()
    runs: tuple[RunLine, ...] = ()
    verdicts: tuple[VerdictRow, ...] = ()
    sources: tuple[SourceRow, ...] = ()
    digest: str = ""
    method: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return "overview"
