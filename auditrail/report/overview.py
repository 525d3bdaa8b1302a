"""The overview of a period: what `gaps` tells, with the list of runs, the trend, the sources and their verdicts.

It stands on one run of the rules. `coverage` leaves its temporary tables behind: `cover_runs` (the runs of the question
with their grade) and `findings` (what the rules found); everything here is counted from these, so that the sums of the
list, of the trend and of the coverage agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from auditrail import case, digest
from auditrail.gaps import engine
from auditrail.gaps.terms import SEVERITIES
from auditrail.report import integrity, overview_runs, rule_list
from auditrail.report.gap_types import GapsReport
from auditrail.report.gaps import Judging, gaps
from auditrail.report.overview_types import (
    AgentRow,
    CauseRow,
    DefectRow,
    LayerRow,
    Overview,
    RunLine,
    Scope,
    SourceRow,
    Totals,
    VerdictRow,
    Week,
)
from auditrail.terms import LAYERS

if TYPE_CHECKING:
    import duckdb

# A clock that is years off must not make a row for every week until then.
_MOST_WEEKS = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).date()
# The first Monday is the fifth day: days since then, cut to weeks, begin on Mondays.
_MONDAY = 4
_UNVERIFIED = "auditrail verify"
_METHOD = (
    """Every record of every source became events, or a quarantine row with the reason, or is counted as blank or
    ignored; each event keeps its file, record number, byte offset, length and the blake3 of the record's bytes.""",
    """Events were put together to runs by the ids that they carry: exact (a record names the run), linked (over shared
    ids) or inferred (by session, or by agent, tool and time); a run belongs to the period in which it began.""",
    """A run is complete if no finding of severity medium or above says that something of it is missing, partial if one
    does, and a fragment if no record names the run, or which agent it was. Waived findings count here, too.""",
    "A layer is expected of a run that has it, and of one that lacks a stream which most runs of its agent have.",
    """The cause of each finding rests on evidence, strongest first: declared by the records, told by another stream,
    counted in a sequence, statistical; where none decides, the cause is unknown.""",
    "Verdicts are those of the verification when the files were loaded; times are UTC.",
)
_LIMITS = (
    "What was never loaded leaves no trace here: the numbers speak of the sources that are listed, and of no others.",
    """How many runs there should be is counted from the streams that name runs, and from an inventory if one was given;
    runs that every stream lost are estimated at best.""",
    "Retention says how far back records reach; whether that satisfies a law is not for this report to say.",
    "An inferred join can be wrong; it is marked wherever a run is shown.",
)


def overview(
    connection: duckdb.DuckDBPyConnection,
    question: engine.Question | None = None,
    judging: Judging | None = None,
) -> Overview:
    """The overview of a question.

    Args:
        connection: to the case; only temporary tables are made, and one connection answers one question.
        question: which runs, agent, layer and time; None: all.
        judging: what it is judged by; None: the rules' own defaults.

    Raises:
        UsageError: a framework is unknown.
    """
    question, judging = question or engine.Question(), judging or Judging()
    found = rule_list.described(gaps(connection, question, judging))
    verdicts = _verdicts(connection)
    sources = _sources(connection)
    runs, notes = overview_runs.lines(connection)
    asked = (*judging.settings.require, *judging.require)
    return Overview(
        scope=Scope(found.period.label, _names(connection, question), question.agent, question.layer, asked),
        totals=_totals(connection, found, sources, runs),
        gaps=found,
        weeks=_weeks(connection),
        agents=_agents(runs),
        layers=_layers(connection, found),
        causes=_causes(found),
        runs=runs,
        verdicts=verdicts,
        sources=sources,
        digest=_digest(sources),
        method=_sentences(_METHOD),
        limits=_sentences(_LIMITS),
        notes=notes,
        not_checked=_not_checked(found, sources),
    )


