"""The single source of truth for every row: Arrow schema, DuckDB tables, JSON Schema and docs derive from it.

Types are BIGINT, VARCHAR, BOOLEAN, DOUBLE and BLOB only, so that one SQL text gives the same rows on any engine.
Times are nanoseconds since 1970-01-01T00:00:00Z; readable times are made in outputs.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

from auditrail.terms import (
    DECISIONS,
    ID_COLUMNS,
    ID_KINDS,
    KINDS,
    LAYERS,
    QUARANTINE_CODES,
    STATES,
    STATUSES,
    TS_SOURCES,
)

__all__ = [
    "DECISIONS",
    "ID_COLUMNS",
    "ID_KINDS",
    "KINDS",
    "LAYERS",
    "QUARANTINE_CODES",
    "STATES",
    "STATUSES",
    "TS_SOURCES",
    "AgentStream",
    "Conflict",
    "Copy",
    "Event",
    "EventId",
    "Id",
    "JoinKey",
    "Provenance",
    "Quarantined",
    "Remark",
    "RunEvent",
    "RunId",
    "RunMember",
    "RunRow",
    "Source",
    "Verdict",
    "VerdictDefect",
    "has_content",
]

Layer = Literal["agent", "llm", "tool", "policy", "other"]
Kind = Literal["span", "start", "end", "call", "result", "decision", "message", "error", "log"]
State = Literal["present", "empty", "absent", "redacted", "hashed", "truncated", "offloaded"]
Status = Literal["ok", "error", "denied", "unknown"]
TsSource = Literal["event", "observed", "ingest", "order"]
Decision = Literal["allow", "deny", "ask", "modify", "flag", "not_run", "undefined"]
Confidence = Literal["exact", "linked", "inferred"]


class Id(NamedTuple):
    """An id that an event carries: kind is one of `ID_KINDS`, value is normalised text (hex in lower case)."""

    kind: str
    value: str


class Event(NamedTuple):
    """One thing that happened, as a reader gives it; ingest adds where it stood (`Provenance`)."""

    ts_ns: Annotated[int | None, "when it happened or began, ns since the epoch, UTC"] = None
    end_ns: Annotated[int | None, "when it ended, for spans and finished calls"] = None
    observed_ns: Annotated[int | None, "when a collector or log store received it"] = None
    ts_source: Annotated[str, "where ts_ns comes from: event, observed, ingest or order (of the file)"] = "event"
    tz_assumed: Annotated[bool, "the time carried no zone, and UTC was assumed"] = False
    stream: Annotated[str | None, "stream it came by: service, log group or file; ingest fills a blank"] = None
    layer: Annotated[str, "agent, llm, tool, policy or other"] = "other"
    kind: Annotated[str, "span, start, end, call, result, decision, message, error or log"] = "log"
    name: Annotated[str | None, "the producer's own name for the event"] = None
    status: Annotated[str, "ok, error, denied or unknown"] = "unknown"
    error: Annotated[str | None, "error type or message"] = None
    agent: Annotated[str | None, "the agent that acted"] = None
    agent_version: Annotated[str | None, "version of the agent"] = None
    principal: Annotated[str | None, "the user or service on whose behalf it acted"] = None
    model: Annotated[str | None, "the language model"] = None
    tool: Annotated[str | None, "the tool that was called, or that a decision was about"] = None
    args: Annotated[str | None, "arguments or input: text as is, anything else as compact JSON"] = None
    args_state: Annotated[str, "present, empty, absent, redacted, hashed, truncated or offloaded"] = "absent"
    result: Annotated[str | None, "result or output: text as is, anything else as compact JSON"] = None
    result_state: Annotated[str, "present, empty, absent, redacted, hashed, truncated or offloaded"] = "absent"
    decision: Annotated[str | None, "allow, deny, ask, modify, flag, not_run or undefined"] = None
    policy: Annotated[str | None, "the policy that decided, with its version where known"] = None
    rule: Annotated[str | None, "the rule inside the policy"] = None
    tokens_in: Annotated[int | None, "input tokens"] = None
    tokens_out: Annotated[int | None, "output tokens"] = None
    sampled: Annotated[bool | None, "the producer's own sampling flag"] = None
    sampling_probability: Annotated[float | None, "the declared probability that such a record was kept, 0..1"] = None
    seq_kind: Annotated[str | None, "name of the producer's sequence, if it counts its records"] = None
    seq: Annotated[int | None, "the number in that sequence; holes prove loss"] = None
    dedupe_key: Annotated[str | None, "the format's own key of the event: equal keys are copies of one event"] = None
    flags: Annotated[str | None, "what the parser had to say, comma-separated: duplicate-keys, big-integer, ..."] = None
    attributes: Annotated[str | None, "what has no column of its own, as a JSON object"] = None
    ids: tuple[Id, ...] = ()


class Provenance(NamedTuple):
    """Where an event stood: enough to open the file and see the bytes."""

    event: Annotated[int, "key of the event: source * 2^44 + byte_offset + part; the same for the same evidence"]
    source: Annotated[int, "sources.source"]
    record: Annotated[int, "1-based number of the record in its source"]
    part: Annotated[int, "0-based number of the event inside its record"]
    byte_offset: Annotated[int, "of the record, in the decompressed bytes"]
    byte_length: Annotated[int, "of the record"]
    blake3: Annotated[bytes, "of the record's raw bytes, 32 bytes"]


class Quarantined(NamedTuple):
    """A record that gave no event, with the reason; its bytes are found again by offset and length."""

    source: Annotated[int, "sources.source"]
    record: Annotated[int, "1-based number of the record in its source"]
    byte_offset: Annotated[int, "of the record, in the decompressed bytes"]
    byte_length: Annotated[int, "of the record"]
    blake3: Annotated[bytes, "of the record's raw bytes, 32 bytes"]
    code: Annotated[str, "one of the quarantine codes"]
    reason: Annotated[str, "one sentence for a person"]
    head: Annotated[bytes, "the first bytes of the record"]


class Remark(NamedTuple):
    """Evidence that a source or record gives about itself: a page token left over, a key that stands twice."""

    source: Annotated[int, "sources.source"]
    record: Annotated[int | None, "the record, or NULL for the whole source"]
    byte_offset: Annotated[int | None, "of the record"]
    code: Annotated[str, "what was noticed, for example next-token-left"]
    detail: Annotated[str, "the evidence, in words or as the value found"]


class Source(NamedTuple):
    """One file or stream as it was loaded; `records` is always the sum of the four ways a record can end."""

    source: Annotated[int, "key"]
    path: Annotated[str, "as given to ingest"]
    format: Annotated[str | None, "name of the reader, or NULL if none knew it"]
    inner_formats: Annotated[
        str | None, "readers of the messages inside a wrapper, most frequent first, comma-separated"
    ]
    compression: Annotated[
        str | None, "gzip, zstd, bzip2, xz, parquet, or NULL; several from the outside in: gzip+parquet"
    ]
    framing: Annotated[
        str | None, "lines, values, csv, tsv, csv-semicolon, length-prefixed, varint-prefixed or message"
    ]
    why: Annotated[str | None, "why this reader was chosen"]
    stream: Annotated[str | None, "name of the stream"]
    layer: Annotated[str | None, "the layer that most of its events are of"]
    status: Annotated[str, "new, unchanged, grown, changed, unreadable, unknown-format or protection"]
    bytes: Annotated[int, "size of the file as found"]
    blake3: Annotated[str, "of the file as found, hex"]
    content_bytes: Annotated[int, "size after decompression"]
    resume_offset: Annotated[int | None, "where a grown file is read on, in the decompressed bytes; NULL: never"]
    resume_record: Annotated[int, "records before resume_offset"]
    records: Annotated[int, "all records"]
    records_with_events: Annotated[int, "records that gave events"]
    events: Annotated[int, "events"]
    quarantined: Annotated[int, "records in quarantine"]
    blank: Annotated[int, "blank records"]
    ignored: Annotated[int, "records that the format itself defines as no event"]
    ignored_reasons: Annotated[str | None, "why, as a JSON object of counts"]
    duplicates: Annotated[int, "events that are copies of an earlier one"]
    first_ts: Annotated[int | None, "earliest ts_ns"]
    last_ts: Annotated[int | None, "latest ts_ns"]
    loaded_by: Annotated[str, "version of auditrail"]
    loaded_ns: Annotated[int, "when it was loaded, ns since the epoch, UTC"]
    superseded_by: Annotated[int | None, "the source that holds a later version under the same path"]
    error: Annotated[str | None, "why it could not be read"]


def has_content(value: Any) -> bool:
    """Whether a value of arguments or results holds anything at all."""
    return value is not None and value != "" and value != {} and value != []


class RunRow(NamedTuple):
    """One run: what one invocation of an agent did. Counts and times are over all its events."""

    run: Annotated[int, "key"]
    id: Annotated[str, "the id shown: the producer's run id, else the trace id, else another id of its events"]
    id_kind: Annotated[str, "kind of that id"]
    agent: Annotated[str | None, "the agent, where a record names it"]
    started_ns: Annotated[int | None, "earliest time"]
    ended_ns: Annotated[int | None, "latest time"]
    status: Annotated[str, "as the run's own end or root span says; unknown where neither does"]
    events: Annotated[int, "number of events"]
    errors: Annotated[int, "events with status error"]
    denials: Annotated[int, "events that say that something was denied"]
    layers: Annotated[str, "layers held, comma-separated, in the order agent, llm, tool, policy, other"]
    streams: Annotated[int, "number of streams"]
    parent_run: Annotated[str | None, "id of the run that spawned it"]
    parent_event: Annotated[int | None, "the event in the parent run that spawned it"]
    parent_via: Annotated[str | None, "how the parent is known: kind of the id that says so, or prompt"]


class AgentStream(NamedTuple):
    """In how many runs of an agent a stream occurs: what a run of that agent can be expected to have."""

    agent: Annotated[str, "the agent"]
    format: Annotated[str, "format of the sources that carry the stream"]
    stream: Annotated[str, "the stream"]
    runs: Annotated[int, "runs of the agent that have records of it"]
    of_runs: Annotated[int, "all runs of the agent"]


class RunMember(NamedTuple):
    """That an event belongs to a run, and the key that joined it (`run_events` shows the key's kind and value)."""

    run: Annotated[int, "runs.run"]
    event: Annotated[int, "events.event"]
    key: Annotated[int, "join_keys.key"]
    confidence: Annotated[str, "exact, linked or inferred"]
    via_event: Annotated[int | None, "for linked and inferred: the event of the run that it was joined to"]


class JoinKey(NamedTuple):
    """An id (or, for inferred joins, an agent or tool) by which events joined a run."""

    key: Annotated[int, "key"]
    kind: Annotated[str, "kind of the id; agent or args for inferred joins"]
    value: Annotated[str, "the id"]


class EventId(NamedTuple):
    """Every id of every event as a row."""

    event: Annotated[int, "events.event"]
    kind: Annotated[str, "kind of the id"]
    value: Annotated[str, "the id"]


class RunEvent(NamedTuple):
    """That an event belongs to a run, and which key joined it, spelt out."""

    run: Annotated[int, "runs.run"]
    event: Annotated[int, "events.event"]
    via_kind: Annotated[str, "kind of the id that joined it"]
    via_value: Annotated[str, "value of that id"]
    confidence: Annotated[str, "exact, linked or inferred"]
    via_event: Annotated[int | None, "for linked and inferred: the event of the run that it was joined to"]


class RunId(NamedTuple):
    """An id by which a run can be asked for."""

    value: Annotated[str, "the id"]
    kind: Annotated[str, "its kind"]
    run: Annotated[int, "runs.run"]


class Conflict(NamedTuple):
    """An id that was not joined through, and why: a hub, one that several runs claim, or records that contradict."""

    code: Annotated[str, "hub, shared-id or duplicate-conflict"]
    kind: Annotated[str, "kind of the id"]
    value: Annotated[str, "the id"]
    runs: Annotated[int, "how many runs carry it"]
    events: Annotated[int, "how many events carry it"]
    detail: Annotated[str, "what was done about it"]


class Copy(NamedTuple):
    """That an event is a copy of an earlier one: the same record came twice, by retry or by two streams."""

    event: Annotated[int, "the copy"]
    of: Annotated[int, "the event it is a copy of: the one with most content, else the first one loaded"]
    same_content: Annotated[bool, "false: the same key, but the content differs"]


class Verdict(NamedTuple):
    """What verification said of a chain when its file was loaded; several chains may run through one file."""

    verdict_key: Annotated[int, "key"]
    path: Annotated[str, "the file, as given to ingest; of several files that one chain runs through, one row each"]
    kind: Annotated[str, "kind of protected evidence, for example profile_chain"]
    profile: Annotated[str | None, "the format of the chain"]
    chain: Annotated[str | None, "key of the chain inside the file, NULL if the file is one chain"]
    records: Annotated[int, "records of the chain"]
    checked: Annotated[int, "records whose hash or signature was recomputed and fits"]
    verdict: Annotated[str, "INTACT, INTACT-UNANCHORED, BROKEN, UNVERIFIABLE or NOT-CHAINED"]
    head: Annotated[str | None, "hash of the last record, as the log writes it"]
    uncovered_fields: Annotated[str | None, "fields that no hash covers, comma-separated"]
    not_checked: Annotated[str | None, "what the verdict leaves open, one sentence a line"]
    defects: Annotated[int, "defects found, with those that the list leaves out"]
    verified_by: Annotated[str, "version of auditrail"]


class VerdictDefect(NamedTuple):
    """One defect of a chain, at its record."""

    verdict_key: Annotated[int, "verdicts.verdict_key"]
    path: Annotated[str, "the file"]
    kind: Annotated[str, "edited, deleted, inserted, reordered, forked, spliced, bad-signature, ..."]
    record: Annotated[int | None, "1-based number of the record in its file, NULL for the file as a whole"]
    byte_offset: Annotated[int | None, "of the record, in the decompressed bytes"]
    seq: Annotated[int | None, "the record's own sequence number"]
    breaks: Annotated[bool, "it makes the verdict BROKEN; else it is a remark"]
    note: Annotated[str, "the facts, in a sentence"]
