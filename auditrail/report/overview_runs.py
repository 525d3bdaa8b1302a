"""The runs of an overview, one line each, for many runs at once: set-based but for tokens and scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from auditrail import case
from auditrail.gaps.terms import SEVERITIES
from auditrail.report import grading, integrity, usage
from auditrail.report.overview_types import RunLine

if TYPE_CHECKING:
    import duckdb

    from auditrail.report.types import RunEventView

# Each answer's tokens must be told apart from sums over them, event by event: so many take some eight seconds.
COUNTED_EVENTS = 2_500_000
_FETCH = 50_000


class _Told(NamedTuple):
    """What `usage` looks at."""

    run: int
    key: int
    stream: str
    layer: str
    kind: str
    span_id: str | None
    parent_span_id: str | None
    response_id: str | None
    tokens_in: int | None
    tokens_out: int | None


def lines(connection: duckdb.DuckDBPyConnection) -> tuple[tuple[RunLine, ...], tuple[str, ...]]:
    """The runs of `cover_runs` in order of their begin, and sentences on what was not worked out for them."""
    rows = connection.execute(
        f"""
        WITH told AS (
            SELECT run, list_sort(list(DISTINCT cause)) AS causes, min({_place("severity")}) AS worst, count(*) AS n
            FROM findings WHERE run IS NOT NULL GROUP BY run
        )
        SELECT r.run, r.id, r.id_kind, r.agent, r.started_ns, r.ended_ns, r.status, c.grade, r.events, r.errors,
               r.denials, r.layers, r.parent_run, t.causes, t.worst, coalesce(t.n, 0)
        FROM cover_runs c JOIN runs r ON r.run = c.run LEFT JOIN told t ON t.run = r.run
        ORDER BY r.started_ns NULLS LAST, r.run NULLS LAST
        """
    ).fetchall()
    events = sum(row[8] for row in rows)
    scores: dict[int, tuple[str, float]] = {}
    notes = []
    # Of a part of the list only, a score would look as if the others had none.
    if events <= grading.GRADED_EVENTS:
        scores = grading.grades(connection, [(row[0], row[1], row[2], row[8], row[3]) for row in rows])
    else:
        notes.append(f"scores of single runs are not worked out for more than {grading.GRADED_EVENTS:,} events")
    counted = _countable(connection)
    tokens: dict[int, tuple[int, int]] = {}
    if counted <= COUNTED_EVENTS:
        tokens = _tokens(connection)
    else:
        notes.append(f"tokens of single runs are not counted where more than {COUNTED_EVENTS:,} events tell of them")
    protected = _integrity(connection)
    made = []
    for run, name, kind, agent, start, end, status, grade, n, errors, denials, layers, parent, causes, worst, f in rows:
        used = tokens.get(run, (None, None))
        made.append(
            RunLine(
                run, name, kind, agent, start, end, status, grade, scores[run][1] if run in scores else None, n, errors,
                denials, used[0], used[1], tuple(layers.split(",")) if layers else (), tuple(causes or ()),
                SEVERITIES[worst] if worst is not None and worst < len(SEVERITIES) else None, f,
                protected.get(run, integrity.NOT_VERIFIED), parent,
            )
        )  # fmt: skip
    return tuple(made), tuple(notes)


def _place(column: str) -> str:
    whens = " ".join(f"WHEN '{name}' THEN {place}" for place, name in enumerate(SEVERITIES))
    return f"CASE {column} {whens} END"


_TOLD = (
    "FROM cover_runs c JOIN run_members m ON m.run = c.run JOIN events e ON e.event = m.event "
    "WHERE e.tokens_in IS NOT NULL OR e.tokens_out IS NOT NULL OR (e.kind = 'span' AND e.span_id IS NOT NULL)"
)


def _countable(connection: duckdb.DuckDBPyConnection) -> int:
    return case.count(connection, f"SELECT count(*) {_TOLD}")


def _tokens(connection: duckdb.DuckDBPyConnection) -> dict[int, tuple[int, int]]:
    """Run -> input and output tokens, as `usage` counts them."""
    cursor = connection.execute(
        "SELECT m.run, e.event, coalesce(e.stream, ''), e.layer, e.kind, e.span_id, e.parent_span_id, e.response_id, "
        f"e.tokens_in, e.tokens_out {_TOLD} ORDER BY m.run NULLS LAST, e.event NULLS LAST"
    )
    made = {}
    for run, rows in groupby(_fetched(cursor), key=itemgetter(0)):
        used = usage.of_run(cast("Iterable[RunEventView]", [_Told(*row) for row in rows]))
        if used is not None:
            made[run] = (used.tokens_in, used.tokens_out)
    return made


def _fetched(cursor: Any) -> Iterator[tuple[Any, ...]]:
    while rows := cursor.fetchmany(_FETCH):
        yield from rows


def _integrity(connection: duckdb.DuckDBPyConnection) -> dict[int, str]:
    """Run -> the worst verdict of the files that it was read from."""
    paths = dict(connection.execute("SELECT source, path FROM sources").fetchall())
    verdicts = dict(integrity.of_paths(connection, dict.fromkeys(paths.values())))
    made: dict[int, str] = {}
    for run, source in connection.execute(
        "SELECT DISTINCT m.run, e.source FROM cover_runs c JOIN run_members m ON m.run = c.run "
        "JOIN events e ON e.event = m.event"
    ).fetchall():
        verdict = verdicts[paths[source]]
        made[run] = min(made.get(run, verdict), verdict, key=integrity.rank)
    return made
