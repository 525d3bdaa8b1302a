"""`content_never`: streams that record tool calls or requests to models, and never their content.

One row for each stream and layer, and none for single runs: nothing was taken from any run, the stream is made
like this. Most instrumentations record content only if they are asked to. That there was content to record is told by
other streams: they hold it for the same calls, or at least for the same tools.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditrail.gaps import sides

if TYPE_CHECKING:
    import duckdb

NAME = "content_never"
NEEDS = ("acts",)
COLUMNS = {
    "event": "first event of the stream that lacks it",
    "what": "as `what` of findings",
    "layer": "layer of the records",
    "format": "format of the stream",
    "stream": "the stream",
    "agent": "the agent, or NULL: several",
    "number": "records without it",
    "held_number": "of these, calls whose content another stream holds",
    "first_ns": "first time",
    "last_ns": "last time",
    "held": "which sides of what, in words",
    "witness": "event of another stream that holds it for one of the calls, or NULL",
    "witness_stream": "its stream",
}

_FEWEST = 20
# Witnesses are looked for among so many records of a stream.
_LOOKED_AT = 2000


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    parts = " UNION ALL ".join(
        f"""
        SELECT event, '{side}' AS side, layer, format, stream, agent, tool, ts_ns,
               {side}_state IN {sides.RECORDED} AS has
        FROM acts
        WHERE (layer = 'tool' AND tool IS NOT NULL AND kind IN ('span', '{kind}')) OR (layer = 'llm' AND kind = 'span')
        """
        for side, kind in (("args", "call"), ("result", "result"))
    )
    connection.execute(
        f"""
        CREATE TEMP TABLE content_never_rows AS
        WITH told AS MATERIALIZED (
            SELECT side, layer, format, stream, agent, min(event) AS first_event, count(*) AS number,
                   min(ts_ns) AS first_ns, max(ts_ns) AS last_ns
            FROM ({parts}) GROUP BY ALL HAVING NOT bool_or(has) AND count(*) >= {_FEWEST}
        ), taking AS (
            SELECT DISTINCT tool, 'args' AS side FROM acts WHERE args_state IN {sides.RECORDED} AND tool IS NOT NULL
            UNION ALL
            SELECT DISTINCT tool, 'result' FROM acts WHERE result_state IN {sides.RECORDED} AND tool IS NOT NULL
        )
        SELECT t.*, p.event FROM told t
        JOIN ({parts}) p ON p.side = t.side AND p.layer = t.layer AND p.format = t.format AND p.stream = t.stream
             AND p.agent IS NOT DISTINCT FROM t.agent
        LEFT JOIN taking k ON k.tool = p.tool AND k.side = p.side
        WHERE p.layer = 'llm' OR k.tool IS NOT NULL
        QUALIFY row_number() OVER (
            PARTITION BY t.side, t.layer, t.format, t.stream, t.agent ORDER BY p.event NULLS LAST
        ) <= {_LOOKED_AT}
        """
    )
    connection.execute(
        f"""
        CREATE TEMP TABLE content_never AS
        WITH each AS (
            SELECT n.side, n.layer, n.format, n.stream, n.agent, min(n.event) AS event, n.number,
                   CAST(round(n.number * count(h.witness) / count(*)) AS BIGINT) AS held_number, n.first_ns, n.last_ns,
                   min(h.witness) AS witness, arg_min(h.stream, h.witness) AS witness_stream
            FROM content_never_rows n
            LEFT JOIN ({sides.holders("content_never_rows")}) h ON h.event = n.event AND h.side = n.side
            GROUP BY n.side, n.layer, n.format, n.stream, n.agent, n.number, n.first_ns, n.last_ns
        ), by_side AS (
            SELECT side, layer, format, stream, min(event) AS event,
                   CASE WHEN count(DISTINCT agent) = 1 THEN min(agent) END AS agent,
                   sum(number) AS number, sum(held_number) AS held_number, min(first_ns) AS first_ns,
                   max(last_ns) AS last_ns, min(witness) AS witness, arg_min(witness_stream, witness) AS witness_stream
            FROM each GROUP BY side, layer, format, stream
        )
        SELECT min(event) AS event, 'capture:' || format || '/' || stream || '/' || layer AS what, layer, format,
               stream, min(agent) AS agent, CAST(max(number) AS BIGINT) AS number,
               CAST(min(held_number) AS BIGINT) AS held_number,
               min(first_ns) AS first_ns, max(last_ns) AS last_ns,
               CASE WHEN layer = 'llm'
                    THEN CASE WHEN count(*) = 2 THEN 'prompts and answers of models'
                              WHEN min(side) = 'args' THEN 'prompts' ELSE 'answers of models' END
                    ELSE CASE WHEN count(*) = 2 THEN 'arguments and results of calls'
                              WHEN min(side) = 'args' THEN 'arguments of calls' ELSE 'results of calls' END END AS held,
               min(witness) AS witness, arg_min(witness_stream, witness) AS witness_stream
        FROM by_side GROUP BY layer, format, stream
        """
    )
    connection.execute("DROP TABLE content_never_rows")
