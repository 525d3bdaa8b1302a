"""`habit_gaps`: records that a unit lacks although nearly all units like it have them.

1. Units are alike if they have the same kind, agent, tool and outcome. What `SHARE` of at least `LEAST` of them have is
   their habit. Where the run has other records of the stream, only units of such runs are asked, because a run
   whose trace was not kept says nothing of a call in a trace that was. A unit that nothing but a record itself tells
   of could not have been seen without it, and says nothing of how often it is there: only units that another record
   shows, too, are counted (as in capture-recapture, where who was caught by one net alone tells nothing of that net).
2. A unit that lacks a record of its habit lost it. Units that lack the same several records more often than losses of
   single records could bring about are another way of doing it (an answer from a cache, a refusal): they are
   marked `joint`, and so is an outage of a service.
3. Some tracers give a tool's span no id of its call. Where nearly all runs have as many of them as calls of the tool,
   a run that has fewer lost some. In the same way, two streams of a model's answers are compared.
4. One record may be looked for in several units (a span is part of a call, and of a request). The surest kind of unit
   speaks: only what others miss beyond that stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail import case

if TYPE_CHECKING:
    import duckdb

NAME = "habit_gaps"
NEEDS = ("units", "acts", "calls", "call_acts", "missing_streams", "missing_parents")
COLUMNS = {
    "run": "runs.run",
    "unit": "call, request, response, span or run; count: the calls of one tool in a run",
    "key": "the unit inside the run",
    "agent": "the agent",
    "tool": "the tool, or NULL",
    "format": "format of the stream that lacks the record, as in `units`",
    "stream": "that stream",
    "phase": "what the record is, as `phase` of units",
    "lacking": "how many are missing",
    "have": "units like this one that have it",
    "of_units": "units like this one",
    "joint": "missing together with others, more often than by chance",
    "whole": "the run has no record of the stream at all, though the agent's runs have (only for decisions)",
    "event": "a record of the unit that is held",
    "from_ns": "first time of the unit",
    "to_ns": "last time of the unit",
}
SHARE = 0.9
LEAST = 20
# Clocks of two streams differ by so much.
_NEAR_NS = 5_000_000_000


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    _habits(connection)
    _deficient(connection)
    _uncounted(connection)
    _joint(connection)
    connection.execute(
        """
        CREATE TEMP TABLE habit_gaps AS
        WITH ranked AS (
            SELECT d.*, CASE kind WHEN 'call' THEN 2 WHEN 'request' THEN 3 WHEN 'response' THEN 4 WHEN 'span' THEN 5
                             WHEN 'count' THEN 6 ELSE 7 END AS rank,
                   CASE WHEN phase = 'decision' THEN 'decision'
                        WHEN phase = 'span' OR phase = 'answer' AND format IN (SELECT format FROM span_formats)
                        THEN 'span' ELSE 'line' END AS what
            FROM deficient d
        ), counted AS (
            SELECT run, format, stream, what, rank, sum(lacking) AS n FROM ranked GROUP BY ALL
            UNION ALL
            SELECT run, format, stream, 'span', 1, count(*) FROM missing_parents GROUP BY ALL
        ), placed AS (
            SELECT r.*, row_number() OVER (
                       PARTITION BY r.run, r.format, r.stream, r.what, r.rank
                       ORDER BY r.joint, r.first_ns NULLS LAST, r.key, r.phase
                   ) AS place,
                   coalesce((SELECT max(c.n) FROM counted c WHERE c.run = r.run AND c.format = r.format
                             AND c.stream = r.stream AND c.what = r.what AND c.rank < r.rank), 0) AS told
            FROM ranked r
        )
        SELECT p.run, p.kind AS unit, p.key, nullif(p.agent, '') AS agent,
               CASE WHEN p.kind IN ('call', 'request', 'count') THEN nullif(p.tool, '') END AS tool, p.format,
               coalesce(nullif(p.stream, '*'), (
                   SELECT min(s.stream) FROM habit_run_streams s WHERE s.run = p.run AND s.format = p.format
               )) AS stream, p.phase, p.lacking, p.have, p.of_units, p.joint, p.whole, p.event, p.first_ns AS from_ns,
               p.last_ns AS to_ns
        FROM placed p
        WHERE p.place > p.told
        """
    )
    case.drop(connection, "unit_groups", "habits", "deficient", "habit_run_streams", "span_formats")


def _habits(connection: duckdb.DuckDBPyConnection) -> None:
    """`habits`: per kind, agent, tool and outcome, what nearly all have: stream, phase and at least how many.

    `shown` where units that other records show have one, too: only then does a unit without any lack it.
    """
    connection.execute(
        """
        CREATE TEMP TABLE unit_groups AS
        SELECT kind, run, key, agent, tool, outcome, min(event) AS event, min(first_ns) AS first_ns,
               max(last_ns) AS last_ns
        FROM units GROUP BY ALL
        """
    )
    connection.execute(
        """
        CREATE TEMP TABLE habit_run_streams AS
        SELECT DISTINCT a.run, a.format, a.stream, coalesce(u.stream, '*') AS class
        FROM signal_acts a LEFT JOIN (SELECT DISTINCT format, stream FROM units) u
          ON u.format = a.format AND u.stream = a.stream
        WHERE a.run IS NOT NULL
        """
    )
    connection.execute("CREATE TEMP TABLE span_formats AS SELECT DISTINCT format FROM signal_acts WHERE kind = 'span'")
    connection.execute(
        f"""
        CREATE TEMP TABLE habits AS
        WITH sizes AS (
            SELECT kind, agent, tool, outcome, count(*) AS all_units FROM unit_groups GROUP BY ALL
            HAVING count(*) >= {LEAST}
        ), present AS (
            SELECT g.kind, g.agent, g.tool, g.outcome, s.format, s.class AS stream, count(*) AS units
            FROM unit_groups g JOIN (SELECT DISTINCT run, format, class FROM habit_run_streams) s ON s.run = g.run
            GROUP BY ALL
        ), told AS (
            SELECT *, count(*) OVER (PARTITION BY kind, run, key, agent, tool, outcome) > 1 AS shown FROM units
        ), had AS (
            SELECT kind, agent, tool, outcome, format, stream, phase, count(*) FILTER (WHERE shown) AS n1,
                   count(*) FILTER (WHERE NOT shown) AS alone,
                   count(*) FILTER (WHERE n >= 2) AS n2, count(*) FILTER (WHERE n >= 3) AS n3,
                   -- A call that failed was often tried again, and then has everything twice; but not always.
                   kind <> 'call' OR phase = 'line' AND outcome = 'ok' AS several
            FROM told GROUP BY ALL
        ), learnt AS (
            SELECT h.*, p.units, z.all_units,
                   CASE WHEN h.n3 >= {SHARE} * p.units AND h.several AND h.kind <> 'call' THEN 3
                        WHEN h.n2 >= {SHARE} * p.units AND h.several THEN 2 ELSE 1 END AS least,
                   p.units - h.alone >= {LEAST} AND h.n1 >= {SHARE} * (p.units - h.alone) AS shown
            FROM had h
            JOIN sizes z ON z.kind = h.kind AND z.agent = h.agent AND z.tool = h.tool AND z.outcome = h.outcome
            JOIN present p ON p.kind = h.kind AND p.agent = h.agent AND p.tool = h.tool AND p.outcome = h.outcome
                          AND p.format = h.format AND p.stream = h.stream
            WHERE p.units >= {LEAST}
        )
        SELECT kind, agent, tool, outcome, format, stream, phase, least, shown, n1 AS have_any,
               units - alone AS of_shown,
               CASE least WHEN 3 THEN n3 WHEN 2 THEN n2 ELSE n1 END AS have, units AS of_units,
               n1 >= {SHARE} * (all_units - alone) AS always
        FROM learnt WHERE shown OR least > 1
        """
    )


def _deficient(connection: duckdb.DuckDBPyConnection) -> None:
    """`deficient`: units with each record of their habit that they lack.

    A service's lines belong to a call by the request that a span, or another record, ties to it. Where lines of the run
    are held at the time of the call that no call is known of, what ties them is gone, and not the lines.
    """
    connection.execute(
        """
        CREATE TEMP TABLE deficient AS
        WITH short AS (
            SELECT g.kind, g.run, g.key, g.agent, g.tool, g.outcome, g.event, g.first_ns, g.last_ns, h.format, h.stream,
                   h.phase, h.least - coalesce(u.n, 0) AS lacking,
                   CASE WHEN u.n IS NULL THEN h.have_any ELSE h.have END AS have,
                   CASE WHEN u.n IS NULL THEN h.of_shown ELSE h.of_units END AS of_units, h.always
            FROM unit_groups g
            JOIN habits h ON h.kind = g.kind AND h.agent = g.agent AND h.tool = g.tool AND h.outcome = g.outcome
            LEFT JOIN units u ON u.kind = g.kind AND u.run = g.run AND u.key = g.key AND u.tool = g.tool
                             AND u.format = h.format AND u.stream = h.stream AND u.phase = h.phase
            WHERE u.n < h.least OR u.n IS NULL AND h.shown
        )
        SELECT s.* EXCLUDE (always), false AS joint, p.run IS NULL AND m.run IS NOT NULL AS whole FROM short s
        LEFT JOIN (SELECT DISTINCT run, format, class FROM habit_run_streams) p
          ON p.run = s.run AND p.format = s.format AND p.class = s.stream
        LEFT JOIN (SELECT DISTINCT run, signal AS format, stream FROM missing_streams) m
          ON m.run = s.run AND m.format = s.format AND m.stream = s.stream
        WHERE p.run IS NOT NULL OR s.always AND (m.run IS NULL OR s.phase = 'decision')
        """
    )
    connection.execute(
        f"""
        DELETE FROM deficient d USING (
            SELECT a.run, a.format, coalesce(c.class, a.stream) AS stream, a.ts_ns
            FROM acts a
            JOIN (SELECT DISTINCT run FROM deficient WHERE kind = 'call' AND phase = 'line') w ON w.run = a.run
            LEFT JOIN habit_run_streams c ON c.run = a.run AND c.format = a.format AND c.stream = a.stream
            LEFT JOIN call_acts k ON k.event = a.event
            WHERE a.layer <> 'llm' AND a.kind <> 'span' AND a.call IS NULL AND k.event IS NULL AND a.request IS NOT NULL
        ) u
        WHERE d.kind = 'call' AND d.phase = 'line' AND u.run = d.run AND u.format = d.format AND u.stream = d.stream
          AND u.ts_ns BETWEEN d.first_ns - {_NEAR_NS} AND d.last_ns + {_NEAR_NS}
        """
    )


def _uncounted(connection: duckdb.DuckDBPyConnection) -> None:
    """Adds to `deficient` what runs lack of records that name their tool, and no call or request."""
    connection.execute(
        f"""
        INSERT INTO deficient
        WITH counted AS (
            SELECT run, coalesce(agent, '') AS agent, tool, count(*) AS asked,
                   count(*) FILTER (WHERE outcome <> 'denied') AS wanted, min(coalesce(ran, wish)) AS event,
                   min(first_ns) AS first_ns, max(last_ns) AS last_ns
            FROM calls WHERE tool IS NOT NULL AND wish IS NOT NULL GROUP BY ALL
        ), told AS (  -- a protocol may number its calls itself: such an id is as good as none
            SELECT a.run, a.tool, a.format, a.stream,
                   CASE WHEN a.layer = 'policy' OR a.kind = 'decision' THEN 'decision' ELSE a.kind END AS phase,
                   count(*) AS n
            FROM signal_acts a
            LEFT JOIN (SELECT DISTINCT run, call FROM calls WHERE wish IS NULL) o ON o.run = a.run AND o.call = a.call
            WHERE a.run IS NOT NULL AND (a.call IS NULL AND a.request IS NULL OR o.run IS NOT NULL)
              AND a.tool IS NOT NULL AND a.kind IN ('span', 'call', 'result', 'decision') AND a.layer <> 'llm'
            GROUP BY ALL
        ), kinds AS (SELECT DISTINCT tool, format, stream, phase FROM told),
        pairs AS (
            SELECT c.run, c.agent, c.tool, k.format, k.stream, k.phase, c.event, c.first_ns, c.last_ns, c.asked,
                   c.wanted, coalesce(t.n, 0) AS n
            FROM counted c JOIN kinds k ON k.tool = c.tool
            JOIN habit_run_streams s ON s.run = c.run AND s.format = k.format AND s.stream = k.stream
            LEFT JOIN told t ON t.run = c.run AND t.tool = c.tool AND t.format = k.format AND t.stream = k.stream
                            AND t.phase = k.phase
        ), usual AS (  -- whether a call that was denied leaves such a record, too, is told by what fits more runs
            SELECT agent, tool, format, stream, phase, count(*) AS of_units,
                   count(*) FILTER (WHERE n = asked) >= count(*) FILTER (WHERE n = wanted) AS each,
                   greatest(count(*) FILTER (WHERE n = asked), count(*) FILTER (WHERE n = wanted)) AS have
            FROM pairs GROUP BY ALL HAVING count(*) >= {LEAST} AND have >= {SHARE} * count(*)
        )
        SELECT 'count', p.run, 'count:' || p.tool, p.agent, p.tool, 'ok', p.event, p.first_ns, p.last_ns, p.format,
               p.stream, p.phase, CASE WHEN u.each THEN p.asked ELSE p.wanted END - p.n, u.have, u.of_units, false,
               false
        FROM pairs p JOIN usual u ON u.agent = p.agent AND u.tool = p.tool AND u.format = p.format
                                 AND u.stream = p.stream AND u.phase = p.phase
        WHERE p.n < CASE WHEN u.each THEN p.asked ELSE p.wanted END
        """
    )
    connection.execute(
        f"""
        INSERT INTO deficient
        WITH answers AS (
            SELECT a.run, coalesce(r.agent, '') AS agent, a.format, a.stream, count(*) AS n, min(a.event) AS event,
                   min(a.ts_ns) AS first_ns, max(coalesce(a.end_ns, a.ts_ns)) AS last_ns
            FROM signal_acts a JOIN runs r ON r.run = a.run AND r.id_kind IN ('run', 'trace')
            WHERE a.layer = 'llm' AND a.kind = 'span'
              AND a.event NOT IN (SELECT event FROM copies)  -- one answer that is told in two ways is one
            GROUP BY ALL
        ), pairs AS (
            SELECT b.run, b.agent, b.format, b.stream, a.format AS other_format, a.stream AS other, a.event, a.first_ns,
                   a.last_ns, a.n - b.n AS lacking
            FROM answers a JOIN answers b ON b.run = a.run AND (b.format <> a.format OR b.stream <> a.stream)
        ), usual AS (
            SELECT agent, format, stream, other_format, other, count(*) AS of_units,
                   count(*) FILTER (WHERE lacking = 0) AS have
            FROM pairs GROUP BY ALL
            HAVING count(*) >= {LEAST} AND count(*) FILTER (WHERE lacking = 0) >= {SHARE} * count(*)
        )
        SELECT 'count', p.run, 'count:answers', p.agent, '', 'ok', min(p.event), min(p.first_ns), max(p.last_ns),
               p.format, p.stream, 'answer', max(p.lacking), max(u.have), max(u.of_units), false, false
        FROM pairs p JOIN usual u ON u.agent = p.agent AND u.format = p.format AND u.stream = p.stream
                                 AND u.other_format = p.other_format AND u.other = p.other
        WHERE p.lacking > 0
        GROUP BY p.run, p.agent, p.format, p.stream
        """
    )


def _joint(connection: duckdb.DuckDBPyConnection) -> None:
    """Marks units that lack several records together more often than chance has it."""
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE deficient AS
        WITH sets AS (
            SELECT kind, run, key, any_value(agent) AS agent, any_value(tool) AS tool, any_value(outcome) AS outcome,
                   count(*) AS parts, string_agg(format || '/' || stream || '/' || phase, ',' ORDER BY format, stream,
                   phase) AS lacks, product(1 - have / of_units) AS chance
            FROM deficient GROUP BY kind, run, key
        ), sizes AS (
            SELECT kind, agent, tool, outcome, count(*) AS units FROM unit_groups GROUP BY ALL
        ), expected AS (
            SELECT lacks, sum(seen) AS seen, sum(chance * units) AS chance FROM (
                SELECT s.lacks, s.kind, s.agent, s.tool, s.outcome, count(*) AS seen, max(s.chance) AS chance,
                       any_value(z.units) AS units
                FROM sets s JOIN sizes z ON z.kind = s.kind AND z.agent = s.agent AND z.tool = s.tool
                                        AND z.outcome = s.outcome
                WHERE s.parts > 1 GROUP BY ALL
            ) GROUP BY lacks
        )
        SELECT d.* EXCLUDE (joint), coalesce(e.seen > 3 + 3 * e.chance, false) AS joint
        FROM deficient d JOIN sets s ON s.kind = d.kind AND s.run = d.run AND s.key = d.key
        LEFT JOIN expected e ON s.parts > 1 AND e.lacks = s.lacks
        """
    )
