"""The gaps report: runs the rules, and says of each finding what, why, where it is seen and what to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from auditrail import case, times
from auditrail.gaps import build, engine, fold, frameworks, terms
from auditrail.gaps.rule import Rule, select
from auditrail.gaps.settings import GapSettings, Waiver
from auditrail.report import coverage, inventory, retention, sampling, unseen
from auditrail.report.baseline import Baseline
from auditrail.report.gap_types import Estimate, GapsReport, Period, Waived
from auditrail.report.inventory import Inventory
from auditrail.report.types import Evidence, Gap

if TYPE_CHECKING:
    import duckdb

# What these rules never look at; the commands that do are named.
_NOT_CHECKED = (
    "hash chains and signatures of the sources: auditrail verify",
    "whether the loaded streams are all that exist: a stream that was never loaded leaves no trace here",
)
# The parameter through which the frameworks that are asked for reach the rule about settings.
_SHORT = "retention-setting-too-short.required_days"
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
    required = frameworks.select((*judging.settings.require, *judging.require))
    held = case.one(connection, "SELECT min(first_ts), max(last_ts) FROM sources") or (None, None)
    ends = [edge for edge in (question.to_ns, held[1]) if edge is not None]
    end = min(ends) if ends else None

    rules = select()
    params = {_SHORT: retention.required_days(required, end), **dict(judging.settings.params)}
    if judging.expected is not None:
        inventory.load(connection, judging.expected)
    found = engine.find(connection, rules, question, params, judging.settings.waivers)
    made = _told(connection, found, judging.expected)
    open_gaps, waived, notes = _waived(made, judging.settings.waivers, end)
    new = [gap for gap in open_gaps if judging.baseline is None or not judging.baseline.has(gap)]
    if judging.expected is not None:
        notes.insert(0, inventory.told(connection, judging.expected))
    if period.note:
        notes.insert(0, f"{period.label}: {period.note}")
    measured = coverage.measure(connection, question, judging.expected.path if judging.expected else None)
    if period.from_ns is not None or period.to_ns is not None:
        notes.append(_began(connection, period))
    estimates, not_told = _estimates(connection, question)
    return GapsReport(
        period=period,
        held=(held[0], held[1]),
        **measured._asdict(),
        estimates=estimates,
        gaps=tuple(new),
        retention=retention.retention(connection, required or frameworks.frameworks(), end, numberless=bool(required)),
        fields=retention.fields(connection, required, question),
        deletions=retention.deletions(connection),
        waived=tuple(waived),
        known=len(open_gaps) - len(new),
        notes=tuple(notes),
        judged=tuple(rule.id for rule in rules if rule.id not in found.not_judged and rule.id not in found.failed),
        not_judged=tuple(sorted(found.not_judged.items())),
        not_checked=(
            *_NOT_CHECKED,
            *not_told,
            *(f"{rule}: cannot-judge: {why}" for rule, why in sorted(found.not_judged.items())),
        ),
    )


def _estimates(
    connection: duckdb.DuckDBPyConnection, question: engine.Question
) -> tuple[tuple[Estimate, ...], tuple[str, ...]]:
    """What is estimated, and sentences on what could not be; of single runs there is nothing to estimate."""
    if question.runs is not None:
        return (), ()
    unheld, not_told = unseen.estimate(connection, one_agent=question.agent is not None)
    rates = sampling.estimate(connection)
    if question.agent is not None:
        rates = tuple(each for each in rates if each.agent in (None, question.agent))
    return (*rates, *unheld), not_told


def _began(connection: duckdb.DuckDBPyConnection, period: Period) -> str:
    """How much of the case a period is: a clock that is years off makes a latest quarter of a single run."""
    inside, every = case.one(
        connection,
        "SELECT count(*) FILTER (WHERE started_ns >= coalesce(?, started_ns) AND "
        "(started_ns < ? OR ? IS NULL)), count(*) FROM runs",
        [period.from_ns, period.to_ns, period.to_ns],
    ) or (0, 0)
    return f"{inside:,} of the {every:,} runs of the case began in {period.label}"


def _told(
    connection: duckdb.DuckDBPyConnection, found: engine.Found, expected: Inventory | None
) -> list[tuple[Gap, int | None]]:
    """Every finding, with the number of the waiver that covers it."""
    by_id = {rule.id: rule for rule in select()}
    places = _places(connection, found.groups)
    shared = _shared_names(connection) if found.groups else set()
    if expected is not None:
        places["source", terms.INVENTORY] = (expected.path, None)
    made: list[tuple[Gap, int | None]] = [(_failure(rule, error), None) for rule, error in sorted(found.failed.items())]
    made += [(_gap(by_id[group.rule], group, places, shared), group.waiver) for group in found.groups]
    return made


def _waived(
    made: list[tuple[Gap, int | None]], waivers: tuple[Waiver, ...], end_ns: int | None
) -> tuple[list[Gap], list[Waived], list[str]]:
    """The findings that stand, those that are waived, and sentences on the waivers.

    A waiver is judged on the last day of the question, or of what is held: the same evidence gives the same answer.
    """
    today = times.iso(end_ns - 1)[:10] if end_ns is not None else ""
    left, accepted, notes = [], [], []
    for gap, number in made:
        waiver = waivers[number] if number is not None else None
        expired = waiver is not None and waiver.until < today
        if waiver is None or expired:
            left.append(gap)
        if waiver is not None:
            accepted.append(Waived(gap, waiver.reason, waiver.until, expired))
    used = {number for _, number in made}
    for number, waiver in enumerate(waivers):
        where = ", ".join(f"{name} {glob}" for name, glob in waiver.where)
        if waiver.until < today:
            notes.append(f"the waiver for {where} ended on {waiver.until} and is not applied: {waiver.reason}")
        elif number not in used:
            notes.append(f"the waiver for {where} (until {waiver.until}) meets no finding here")
    if waivers and today:
        notes.append(f"waivers are judged on {today}, the last day that is looked at")
    return left, accepted, notes


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


def _shared_names(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Names that streams of several formats have: an agent's own log, and its traces."""
    build.build(connection, ["stream_habits"])
    rows = connection.execute(
        "SELECT stream FROM stream_habits GROUP BY stream HAVING count(DISTINCT format) > 1"
    ).fetchall()
    return {row[0] for row in rows}


def _gap(rule: Rule, group: fold.Group, places: Mapping[Any, tuple[str, int | None]], shared: set[str]) -> Gap:
    words = {name: getattr(group, name) or unnamed for name, unnamed in _UNNAMED.items()}
    words |= {"count": f"{group.things:,}", "runs": f"{len(group.runs):,}"}
    if group.stream in shared and group.format:
        words["stream"] = f"{group.stream} ({group.format})"
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