def _sentences(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(" ".join(text.split()) for text in texts)


def _names(connection: duckdb.DuckDBPyConnection, question: engine.Question) -> tuple[str, ...]:
    if not question.runs:
        return ()
    listed = ", ".join(str(int(run)) for run in question.runs)
    rows = connection.execute(f"SELECT id FROM runs WHERE run IN ({listed}) ORDER BY run NULLS LAST").fetchall()
    return tuple(row[0] for row in rows)


def _totals(
    connection: duckdb.DuckDBPyConnection, found: GapsReport, sources: tuple[SourceRow, ...], runs: tuple[RunLine, ...]
) -> Totals:
    graded = {grade: sum(run.grade == grade for run in runs) for grade in ("complete", "partial", "fragment")}
    return Totals(
        sources=len(sources),
        records=sum(source.records for source in sources),
        quarantined=sum(source.quarantined for source in sources),
        duplicates=sum(source.duplicates for source in sources),
        runs=len(runs),
        **graded,
        events=sum(run.events for run in runs),
        unplaced=case.count(
            connection,
            "SELECT count(*) FROM events e LEFT JOIN run_members m ON m.event = e.event "
            "LEFT JOIN (SELECT event FROM copies WHERE same_content) c ON c.event = e.event "
            "WHERE m.event IS NULL AND c.event IS NULL "
            "AND (e.ts_ns >= ?::BIGINT) IS NOT FALSE AND (e.ts_ns < ?::BIGINT) IS NOT FALSE",
            [found.period.from_ns, found.period.to_ns],
        ),
    )


def _weeks(connection: duckdb.DuckDBPyConnection) -> tuple[Week, ...]:
    counts: dict[int | None, list[int]] = {}
    rows = connection.execute(
        f"""
        SELECT (day - {_MONDAY}) // 7, count(*), count(*) FILTER (WHERE grade = 'complete'),
               count(*) FILTER (WHERE grade = 'partial'), count(*) FILTER (WHERE grade = 'fragment')
        FROM cover_runs GROUP BY ALL
        """
    ).fetchall()
    for week, *numbers in rows:
        counts[week] = [*numbers, 0, 0, 0, 0]
    rows = connection.execute(
        f"SELECT (first_ns // 86400000000000 - {_MONDAY}) // 7, severity, count(*) FROM findings GROUP BY ALL"
    ).fetchall()
    for week, severity, number in rows:
        if severity in SEVERITIES:
            counts.setdefault(week, [0] * 8)[4 + SEVERITIES.index(severity)] += number
    dated = sorted(week for week in counts if week is not None)
    if dated and dated[-1] - dated[0] < _MOST_WEEKS:
        dated = list(range(dated[0], dated[-1] + 1))
    made = [Week(_monday(week), *counts.get(week, [0] * 8)) for week in dated]
    return (*made, *((Week(None, *counts[None]),) if None in counts else ()))


def _monday(week: int) -> str:
    try:
        return (_EPOCH + timedelta(days=7 * week + _MONDAY)).isoformat()
    except OverflowError:
        return (date.min if week < 0 else date.max).isoformat()


def _agents(runs: Iterable[RunLine]) -> tuple[AgentRow, ...]:
    by_agent: dict[str | None, list[RunLine]] = {}
    for run in runs:
        by_agent.setdefault(run.agent, []).append(run)
    return tuple(
        AgentRow(
            agent,
            len(mine),
            sum(run.grade == "complete" for run in mine),
            sum(run.grade == "partial" for run in mine),
            sum(run.grade == "fragment" for run in mine),
            sum(run.events for run in mine),
            sum(run.errors for run in mine),
            sum(run.denials for run in mine),
            min((run.started_ns for run in mine if run.started_ns is not None), default=None),
            max((run.ended_ns for run in mine if run.ended_ns is not None), default=None),
        )
        for agent, mine in sorted(by_agent.items(), key=lambda item: (item[0] is None, item[0] or ""))
    )


def _layers(connection: duckdb.DuckDBPyConnection, found: GapsReport) -> tuple[LayerRow, ...]:
    events = dict(
        connection.execute(
            "SELECT e.layer, count(*) FROM cover_runs c JOIN run_members m ON m.run = c.run "
            "JOIN events e ON e.event = m.event GROUP BY e.layer"
        ).fetchall()
    )
    made = []
    for layer in LAYERS:
        cells = [row for row in found.coverage if row.layer == layer]
        if cells or events.get(layer):
            expected, seen, complete = (
                sum(getattr(row, name) for row in cells) for name in ("runs_expected", "runs_seen", "runs_complete")
            )
            made.append(LayerRow(layer, expected, seen, complete, events.get(layer, 0)))
    return tuple(made)


def _causes(found: GapsReport) -> tuple[CauseRow, ...]:
    made = []
    for cause in {gap.cause for gap in found.gaps}:
        mine = [gap for gap in found.gaps if gap.cause == cause]
        agents = {gap.agent for gap in mine}
        made.append(
            CauseRow(
                cause,
                min((gap.severity for gap in mine), key=_rank),
                len(mine),
                sum(gap.count for gap in mine),
                len({run for gap in mine for run in gap.runs}),
                tuple(sorted(agents, key=lambda agent: (agent is None, agent or ""))),
            )
        )
    return tuple(sorted(made, key=lambda row: (_rank(row.severity), -row.things, row.cause)))


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity) if severity in SEVERITIES else -1


