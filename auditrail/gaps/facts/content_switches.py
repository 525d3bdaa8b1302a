"""`content_switches`: arguments and results that a stream always wrote, and stopped to write at a time.

A record whose arguments (or result) are absent or empty says nothing alone: the tool may take none. But where the
records of the same tool by the same agent in the same stream had them run after run, and then none has (or the other
way round), capturing was switched. The change is looked for (`gaps.switches`)

1. in the whole stream, over all agents and tools that ever had the content,
2. in each agent's part of it,
3. in each tool, over all agents and in each agent,
4. between versions of an agent that ran side by side: one that always has it, and one that never does.

An agent that only began while a tool was off for all others never had the content, and lacks it by the same switch.

What one step explains is not looked at by the next. Records without a time, and records of failed calls whose result
is missing, are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from auditrail.gaps import sides
from auditrail.gaps.switches import Off, Unit, offs

if TYPE_CHECKING:
    import duckdb

NAME = "content_switches"
NEEDS = ("acts",)
COLUMNS = {
    "event": "events.event of the record that lacks it",
    "run": "its run, or NULL",
    "side": "args or result",
    "what": "as `what` of findings",
    "layer": "its layer",
    "format": "its format",
    "stream": "its stream",
    "agent": "its agent",
    "tool": "the tool, or NULL: all tools of the stream (or of the agent in it)",
    "ts_ns": "its time",
    "held": "which side of what, in words",
    "detail": "since when, how many before and after, and which version where it changed with the switch",
    "witness": "event of another stream that holds the value, or NULL",
    "witness_stream": "its stream",
}

_KEPT = sides.RECORDED
# Columns of a series; the subject of a record is its tool, or its name where it has none.
_STREAM = ("format", "stream", "layer", "kind", "side")
_STEPS = (_STREAM, (*_STREAM, "agent"), (*_STREAM, "subject"), (*_STREAM, "agent", "subject"))
_FEWEST_LACKING = 3


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    _sides(connection)
    _late(connection)
    connection.execute(
        "CREATE TEMP TABLE content_off_rows (event BIGINT, side VARCHAR, subject VARCHAR, detail VARCHAR)"
    )
    for columns in _STEPS:
        for key, off in list(_found(connection, columns)):
            _take(connection, columns, key, off)
    _versions(connection)
    connection.execute(
        f"""
        CREATE TEMP TABLE content_switches AS
        WITH rows AS (
            SELECT o.event, a.run, o.side, a.layer, a.format, a.stream, a.agent,
                   CASE WHEN o.subject IS NOT NULL THEN a.tool END AS tool, a.ts_ns, o.detail
            FROM content_off_rows o JOIN acts a ON a.event = o.event
        )
        SELECT r.event, r.run, r.side, {sides.what("r.side", "r.event")} AS what, r.layer, r.format, r.stream, r.agent,
               r.tool, r.ts_ns, {sides.words("r.side", "r")} AS held, r.detail, h.witness, h.stream AS witness_stream
        FROM rows r LEFT JOIN ({sides.holders("content_off_rows")}) h ON h.event = r.event AND h.side = r.side
        """
    )
    connection.execute("DROP TABLE content_off_rows")
    connection.execute("DROP TABLE content_late")
    connection.execute("DROP TABLE content_sides")


def _sides(connection: duckdb.DuckDBPyConnection) -> None:
    """Table of both sides of all records whose series has the content at times and lacks it at times.

    With each the rest of the stream that ever has it, for the steps over all tools.
    """
    connection.execute(
        f"""
        CREATE TEMP TABLE content_sides AS
        WITH series AS (
            SELECT format, stream, layer, kind, agent, coalesce(tool, name) AS subject,
                   count(*) FILTER (args_state IN {_KEPT}) AS args_has,
                   count(*) FILTER (args_state NOT IN {_KEPT}) AS args_lacks,
                   count(*) FILTER (result_state IN {_KEPT}) AS result_has,
                   count(*) FILTER (result_state NOT IN {_KEPT} AND status NOT IN ('error', 'denied')) AS result_lacks
            FROM acts WHERE ts_ns IS NOT NULL GROUP BY ALL
        ), sides AS (
            SELECT format, stream, layer, kind, agent, subject, 'args' AS side, args_has AS has, args_lacks AS lacks
            FROM series WHERE args_has > 0
            UNION ALL
            SELECT format, stream, layer, kind, agent, subject, 'result', result_has, result_lacks
            FROM series WHERE result_has > 0
        ), mixed AS (
            SELECT format, stream, layer, kind, side FROM sides GROUP BY ALL HAVING sum(lacks) >= {_FEWEST_LACKING}
        ), wanted AS (SELECT s.* FROM sides s SEMI JOIN mixed m USING (format, stream, layer, kind, side))
        SELECT a.event, coalesce(a.run, -a.event) AS unit, a.format, a.stream, a.layer, a.kind,
               coalesce(a.agent, '') AS agent, coalesce(a.tool, a.name, '') AS subject, w.side, a.ts_ns,
               CASE w.side WHEN 'args' THEN a.args_state ELSE a.result_state END IN {_KEPT} AS has
        FROM acts a
        JOIN wanted w ON w.format = a.format AND w.stream = a.stream AND w.layer = a.layer AND w.kind = a.kind
             AND w.agent IS NOT DISTINCT FROM a.agent AND w.subject IS NOT DISTINCT FROM coalesce(a.tool, a.name)
        WHERE a.ts_ns IS NOT NULL
              AND (w.side = 'args' OR a.result_state IN {_KEPT} OR a.status NOT IN ('error', 'denied'))
        """
    )


def _late(connection: duckdb.DuckDBPyConnection) -> None:
    """Table of the records of agents that never had the content of a tool that others have, with their first and last.

    They say nothing about when it was switched, so they are no part of the series.
    """
    parts = " UNION ALL ".join(
        f"""
        SELECT event, '{side}' AS side, format, stream, layer, kind, coalesce(agent, '') AS agent,
               coalesce(tool, name, '') AS subject, ts_ns, {side}_state IN {_KEPT} AS has
        FROM acts WHERE ts_ns IS NOT NULL AND ('{side}' = 'args' OR status NOT IN ('error', 'denied'))
        """
        for side in ("args", "result")
    )
    subjects = ", ".join((*_STREAM, "subject"))
    connection.execute(
        f"""
        CREATE TEMP TABLE content_late AS
        WITH known AS (SELECT {subjects} FROM content_sides GROUP BY ALL HAVING NOT bool_and(has) AND bool_or(has)),
        told AS (SELECT p.* FROM ({parts}) p SEMI JOIN known USING ({subjects})),
        never AS (
            SELECT {subjects}, agent, min(ts_ns) AS begins, max(ts_ns) AS ends FROM told GROUP BY ALL
            HAVING NOT bool_or(has)
        )
        SELECT t.*, n.begins, n.ends FROM told t JOIN never n USING ({subjects}, agent)
        """
    )


def _found(connection: duckdb.DuckDBPyConnection, columns: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Off]]:
    """What is off in each series that these columns name."""
    keys = ", ".join(columns)
    rows = connection.execute(
        f"""
        SELECT {keys}, count(*) FILTER (has), count(*) FILTER (NOT has), min(ts_ns) FILTER (NOT has),
               max(ts_ns) FILTER (NOT has)
        FROM content_sides
        SEMI JOIN (
            SELECT {keys} FROM content_sides GROUP BY ALL
            HAVING count(*) FILTER (NOT has) >= {_FEWEST_LACKING} AND count(*) FILTER (has) >= {_FEWEST_LACKING}
        ) USING ({keys})
        GROUP BY {keys}, unit ORDER BY {keys}, min(ts_ns), unit
        """
    ).fetchall()
    width = len(columns)
    for key, members in groupby(rows, key=lambda row: row[:width]):
        for off in offs([Unit(*row[width:]) for row in members]):
            yield key, off


def _take(connection: duckdb.DuckDBPyConnection, columns: tuple[str, ...], key: tuple[str, ...], off: Off) -> None:
    """Moves the records that lack the content in the stretch from `content_sides` to the rows."""
    where = " AND ".join(f"{column} = ?" for column in columns)
    values: list[Any] = list(key)
    # The stretch was cut between runs, and the switch fell inside of some: it reaches to the nearest records that have
    # the content.
    for bound, nearest, beyond in ((off.from_ns, "max", "<"), (off.to_ns, "min", ">")):
        if bound is not None:
            sql = f"SELECT {nearest}(ts_ns) FROM content_sides WHERE has AND ts_ns {beyond} ? AND {where}"
            found = connection.execute(sql, [bound, *values]).fetchone()
            where += f" AND ts_ns {'>' if beyond == '<' else '<'} ?"
            values.append(bound if found is None or found[0] is None else found[0])
    subject = "subject" if "subject" in columns else "NULL"
    detail = _detail(off) + _version_of(connection, where, values)
    connection.execute(
        f"INSERT INTO content_off_rows SELECT event, side, {subject}, ? FROM content_sides WHERE NOT has AND {where}",
        [detail, *values],
    )
    connection.execute(f"DELETE FROM content_sides WHERE NOT has AND {where}", values)
    if "agent" not in columns:
        inside = where.replace("ts_ns >", "begins >").replace("ts_ns <", "ends <")
        connection.execute(
            f"INSERT INTO content_off_rows SELECT event, side, {subject}, ? FROM content_late WHERE {inside}",
            [detail, *values],
        )
        connection.execute(f"DELETE FROM content_late WHERE {inside}", values)


def _detail(off: Off) -> str:
    from auditrail import times

    when = []
    if off.from_ns is not None:
        when.append(f"since {times.iso(off.from_ns)}")
    if off.to_ns is not None:
        when.append(f"until {times.iso(off.to_ns)}")
    had = "before" if off.to_ns is None else "after" if off.from_ns is None else "before and after"
    return (
        f"{' '.join(when)} none of {off.records:,} record(s) has it; {had}, {off.on_records:,} of "
        f"{off.of_records:,} have"
    )


def _version_of(connection: duckdb.DuckDBPyConnection, where: str, values: list[Any]) -> str:
    """Whether the version of the agent changed with the switch, in words."""
    off = connection.execute(
        "SELECT DISTINCT e.agent_version FROM content_sides c JOIN events e ON e.event = c.event "
        f"WHERE NOT c.has AND {_qualified(where)} ORDER BY ALL NULLS LAST LIMIT 3",
        values,
    ).fetchall()
    if len(off) != 1 or off[0][0] is None:
        return ""
    fixed = [part for part in where.split(" AND ") if not part.startswith("ts_ns")]
    on = connection.execute(
        "SELECT count(*) FILTER (e.agent_version IS NOT DISTINCT FROM ?), max(e.agent_version) FROM content_sides c "
        f"JOIN events e ON e.event = c.event WHERE c.has AND {_qualified(' AND '.join(fixed))}",
        [off[0][0], *values[: len(fixed)]],
    ).fetchone()
    if on is None or on[0] or on[1] is None:
        return ""
    return f"; the records without it are of version {off[0][0]}, those with it of another, such as {on[1]}"


def _qualified(where: str) -> str:
    return " AND ".join(f"c.{part}" for part in where.split(" AND "))


def _versions(connection: duckdb.DuckDBPyConnection) -> None:
    """Versions of one agent that ran side by side, of which one never has the content."""
    for subject in (False, True):
        keys = ", ".join((*_STREAM, "agent", *(("subject",) if subject else ())))
        connection.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE content_versions AS
            WITH told AS (
                SELECT c.*, e.agent_version AS version
                FROM content_sides c
                SEMI JOIN (SELECT {keys} FROM content_sides GROUP BY ALL
                           HAVING count(*) FILTER (NOT has) >= 5 AND count(*) FILTER (has) >= 5) USING ({keys})
                JOIN events e ON e.event = c.event WHERE e.agent_version IS NOT NULL
            ), each_version AS (
                SELECT {keys}, version, count(*) FILTER (has) AS has, count(*) FILTER (NOT has) AS lacks,
                       count(DISTINCT unit) AS units FROM told GROUP BY {keys}, version
            ), judged AS (
                SELECT o.*, sum(n.has) AS on_has, sum(n.has + n.lacks) AS on_all, sum(n.units) AS on_units,
                       min(n.version) AS on_version
                FROM each_version o JOIN each_version n USING ({keys})
                WHERE o.lacks >= 5 AND o.units >= 4 AND o.lacks >= 0.95 * (o.has + o.lacks)
                      AND n.has >= 0.95 * (n.has + n.lacks) AND n.units >= 5
                GROUP BY ALL
            )
            SELECT t.event, t.side, {"t.subject" if subject else "NULL"} AS subject,
                   'none of ' || (j.lacks) || ' record(s) of version ' || j.version || ' has it; of other versions, '
                   || 'such as ' || j.on_version || ', ' || j.on_has || ' of ' || j.on_all || ' have' AS detail
            FROM told t JOIN judged j USING ({keys}, version) WHERE NOT t.has
            """
        )
        connection.execute("INSERT INTO content_off_rows SELECT * FROM content_versions")
        connection.execute(
            "DELETE FROM content_sides c USING content_versions v WHERE v.event = c.event AND v.side = c.side "
            "AND NOT c.has"
        )
    connection.execute("DROP TABLE content_versions")
