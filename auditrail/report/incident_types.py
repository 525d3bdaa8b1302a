"""The report of an incident, typed: what happened, who did what about it, what hindered the answer, and what is due.

All times are nanoseconds since the epoch, UTC; None means that it is not known.
"""

from __future__ import annotations

from typing import NamedTuple

from auditrail.report.gap_types import Gap
from auditrail.verify.types import VerificationReport

AGENT, RESPONSE = "agent", "response"


class Moment(NamedTuple):
    """One point on the axis that the agent's actions and the response share.

    Attributes:
        at_ns: when it happened (of the agent: corrected for the view, as `Step.ts_ns`).
        side: `agent` or `response`.
        kind: of the agent a kind of step (tool, llm, decision, message, error, start, end), of the response a kind of
            entry (open, note, action, attach, alert, freeze, close).
        what: a short title. detail: more of it, possibly long: of the agent content (arguments, the text of a message),
            of the response what the operator wrote. error: what a step failed with. All may be hostile.
        who: agent, or operator.
        status: ok, error, denied, unknown; of an action its kind (pause, hotfix...). run: id of the run, blank for the
            response.
        ref: where it stands: `file:record`, or `ledger:seq`.
        recorded_ns: when an operator wrote it down, None for the agent.
        given: whether that time of recording was given and not the clock's.
    """

    at_ns: int | None
    side: str
    kind: str
    what: str
    detail: str
    who: str
    status: str
    run: str
    ref: str
    recorded_ns: int | None = None
    given: bool = False
    error: str | None = None


class IncidentRun(NamedTuple):
    """A run of the incident, as the reconstruction tells it; `missing` says why there is nothing to tell.

    `failed` and `denied` count its steps with that outcome. `story` holds a sentence for each of the steps that matter
    most: denied, failed, decided, begun and ended.
    """

    id: str
    asked: str
    agent: str | None
    principal: str | None
    started_ns: int | None
    ended_ns: int | None
    status: str
    grade: str
    score: float
    reasons: tuple[str, ...]
    events: int
    steps: int
    failed: int
    denied: int
    story: tuple[str, ...]
    streams: tuple[str, ...]
    missing: str = ""


class Attachment(NamedTuple):
    """A file kept with the incident; `state` is intact, changed or missing, by its digest in the ledger."""

    name: str
    file: str
    bytes: int
    sha256: str
    state: str
    operator: str
    at_ns: int


class Deadline(NamedTuple):
    """When a framework wants to hear of an incident: a reading aid, never legal advice.

    Attributes:
        framework, title, clause: what asks. report: name of the report (`initial`), what: in words. when: for which
            incidents (`a person died`); blank: all.
        counted_from: awareness, classification, or the report before it. start_ns: that moment, None if it is not
            recorded.
        due_ns: when it is due; None: nothing to count from. sent_ns: when a notification was recorded.
        note: what a reader must know about the number. source: where it stands.
        status: sent, sent-late, due, unknown-start, no-number. (Whether it is overdue depends on the reader's clock.)
    """

    framework: str
    title: str
    clause: str
    report: str
    what: str
    when: str
    counted_from: str
    start_ns: int | None
    due_ns: int | None
    sent_ns: int | None
    note: str
    source: str
    status: str


class IncidentReport(NamedTuple):
    """An incident from its ledger and the evidence.

    Attributes:
        id, title: of the incident. status: open or closed. operators: everyone who wrote to the ledger about it.
        opened_ns, aware_ns, classified_ns, closed_ns: as the ledger says; awareness is that of an action `aware`, else
            the opening.
        generated_ns: given with `--generated-at`; None: not said.
        runs: what happened, run by run. timeline: both sides, in order of time; `timeline_left_out` counts steps of the
            agent beyond the limit.
        gaps: what is missing of these runs and hindered the answer, worst first.
        cause, changed: root cause and what was changed, in the words of whoever closed it; blank while it is open.
        attachments, deadlines: see their types. deadlines_as_of: day of the data file.
        ledger: the verdict on the ledger. unread: lines of it that are no record.
        notes, not_checked: sentences.
    """

    id: str
    title: str
    status: str
    operators: tuple[str, ...]
    opened_ns: int
    aware_ns: int
    classified_ns: int | None
    closed_ns: int | None
    generated_ns: int | None
    runs: tuple[IncidentRun, ...]
    timeline: tuple[Moment, ...]
    timeline_left_out: int
    gaps: tuple[Gap, ...]
    cause: str
    changed: tuple[str, ...]
    attachments: tuple[Attachment, ...]
    deadlines: tuple[Deadline, ...]
    deadlines_as_of: str
    ledger: VerificationReport
    unread: int
    notes: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return "incident"
