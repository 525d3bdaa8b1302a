"""The gaps report: runs the rules, and says of each finding what, why, where it is seen and what to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from auditrail import case
from auditrail.gaps import engine, fold
from auditrail.gaps.rule import Rule, select
from auditrail.gaps.settings import GapSettings
from auditrail.report.baseline import Baseline
from auditrail.report.gap_types import GapsReport, Period
from auditrail.report.inventory import Inventory
from auditrail.report.types import Evidence, Gap

if TYPE_CHECKING:
    import duckdb

# What these rules never look at; the commands that do are named.
_NOT_CHECKED = (
    "hash chains and signatures of the sources: auditrail verify",
    "whether the loaded streams are all that exist: a stream that was never loaded leaves no trace here",
)
_UNNAMED = {
    "agent": "an agent without a name", "stream": "a stream", "tool": "a tool", "layer": "a layer", "detail": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Judging:
    """What a question is judged by, besides the evidence.

    Attributes:
        period: from `report.periods`; it sets the times of the question. None: the times of the question hold.
        settings: `[gaps]` of the configuration.
        require: frameworks whose retention and fields are asked for, besides those of the settings.
        expected: an inventory of runs from outside of the evidence (`report.inventory.read`).
        baseline: an earlier report (`report.baseline.read`): what it lists is left out.
    """

    period: Period | None = None
    settings: GapSettings = field(default_factory=GapSettings)
    require: tuple[str, ...] = ()
    expected: Inventory | None = None
    baseline: Baseline | None = None


def gaps(
    connection: duckdb.DuckDBPyConnection,
    question: engine.Question | None = None,
    judging: Judging | None = None,
) -> GapsReport:
    """What is missing, and why.

    Args:
        connection: to the case; only temporary tables are made, and one connection answers one question.
        question: which runs, agent, layer and time; None: all.
        judging: what it is judged by; None: the rules' own defaults.

    Raises:
        UsageError: a framework is unknown.
    """
    question, judging = question or engine.Question(), judging or Judging()
    if judging.period is not None:
        question = replace(question, from_ns=judging.period.from_ns, to_ns=judging.period.to_ns)
    period = judging.period or Period(question.from_ns, question.to_ns, "all")
    rules = select()
    found = engine.find(connection, rules, question, dict(judging.settings.params))
    by_id = {rule.id: rule for rule in rules}
    places = _places(connection, found.groups)
    made = [_gap(by_id[group.rule], group, places) for group in found.groups]
    made = [_failure(rule, error) for rule, error in sorted(found.failed.items())] + made
    held = case.one(connection, "SELECT min(ts_ns), max(ts_ns) FROM acts") if _stands(connection, "acts") else None
    seen = case.count(connection, "SELECT count(*) FROM runs")
    return GapsReport(
        period=period,
        held=(held[0], held[1]) if held else (None, None),
        runs_expected=seen,
        expected_from="runs that any loaded stream names",
        runs_seen=seen,
        runs_complete=0,
        gaps=tuple(made),
        not_checked=(*_NOT_CHECKED, *found.not_judged),
    )


def _stands(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    sql = "SELECT 1 FROM duckdb_tables() WHERE temporary AND table_name = ?"
    return case.one(connection, sql, [table]) is not None


def _places(connection: duckdb.DuckDBPyConnection, groups: list[fold.Group]) -> dict[Any, tuple[str, int | None]]:
    """Event key, or ("source", key) -> path and record."""
    events = sorted({sight.event for group in groups for sight in group.sights if sight.event is not None})
    places: dict[Any, tuple[str, int | None]] = {
        ("source", key): (path, None) for key, path in connection.execute("SELECT source, path FROM sources").fetchall()
    }
    if events:
        listed = ", ".join(str(int(event)) for event in events)
        rows = connection.execute(
            "SELECT e.event, s.path, e.record FROM events e JOIN sources s ON s.source = e.source "
            f"WHERE e.event IN ({listed})"
        ).fetchall()
        places.update({event: (path, record) for event, path, record in rows})
    return places


def _gap(rule: Rule, group: fold.Group, places: Mapping[Any, tuple[str, int | None]]) -> Gap:
    words = {name: getattr(group, name) or unnamed for name, unnamed in _UNNAMED.items()}
    words |= {"count": f"{group.things:,}", "runs": f"{len(group.runs):,}"}
    evidence = []
    for sight in group.sights:
        path, record = places[sight.event if sight.event is not None else ("source", sight.source)]
        evidence.append(Evidence(path, record if sight.event is not None else sight.record, sight.note))
    return Gap(
        rule=rule.id,
        cause=group.cause,
        severity=group.severity,
        confidence=group.confidence,
        title=_fill(rule.says, words),
        explanation=_fill(rule.explains, words),
        remedy=rule.remedy_for(group.format),
        agent=group.agent,
        layer=group.layer,
        stream=group.stream,
        tool=group.tool,
        first_ns=group.first_ns,
        last_ns=group.last_ns,
        count=group.things,
        runs=group.runs,
        evidence=tuple(evidence),
        controls=rule.controls,
        proof=group.evidence,
    )


def _fill(template: str, words: Mapping[str, str]) -> str:
    """The template with its fields; values come from logs, so a brace in one of them is only a brace."""
    for name, value in words.items():
        template = template.replace("{" + name + "}", value.replace("{", "(").replace("}", ")"))
    return template


def _failure(rule: str, error: str) -> Gap:
    return Gap(
        rule=engine.FAILED,
        cause="unknown",
        severity="high",
        confidence="proven",
        title=f"rule {rule} failed",
        explanation=f"what {rule} looks for was not judged: {error}",
        remedy="this is a fault of auditrail: report it, with the version",
        proof="none",
    )
