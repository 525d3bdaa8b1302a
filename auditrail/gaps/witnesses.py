"""Who else holds the arguments or the result of a call: one query that several facts share."""

from __future__ import annotations


def holders(table: str) -> str:
    """SQL: for each (event, side) of a table, the event of another stream of the same run that holds that content.

    A call is the same by its tool call id, and where one id stands for several calls of a run, by its time: the
    nearest is taken. A request to a model is no call of a tool, and holds none of its arguments; but it holds the
    result of each call that its messages name.

    Args:
        table: name of a table or a query with columns `event` and `side` (args or result).

    Returns:
        A SELECT with columns event, side, witness, stream (of the witness); no row where nobody holds it.
    """
    own = "w.stream <> a.stream AND w.event <> a.event"
    side = "CASE m.side WHEN 'args' THEN w.args_state ELSE w.result_state END = 'present'"
    far = "abs(coalesce(w.ts_ns - a.ts_ns, 0)) AS far"
    return f"""
        SELECT event, side, arg_min(witness, (far, witness)) AS witness, arg_min(stream, (far, witness)) AS stream
        FROM (
            SELECT m.event, m.side, w.event AS witness, w.stream, {far}
            FROM {table} m
            JOIN acts a ON a.event = m.event AND (a.layer <> 'llm' OR a.kind = 'call')
            JOIN acts w ON w.run = a.run AND w.call = a.call AND {own} AND {side}
                 AND w.tool IS NOT NULL AND (m.side = 'args' OR w.layer <> 'llm')
            UNION ALL
            SELECT m.event, m.side, w.event, w.stream, {far}
            FROM {table} m
            JOIN acts a ON a.event = m.event AND a.layer <> 'llm'
            JOIN acts w ON w.run = a.run AND w.request = a.request AND w.tool = a.tool AND {own} AND {side}
            UNION ALL
            SELECT m.event, m.side, w.event, w.stream, {far}
            FROM {table} m
            JOIN acts a ON a.event = m.event AND a.layer = 'llm' AND a.kind <> 'call'
            JOIN acts w ON w.run = a.run AND w.response = a.response AND w.layer = 'llm' AND w.kind = a.kind
                 AND {own} AND {side}
            UNION ALL
            SELECT m.event, m.side, w.event, w.stream, {far}
            FROM {table} m
            JOIN acts a ON a.event = m.event AND m.side = 'result' AND a.layer <> 'llm'
            JOIN acts w ON w.run = a.run AND w.call = a.call AND w.layer = 'llm' AND w.args_state = 'present' AND {own}
                 AND w.tool IS NULL
            JOIN events e ON e.event = w.event AND contains(e.args, a.call)
        ) GROUP BY event, side
    """
