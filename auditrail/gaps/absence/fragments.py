"""Records of a stream that are held, but stand in no run, or in a run of their own.

The stream is there, and was not joined.

A run lacks a stream; at that time the stream holds records that are in no run, or a fragment that has records of this
stream and of nothing that the run has. Heartbeats and health checks carry no id and no tool, and do not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditrail.gaps.absence.expect import Expected
from auditrail.gaps.absence.grid import SLACK_NS, Grid, Ints
from auditrail.gaps.absence.tables import numbered

if TYPE_CHECKING:
    import duckdb

# Records that are needed in the time of a run, of those that it should have.
_SHARE = 0.5


class Loose:
    """The times of records that no named run of the grid has, by stream.

    `acts` and what `grid.load` left must stand.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, wanted: list[tuple[str, str]]) -> None:
        self._by_stream: dict[tuple[str, str], tuple[Ints, Ints]] = {}
        if not wanted:
            return
        with numbered(connection, wanted) as table:
            rows = connection.execute(
                f"""
            SELECT n.number, a.ts_ns, a.event FROM signal_acts a
            JOIN {table} n ON n.format = a.format AND n.stream = a.stream
            WHERE a.run IS NULL AND a.ts_ns IS NOT NULL
            AND coalesce(a.tool, a.call, a.trace, a.request, a.response, a.decision) IS NOT NULL
            UNION ALL
            SELECT n.number, a.ts_ns, a.event FROM signal_streams s
            JOIN {table} n ON n.format = s.format AND n.stream = s.stream
            JOIN signal_acts a ON a.run = s.run AND a.format = s.format AND a.stream = s.stream
            WHERE a.ts_ns IS NOT NULL AND s.run NOT IN (SELECT run FROM grid_runs)
            """
            ).fetchnumpy()
        for number, (format_name, stream) in enumerate(dict.fromkeys(wanted)):
            mine = np.flatnonzero(rows["number"] == number)
            times = np.asarray(np.ma.filled(rows["ts_ns"][mine], 0), np.int64)
            events = np.asarray(np.ma.filled(rows["event"][mine], 0), np.int64)
            order = np.lexsort((events, times))
            self._by_stream[format_name, stream] = (times[order], events[order])

    def during(self, grid: Grid, part: Expected) -> dict[int, int]:
        """Place of a run that lacks the stream -> a record of the stream that stands loose in its time.

        A record that stands loose because another run close by was not joined either makes no difference: both lack it.
        """
        times, events = self._by_stream.get((part.stream.format, part.stream.stream), (None, None))
        if times is None or events is None or not len(times):
            return {}
        absent = part.at[~part.present]
        low = np.searchsorted(times, grid.start[absent] - SLACK_NS)
        high = np.searchsorted(times, grid.end[absent] + SLACK_NS, side="right")
        needed = np.maximum(np.rint(grid.events[absent] * part.share * _SHARE), 1)
        # The runs that have the stream show how many loose records any time has.
        held = part.at[part.present]
        usual = np.searchsorted(times, grid.end[held] + SLACK_NS, side="right") - np.searchsorted(
            times, grid.start[held] - SLACK_NS
        )
        usual_most = float(np.quantile(usual, 0.9)) if len(usual) else 0.0
        if part.thin:
            needed = np.ones(len(absent))
        found = np.flatnonzero((high - low >= needed) & (high - low > usual_most))
        return {int(absent[place]): int(events[low[place]]) for place in found}


# Records of one call that stand so far apart are told by clocks that differ.
_APART_NS = 60_000_000_000


def shifted(
    connection: duckdb.DuckDBPyConnection, wanted: list[tuple[str, str]]
) -> dict[tuple[str, str], dict[int, int]]:
    """Stream -> run -> by how many ns its loose records with an id of the run stand apart from the run's own.

    The ids are those of calls, requests and responses that one run has, also those that a record names beside its own
    (a protocol numbers its calls, and passes the model's id along); `acts` and what `grid.load` left must stand.
    """
    found: dict[tuple[str, str], dict[int, int]] = {}
    if not wanted:
        return found
    for column, kind in (("call", "tool_call"), ("request", "request"), ("response", "response")):
        rows = connection.execute(
            f"""
            WITH named AS (
                SELECT {column} AS id, run, format, stream, ts_ns FROM signal_acts
                WHERE {column} IS NOT NULL AND ts_ns IS NOT NULL
                UNION ALL
                SELECT i.value, a.run, a.format, a.stream, a.ts_ns
                FROM ids_more i JOIN signal_acts a ON a.event = i.event
                WHERE i.kind = '{kind}' AND a.ts_ns IS NOT NULL
            ), loose AS (
                SELECT id, format, stream, min(ts_ns) AS ts_ns FROM named
                WHERE run IS NULL OR run NOT IN (SELECT run FROM grid_runs) GROUP BY ALL
            ), held AS (
                SELECT id, min(run) AS run, min(ts_ns) AS ts_ns, max(ts_ns) AS last_ns FROM named
                WHERE id IN (SELECT id FROM loose) AND run IN (SELECT run FROM grid_runs)
                GROUP BY ALL HAVING min(run) = max(run)
            )
            SELECT l.format, l.stream, h.run, CAST(median(l.ts_ns - h.ts_ns) AS BIGINT)
            FROM loose l JOIN held h ON h.id = l.id GROUP BY ALL ORDER BY ALL
            """
        ).fetchall()
        for format_name, stream, run, apart in rows:
            if (format_name, stream) in wanted and abs(apart) > _APART_NS:
                found.setdefault((format_name, stream), {}).setdefault(run, apart)
    return found
