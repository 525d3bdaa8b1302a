"""`missing_records`: single records that should be there: the end of a run, the result of a call, a parent span.

What is missing is found from what is held, without asking why. The structural rules report these rows with the cause
that the record itself suggests; rules about outages, cut dumps, retention and sampling report the same `what` where
they have stronger evidence for a cause.

1. What another record names or implies: parent spans, executions of what a model asked for, results of calls, ends of
   runs, runs that were spawned.
2. What nearly all units like this one have (`habit_gaps`), unless 1 says so already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail import case
from auditrail.gaps.absence import signals

if TYPE_CHECKING:
    import duckdb

NAME = "missing_records"
NEEDS = (
    "acts", "run_facts", "stream_habits", "calls", "call_acts", "missing_parents", "endings", "unanswered_calls",
    "children_announced", "habit_gaps", "missing_streams", "policy_stops",
)  # fmt: skip
COLUMNS = {
    "run": "runs.run; NULL where no run is known",
    "what": "names the missing record inside the run: as `what` of findings; stream:... for decisions in a run that "
    "has no record of the stream at all",
    "kind": "end, start, span, execution, result, call, request, response, decision, line or child",
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
    "lacking": "how many records are missing",
    "have": "of those that are alike, how many have it; NULL where nothing is to be compared",
    "of_all": "how many are alike",
    "joint": "missing together with other records of the same call or request, as others are: not single",
    "crashed": "the run crashed, and this may be what the crash left open",
    "by_number": "that the run crashed is told by how many ends its stream lacks, and by nothing of the run",
    "sign": "of a span: local, remote (joined: other spans of other processes are held), unknown, or untraced (no span "
    "at all is held); of an end: what says so; of a child: how it is announced",
    "by_habit": "no record implies it: nearly all that are alike have it",
}
# A crash also takes what was not yet written out: spans wait five seconds by default, and clocks differ by some.
_UNWRITTEN_NS = 10_000_000_000
# Below so many calls a stream's habit of writing ends is not known; from there on it must hold for half of them.
_FEW = 5
# What writes an end has written a begin, where it writes begins at all.
_NEARLY = 0.9
# In a run of so few decided calls, all may have gone without a decision; of more, the whole stream is missing.
_ALL_SKIPPED = 2
# So far apart, by their clocks, a decision and the call that it is about may stand.
_NEAR_NS = 5_000_000_000


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    _found(connection)
    connection.execute(
        f"""
        CREATE TEMP TABLE missing_records AS
        WITH judged AS (
            SELECT f.*, coalesce(n.crashed, false) AND (
                       f.open_call OR f.kind = 'span' OR contains(coalesce(f.lacks, ''), 'spans')
                       OR coalesce(coalesce(f.to_ns, f.from_ns) + {_UNWRITTEN_NS} >= r.ended_ns, f.kind = 'end')
                   ) AS crashed,
                   coalesce(n.by_number, false) AS by_number
            FROM found f LEFT JOIN endings n ON n.run = f.run LEFT JOIN runs r ON r.run = f.run
        )
        SELECT run, what, kind, event, agent, layer, regexp_replace(format, '{signals.LOGS}$', '') AS format, stream,
               tool, call, from_ns, to_ns,
               CASE WHEN crashed AND kind <> 'end' THEN lacks || ',~crash' ELSE lacks END AS lacks, lacking, have,
               of_all, joint, crashed, by_number, sign, by_habit
        FROM judged
        """
    )
    case.drop(connection, "found")


def _found(connection: duckdb.DuckDBPyConnection) -> None:
    """`found`: step 1, then step 2."""
    connection.execute(
        f"""
        CREATE TEMP TABLE found AS
        WITH writers AS (  -- streams that write how calls end, and how they begin
            SELECT a.format, a.stream, count(c.begin) AS begun, count(c.ended) AS ended
            FROM calls c JOIN signal_acts a ON a.event = c.begin GROUP BY ALL
        ), closers AS (  -- streams that write how calls begin, and how they end
            SELECT a.format, a.stream, count(c.ended) AS ended, count(c.begin) AS begun
            FROM calls c JOIN signal_acts a ON a.event = c.ended GROUP BY ALL
        ), wanted AS (
            SELECT coalesce(agent, '') AS agent, tool, count(*) AS asked, count(ran) AS ran FROM calls
            WHERE wish IS NOT NULL AND outcome <> 'denied' GROUP BY ALL
        ), agents AS (SELECT agent, sum(ran) AS ran FROM wanted GROUP BY agent)
        SELECT p.run, 'span:' || p.parent AS what, 'span' AS kind, p.event, p.agent, CAST(NULL AS VARCHAR) AS layer,
               p.format, p.stream, CAST(NULL AS VARCHAR) AS tool, CAST(NULL AS VARCHAR) AS call, p.from_ns, p.to_ns,
               'spans' || coalesce(',' || p.format || '/' || p.stream, '') AS lacks, 1::BIGINT AS lacking,
               p.like_held AS have, p.like_all AS of_all, false AS joint, false AS open_call,
               CASE WHEN NOT p.traced THEN 'untraced' WHEN p.remote IS NULL THEN 'unknown'
                    WHEN NOT p.remote THEN 'local' WHEN p.joined THEN 'remote joined' ELSE 'remote' END AS sign,
               false AS by_habit
        FROM missing_parents p
        UNION ALL
        SELECT n.run, 'end', 'end', n.event, f.agent, 'agent', n.format, n.stream, NULL, NULL, n.last_ns, NULL,
               n.format || '/' || n.stream, 1, NULL, NULL, false, false, n.sign, false
        FROM endings n JOIN run_facts f ON f.run = n.run
        UNION ALL
        SELECT c.run, 'execution:' || c.label, 'execution', c.wish, c.agent, 'tool', NULL, NULL, c.tool, c.call,
               c.first_ns, NULL, 'agent,tool', 1, w.ran, w.asked, false, true, NULL, false
        FROM unanswered_calls u JOIN calls c ON c.run = u.run AND c.call = u.call AND c.turn = u.turn
        JOIN wanted w ON w.agent = coalesce(c.agent, '') AND w.tool IS NOT DISTINCT FROM c.tool
        JOIN agents g ON g.agent = w.agent
        WHERE c.outcome <> 'denied' AND g.ran > 0 AND (w.asked < {_FEW} OR w.ran * 2 >= w.asked)
        UNION ALL
        SELECT c.run, 'result:' || c.label, 'result', c.begin, c.agent, 'tool', a.format, a.stream, c.tool, c.call,
               c.first_ns, NULL, 'tool,' || a.format || '/' || a.stream, 1, w.ended, w.begun, false, true, NULL, false
        FROM calls c JOIN signal_acts a ON a.event = c.begin
        JOIN writers w ON w.format = a.format AND w.stream = a.stream
        WHERE c.ended IS NULL AND c.outcome <> 'denied' AND (w.begun < {_FEW} OR w.ended * 2 >= w.begun)
        UNION ALL
        SELECT c.run, 'call:' || c.label, 'call', c.ended, c.agent, 'tool', a.format, a.stream, c.tool, c.call,
               c.first_ns, NULL, a.format || '/' || a.stream, 1, w.begun, w.ended, false, false, NULL, false
        FROM calls c JOIN signal_acts a ON a.event = c.ended
        JOIN closers w ON w.format = a.format AND w.stream = a.stream
        WHERE c.begin IS NULL AND w.ended >= {_FEW} AND w.begun >= {_NEARLY} * w.ended
        UNION ALL
        SELECT d.run, 'child:' || d.id, 'child', d.event, f.agent, NULL, NULL, NULL, NULL, NULL, a.ts_ns, NULL, NULL, 1,
               d.others_held, d.others_all, false, false, d.how, false
        FROM children_announced d JOIN acts a ON a.event = d.event JOIN run_facts f ON f.run = d.run
        """
    )
    connection.execute(
        f"""
        INSERT INTO found
        WITH loose AS (
            SELECT a.tool, a.stream, a.ts_ns FROM acts a LEFT JOIN call_acts c ON c.event = a.event
            WHERE a.kind = 'decision' AND c.event IS NULL
        ), repeaters AS (  -- streams of others that repeat what the policy decided: a denial, as the agent heard of it
            SELECT format, stream FROM acts GROUP BY ALL
            HAVING bool_or(kind = 'decision') AND count(*) FILTER (WHERE layer <> 'policy') * 2 > count(*)
        ), named AS (
            SELECT g.*, CASE WHEN unit = 'run' AND phase LIKE 'start:%' THEN 'start'
                        WHEN unit = 'run' AND phase LIKE 'end:%' THEN 'end'
                        WHEN unit = 'run' THEN 'line'
                        WHEN unit = 'response' OR phase = 'answer' THEN 'response'
                        -- The decision on the call is held: what is gone is the record that repeats it.
                        WHEN phase = 'decision' AND unit = 'call' AND EXISTS (
                            SELECT 1 FROM repeaters r WHERE r.format = g.format AND r.stream = g.stream
                        ) AND EXISTS (
                            SELECT 1 FROM calls c JOIN acts a ON a.event = c.decided
                            WHERE c.run = g.run AND c.label = g.key AND (a.format <> g.format OR a.stream <> g.stream)
                        ) THEN 'line'
                        ELSE CASE phase WHEN 'wish' THEN 'request' WHEN 'begin' THEN 'call' WHEN 'end' THEN 'result'
                             ELSE phase END END AS kind,
                   count(*) OVER (PARTITION BY run, whole, unit, phase) AS asked
            FROM habit_gaps g
        )
        SELECT h.run, CASE WHEN h.whole THEN 'stream:' || h.format || '/' || h.stream
                      WHEN h.kind IN ('start', 'end') THEN h.kind
                      WHEN h.kind IN ('request', 'decision', 'call', 'result') THEN h.kind || ':' || h.key
                      ELSE h.kind || ':' || h.unit || ':' || h.key || ':' || h.format || '/' || h.stream || ':'
                           || h.phase END,
               h.kind, h.event, h.agent,
               CASE WHEN h.kind = 'decision' THEN 'policy' WHEN h.kind IN ('request', 'response') THEN 'llm'
                    WHEN h.kind IN ('start', 'end') THEN 'agent' WHEN h.kind IN ('call', 'result') THEN 'tool' END,
               h.format, h.stream, h.tool, CASE WHEN h.unit = 'call' THEN c.call END, h.from_ns, h.to_ns,
               h.format || '/' || h.stream || CASE WHEN h.kind IN ('span', 'response') AND h.format IN (
                   SELECT format FROM signal_acts WHERE kind = 'span' AND span IS NOT NULL) THEN ',spans' ELSE '' END,
               h.lacking, h.have, h.of_units, h.joint,
               h.unit = 'call' AND c.begin IS NOT NULL AND c.ended IS NULL, NULL, true
        FROM named h LEFT JOIN calls c ON h.unit = 'call' AND c.run = h.run AND c.label = h.key
        WHERE (NOT h.whole OR h.asked <= {_ALL_SKIPPED}) AND NOT EXISTS (SELECT 1 FROM found f WHERE f.run = h.run AND (
                  f.kind = h.kind AND (h.kind = 'end'
                                       OR h.kind IN ('call', 'result') AND f.what = h.kind || ':' || h.key)
                  OR h.unit = 'call' AND f.what = 'execution:' || h.key AND h.kind <> 'request'))
          -- A decision that is held, and lost what ties it to its call, is not missing.
          AND NOT (h.kind = 'decision' AND h.unit <> 'count' AND EXISTS (
                  SELECT 1 FROM loose d WHERE d.tool = h.tool AND d.stream = h.stream
                  AND d.ts_ns BETWEEN h.from_ns - {_NEAR_NS} AND h.to_ns + {_NEAR_NS}))
        """
    )
    connection.execute(
        """
        INSERT INTO found
        SELECT p.run, CASE WHEN m.run IS NOT NULL THEN 'stream:' || p.format || '/' || p.stream
                      ELSE 'decision:' || p.label END AS what,
               'decision', p.event, p.agent, 'policy', p.format, p.stream, p.tool, p.call, p.ts_ns, p.to_ns,
               'policy,' || p.format || '/' || p.stream, 1, p.decided, p.before, false, false, NULL, true
        FROM policy_stops p
        LEFT JOIN missing_streams m ON m.run = p.run AND m.signal = p.format AND m.stream = p.stream
        WHERE NOT EXISTS (SELECT 1 FROM found f WHERE f.run = p.run AND f.kind = 'decision'
                          AND f.what = 'decision:' || p.label)
        """
    )
