"""What reports are made of. All times are nanoseconds since the epoch, UTC; None means that it is not known.

Named tuples where possible: a data class takes several times as long to make, and `reconstruct` has to start at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple

from auditrail.report.check_types import CheckReport
from auditrail.report.gap_types import Evidence, Gap, GapsReport
from auditrail.report.incident_types import IncidentReport
from auditrail.verify.types import DEFECTS, VERDICTS, Defect, Result, VerificationReport, green

__all__ = [
    "DEFECTS", "SECTIONED", "VERDICTS", "Change", "CheckReport", "ChildRun", "Column", "Comparison", "Completeness",
    "Defect", "Evidence", "Gap", "GapsReport", "IncidentReport", "Listing", "Place", "RawRecord", "Reconstruction",
    "Report", "Result", "RunEventView", "Side", "Skew", "Step", "StepPair", "Stitch", "StreamUse", "Usage",
    "VerificationReport", "green",
]  # fmt: skip


class Place(NamedTuple):
    """Where an event stands in the evidence: enough to open the file and see the bytes."""

    path: str
    record: int
    part: int
    offset: int
    length: int
    blake3: str


class Stitch(NamedTuple):
    """Which key joined an event to its run: `exact` (it names the run), `linked` (over shared ids) or `inferred`."""

    kind: str
    value: str
    confidence: str
    via: str | None


class RunEventView(NamedTuple):
    """One event of a run, as reports show it.

    `id` is `<source>:<record>` with `.<part>` behind it where a record gave several events. `parent_id` is the
    event under which it stands in the tree, None at the top. `depth` is its depth there. `marks` says in short words
    what is missing or odd about it ("arguments redacted", "no result"). `copies` counts further copies of it.
    `message` is the text of a log line, where it has one.
    `skew_ns` is what the view adds to its time because its stream's clock is off (0: nothing); `ts_ns` is as stored.
    """

    id: str
    key: int
    ts_ns: int | None
    end_ns: int | None
    ts_source: str
    tz_assumed: bool
    stream: str
    layer: str
    kind: str
    name: str | None
    agent: str | None
    model: str | None
    tool: str | None
    status: str
    error: str | None
    span_id: str | None
    parent_span_id: str | None
    tool_call_id: str | None
    args: str | None
    args_state: str
    result: str | None
    result_state: str
    decision: str | None
    policy: str | None
    rule: str | None
    principal: str | None
    tokens_in: int | None
    tokens_out: int | None
    flags: str | None
    attributes: str | None
    stitched_by: Stitch
    source: Place
    parent_id: str | None = None
    depth: int = 0
    marks: tuple[str, ...] = ()
    copies: int = 0
    skew_ns: int = 0
    message: str | None = None
    request_id: str | None = None
    response_id: str | None = None
    decision_id: str | None = None
    task_id: str | None = None
    trace_id: str | None = None
    message_id: str | None = None
    place_ns: int | None = None

    @property
    def order(self) -> tuple[bool, int, int]:
        """Where the event stands among others: at its time, or at that of the record beside it in its file.

        An event without a time stands behind the last one before it that has one, or before the first; where its
        file has none at all, behind everything.
        """
        at = self.ts_ns if self.ts_ns is not None else self.place_ns
        return at is None, (at or 0) + self.skew_ns, self.key

    @property
    def own_span(self) -> str | None:
        """The id by which children name this event as their parent.

        A log line of a trace carries the id of the span around it, a span its own. Without a trace the ids are those of
        the events themselves: messages of a transcript, steps of a framework.
        """
        return self.span_id if self.kind == "span" or self.trace_id is None else None


class Skew(NamedTuple):
    """A stream whose clock is off against the others: `seconds` > 0 means ahead; `pairs` is how many pairs say so."""

    stream: str
    seconds: float
    pairs: int


class RawRecord(NamedTuple):
    """The text of a record as it stands in its source; `note` says why it is not there, or not whole."""

    text: str
    note: str = ""


class Usage(NamedTuple):
    """Tokens of a run as one stream counts them, each answer of a model once."""

    stream: str
    answers: int
    tokens_in: int
    tokens_out: int


class Completeness(NamedTuple):
    """How much of the run is held: `complete`, `partial` or `fragment`; `score` is checks met over checks made."""

    grade: str
    score: float
    reasons: tuple[str, ...]


class StreamUse(NamedTuple):
    """One file that the run was read from: records used and how they were joined."""

    path: str
    stream: str
    format: str
    layer: str
    events: int
    records: int
    exact: int
    linked: int
    inferred: int


class ChildRun(NamedTuple):
    """A run that this run spawned; `event` is the id of the call that spawned it, where it is known."""

    id: str
    agent: str | None
    status: str
    events: int
    event: str | None


class Reconstruction(NamedTuple):
    """One run end to end.

    `raw` holds the records themselves where an output asked for them, by `<source>:<record>` (see `report.raw`).
    `events` is in order of stored time, `tree` holds the same ids in the order of the view (depth first, siblings by
    corrected time).
    """

    id: str
    id_kind: str
    asked: str
    aliases: tuple[tuple[str, str], ...]
    agent: str | None
    principal: str | None
    started_ns: int | None
    ended_ns: int | None
    status: str
    layers: tuple[str, ...]
    parent_run: str | None
    parent_event: str | None
    completeness: Completeness
    events: tuple[RunEventView, ...]
    tree: tuple[str, ...]
    streams: tuple[StreamUse, ...]
    children: tuple[ChildRun, ...] = ()
    gaps: tuple[Gap, ...] = ()
    clock_skew: tuple[Skew, ...] = ()
    integrity: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()
    usage: Usage | None = None
    raw: Mapping[str, RawRecord] = MappingProxyType({})

    @property
    def kind(self) -> str:
        return "reconstruction"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a listing: its name in JSON and CSV, its heading, and how to show it.

    `show` is one of: text, count (right-aligned, thousands separated), bytes, time (ns since the epoch), share
    (0..1), id (never shortened), list. A `detail` stands in JSON, JSONL and CSV only: what a person reads stays
    narrow enough for a terminal.
    """

    name: str
    title: str
    show: str = "text"
    detail: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """A table: for runs, sources, formats, schema, the result of a load and of a query.

    `kind` names the JSON document (`auditrail.<kind>/1`), `key` the member that holds the rows, `extra` further
    members (for example `totals`). `notes` are sentences that a person should read under the table. `verbatim` is a
    text of our own (a query) that stands under it line by line, so that it can be copied.
    """

    kind: str
    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    extra: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()
    verbatim: str = ""

    def brief(self) -> Listing:
        """The same without details: what a person reads."""
        keep = [index for index, column in enumerate(self.columns) if not column.detail]
        if len(keep) == len(self.columns):
            return self
        return replace(
            self,
            columns=tuple(self.columns[index] for index in keep),
            rows=tuple(tuple(row[index] for index in keep) for row in self.rows),
        )


