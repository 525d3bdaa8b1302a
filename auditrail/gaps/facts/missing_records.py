"""`missing_records`: single records that should be there: the end of a run, the result of a call, a parent span.

What is missing is found from what is held, without asking why. The structural rules report these rows with the cause
that the record itself suggests; rules about outages, cut dumps, retention and sampling report the same `what` where
they have stronger evidence for a cause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAME = "missing_records"
NEEDS = ("acts", "run_facts", "stream_habits")
COLUMNS = {
    "run": "runs.run; NULL where no run is known",
    "what": "names the missing record inside the run: as `what` of findings",
    "kind": "end, start, span, execution, result, call, request, response, decision or child",
    "event": "the event that shows that it is missing",
    "agent": "the agent",
    "layer": "layer of what is missing, or NULL",
    "format": "format of the stream that should hold it, or NULL: not known",
    "stream": "that stream",
    "tool": "the tool",
    "call": "the tool call id",
    "from_ns": "when it should have been written: from",
    "to_ns": "until",
    "lacks": "as `lacks` of findings",
}


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(
        """
        CREATE TEMP TABLE missing_records AS
        SELECT r.run, 'end' AS what, 'end' AS kind, r.last_event AS event, r.agent, 'agent' AS layer, h.format,
               h.stream, CAST(NULL AS VARCHAR) AS tool, CAST(NULL AS VARCHAR) AS call, r.ended_ns AS from_ns,
               CAST(NULL AS BIGINT) AS to_ns, h.format || '/' || h.stream AS lacks
        FROM run_facts r
        JOIN acts a ON a.event = r.start_event
        JOIN stream_habits h ON h.format = a.format AND h.stream = a.stream
        WHERE r.named AND r.end_event IS NULL AND a.kind = 'start' AND h.runs_with_end > 0
        """
    )
