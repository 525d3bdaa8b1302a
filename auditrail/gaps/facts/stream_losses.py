"""`stream_losses`: what runs lack of a stream for one cause that is the stream's, whole, in part, or record by record.

1. The stream is missing in the run (`absences`).
2. The run has a part of it, and no single record is known to be missing (`cut_runs`).
3. Single records are missing, in a time in which the stream was silent (`silences`). The end of a run was to be written
   at some time between the run's last record in the stream and the last that any stream has of it.

The rules about cut dumps, retention, outages and streams that were switched off each report the rows of their cause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAME = "stream_losses"
NEEDS = ("absences", "cut_runs", "silences", "missing_records")
COLUMNS = {
    "cause": "cause, as in findings",
    "run": "runs.run",
    "what": "as `what` of findings",
    "scope": "stream, or record: a part of it",
    "lacks": "as `lacks` of findings",
    "event": "the event that shows it",
    "agent": "the agent",
    "layer": "layer of what is missing, or NULL",
    "format": "format of the stream",
    "stream": "the stream",
    "tool": "the tool, or NULL",
    "evidence": "kind of evidence",
    "confidence": "how sure",
    "first_ns": "since when",
    "last_ns": "until when",
    "note": "what the event shows",
    "detail": "evidence in words",
}


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(
        """
        CREATE TEMP TABLE stream_losses AS
        SELECT a.cause, a.run, a.what, 'stream' AS scope, a.lacks, a.event,
               a.agent, a.layer, a.format, a.stream, CAST(NULL AS VARCHAR) AS tool, a.evidence, a.confidence,
               a.from_ns AS first_ns, a.to_ns AS last_ns,
               'first record of a run that has nothing of the stream' AS note, a.detail
        FROM absences a
        UNION ALL
        SELECT c.cause, c.run, 'part:' || c.format || '/' || c.stream, 'record', c.format || '/' || c.stream, c.event,
               c.agent, NULL, c.format, c.stream, NULL, c.evidence, c.confidence, c.from_ns, c.to_ns,
               'a run of which the stream has only a part', c.detail
        FROM cut_runs c
        WHERE NOT EXISTS (
            SELECT 1 FROM missing_records m
            WHERE m.run = c.run AND m.format = c.format AND m.stream = c.stream
        )
        UNION ALL
        SELECT s.cause, m.run, m.what, 'record', m.lacks, m.event, m.agent, m.layer, m.format, m.stream, m.tool,
               s.evidence, s.confidence, m.from_ns, m.to_ns, 'shows that a record is missing', s.detail
        FROM missing_records m
        JOIN silences s ON s.format = m.format AND s.stream = m.stream AND (s.agent IS NULL OR s.agent = m.agent)
        LEFT JOIN runs r ON r.run = m.run AND m.kind = 'end'
        WHERE (s.to_ns IS NULL OR m.from_ns <= s.to_ns)
          AND (s.from_ns IS NULL OR coalesce(m.to_ns, r.ended_ns, m.from_ns) >= s.from_ns)
        """
    )
