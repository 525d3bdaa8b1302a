"""The fields that framework profiles can ask for: where each stands, and how the rows that hold it are counted.

Profiles name these fields and nothing else: a profile holds no SQL. Rows are those of the scope: `events` and `runs` of
`scope_events` and `scope_runs`, all `sources`. A field that only some rows can have is counted among these alone: a
tool among the events of the tool layer, a result among the events that end a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from auditrail import case

if TYPE_CHECKING:
    import duckdb

_CALLS = "e.tool IS NOT NULL AND e.kind IN ('call', 'span')"
_RESULTS = "e.tool IS NOT NULL AND e.kind IN ('result', 'span')"
_INTACT = (
    "s.path IN (SELECT v.path FROM verdicts v GROUP BY v.path "
    "HAVING bool_and(v.verdict IN ('INTACT', 'INTACT-UNANCHORED')))"
)
# What a withheld value begins with; see `auditrail.redact`.
_WITHHELD = ("withheld:", "pseudonym:")

_FROM = {
    "events": "scope_events p JOIN events e ON e.event = p.event",
    "runs": "scope_runs p JOIN runs r ON r.run = p.run",
    "sources": "sources s",
}
_ALIAS = {"events": "e", "runs": "r", "sources": "s"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    Attributes:
        words: what it is, for a person.
        table: `events`, `runs` or `sources`. columns: where it stands there, as `model` names them.
        among: which rows can have it. held: which of them do. Both over the rows of `_FROM`.
        per_run: it is enough that one event of a run has it: runs are counted instead of events.
    """

    words: str
    table: str
    columns: tuple[str, ...]
    held: str
    among: str = "true"
    per_run: bool = False


FIELDS: dict[str, Field] = {
    "time": Field("when it happened", "events", ("ts_ns", "ts_source"), "e.ts_ns IS NOT NULL AND NOT e.tz_assumed"),
    "received": Field("when a collector or store received it", "events", ("observed_ns",), "e.observed_ns IS NOT NULL"),
    "ended": Field("when it ended", "events", ("end_ns",), "e.end_ns IS NOT NULL", "e.kind = 'span'"),
    "type": Field("what type of event", "events", ("kind", "name"), "e.name IS NOT NULL OR e.kind <> 'log'"),
    "where": Field("in which stream it was recorded", "events", ("stream",), "e.stream IS NOT NULL"),
    "origin": Field(
        "which agent or tool it came from", "events", ("agent", "tool"), "e.agent IS NOT NULL OR e.tool IS NOT NULL"
    ),
    "identity": Field(
        "who acted: the agent, or the person or service behind it", "events", ("agent", "principal"),
        "e.agent IS NOT NULL OR e.principal IS NOT NULL",
    ),
    "principal": Field(
        "on whose behalf the run acted", "events", ("principal",), "e.principal IS NOT NULL", per_run=True
    ),
    "agent": Field("the agent", "events", ("agent",), "e.agent IS NOT NULL"),
    "agent-version": Field("the version of the agent", "events", ("agent_version",), "e.agent_version IS NOT NULL",
                           "e.agent IS NOT NULL"),
    "model": Field("the language model", "events", ("model",), "e.model IS NOT NULL", "e.layer = 'llm'"),
    "tool": Field("the tool or resource that was used", "events", ("tool",), "e.tool IS NOT NULL", "e.layer = 'tool'"),
    "inputs": Field(
        "inputs: arguments of calls and prompts", "events", ("args", "args_state"),
        "e.args_state IN ('present', 'empty')", f"({_CALLS}) OR e.layer = 'llm'",
    ),
    "outputs": Field(
        "outputs: results of calls and answers", "events", ("result", "result_state"),
        "e.result_state IN ('present', 'empty')", f"({_RESULTS}) OR e.layer = 'llm'",
    ),
    "arguments": Field(
        "arguments of tool calls", "events", ("args", "args_state"), "e.args_state IN ('present', 'empty')", _CALLS
    ),
    "results": Field(
        "results of tool calls", "events", ("result", "result_state"), "e.result_state IN ('present', 'empty')",
        _RESULTS,
    ),
    "outcome": Field(
        "success or failure", "events", ("status", "decision"), "e.status <> 'unknown' OR e.decision IS NOT NULL",
        "e.kind IN ('span', 'end', 'result', 'decision')",
    ),
    "error": Field("what failed", "events", ("error",), "e.error IS NOT NULL", "e.status = 'error'"),
    "decision": Field(
        "what was allowed or denied", "events", ("decision",), "e.decision IS NOT NULL", "e.kind = 'decision'"
    ),
    "policy": Field(
        "the policy that decided, and its rule", "events", ("policy", "rule"), "e.policy IS NOT NULL",
        "e.kind = 'decision'",
    ),
    "run": Field("the run that it belongs to", "events", ("run",), "p.run IS NOT NULL"),
    "sequence": Field("the producer's own count of records", "events", ("seq_kind", "seq"), "e.seq IS NOT NULL"),
    "sampling": Field(
        "whether and how it was sampled", "events", ("sampled", "sampling_probability"),
        "e.sampled IS NOT NULL OR e.sampling_probability IS NOT NULL",
    ),
    "record": Field(
        "the original record: file, place and digest", "events", ("source", "byte_offset", "byte_length", "blake3"),
        "e.blake3 IS NOT NULL",
    ),
    "run-start": Field("when the run began", "runs", ("started_ns",), "r.started_ns IS NOT NULL"),
    "run-end": Field("when the run ended", "runs", ("ended_ns",), "r.ended_ns IS NOT NULL"),
    "run-status": Field("how the run ended", "runs", ("status",), "r.status <> 'unknown'"),
    "run-parent": Field("the run that started it", "runs", ("parent_run",), "r.parent_run IS NOT NULL",
                        "r.parent_via IS NOT NULL"),
    "source-digest": Field(
        "size and digest of each file of evidence", "sources", ("bytes", "blake3"), "s.blake3 <> ''"
    ),
    "source-span": Field("first and last record of each file of evidence", "sources", ("first_ts", "last_ts"),
                         "s.first_ts IS NOT NULL", "s.records > 0"),
    "integrity": Field(
        "files whose own chain, seal or signature holds", "sources", ("verdict",), _INTACT
    ),
}  # fmt: skip


