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
# one sequence of two million numbers. Windows go by numbers, and only where a sequence falls back once, by more than
# one: where none does, its records stand in the order of their numbers already, and one epoch holds them all.
_AGAIN = f"seq < before - {_OUT_OF_ORDER} OR seq <= 1 AND before > seq"


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(
        f"""
        CREATE TEMP TABLE sequence_holes AS
        WITH kinds AS (
            SELECT format, stream, seq_kind, count(*) > 2 * count(DISTINCT seq) AS by_run,
                   row_number() OVER (ORDER BY format, stream, seq_kind) AS series
            FROM acts WHERE seq IS NOT NULL AND seq_kind IS NOT NULL GROUP BY format, stream, seq_kind
        ), scoped AS (
            SELECT a.event, a.run, a.seq, a.ts_ns, k.series, CASE WHEN k.by_run THEN a.run ELSE 0 END AS scope
            FROM acts a JOIN kinds k ON k.format = a.format AND k.stream = a.stream AND k.seq_kind = a.seq_kind
            WHERE a.seq IS NOT NULL AND (NOT k.by_run OR a.run IS NOT NULL)
        ), timed AS MATERIALIZED (
            SELECT *, lag(seq) OVER w AS before, lag(run) OVER w AS run_before, lag(ts_ns) OVER w AS from_ns
            FROM scoped WINDOW w AS (PARTITION BY series, scope ORDER BY ts_ns NULLS LAST, event)
        ), falling AS (
            SELECT DISTINCT series, scope FROM timed WHERE seq < before
        ), started AS (
            SELECT t.*, count(CASE WHEN {_AGAIN} THEN 1 END) OVER (
                PARTITION BY t.series, t.scope ORDER BY t.ts_ns NULLS LAST, t.event
            ) AS epoch
            FROM timed t SEMI JOIN falling f ON f.series = t.series AND f.scope = t.scope
        ), steps AS (
            SELECT t.series, t.run, t.event, t.seq, t.ts_ns, t.seq - t.before AS step, t.run_before, t.from_ns
            FROM timed t ANTI JOIN falling f ON f.series = t.series AND f.scope = t.scope
            UNION ALL
            SELECT series, run, event, seq, ts_ns, seq - lag(seq) OVER w, lag(run) OVER w, lag(ts_ns) OVER w
            FROM started
            WINDOW w AS (PARTITION BY series, scope, epoch ORDER BY seq, ts_ns NULLS LAST, event)
        ), usual AS (
            SELECT series FROM steps WHERE step > 0 GROUP BY series
            HAVING count(*) >= {LEAST} AND count(*) FILTER (WHERE step = 1) >= {SHARE} * count(*)
        )
        SELECT k.format, k.stream, k.seq_kind, a.layer, CASE WHEN s.run = s.run_before THEN s.run END AS run, a.agent,
               s.event, s.seq - s.step + 1 AS first_seq, s.step - 1 AS missing, s.from_ns, s.ts_ns AS to_ns
        FROM steps s JOIN usual u ON u.series = s.series JOIN kinds k ON k.series = s.series
        JOIN acts a ON a.event = s.event
        WHERE s.step BETWEEN 2 AND {_MOST} + 1
        """
    )
