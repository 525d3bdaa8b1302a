"""What is held of each agent's runs, layer by layer and day by day, with denominators, after the rules have run.

A run counts where a record names it, its trace, its session or its conversation. The rest are fragments, no run that
anybody expected: loose records that were put together by a request, and, where other runs name their agents, a trace
without an agent. A run belongs to the day on which it began (UTC).

A layer is expected of a run that has it, and of one that lacks a stream which holds it (`missing_streams` says which,
from the agent's other runs and from what the run did). Tools and policies are expected only where the run called a
tool, or where nothing else is in that stream; an agent that never has a layer has no row for it. Runs that only an
inventory lists are expected in the layers that most runs of their agent have.

A run is complete in a layer if it has it and no finding of severity medium or above says that something is missing
there; the findings are those of the question, waived ones included: what is accepted is missing all the same.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from auditrail import case, times
from auditrail.gaps import build
from auditrail.gaps.rule import rules
from auditrail.report.gap_types import Coverage, CoverageDay, Grades, RunGrade
from auditrail.terms import LAYERS

if TYPE_CHECKING:
    import duckdb

    from auditrail.gaps.engine import Question

_DAY = 86_400 * times.NS
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Most runs of an agent have a layer.
_MOST_RUNS = "n * 5 >= of_n * 4"
_CONDITIONAL = "('tool', 'policy')"
_REASONS = 5
_FRAGMENT = "no record names the run, or which agent it was"
_FROM_STREAMS = "runs that any stream names"
_FROM_CALLS = "runs with tool calls that any stream names"


class Measured(NamedTuple):
    """Coverage and grades of a question; the totals count each run once."""

    runs_expected: int
    expected_from: str
    runs_seen: int
    runs_complete: int
    coverage: tuple[Coverage, ...]
    days: tuple[CoverageDay, ...]
    grades: tuple[Grades, ...]
    run_grades: tuple[RunGrade, ...]


def measure(connection: duckdb.DuckDBPyConnection, question: Question, inventory: str | None) -> Measured:
    """Coverage of the runs of a question.

    Args:
        connection: to the case; `findings` of the rules stands.
        question: period, runs, agent and layer.
        inventory: path of the inventory in `expected_runs`, or None.
    """
    build.build(connection, ["acts", "call_turns", "run_facts", "stream_habits", "missing_streams", "expected_runs"])
    _runs(connection, question)
    _calls(connection)
    _faults(connection)
    _cells(connection, question.layer)
    seen, complete = case.one(
        connection, "SELECT count(*), count(*) FILTER (WHERE sound) FROM cover_runs WHERE grade <> 'fragment'"
    ) or (0, 0)
    unheld = case.count(connection, "SELECT count(*) FROM cover_unheld")
    days = _days(connection)
    return Measured(
        seen + unheld,
        f"{_FROM_STREAMS}, and the inventory {inventory}" if inventory else _FROM_STREAMS,
        seen,
        complete,
        _rows(connection, days, inventory),
        days,
        _grades(connection),
        _run_grades(connection),
    )


def _runs(connection: duckdb.DuckDBPyConnection, question: Question) -> None:
    """The runs of the question with their day and their grade, and the runs of the inventory that are not held."""
    tests, values = ["true"], list[int | str]()
    unheld, more = ["NOT held"], list[int | str]()
    for test, other, value in (
        ("r.started_ns >= ?", "ts_ns >= ?", question.from_ns),
        ("r.started_ns < ?", "ts_ns < ?", question.to_ns),
        ("r.agent = ?", "agent = ?", question.agent),
    ):
        if value is not None:
            tests.append(test)
            values.append(value)
            unheld.append(f"({other}) IS NOT FALSE" if "ts_ns" in other else other)
            more.append(value)
    if question.runs is not None:
        tests.append(f"r.run IN ({', '.join(str(int(run)) for run in question.runs) or 'NULL'})")
        unheld.append("false")
    connection.execute(
        f"""
        CREATE TEMP TABLE cover_runs AS
        WITH bad AS (
            SELECT DISTINCT run FROM findings
            WHERE run IS NOT NULL AND scope IN ('run', 'stream', 'record', 'content')
                  AND severity IN ('critical', 'high', 'medium')
        ), agents AS (SELECT count(*) AS named FROM runs WHERE agent IS NOT NULL)
        SELECT r.run, r.agent, r.started_ns // {_DAY} AS day, ',' || r.layers || ',' AS layers,
               b.run IS NULL AS sound,
               CASE WHEN r.id_kind NOT IN ('run', 'trace', 'session', 'conversation') THEN 'fragment'
                    WHEN r.id_kind = 'trace' AND r.agent IS NULL AND g.named > 0
                         AND NOT contains(',' || r.layers || ',', ',agent,') THEN 'fragment'
                    WHEN b.run IS NULL THEN 'complete' ELSE 'partial' END AS grade
        FROM runs r CROSS JOIN agents g LEFT JOIN bad b ON b.run = r.run WHERE {" AND ".join(tests)}
        """,
        values,
    )
    connection.execute(
        f"CREATE TEMP TABLE cover_unheld AS SELECT id, agent, ts_ns // {_DAY} AS day FROM expected_runs "
        f"WHERE {' AND '.join(unheld)}",
        more,
    )


def _calls(connection: duckdb.DuckDBPyConnection) -> None:
    """Tool calls by run and layer: each call counts once in a layer, however many records tell of it."""
    connection.execute(
        """
        CREATE TEMP TABLE cover_calls AS
        SELECT run, layer, count(*) AS calls, count(*) FILTER (WHERE readable) AS readable FROM (
            SELECT a.run, a.layer, bool_or(a.args_state IN ('present', 'empty')) AS readable
            FROM acts a LEFT JOIN call_turns t ON t.event = a.event
            WHERE a.run IS NOT NULL AND a.tool IS NOT NULL AND a.kind IN ('call', 'span')
            GROUP BY a.run, a.layer, a.call, coalesce(t.turn, 0), CASE WHEN a.call IS NULL THEN a.event END
        ) GROUP BY run, layer
        """
    )


def _faults(connection: duckdb.DuckDBPyConnection) -> None:
    """(run, layer): what is missing there, by findings that name the layer, or a stream whose layers are known."""
    connection.execute(
        """
        CREATE TEMP TABLE cover_faults AS
        SELECT DISTINCT run, layer FROM (
            SELECT run, layer FROM worse
            UNION ALL
            SELECT run, unnest(string_split(lacks, ',')) FROM worse WHERE scope = 'stream' AND lacks IS NOT NULL
        ) WHERE layer IS NOT NULL
        """.replace(
            "FROM worse",
            "FROM (SELECT * FROM findings WHERE run IS NOT NULL AND severity IN ('critical', 'high', 'medium') "
            "AND scope IN ('run', 'stream', 'record', 'content'))",
        )
    )


def _cells(connection: duckdb.DuckDBPyConnection, only: str | None) -> None:
    """One row for each agent, layer and run that should have the layer, or has it."""
    chosen = ", ".join(f"('{layer}')" for layer in LAYERS if only in (None, layer)) or "('')"
    connection.execute(
        f"""
        CREATE TEMP TABLE cover_cells AS
        WITH layers(layer) AS (VALUES {chosen}),
        callers AS (SELECT DISTINCT run FROM cover_calls),
        lacking AS (
            SELECT DISTINCT m.run, l.layer, m.layers = l.layer AS alone FROM missing_streams m
            JOIN layers l ON contains(',' || m.layers || ',', ',' || l.layer || ',')
        ), due AS (
            SELECT k.run, k.layer FROM lacking k LEFT JOIN callers c ON c.run = k.run
            WHERE k.layer NOT IN {_CONDITIONAL} OR k.alone OR c.run IS NOT NULL GROUP BY k.run, k.layer
        )
        SELECT r.run, r.agent, r.day, l.layer, contains(r.layers, ',' || l.layer || ',') AS has,
               f.run IS NOT NULL AS faulty
        FROM cover_runs r CROSS JOIN layers l
        LEFT JOIN due d ON d.run = r.run AND d.layer = l.layer
        LEFT JOIN cover_faults f ON f.run = r.run AND f.layer = l.layer
        WHERE r.grade <> 'fragment' AND (contains(r.layers, ',' || l.layer || ',') OR d.run IS NOT NULL)
        """
    )
    connection.execute(
        f"""
        INSERT INTO cover_cells
        SELECT NULL, u.agent, u.day, h.layer, false, false FROM cover_unheld u JOIN (
            SELECT c.agent, c.layer, count(*) AS n, max(t.of_n) AS of_n FROM cover_cells c
            JOIN (SELECT agent, count(*) AS of_n FROM cover_runs WHERE grade <> 'fragment' GROUP BY agent) t
            ON t.agent = c.agent GROUP BY c.agent, c.layer
        ) h ON h.agent = u.agent WHERE {_MOST_RUNS} AND h.layer NOT IN {_CONDITIONAL}
        """
    )


def _days(connection: duckdb.DuckDBPyConnection) -> tuple[CoverageDay, ...]:
    rows = connection.execute(
        f"""
        SELECT agent, layer, day, count(*), count(*) FILTER (WHERE has) FROM cover_cells WHERE day IS NOT NULL
        GROUP BY agent, layer, day ORDER BY agent NULLS LAST, {_order("layer")}, day NULLS LAST
        """
    ).fetchall()
    return tuple(CoverageDay(agent, layer, _day(day), expected, seen) for agent, layer, day, expected, seen in rows)


def _rows(
    connection: duckdb.DuckDBPyConnection, days: tuple[CoverageDay, ...], inventory: str | None
) -> tuple[Coverage, ...]:
    silent: dict[tuple[str | None, str], list[str]] = {}
    for cell in days:
        if cell.runs_seen == 0:
            silent.setdefault((cell.agent, cell.layer), []).append(cell.day)
    rows = connection.execute(
        f"""
        SELECT c.agent, c.layer, count(*), count(*) FILTER (WHERE c.has),
               count(*) FILTER (WHERE c.has AND NOT c.faulty), count(*) FILTER (WHERE c.run IS NULL),
               coalesce(sum(t.calls), 0)::BIGINT, coalesce(sum(t.readable), 0)::BIGINT
        FROM cover_cells c LEFT JOIN cover_calls t ON t.run = c.run AND t.layer = c.layer
        GROUP BY c.agent, c.layer ORDER BY c.agent NULLS LAST, {_order("c.layer")}
        """
    ).fetchall()
    made = []
    for agent, layer, expected, seen, complete, listed, calls, readable in rows:
        source = _FROM_CALLS if layer in ("tool", "policy") else _FROM_STREAMS
        source += f", and {listed} that only {inventory} lists" if listed else ""
        made.append(
            Coverage(
                agent, layer, expected, source, seen, complete, calls, readable, tuple(silent.get((agent, layer), ()))
            )
        )
    return tuple(made)


def _grades(connection: duckdb.DuckDBPyConnection) -> tuple[Grades, ...]:
    """How many runs can be put together: of all agents first, then of each, with the most frequent reasons."""
    counted = connection.execute(
        """
        SELECT agent, grade, count(*) FROM cover_runs GROUP BY agent, grade
        """
    ).fetchall()
    reasons = connection.execute(
        """
        SELECT c.agent, f.rule, count(DISTINCT f.run) FROM findings f JOIN cover_runs c ON c.run = f.run
        WHERE c.grade = 'partial' AND f.severity IN ('critical', 'high', 'medium')
              AND f.scope IN ('run', 'stream', 'record', 'content')
        GROUP BY c.agent, f.rule
        """
    ).fetchall()
    if not counted:
        return ()
    agents = sorted({row[0] for row in counted}, key=lambda agent: (agent is None, agent or ""))
    made = [_grade(None, [row[1:] for row in counted], [row[1:] for row in reasons])]
    for agent in agents:
        if agent is not None:
            own = ([row[1:] for row in rows if row[0] == agent] for rows in (counted, reasons))
            made.append(_grade(agent, *own))
    return tuple(made)


def _run_grades(connection: duckdb.DuckDBPyConnection) -> tuple[RunGrade, ...]:
    """Every run that is not complete, by agent and id."""
    rows = connection.execute(
        """
        SELECT r.id, c.agent, c.grade, list_sort(list(DISTINCT f.rule) FILTER (WHERE f.rule IS NOT NULL))
        FROM cover_runs c JOIN runs r ON r.run = c.run
        LEFT JOIN findings f ON f.run = c.run AND f.severity IN ('critical', 'high', 'medium')
             AND f.scope IN ('run', 'stream', 'record', 'content')
        WHERE c.grade <> 'complete' GROUP BY r.id, c.agent, c.grade, c.run
        ORDER BY c.agent NULLS LAST, r.id NULLS LAST, c.run NULLS LAST
        """
    ).fetchall()
    return tuple(
        RunGrade(
            run, agent, grade,
            (*((_FRAGMENT,) if grade == "fragment" else ()), *(_reason(rule) for rule in found or ())),
        )
        for run, agent, grade, found in rows
    )  # fmt: skip


def _grade(agent: str | None, counted: list[tuple[str, int]], reasons: list[tuple[str, int]]) -> Grades:
    sums = dict.fromkeys(("complete", "partial", "fragment"), 0)
    for grade, runs in counted:
        sums[grade] += runs
    why: dict[str, int] = {}
    for rule, runs in reasons:
        why[_reason(rule)] = why.get(_reason(rule), 0) + runs
    if sums["fragment"]:
        why[_FRAGMENT] = sums["fragment"]
    top = sorted(why.items(), key=lambda item: (-item[1], item[0]))[:_REASONS]
    return Grades(agent, sums["complete"], sums["partial"], sums["fragment"], tuple(top))


def _reason(rule: str) -> str:
    known = rules().get(rule)
    return known.title if known else rule


def _day(number: int) -> str:
    return (_EPOCH + timedelta(days=number)).strftime("%Y-%m-%d")


def _order(column: str) -> str:
    whens = " ".join(f"WHEN '{layer}' THEN {place}" for place, layer in enumerate(LAYERS))
    return f"CASE {column} {whens} END NULLS LAST"