class Count(NamedTuple):
    """How many of the rows that can have a field have it; `withheld`: of these, by the redaction of this bundle."""

    held: int
    of: int
    withheld: int = 0


def count(connection: duckdb.DuckDBPyConnection, names: Iterable[str], *, redacted: bool) -> dict[str, Count]:
    """Counts fields over the scope, one pass for each table.

    Args:
        connection: with `scope_events` and `scope_runs`.
        names: keys of `FIELDS`.
        redacted: whether values were replaced; else nothing is taken for withheld, whatever it looks like.
    """
    wanted = sorted(set(names))
    made: dict[str, Count] = {}
    for table in _FROM:
        flat = [name for name in wanted if FIELDS[name].table == table and not FIELDS[name].per_run]
        made |= _flat(connection, table, flat, redacted=redacted)
    for name in wanted:
        if FIELDS[name].per_run:
            made[name] = _per_run(connection, FIELDS[name], redacted=redacted)
    return made


def _flat(
    connection: duckdb.DuckDBPyConnection, table: str, names: Sequence[str], *, redacted: bool
) -> dict[str, Count]:
    if not names:
        return {}
    sums = []
    for name in names:
        field = FIELDS[name]
        here = f"({field.among}) AND ({field.held})"
        hidden = f"({here}) AND ({_withheld(field)})" if redacted else "false"
        sums += [f"count(*) FILTER (WHERE {test})" for test in (here, field.among, hidden)]
    row = case.one(connection, f"SELECT {', '.join(sums)} FROM {_FROM[table]}") or ()
    return {name: Count(*row[3 * place : 3 * place + 3]) for place, name in enumerate(names)}


def _per_run(connection: duckdb.DuckDBPyConnection, field: Field, *, redacted: bool) -> Count:
    hidden = _withheld(field) if redacted else "false"
    row = case.one(
        connection,
        f"SELECT count(DISTINCT p.run) FILTER (WHERE {field.held}), (SELECT count(*) FROM scope_runs), "
        f"count(DISTINCT p.run) FILTER (WHERE ({field.held}) AND {hidden}) FROM {_FROM['events']} "
        "WHERE p.run IS NOT NULL",
    )
    return Count(*(row or (0, 0, 0)))


def _withheld(field: Field) -> str:
    texts = [f"CAST({_ALIAS[field.table]}.{name} AS VARCHAR)" for name in field.columns if name not in _PLAIN]
    tests = [f"contains({text}, '{mark}')" for text in texts for mark in _WITHHELD]
    return " OR ".join(f"coalesce({test}, false)" for test in tests) or "false"


# Columns that hold no text of a producer, and so nothing that is withheld; `run` is a key of the case.
_PLAIN = frozenset(
    {
        "ts_ns", "ts_source", "observed_ns", "end_ns", "kind", "args_state", "result_state", "status", "decision",
        "run", "seq", "sampled", "verdict", "sampling_probability", "source", "byte_offset", "byte_length", "blake3",
        "started_ns", "ended_ns", "bytes", "first_ts", "last_ts",
    }
)  # fmt: skip
