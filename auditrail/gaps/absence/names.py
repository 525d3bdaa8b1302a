"""Whose run it is where no record names the agent, because the stream that would is what is missing.

Other streams may tell it all the same: OpenTelemetry names a stream by the service that wrote it, and a gateway notes
on whose behalf it was asked. Such a word names the agent of a run if it is the name of an agent, and if nearly all runs
that have it and name their agent are runs of that agent. A word that means two agents, or none, names nobody. Where
runs of the agent have run ids, what has none may be a piece of one of them, and stays unnamed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

# So many runs that name their agent must have the word, and so many of them be that agent's.
_FEWEST, _SHARE = 3, 0.95


def told(connection: duckdb.DuckDBPyConnection) -> None:
    """Makes the table `told_names` (run, agent) of runs without an agent; `signal_streams`, `run_facts` must stand."""
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE told_names AS
        WITH names AS (
            SELECT f.agent FROM run_facts f JOIN runs r ON r.run = f.run WHERE f.agent IS NOT NULL AND f.named
            GROUP BY f.agent HAVING count(*) FILTER (WHERE r.id_kind = 'run') * 2 < count(*)
        ),
        unnamed AS (SELECT run FROM run_facts WHERE agent IS NULL AND named),
        words AS (
            SELECT s.run, 'stream' AS what, s.stream AS word FROM signal_streams s JOIN names n ON n.agent = s.stream
            WHERE EXISTS (FROM unnamed)
            UNION
            SELECT m.run, 'principal', e.principal FROM events e JOIN names n ON n.agent = e.principal
            JOIN run_members m ON m.event = e.event
            WHERE EXISTS (FROM unnamed)
        ), known AS (
            SELECT w.what, w.word FROM words w JOIN run_facts f ON f.run = w.run WHERE f.agent IS NOT NULL AND f.named
            GROUP BY ALL
            HAVING count(*) >= {_FEWEST} AND count(*) FILTER (WHERE f.agent = w.word) >= {_SHARE} * count(*)
        )
        SELECT w.run, min(w.word) AS agent FROM words w
        JOIN known k ON k.what = w.what AND k.word = w.word JOIN unnamed u ON u.run = w.run
        GROUP BY w.run HAVING count(DISTINCT w.word) = 1
        """
    )
