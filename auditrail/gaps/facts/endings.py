"""`endings`: runs whose records hold no end although runs of their kind have one, and whether they crashed.

A crash leaves more behind than a missing record: a root span that was never exported, calls that are open, a last
record in some stream that never comes last in a whole run that went well. Where everything else is as in a whole run,
only the record of the end is gone. Which of the two it is then cannot be told of one run, but of all of them: the ends
of calls tell how often the stream loses a single record, and so how many of such runs lost no more than that. Where
most must have broken off, each is more likely to have. Clocks of streams differ, so only the order inside each stream
is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail import case

if TYPE_CHECKING:
    import duckdb

NAME = "endings"
NEEDS = ("acts", "run_facts", "stream_habits", "calls")
COLUMNS = {
    "run": "runs.run",
    "event": "the last record of the run in the stream that should hold the end",
    "format": "format of that stream",
    "stream": "that stream",
    "crashed": "more than the record of the end is missing",
    "sure": "the sign of a crash is certain: an open call, or a root span that was never exported",
    "by_number": "that it crashed is told by how many ends the stream lacks, and by nothing of the run",
    "sign": "what says so, in words",
    "last_ns": "time of the last record of that stream",
}
# So many whole runs must be known before a last record counts as unusual, and its share below which it does.
_WHOLE_RUNS = 5
_USUAL_SHARE = 0.02
# Of ends that are missing without another sign, so many for each that a loss of single records takes, and so many
# standard deviations more, before they are taken for crashes: then at least every second one is one.
_BEYOND_LOSS, _SIGMAS = 2, 3


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    _edges(connection)
    _lasts(connection)
    connection.execute(
        f"""
        CREATE TEMP TABLE endings AS
        WITH whole_runs AS (  -- a run without a root may not say whose it is: for it, all agents are the measure
            SELECT * FROM run_edges WHERE ended AND agent <> '*'
            UNION ALL
            SELECT * REPLACE ('*' AS agent) FROM run_edges WHERE ended
        ), habits AS (
            SELECT agent, count(*) FILTER (WHERE NOT failed) AS whole, count(*) FILTER (WHERE has_spans) AS traced,
                   count(*) FILTER (WHERE root) AS rooted
            FROM whole_runs GROUP BY agent
        ), usual AS (
            SELECT r.agent, l.stream, l.class, count(*) AS runs
            FROM run_lasts l JOIN whole_runs r ON r.run = l.run WHERE NOT r.failed GROUP BY ALL
        ), odd AS (
            SELECT l.run, min(l.stream) AS stream
            FROM run_lasts l JOIN run_edges r ON r.run = l.run JOIN habits h ON h.agent = r.agent
            LEFT JOIN usual u ON u.agent = r.agent AND u.stream = l.stream AND u.class = l.class
            WHERE NOT r.ended AND h.whole >= {_WHOLE_RUNS}
              AND coalesce(u.runs, 0) < greatest(1, h.whole * {_USUAL_SHARE})
              AND EXISTS (SELECT 1 FROM usual v WHERE v.agent = r.agent AND v.stream = l.stream)
            GROUP BY l.run
        ), open_calls AS (
            SELECT c.run, min(c.tool) AS tool FROM calls c JOIN run_edges r ON r.run = c.run AND NOT r.ended
            WHERE c.begin IS NOT NULL AND c.ended IS NULL AND c.outcome <> 'denied' GROUP BY c.run
        ), losses AS (  -- how often a stream loses a single record, at most: the ends of calls in runs that have one
            SELECT a.format, a.stream, (count(*) FILTER (WHERE c.ended IS NULL) + 1) / (count(*) + 2) AS rate
            FROM calls c JOIN acts a ON a.event = c.begin JOIN run_edges r ON r.run = c.run AND r.ended
            WHERE c.outcome <> 'denied' GROUP BY ALL
        ), judged AS (
            SELECT r.*, o.run IS NOT NULL AS open_call, o.tool AS open_tool,
                   d.stream AS odd_stream,
                   r.has_spans AND NOT r.root AND h.traced >= 3 AND h.rooted * 5 >= h.traced * 4 AS rootless,
                   -- The begin alone, in no stream anything after it, though all other runs have spans.
                   r.begins_only AND r.traced AND h.whole >= {_WHOLE_RUNS} AND h.traced * 5 >= h.whole * 4 AS barren,
                   coalesce(h.whole, 0) AS whole
            FROM run_edges r LEFT JOIN habits h ON h.agent = r.agent
            LEFT JOIN open_calls o ON o.run = r.run LEFT JOIN odd d ON d.run = r.run
            WHERE NOT r.ended AND r.started
        ), signed AS (
            SELECT *, open_call OR rootless IS TRUE OR odd_stream IS NOT NULL OR whole < {_WHOLE_RUNS}
                      OR barren IS TRUE AS shown
            FROM judged
        ), ends AS (
            SELECT s.format, s.stream, count(*) FILTER (WHERE NOT s.root AND NOT s.shown) AS bare,
                   max(l.rate) * max(n.runs) AS lost
            FROM signed s
            JOIN losses l ON l.format = s.format AND l.stream = s.stream
            JOIN (SELECT format, stream, count(*) AS runs FROM run_edges WHERE started GROUP BY ALL) n
              ON n.format = s.format AND n.stream = s.stream
            GROUP BY s.format, s.stream
        ), weighed AS (  -- where so many more ends are missing than a loss of single records takes, most runs had none
            SELECT s.*, coalesce(e.bare >= {_BEYOND_LOSS} * e.lost AND e.bare > e.lost + {_SIGMAS} * sqrt(e.lost),
                                 false) AS beyond
            FROM signed s LEFT JOIN ends e ON e.format = s.format AND e.stream = s.stream
        )
        SELECT run, event, format, stream,
               NOT root AND (shown OR beyond) AS crashed,
               NOT root AND (open_call OR rootless IS TRUE AND NOT traced) AS sure,
               NOT (root OR shown) AND beyond AS by_number,
               CASE WHEN root THEN 'its root span ended, so the run went on to its end'
                    WHEN open_call THEN 'a call of ' || coalesce(open_tool, 'a tool') || ' is open'
                    WHEN rootless THEN 'its root span was never exported'
                    WHEN odd_stream IS NOT NULL THEN 'whole runs go on in ' || odd_stream || ' after such a record'
                    WHEN whole < {_WHOLE_RUNS} OR barren THEN 'nothing of the run follows'
                    WHEN beyond THEN 'more ends are missing than a stream that loses next to nothing loses'
                    ELSE 'its last records are those with which whole runs end' END AS sign,
               last_ns
        FROM weighed
        -- Where only the root span tells the end, a run without one may have lost no more than that span.
        WHERE NOT traced OR NOT root AND (barren OR rootless AND (open_call OR odd_stream IS NOT NULL))
        """
    )
    case.drop(connection, "run_edges", "run_lasts")


def _edges(connection: duckdb.DuckDBPyConnection) -> None:
    """`run_edges`: named runs with a begin in a stream that writes ends, or with spans where only a root span tells."""
    connection.execute(
        """
        CREATE TEMP TABLE run_edges AS
        WITH marks AS (
            SELECT run, count(*) FILTER (WHERE kind = 'end' AND layer IN ('agent', 'other')) > 0 AS ended,
                   arg_min(format, event) FILTER (WHERE kind = 'start' AND layer IN ('agent', 'other')) AS format,
                   arg_min(stream, event) FILTER (WHERE kind = 'start' AND layer IN ('agent', 'other')) AS stream,
                   count(*) FILTER (WHERE kind = 'span' AND span IS NOT NULL) > 0 AS has_spans,
                   count(*) = 1 AND any_value(kind) = 'start' AS begins_only
            FROM acts WHERE run IS NOT NULL GROUP BY run
        ), writers AS (
            SELECT format, stream FROM stream_habits
            WHERE runs_with_end > 0 AND (runs_with_start < 10 OR runs_with_end * 2 >= runs_with_start)
        ), tellers AS (  -- agents of which any record tells an end; of others, the root span does
            SELECT f.agent, bool_or(m.ended) AS writes
            FROM marks m JOIN run_facts f ON f.run = m.run WHERE f.agent IS NOT NULL GROUP BY ALL
            UNION ALL
            SELECT '*', bool_or(ended) FROM marks
        ), traces AS (
            SELECT run, arg_min(format, event) AS format, arg_min(stream, event) AS stream FROM acts
            WHERE run IS NOT NULL AND kind = 'span' AND span IS NOT NULL GROUP BY run
        ), lasts AS (
            SELECT run, format, stream, arg_max(event, (ts_ns, event)) AS event, max(ts_ns) AS last_ns
            FROM acts WHERE run IS NOT NULL AND NOT inferred AND ts_ns IS NOT NULL GROUP BY ALL
        )
        SELECT f.run, coalesce(f.agent, '*') AS agent, coalesce(m.format, p.format) AS format,
               coalesce(m.stream, p.stream) AS stream, coalesce(l.event, f.last_event) AS event, l.last_ns,
               m.ended OR f.root AND t.writes IS NOT TRUE AS ended,
               f.named AND (w.stream IS NOT NULL OR t.writes IS NOT TRUE AND (m.has_spans OR m.begins_only)) AS started,
               m.has_spans, m.begins_only, f.root, coalesce(f.failed, false) AS failed,
               t.writes IS NOT TRUE AND w.stream IS NULL AS traced
        FROM run_facts f JOIN marks m ON m.run = f.run
        LEFT JOIN tellers t ON t.agent = coalesce(f.agent, '*')
        LEFT JOIN traces p ON p.run = f.run
        LEFT JOIN writers w ON w.format = m.format AND w.stream = m.stream
        LEFT JOIN lasts l ON l.run = f.run AND l.format = coalesce(m.format, p.format)
                         AND l.stream = coalesce(m.stream, p.stream)
        """
    )


def _lasts(connection: duckdb.DuckDBPyConnection) -> None:
    """`run_lasts`: what comes last in each stream of a run, but for its end and root span.

    Only for agents of which a run has no end.
    """
    connection.execute(
        """
        CREATE TEMP TABLE run_lasts AS
        WITH asked AS (SELECT DISTINCT agent FROM run_edges WHERE started AND NOT ended)
        SELECT run, format || '/' || stream AS stream,
               arg_max(layer || '/' || kind || '/' || coalesce(tool, '') || '/'
                       || CASE WHEN kind IN ('start', 'message') THEN coalesce(name, '') ELSE '' END,
                       (coalesce(end_ns, ts_ns), event)) AS class
        FROM acts
        WHERE run IN (SELECT run FROM run_edges WHERE agent IN (SELECT agent FROM asked) OR '*' IN (FROM asked))
          AND NOT inferred AND ts_ns IS NOT NULL AND layer IN ('agent', 'llm', 'tool')
          AND NOT (kind = 'end' AND layer = 'agent')
          AND NOT (kind = 'span' AND parent IS NULL AND layer = 'agent')
        GROUP BY ALL
        """
    )
