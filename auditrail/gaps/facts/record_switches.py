"""`record_switches`: kinds of records that a stream wrote in each run of an agent, and stopped to write at a time.

The stream itself goes on, in the same files: only its requests to models, or its results of calls, or its ends of runs
are no longer there (`gaps.switches` finds since when). Two things that look the same are left out:

- the agent does something else now: where records of tools or models stop, most runs without them have to show by
  other records that tools or models were used;
- the producer writes another kind now: a kind of the same layer that begins where this one stops.

A whole stream that is missing is another fact's matter, and so is a file of it: runs of which the files that hold the
kind have nothing are not counted. Files whose names differ in digits only are pieces of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from auditrail.gaps.switches import Off, Unit, offs

if TYPE_CHECKING:
    import duckdb

NAME = "record_switches"
NEEDS = ("acts", "missing_records")
COLUMNS = {
    "run": "the run that lacks records of the kind",
    "what": "as `what` of findings: that of the single record where `missing_records` names it",
    "event": "an event of the run in the same files",
    "witness": "a record of the run that shows that there was something to record, or NULL",
    "layer": "layer of what is missing",
    "kind": "kind of what is missing",
    "format": "format of the stream",
    "stream": "the stream",
    "agent": "the agent",
    "ts_ns": "begin of the run in the stream",
    "lacks": "as `lacks` of findings",
    "detail": "since when, and how many before and after",
}

_FEWEST = 3
# Kinds of `missing_records` that speak of records of a kind.
_SAME = {
    "result": ("result",), "end": ("end",), "start": ("start",), "call": ("call", "execution"),
    "decision": ("decision",), "span": ("span", "execution", "request", "response"), "message": ("request", "response"),
}  # fmt: skip
_ACTIVE = 0.7


def build(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table."""
    _presence(connection)
    connection.execute(
        "CREATE TEMP TABLE record_off_runs (run BIGINT, event BIGINT, layer VARCHAR, kind VARCHAR, format VARCHAR, "
        "stream VARCHAR, agent VARCHAR, ts_ns BIGINT, detail VARCHAR)"
    )
    for key, off, runs in _found(connection):
        _take(connection, key, off, runs)
    same = ", ".join(f"('{kind}', '{other}')" for kind, others in _SAME.items() for other in others)
    connection.execute(
        f"""
        CREATE TEMP TABLE record_switches AS
        WITH same(kind, missing) AS (VALUES {same}),
        single AS (
            SELECT o.run, o.kind, o.layer, o.format, o.stream, m.what, m.lacks
            FROM record_off_runs o JOIN same s ON s.kind = o.kind
            JOIN missing_records m ON m.run = o.run AND m.kind = s.missing AND m.stream = o.stream
                 AND m.format = o.format AND coalesce(m.layer, o.layer) = o.layer
        ), shown AS (
            SELECT o.run, o.layer, o.kind, o.format, o.stream, min(a.event) AS witness
            FROM record_off_runs o
            JOIN acts a ON a.run = o.run AND {_activity("o")}
            GROUP BY ALL
        )
        SELECT o.run, coalesce(s.what, 'records:' || o.format || '/' || o.stream || '/' || o.layer || '/' || o.kind)
               AS what, o.event, w.witness, o.layer, o.kind, o.format, o.stream, o.agent, o.ts_ns,
               coalesce(s.lacks, o.format || '/' || o.stream) AS lacks, o.detail
        FROM record_off_runs o
        LEFT JOIN single s USING (run, kind, layer, format, stream)
        LEFT JOIN shown w USING (run, layer, kind, format, stream)
        """
    )
    for table in ("record_off_runs", "record_presence", "record_bases"):
        connection.execute(f"DROP TABLE {table}")


def _activity(off: str) -> str:
    """SQL: an act `a` that shows that there was something to record for the kind."""
    return f"""
        NOT (a.format = {off}.format AND a.stream = {off}.stream AND a.layer = {off}.layer AND a.kind = {off}.kind)
        AND CASE WHEN {off}.layer = 'llm' THEN a.layer = 'llm' OR (a.layer = 'tool' AND a.tool IS NOT NULL)
                 WHEN {off}.layer IN ('tool', 'policy') OR {off}.kind IN ('call', 'result', 'decision')
                 THEN a.tool IS NOT NULL OR a.call IS NOT NULL
                 ELSE false END
    """


def _presence(connection: duckdb.DuckDBPyConnection) -> None:
    """Tables of runs by stream, files and agent (`record_bases`), and of the kinds in each (`record_presence`)."""
    connection.execute(
        r"""
        CREATE TEMP TABLE record_presence AS
        WITH files AS (
            SELECT source, regexp_replace(path, '[0-9]+', '#', 'g') AS files FROM sources
        )
        SELECT a.format, a.stream, f.files, coalesce(a.agent, '') AS agent, a.run, a.layer, a.kind,
               min(a.ts_ns) AS ts_ns, min(a.event) AS event
        FROM acts a JOIN files f ON f.source = a.source
        WHERE a.run IS NOT NULL AND a.ts_ns IS NOT NULL AND NOT a.inferred AND a.kind <> 'error'
              AND (a.kind <> 'log' OR a.layer IN ('llm', 'tool', 'policy'))
        GROUP BY ALL
        """
    )
    connection.execute(
        """
        CREATE TEMP TABLE record_bases AS
        SELECT format, stream, files, agent, run, min(ts_ns) AS ts_ns, min(event) AS event, count(*) AS kinds
        FROM record_presence GROUP BY format, stream, files, agent, run
        """
    )


