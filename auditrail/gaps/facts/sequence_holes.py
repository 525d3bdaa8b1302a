"""`sequence_holes`: numbers that are missing where a producer counts its records one by one.

1. A sequence belongs to a stream, or to each run of it where most numbers recur in the stream.
2. Where it falls back, the producer was started anew.
3. It proves something only where holes are the exception: OPA counts every request, and OpenHands every event, also
   those that are never written. At least `SHARE` of `LEAST` steps must be of one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAME = "sequence_holes"
NEEDS = ("acts",)
COLUMNS = {
    "format": "format of the stream",
    "stream": "the stream",
    "seq_kind": "name of the sequence",
    "layer": "layer of the record behind the hole",
    "run": "run of the records on both sides, or NULL: they are of two runs, or of none",
    "agent": "agent of the record behind the hole",
    "event": "the record behind the hole",
    "first_seq": "the first number that is missing",
    "missing": "how many are missing",
    "from_ns": "time of the record before the hole",
    "to_ns": "time of the record behind it",
}
SHARE, LEAST = 0.9, 10
# Records that are written a little out of order do not start the count anew; a hole of more is no single loss.
_OUT_OF_ORDER, _MOST = 100, 100
# Counted by CASE and not by FILTER: DuckDB 2.0 takes time by the square for a filtered count over a window, minutes for
# one sequence of two million numbers.


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(
        f"""
        CREATE TEMP TABLE sequence_holes AS
        WITH counted AS (
            SELECT event, run, source, format, stream, seq_kind, seq, layer, agent, ts_ns FROM acts
            WHERE seq IS NOT NULL AND seq_kind IS NOT NULL
        ), scopes AS (
            SELECT format, stream, seq_kind, count(*) > 2 * count(DISTINCT seq) AS by_run FROM counted GROUP BY ALL
        ), scoped AS (
            SELECT c.*, CASE WHEN s.by_run THEN c.run END AS scope
            FROM counted c
            JOIN scopes s ON s.format = c.format AND s.stream = c.stream AND s.seq_kind = c.seq_kind
            WHERE NOT s.by_run OR c.run IS NOT NULL
        ), back AS (
            SELECT *, seq < lag(seq) OVER w - {_OUT_OF_ORDER} OR seq <= 1 AND lag(seq) OVER w > seq AS again
            FROM scoped
            WINDOW w AS (PARTITION BY format, stream, seq_kind, scope ORDER BY ts_ns NULLS LAST, event)
        ), started AS (
            SELECT *, count(CASE WHEN again THEN 1 END) OVER (
                PARTITION BY format, stream, seq_kind, scope ORDER BY ts_ns NULLS LAST, event
            ) AS epoch
            FROM back
        ), steps AS (
            SELECT *, seq - lag(seq) OVER w AS step, lag(run) OVER w AS run_before, lag(ts_ns) OVER w AS from_ns
            FROM started
            WINDOW w AS (PARTITION BY format, stream, seq_kind, scope, epoch ORDER BY seq, ts_ns NULLS LAST, event)
        ), usual AS (
            SELECT format, stream, seq_kind FROM steps WHERE step > 0 GROUP BY ALL
            HAVING count(*) >= {LEAST} AND count(*) FILTER (WHERE step = 1) >= {SHARE} * count(*)
        )
        SELECT s.format, s.stream, s.seq_kind, s.layer, CASE WHEN s.run = s.run_before THEN s.run END AS run, s.agent,
               s.event, s.seq - s.step + 1 AS first_seq, s.step - 1 AS missing, s.from_ns, s.ts_ns AS to_ns
        FROM steps s JOIN usual u ON u.format = s.format AND u.stream = s.stream AND u.seq_kind = s.seq_kind
        WHERE s.step BETWEEN 2 AND {_MOST} + 1
        """
    )
