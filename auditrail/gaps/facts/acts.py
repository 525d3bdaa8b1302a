"""`acts`: every event of the case but true copies, narrow, with its run: what nearly all facts and rules start from.

The engine makes five million of them in two seconds; joining `events` and `run_members` anew in every rule takes a
second each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAME = "acts"
NEEDS: tuple[str, ...] = ()
COLUMNS = {
    "event": "events.event",
    "run": "runs.run, or NULL: it is in no run",
    "inferred": "its place in the run is a guess",
    "source": "sources.source",
    "format": "format of the source; of a wrapper, that of the messages inside",
    "stream": "the stream; never NULL",
    "ts_ns": "events.ts_ns",
    "end_ns": "events.end_ns",
    "layer": "events.layer",
    "kind": "events.kind",
    "name": "events.name",
    "status": "events.status",
    "agent": "the event's agent, else its run's",
    "tool": "events.tool",
    "call": "events.tool_call_id",
    "trace": "events.trace_id",
    "span": "events.span_id",
    "parent": "events.parent_span_id",
    "request": "events.request_id",
    "response": "events.response_id",
    "args_state": "events.args_state",
    "result_state": "events.result_state",
    "decision": "events.decision",
    "sampled": "events.sampled",
    "sampling_probability": "events.sampling_probability",
    "seq_kind": "events.seq_kind",
    "seq": "events.seq",
    "tz_assumed": "events.tz_assumed",
}


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(
        """
        CREATE TEMP TABLE acts AS
        SELECT e.event, m.run, coalesce(m.confidence = 'inferred', false) AS inferred, e.source,
               coalesce(s.inner_formats, s.format) AS format, coalesce(e.stream, s.stream, s.path) AS stream,
               e.ts_ns, e.end_ns, e.layer, e.kind, e.name, e.status, coalesce(e.agent, r.agent) AS agent, e.tool,
               e.tool_call_id AS call, e.trace_id AS trace, e.span_id AS span, e.parent_span_id AS parent,
               e.request_id AS request, e.response_id AS response, e.args_state, e.result_state, e.decision,
               e.sampled, e.sampling_probability, e.seq_kind, e.seq, e.tz_assumed
        FROM events e
        JOIN sources s ON s.source = e.source
        LEFT JOIN run_members m ON m.event = e.event
        LEFT JOIN runs r ON r.run = m.run
        LEFT JOIN (SELECT event FROM copies WHERE same_content) c ON c.event = e.event
        WHERE c.event IS NULL
        """
    )