def _verdicts(connection: duckdb.DuckDBPyConnection) -> tuple[VerdictRow, ...]:
    defects: dict[tuple[int, str], list[DefectRow]] = {}
    for key, path, *rest in connection.execute(
        "SELECT verdict_key, path, kind, record, byte_offset, seq, breaks, note FROM verdict_defects "
        "ORDER BY verdict_key NULLS LAST, path NULLS LAST, record NULLS LAST, byte_offset NULLS LAST, kind NULLS LAST, "
        "seq NULLS LAST, note NULLS LAST"
    ).fetchall():
        defects.setdefault((key, path), []).append(DefectRow(*rest))
    rows = connection.execute(
        "SELECT verdict_key, path, kind, profile, chain, records, checked, verdict, head, uncovered_fields, "
        "not_checked, defects, verified_by FROM verdicts "
        "ORDER BY path NULLS LAST, kind NULLS LAST, profile NULLS LAST, chain NULLS LAST, verdict_key NULLS LAST"
    ).fetchall()
    return tuple(
        VerdictRow(
            path, kind, profile, chain, records, checked, verdict, head,
            tuple(fields.split(",")) if fields else (), tuple(left.splitlines()) if left else (),
            count, tuple(defects.get((key, path), ())), by,
        )
        for key, path, kind, profile, chain, records, checked, verdict, head, fields, left, count, by in rows
    )  # fmt: skip


def _sources(connection: duckdb.DuckDBPyConnection) -> tuple[SourceRow, ...]:
    rows = connection.execute(
        "SELECT source, path, format, stream, layer, status, bytes, blake3, records, records_with_events, events, "
        "quarantined, blank, ignored, duplicates, first_ts, last_ts, superseded_by, error, loaded_by FROM sources "
        "ORDER BY source NULLS LAST"
    ).fetchall()
    said = dict(integrity.of_paths(connection, dict.fromkeys(row[1] for row in rows)))
    return tuple(SourceRow._make((*row, said[row[1]])) for row in rows)


def _digest(sources: Iterable[SourceRow]) -> str:
    held = sorted((source.path, source.blake3) for source in sources)
    lines = (f"{blake3}  {path}\n" for path, blake3 in held)
    return digest.record_digest("".join(lines).encode("utf-8", "surrogatepass")).hex()


def _not_checked(found: GapsReport, sources: tuple[SourceRow, ...]) -> tuple[str, ...]:
    """What the rules leave open; that they verify nothing is said only of files that loading did not verify either."""
    verdicts = [source.verdict for source in sources if source.format]
    kept = [line for line in found.not_checked if not line.endswith(_UNVERIFIED)]
    said = []
    if unverified := verdicts.count(integrity.NOT_VERIFIED):
        said.append(f"hash chains and signatures of {unverified:,} of {len(verdicts):,} sources: {_UNVERIFIED}")
    if bare := verdicts.count("NOT-CHAINED"):
        said.append(
            f"whether records were changed before they were loaded: {bare:,} of {len(verdicts):,} sources carry no "
            "hash chain, signature or seal"
        )
    return (*said, *kept)
