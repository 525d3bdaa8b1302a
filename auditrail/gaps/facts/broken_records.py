"""`broken_records`: what breaks the hash chains and signatures of loaded files, with the records and runs it touches.

A record that was deleted is in no run; the records before and behind it say between which times it stood.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAME = "broken_records"
NEEDS = ("acts",)
COLUMNS = {
    "source": "sources.source",
    "format": "format of the source, as in `acts`",
    "stream": "the stream of the record, else of the source",
    "layer": "layer of the record",
    "kind": "kind of defect: edited, deleted, inserted, reordered, forked, spliced, bad-signature, ...",
    "record": "record of the source at which it shows, or NULL: the file as a whole",
    "event": "an event of that record, or NULL",
    "run": "the run of that record, or NULL",
    "agent": "the agent of that record",
    "tool": "the tool of that record",
    "from_ns": "time of the record, or of the one before what was deleted",
    "to_ns": "time of the record",
    "note": "the facts, in a sentence",
    "chain": "profile and key of the chain",
}


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table: one row for each defect and run that its record touches."""
    connection.execute(
        """
        CREATE TEMP TABLE broken_records AS
        WITH defects AS (
            SELECT d.kind, d.record, d.note, s.source, s.stream AS source_stream,
                   coalesce(s.inner_formats, s.format) AS format, s.path,
                   coalesce(v.profile, v.kind) || coalesce(' ' || v.chain, '') AS chain
            FROM verdict_defects d JOIN verdicts v ON v.verdict_key = d.verdict_key
            JOIN sources s ON s.path = d.path AND s.superseded_by IS NULL AND s.format IS NOT NULL
            WHERE d.breaks
        ), wanted AS (
            SELECT DISTINCT source, record FROM defects WHERE record IS NOT NULL
            UNION SELECT DISTINCT source, record - 1 FROM defects WHERE kind IN ('deleted', 'missing-file')
        ), held AS (
            SELECT e.source, e.record, m.run, min(e.event) AS event, min(e.ts_ns) AS ts_ns,
                   min(coalesce(e.agent, r.agent)) AS agent, min(e.tool) AS tool, min(e.stream) AS stream,
                   min(e.layer) AS layer
            FROM events e JOIN wanted w ON w.source = e.source AND w.record = e.record
            LEFT JOIN run_members m ON m.event = e.event LEFT JOIN runs r ON r.run = m.run
            GROUP BY e.source, e.record, m.run
        ), before AS (SELECT source, record, max(ts_ns) AS ts_ns FROM held GROUP BY source, record)
        SELECT d.source, d.format, coalesce(h.stream, d.source_stream, d.path) AS stream, h.layer, d.kind, d.record,
               h.event, CASE WHEN d.kind IN ('deleted', 'missing-file') THEN NULL ELSE h.run END AS run, h.agent,
               h.tool, coalesce(CASE WHEN d.kind IN ('deleted', 'missing-file') THEN b.ts_ns END, h.ts_ns) AS from_ns,
               h.ts_ns AS to_ns, d.note, d.chain
        FROM defects d
        LEFT JOIN held h ON h.source = d.source AND h.record = d.record
        LEFT JOIN before b ON b.source = d.source AND b.record = d.record - 1
        """
    )