def _found(connection: duckdb.DuckDBPyConnection) -> list[tuple[tuple[str, ...], Off, list[int]]]:
    """What is off: (format, stream, files, agent, layer, kind), the stretch, and its runs that lack the kind."""
    rows = connection.execute(
        f"""
        WITH kinds AS (
            SELECT format, stream, files, agent, layer, kind, count(*) AS runs FROM record_presence GROUP BY ALL
        ), mixed AS (
            SELECT k.* FROM kinds k
            JOIN (SELECT format, stream, files, agent, count(*) AS of_runs FROM record_bases GROUP BY ALL) b
                 USING (format, stream, files, agent)
            WHERE k.runs >= {_FEWEST} AND b.of_runs - k.runs >= {_FEWEST}
        )
        SELECT m.format, m.stream, m.files, m.agent, m.layer, m.kind, b.run, p.run IS NOT NULL AS has, b.ts_ns
        FROM mixed m
        JOIN record_bases b USING (format, stream, files, agent)
        LEFT JOIN record_presence p USING (format, stream, files, agent, layer, kind, run)
        ORDER BY ALL
        """
    ).fetchall()
    made = []
    for key, members in groupby(rows, key=lambda row: row[:6]):
        series = sorted(members, key=lambda row: (row[8], row[6]))
        for off in offs([_unit(row) for row in series]):
            runs = [row[6] for row in series[off.first : off.last + 1] if not row[7]]
            if _still_active(connection, key, runs) and not _took_over(connection, key, runs):
                made.append((key, off, runs))
    return made


def _unit(row: Sequence[Any]) -> Unit:
    return Unit(1, 0, None, None) if row[7] else Unit(0, 1, row[8], row[8])


def _still_active(connection: duckdb.DuckDBPyConnection, key: tuple[str, ...], runs: list[int]) -> bool:
    """Whether most of the runs show that there was something to record; for begins and ends nothing has to."""
    layer, kind = key[4], key[5]
    if layer not in ("llm", "tool", "policy") and kind not in ("call", "result", "decision"):
        return True
    found = connection.execute(
        f"""
        SELECT count(DISTINCT a.run) FROM acts a, (SELECT ? AS format, ? AS stream, ? AS layer, ? AS kind) o
        WHERE a.run IN (SELECT unnest(?)) AND {_activity("o")}
        """,
        [key[0], key[1], layer, kind, runs],
    ).fetchone()
    return found is not None and found[0] >= _ACTIVE * len(runs)


def _took_over(connection: duckdb.DuckDBPyConnection, key: tuple[str, ...], runs: list[int]) -> bool:
    """Whether a kind of the same layer stands in these runs, and in hardly any that has the old kind."""
    found = connection.execute(
        """
        WITH old AS (
            SELECT run FROM record_presence
            WHERE format = ? AND stream = ? AND files = ? AND agent = ? AND layer = ? AND kind = ?
        )
        SELECT 1 FROM record_presence p
        WHERE format = ? AND stream = ? AND agent = ? AND layer = ? AND kind <> ?
        GROUP BY kind
        HAVING count(DISTINCT p.run) FILTER (p.run IN (SELECT unnest(?))) >= 0.9 * len(?)
               AND count(DISTINCT p.run) FILTER (p.run IN (SELECT run FROM old))
                   <= 0.1 * (SELECT count(*) FROM old)
        LIMIT 1
        """,
        [*key, key[0], key[1], key[3], key[4], key[5], runs, runs],
    ).fetchone()
    return found is not None


def _take(connection: duckdb.DuckDBPyConnection, key: tuple[str, ...], off: Off, runs: list[int]) -> None:
    from auditrail import times

    since = f"since {times.iso(off.from_ns)} " if off.from_ns is not None else ""
    until = f"until {times.iso(off.to_ns)} " if off.to_ns is not None else ""
    had = "before" if not until else "after" if not since else "before and after"
    detail = f"{since}{until}none in {off.units:,} run(s); {had}, in {off.on_records:,} of {off.of_records:,}"
    connection.execute(
        """
        INSERT INTO record_off_runs
        SELECT run, event, ?, ?, format, stream, nullif(agent, ''), ts_ns, ? FROM record_bases
        WHERE format = ? AND stream = ? AND files = ? AND agent = ? AND run IN (SELECT unnest(?))
        """,
        [key[4], key[5], detail, *key[:4], runs],
    )
