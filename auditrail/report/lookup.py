"""An id, or a unique prefix of one -> the run. Any id of any event of the run will do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from auditrail import case
from auditrail.errors import AmbiguousRunError, RunNotFoundError
from auditrail.terms import ID_COLUMNS

if TYPE_CHECKING:
    import duckdb

# How many candidates or neighbours are listed before "and more".
LISTED = 10
# Below this likeness (Jaro-Winkler, 0..1) an id is not worth naming as near.
LIKENESS = 0.7
# A prefix search stops looking after this many different ids.
_ENOUGH = 1000


class Found(NamedTuple):
    """The run that an id leads to; `events` is filled instead if the id belongs only to events without a run."""

    run: int | None
    kind: str
    value: str
    events: tuple[int, ...] = ()


def find(connection: duckdb.DuckDBPyConnection, asked: str) -> Found:
    """Finds the run: exact ids before prefixes, run and trace ids before ids of single events.

    Of a run and the runs that it spawned, the first is meant: their ids often begin with its id.

    Raises:
        RunNotFoundError: with the nearest ids and what was searched.
        AmbiguousRunError: several runs carry the id, or several ids begin like that; with the candidates.
    """
    # What is no UTF-8 on the command line arrives as lone surrogates, which no stored id holds.
    text = asked.strip().encode("utf-8", "backslashreplace").decode()
    if text:
        for prefix in (False, True):
            for search in (_names, _members):
                hits = search(connection, text, prefix)
                if hits:
                    return _single(connection, text, hits)
    raise _not_found(connection, asked)


def _forms(text: str) -> list[str]:
    """As typed, and in lower case: hex ids and UUIDs are kept in lower case."""
    return [text] if text == text.lower() else [text, text.lower()]


def _names(connection: duckdb.DuckDBPyConnection, text: str, prefix: bool) -> list[tuple[Any, ...]]:
    test = "starts_with(value, ?)" if prefix else "value = ?"
    for form in _forms(text):
        hits = connection.execute(
            f"SELECT DISTINCT run, kind, value, NULL FROM run_ids WHERE {test} "
            f"ORDER BY value NULLS LAST, kind NULLS LAST, run NULLS LAST LIMIT {_ENOUGH}",
            [form],
        ).fetchall()
        if hits:
            return hits
    return []


def _members(connection: duckdb.DuckDBPyConnection, text: str, prefix: bool) -> list[tuple[Any, ...]]:
    """Ids of single events: every id column, and the rows of `ids_more`."""
    for form in _forms(text):
        parts, values = [], []
        for kind in ID_COLUMNS:
            column = f"{kind}_id"
            test = f"starts_with({column}, ?)" if prefix else f"{column} = ?"
            parts.append(f"SELECT event, '{kind}' AS kind, {column} AS value FROM events WHERE {test}")
            values.append(form)
        parts.append(
            f"SELECT event, kind, value FROM ids_more WHERE {'starts_with(value, ?)' if prefix else 'value = ?'}"
        )
        values.append(form)
        hits = connection.execute(
            f"""
            SELECT DISTINCT r.run, f.kind, f.value, CASE WHEN r.run IS NULL THEN f.event END
            FROM ({" UNION ALL ".join(parts)}) f LEFT JOIN run_members r ON r.event = f.event
            ORDER BY f.value NULLS LAST, f.kind NULLS LAST, r.run NULLS LAST LIMIT {_ENOUGH}
            """,
            values,
        ).fetchall()
        if hits:
            return hits
    return []


# If one id leads to several runs, the kind that stands closest to a run decides.
_STRENGTH = {kind: rank for rank, kind in enumerate(("run", "trace", "tool_call", "request", "response", "decision"))}


def _single(connection: duckdb.DuckDBPyConnection, asked: str, hits: list[tuple[Any, ...]]) -> Found:
    placed = [hit for hit in hits if hit[0] is not None] or hits
    best = min(_STRENGTH.get(hit[1], len(_STRENGTH)) for hit in placed)
    strongest = [hit for hit in placed if _STRENGTH.get(hit[1], len(_STRENGTH)) == best]
    runs = {hit[0] for hit in placed}
    if len(runs) > 1 and len({hit[2] for hit in strongest}) == 1 and len({hit[0] for hit in strongest}) == 1:
        placed, runs = strongest, {strongest[0][0]}
    if len(runs) == 1 and None not in runs:
        run, kind, value, _ = min(placed, key=lambda hit: (_STRENGTH.get(hit[1], 99), hit[2]))
        return Found(run, kind, value)
    if runs == {None}:
        values = {hit[2] for hit in placed}
        if len(values) == 1:
            return Found(None, placed[0][1], placed[0][2], tuple(sorted({hit[3] for hit in placed})))
    if (head := _head(connection, {run for run in runs if run is not None})) is not None:
        _, kind, value, _ = min(
            (hit for hit in placed if hit[0] == head), key=lambda hit: (len(hit[2]), hit[2], hit[1])
        )
        return Found(head, kind, value)
    raise _ambiguous(connection, asked, placed)


def _head(connection: duckdb.DuckDBPyConnection, runs: set[int]) -> int | None:
    """The run that spawned all others of these, directly or not: its id is often a part of theirs."""
    if not 1 < len(runs) < _ENOUGH:
        return None
    above = dict(connection.execute("SELECT c.run, p.run FROM runs c JOIN runs p ON p.id = c.parent_run").fetchall())
    heads = {run for run in runs if above.get(run) not in runs}
    return heads.pop() if len(heads) == 1 else None


def _ambiguous(connection: duckdb.DuckDBPyConnection, asked: str, hits: list[tuple[Any, ...]]) -> AmbiguousRunError:
    runs = sorted({hit[0] for hit in hits if hit[0] is not None})
    marks = ", ".join("?" for _ in runs[:LISTED])
    rows = (
        connection.execute(
            f"SELECT run, id, id_kind, agent, status, events FROM runs WHERE run IN ({marks}) ORDER BY run NULLS LAST",
            runs[:LISTED],
        ).fetchall()
        if runs
        else []
    )
    listed = tuple(
        f"{row[1]}  ({', '.join(str(part) for part in (row[3], row[4], f'{row[5]} events') if part)})" for row in rows
    ) or tuple(sorted({hit[2] for hit in hits})[:LISTED])
    kinds = ", ".join(sorted({hit[1] for hit in hits}))
    count = len(runs) if runs else len({hit[2] for hit in hits})
    more = f" (the first {LISTED} are listed)" if count > LISTED else ""
    return AmbiguousRunError(
        f"{asked!r} ({kinds}) leads to {count}{'+' if len(hits) >= _ENOUGH else ''} runs{more}:\n  "
        + "\n  ".join(listed),
        hint="name one of them, or type more of the id",
        candidates=tuple(row[1] for row in rows) or listed,
    )


def _not_found(connection: duckdb.DuckDBPyConnection, asked: str) -> RunNotFoundError:
    near = connection.execute(
        f"""
        SELECT value FROM (
            SELECT DISTINCT value, jaro_winkler_similarity(lower(value), lower(?)) AS likeness FROM run_ids
        )
        WHERE likeness >= {LIKENESS} ORDER BY likeness DESC NULLS LAST, value NULLS LAST LIMIT 5
        """,
        [asked[:200].encode("utf-8", "backslashreplace").decode()],
    ).fetchall()
    nearest = tuple(row[0] for row in near)
    counts = case.one(
        connection,
        "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM events), (SELECT count(*) FROM sources "
        "WHERE format IS NOT NULL), (SELECT count(*) FROM sources WHERE status IN ('unreadable', 'unknown-format'))",
    )
    assert counts is not None  # noqa: S101 - a SELECT of counts always gives a row
    searched = (
        f"{counts[0]:,} runs and all ids of {counts[1]:,} events from {counts[2]:,} sources",
        *(
            (f"not searched: {counts[3]:,} sources that could not be read or are of unknown format",)
            if counts[3]
            else ()
        ),
    )
    message = f"no run has an id that is or begins with {asked!r}\n  searched: " + "; ".join(searched)
    if nearest:
        message += "\n  nearest: " + ", ".join(nearest)
    return RunNotFoundError(message, hint="list the runs with: auditrail runs", nearest=nearest, searched=searched)