class Step(NamedTuple):
    """One thing that a run did, whichever events tell of it; see `steps`.

    `kind` is tool, llm, decision, message, start, end, error or gap. `name` is the tool, the model, or the event's
    own name. `said` is the text of a message, or the title of a gap. `status` of a gap is its severity, `error` its
    cause. `marks` say what is missing about it. `events` are the ids of the events that tell of it, `path` and
    `record` the place of the first. Times are corrected for the view.
    """

    kind: str
    layer: str
    name: str
    args: str | None = None
    args_state: str = "absent"
    result: str | None = None
    result_state: str = "absent"
    status: str = "unknown"
    decision: str | None = None
    rule: str | None = None
    error: str | None = None
    ts_ns: int | None = None
    end_ns: int | None = None
    marks: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    path: str = ""
    record: int | None = None
    said: str | None = None


class Change(NamedTuple):
    """One thing that differs between two steps that belong together: `arguments.amount`, `status`... with both values.

    A value of None is one that is not there.
    """

    what: str
    a: str | None
    b: str | None


class StepPair(NamedTuple):
    """A step of run A beside the one of run B that it belongs to: same, changed, only-a or only-b.

    `number_a` and `number_b` count the steps of each run, from 1.
    """

    mark: str
    a: Step | None
    b: Step | None
    number_a: int | None
    number_b: int | None
    changes: tuple[Change, ...] = ()


class Side(NamedTuple):
    """One of the two runs of a comparison."""

    id: str
    asked: str
    agent: str | None
    status: str
    started_ns: int | None
    ended_ns: int | None
    events: int
    steps: int
    grade: str


class Comparison(NamedTuple):
    """Two runs, step by step. `parts_at` is the place in `pairs` of the first that is not the same, None if none is."""

    a: Side
    b: Side
    pairs: tuple[StepPair, ...]
    parts_at: int | None
    not_checked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return "diff"

    def counts(self) -> dict[str, int]:
        """How many pairs there are of each mark."""
        made = dict.fromkeys(("same", "changed", "only-a", "only-b"), 0)
        for pair in self.pairs:
            made[pair.mark] += 1
        return made


Report = Reconstruction | Listing | Comparison | GapsReport | VerificationReport | IncidentReport | CheckReport
# Reports that are made of sections: `outputs._<kind>` tells them, for every output in the same way.
SECTIONED = (IncidentReport, CheckReport)
