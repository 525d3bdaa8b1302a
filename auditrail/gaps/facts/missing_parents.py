"""`missing_parents`: spans that other records name as their parent, and that no stream holds; one row for each.

Whether such a span ran in the same process as its child is told by the child's flags or, where it has none, by the
parents of like records: nearly all of them stand in one stream. Where none of them is held anywhere, the stream of the
calling process was never loaded.

A log line of a trace carries the id of the span around it; without a trace, the id is its own, and it can be a parent:
transcripts link every line to the one before, notes between two messages, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail import case

if TYPE_CHECKING:
    import duckdb

NAME = "missing_parents"
NEEDS = ("acts",)
COLUMNS = {
    "run": "runs.run",
    "parent": "the missing span's id",
    "event": "the first record that names it",
    "children": "records that name it",
    "agent": "agent of that record",
    "format": "format of the stream that should hold it",
    "stream": "that stream",
    "remote": "the span ran in another process than its child; NULL: not known",
    "like_held": "parents of like records that are held",
    "like_all": "parents of like records",
    "joined": "the run holds spans of another process",
    "traced": "any span at all is held: else records that are no spans name the spans that they were written in",
    "from_ns": "first time of its children",
    "to_ns": "last time of its children",
}


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(
        """
        CREATE TEMP TABLE named_parents AS
        WITH named AS (
            SELECT run, parent, coalesce(min(event) FILTER (WHERE kind <> 'log'), min(event)) AS event,
                   count(*) AS children, min(ts_ns) AS from_ns, max(ts_ns) AS to_ns
            FROM acts WHERE run IS NOT NULL AND parent IS NOT NULL GROUP BY run, parent
        ), held AS (  -- in a trace, what carries a span's id may be a log line; elsewhere, the ids are the records' own
            SELECT run, span, min(event) AS event FROM acts
            WHERE span IS NOT NULL AND (kind = 'span' OR trace IS NULL) AND run IS NOT NULL GROUP BY run, span
        )
        SELECT n.*, a.source, a.format, a.stream, a.layer, a.kind, a.tool, a.agent, a.trace, a.span,
               h.event AS held_event
        FROM named n JOIN acts a ON a.event = n.event
        LEFT JOIN held h ON h.run = n.run AND h.span = n.parent
        """
    )
    # A stream without spans tells begin and end of a span apart: there, any record that carries the id is the span,
    # but for links of a chain of messages.
    connection.execute(
        """
        CREATE TEMP TABLE lacking_parents AS
        WITH lacking AS (SELECT * FROM named_parents WHERE held_event IS NULL),
        told AS (
            SELECT DISTINCT l.run, l.parent
            FROM lacking l JOIN acts a ON a.run = l.run AND a.span = l.parent
            JOIN events e ON e.event = a.event
            WHERE e.message_id IS DISTINCT FROM e.span_id
              AND NOT EXISTS (SELECT 1 FROM acts s WHERE s.run = a.run AND s.stream = a.stream AND s.kind = 'span')
              AND EXISTS (SELECT 1 FROM acts c WHERE c.run = l.run AND c.parent = l.parent AND c.stream = a.stream)
        ), elsewhere AS (  -- a span that another run owns is held; short ids recur, and say so of their own file only
            SELECT DISTINCT l.run, l.parent FROM lacking l
            JOIN acts a ON a.span = l.parent AND a.trace = l.trace AND a.kind = 'span'
            UNION
            SELECT DISTINCT l.run, l.parent FROM lacking l JOIN acts a ON a.span = l.parent AND a.format = l.format
            WHERE a.trace IS NULL AND l.trace IS NULL AND (a.source = l.source OR length(l.parent) >= 16)
        )
        SELECT l.* FROM lacking l
        WHERE NOT EXISTS (SELECT 1 FROM told t WHERE t.run = l.run AND t.parent = l.parent)
          AND NOT EXISTS (SELECT 1 FROM elsewhere t WHERE t.run = l.run AND t.parent = l.parent)
        """
    )
    connection.execute(
        """
        CREATE TEMP TABLE missing_parents AS
        WITH likes AS (
            SELECT n.format, n.stream, n.layer, n.kind, coalesce(n.tool, '') AS tool, count(*) AS like_all,
                   count(n.held_event) AS like_held, mode(p.format ORDER BY p.format) AS parent_format,
                   mode(p.stream ORDER BY p.stream) AS parent_stream,
                   count(*) FILTER (WHERE p.stream = n.stream) AS same
            FROM named_parents n LEFT JOIN acts p ON p.event = n.held_event
            GROUP BY ALL
        ), flags AS (
            SELECT l.run, l.parent, bool_or(contains(e.attributes, '"parent_remote":true')) AS remote,
                   bool_or(contains(e.attributes, '"parent_remote":false')) AS here
            FROM lacking_parents l JOIN acts a ON a.run = l.run AND a.parent = l.parent
            JOIN events e ON e.event = a.event
            GROUP BY l.run, l.parent
        ), others AS (SELECT DISTINCT run, stream FROM acts WHERE kind = 'span' AND run IS NOT NULL),
        traces AS (SELECT count(*) > 0 AS held FROM acts WHERE kind = 'span' AND span IS NOT NULL)
        SELECT l.run, l.parent, l.event, l.children, l.agent,
               CASE WHEN f.remote IS TRUE OR k.same * 2 < k.like_held THEN k.parent_format ELSE l.format END AS format,
               CASE WHEN f.remote IS TRUE OR k.same * 2 < k.like_held THEN k.parent_stream ELSE l.stream END AS stream,
               CASE WHEN f.remote THEN true WHEN f.here THEN false WHEN k.like_held > 0 THEN k.same * 2 < k.like_held
                    END AS remote,
               coalesce(k.like_held, 0) AS like_held, coalesce(k.like_all, 0) AS like_all,
               EXISTS (SELECT 1 FROM others o WHERE o.run = l.run AND o.stream <> l.stream) AS joined,
               l.span IS NOT NULL OR l.trace IS NULL OR (SELECT held FROM traces) AS traced, l.from_ns, l.to_ns
        FROM lacking_parents l
        LEFT JOIN flags f ON f.run = l.run AND f.parent = l.parent
        LEFT JOIN likes k ON k.format = l.format AND k.stream = l.stream AND k.layer = l.layer AND k.kind = l.kind
                         AND k.tool = coalesce(l.tool, '')
        """
    )
    case.drop(connection, "named_parents", "lacking_parents")
