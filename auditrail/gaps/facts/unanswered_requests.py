"""`unanswered_requests`: requests to a model that a stream logs apart from their answers, and that have none.

A request is a record of layer `llm` and kind `call` or `start` that names no tool call. It belongs to the answer with
the same request, response or span id in its run and stream; where a stream gives none of these, to the next record of
an answer before the next request. Only streams that hold the answers of nearly all requests are judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

NAME = "unanswered_requests"
NEEDS = ("acts", "run_facts")
COLUMNS = {
    "run": "runs.run",
    "event": "events.event of the request",
    "agent": "the agent",
    "format": "format of the stream",
    "stream": "the stream",
    "ts_ns": "its time",
    "last": "nothing of the stream follows in its run",
    "have": "requests of the stream that are answered",
    "of_all": "requests of the stream",
}
# A stream is judged if so many of its requests, and this share of them, are answered.
_LEAST, _SHARE = 5, 0.8


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    connection.execute(
        f"""
        CREATE TEMP TABLE unanswered_requests AS
        WITH told AS (
            SELECT run, event, agent, format, stream, ts_ns, kind IN ('call', 'start') AS asks,
                   coalesce(request, response, span) AS key,
                   coalesce(lead(kind IN ('call', 'start')) OVER after, true) AS next_asks,
                   lead(event) OVER after IS NULL AS last
            FROM acts
            WHERE layer = 'llm' AND run IS NOT NULL AND NOT inferred AND call IS NULL AND tool IS NULL
              AND kind IN ('call', 'start', 'result', 'end', 'error')
            WINDOW after AS (PARTITION BY run, format, stream ORDER BY ts_ns NULLS LAST, event)
        ), answers AS (
            SELECT DISTINCT run, format, stream, key FROM told WHERE NOT asks AND key IS NOT NULL
        ), judged AS (
            SELECT t.*, CASE WHEN t.key IS NULL THEN NOT t.next_asks ELSE a.run IS NOT NULL END AS answered
            FROM told t LEFT JOIN answers a
              ON a.run = t.run AND a.format = t.format AND a.stream = t.stream AND a.key = t.key
            WHERE t.asks
        ), usual AS (
            SELECT format, stream, count(*) FILTER (WHERE answered) AS have, count(*) AS of_all
            FROM judged GROUP BY format, stream
        )
        SELECT j.run, j.event, j.agent, j.format, j.stream, j.ts_ns, j.last, u.have, u.of_all
        FROM judged j JOIN usual u ON u.format = j.format AND u.stream = j.stream
        WHERE NOT j.answered AND u.have >= {_LEAST} AND u.have >= {_SHARE} * u.of_all
        """
    )
