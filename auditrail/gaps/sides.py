"""SQL that the facts on arguments and results share: how a side of an event is named, and who else holds it."""

from __future__ import annotations

# States that say that a value was recorded, whatever became of it since.
RECORDED = "('present', 'redacted', 'hashed', 'truncated', 'offloaded')"


def what(side: str, event: str) -> str:
    """SQL: `what` of findings for a side (args or result) of an event."""
    return f"CASE {side} WHEN 'args' THEN 'args:' ELSE 'result-content:' END || {event}"


def words(side: str, act: str) -> str:
    """SQL: the subject and the side in words, such as `issue_refund: arguments`; `act` is an alias of `acts`."""
    return f"""
        CASE WHEN {act}.tool IS NOT NULL
             THEN {act}.tool || CASE {side} WHEN 'args' THEN ': arguments' ELSE ': result' END
             WHEN {act}.layer = 'llm' THEN CASE {side} WHEN 'args' THEN 'prompts' ELSE 'answers of a model' END
             WHEN {act}.layer = 'policy' THEN CASE {side} WHEN 'args' THEN 'input of a decision'
                                                          ELSE 'result of a decision' END
             WHEN {act}.layer = 'tool' THEN CASE {side} WHEN 'args' THEN 'arguments of calls'
                                                        ELSE 'results of calls' END
             ELSE CASE {side} WHEN 'args' THEN 'input' ELSE 'output' END END
    """


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
