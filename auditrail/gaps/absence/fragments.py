"""Records of a stream that are held, but stand in no run, or in a run of their own: the stream is there, and was not joined.

A run lacks a stream; at that time the stream holds records that are in no run, or a fragment that has records of this
stream and of nothing that the run has. Heartbeats and health checks carry no id and no tool, and do not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from auditrail.gaps.absence.expect import Expected
from auditrail.gaps.absence.grid import Grid, Ints

if TYPE_CHECKING:
    import duckdb

_SLACK_NS = 5_000_000_000
# Records that are needed in the time of a run, of those that it should have.
_SHARE = 0.5


class Loose:
    """The times of records that no named run of the grid has, by stream; `acts` and `run_facts` must stand."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, grid: Grid, wanted: list[tuple[str, str]]) -> None:
        self._by_stream: dict[tuple[str, str], tuple[Ints, Ints]] = {}
        if not wanted:
            return
        connection.execute("CREATE OR REPLACE TEMP TABLE grid_runs (run BIGINT)")
        connection.register("grid_numpy", {"run": grid.run})
        connection.execute("INSERT INTO grid_runs SELECT run FROM grid_numpy")
        connection.unregister("grid_numpy")
        rows = connection.execute(
            """
            SELECT a.format, a.stream, a.ts_ns, a.event FROM acts a
            WHERE a.run IS NULL AND a.ts_ns IS NOT NULL
            AND coalesce(a.tool, a.call, a.trace, a.request, a.response, a.decision) IS NOT NULL
            UNION ALL
            SELECT s.format, s.stream, a.ts_ns, a.event FROM run_streams s
            JOIN acts a ON a.run = s.run AND a.format = s.format AND a.stream = s.stream
            WHERE a.ts_ns IS NOT NULL AND s.run NOT IN (SELECT run FROM grid_runs)
            """
        ).fetchnumpy()
        connection.execute("DROP TABLE grid_runs")
        keys = np.array([f"{a}\n{b}" for a, b in zip(rows["format"], rows["stream"], strict=True)], dtype=object)
        for format_name, stream in wanted:
            mine = np.flatnonzero(keys == f"{format_name}\n{stream}")
            times = np.asarray(np.ma.filled(rows["ts_ns"][mine], 0), np.int64)
            order = np.argsort(times, kind="stable")
            events = np.asarray(np.ma.filled(rows["event"][mine], 0), np.int64)
            self._by_stream[format_name, stream] = (times[order], events[order])

    def during(self, grid: Grid, part: Expected) -> dict[int, int]:
        """Place of a run that lacks the stream -> a record of the stream that stands loose in its time.

        A record that stands loose because another run close by was not joined either makes no difference: both lack it.
        """
        times, events = self._by_stream.get((part.stream.format, part.stream.stream), (None, None))
        if times is None or events is None or not len(times):
            return {}
        absent = part.at[~part.present]
        low = np.searchsorted(times, grid.start[absent] - _SLACK_NS)
        high = np.searchsorted(times, grid.end[absent] + _SLACK_NS, side="right")
        needed = np.maximum(np.rint(grid.events[absent] * part.share * _SHARE), 1)
        # The runs that have the stream show how many loose records any time has.
        held = part.at[part.present]
        usual = np.searchsorted(times, grid.end[held] + _SLACK_NS, side="right") - np.searchsorted(
            times, grid.start[held] - _SLACK_NS
        )
        usual_most = float(np.quantile(usual, 0.9)) if len(usual) else 0.0
        found = np.flatnonzero((high - low >= needed) & (high - low > usual_most))
        return {int(absent[place]): int(events[low[place]]) for place in found}
