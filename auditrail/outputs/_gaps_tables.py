"""The tables of a gaps report, as harmless text: the same ones in text, Markdown and HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from auditrail.outputs import _when
from auditrail.outputs._gaps_words import CAUSE_WORDS, LAYERS, Words, share
from auditrail.report.gap_types import Coverage, Retention

# So many agents are shown where a person reads; programs get all.
AGENTS_SHOWN = 20
_AGENTS_NAMED = 3
_DAYS_NAMED = 4
_SILENT_SHOWN = 6
_USUAL = 0.5


class Table(NamedTuple):
    """A table: its titles, its rows, the columns that hold numbers, and sentences that belong under it."""

    titles: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    right: frozenset[int] = frozenset()
    notes: tuple[str, ...] = ()


def causes(words: Words) -> Table:
    """The causes of what is missing, worst first, with what each means."""
    rows = []
    for row in words.causes():
        agents = _listed([words.short(agent, 30) for agent in row.agents], _AGENTS_NAMED)
        rows.append(
            (
                words.clean(row.severity),
                words.clean(row.cause),
                f"{row.findings:,}",
                f"{row.things:,}",
                f"{row.runs:,}",
                agents,
                CAUSE_WORDS.get(row.cause, ""),
            )
        )
    titles = ("severity", "cause", "findings", "missing", "runs", "agents", "what it means")
    return Table(titles, rows, frozenset({2, 3, 4}))


def coverage(words: Words, limit: int | None = AGENTS_SHOWN) -> Table:
    """Agents and layers: the share of the runs that have records of the layer; the agents held least come first."""
    by_agent: dict[str | None, dict[str, Coverage]] = {}
    for row in words.report.coverage:
        by_agent.setdefault(row.agent, {})[row.layer] = row
    known = {row.layer for row in words.report.coverage}
    layers = [*(layer for layer in LAYERS if layer in known), *sorted(known - set(LAYERS))]
    complete = {grades.agent: grades for grades in words.report.grades}
    agents = sorted(by_agent, key=lambda agent: (_held(by_agent[agent]), agent is None, agent or ""))
    rows = []
    for agent in agents[:limit]:
        mine = by_agent[agent]
        expected = max(row.runs_expected for row in mine.values())
        seen = max(row.runs_seen for row in mine.values())
        grades = complete.get(agent) if agent is not None else None
        calls = sum(row.calls for row in mine.values())
        readable = sum(row.args_present for row in mine.values())
        rows.append(
            (
                words.short(words.name(agent), 40),
                f"{seen:,}/{expected:,}",
                share(grades.complete, grades.runs) if grades is not None else "-",
                *(_share(mine.get(layer)) for layer in layers),
                share(readable, calls),
            )
        )
    titles = ("agent", "runs", "complete", *(words.clean(layer) for layer in layers), "arguments")
    notes = _silent(by_agent, agents, words)
    if limit is not None and len(agents) > limit:
        notes.append(f"{len(agents) - limit:,} more agents: --format json or html")
    return Table(titles, rows, frozenset(range(1, len(titles))), tuple(notes))


def _held(mine: dict[str, Coverage]) -> float:
    """The share of the layer that is held least, of those that half of the agent's runs have."""
    return min((row.runs_seen / row.runs_expected for row in mine.values() if _is_usual(row)), default=1.0)


def _is_usual(row: Coverage) -> bool:
    return row.runs_expected > 0 and row.runs_seen / row.runs_expected >= _USUAL


def _share(row: Coverage | None) -> str:
    return "-" if row is None else share(row.runs_seen, row.runs_expected)


def _silent(by_agent: dict[str | None, dict[str, Coverage]], agents: list[str | None], words: Words) -> list[str]:
    """Days on which agents ran and a layer that they usually have has no record: alike ones in one sentence."""
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for agent in agents:
        for layer, row in sorted(by_agent[agent].items()):
            if row.days_silent and _is_usual(row):
                found.setdefault((layer, row.days_silent), []).append(words.short(words.name(agent), 40))
    made = []
    for (layer, days), names in sorted(found.items(), key=lambda item: (-len(item[0][1]), item)):
        who = _listed(names, _AGENTS_NAMED)
        when = _listed([words.clean(day) for day in days], _DAYS_NAMED)
        count = f"{len(days):,} silent {'day' if len(days) == 1 else 'days'}"
        made.append(f"{words.clean(layer)}: {count} of {who}: {when}")
    more = [f"{len(made) - _SILENT_SHOWN:,} more such lines: --format json"] if len(made) > _SILENT_SHOWN else []
    return made[:_SILENT_SHOWN] + more


def _listed(names: list[str], shown: int) -> str:
    more = f" and {len(names) - shown:,} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def not_whole(words: Words, limit: int) -> Table:
    """The runs that cannot be put together whole, and why."""
    rows = [
        (words.clean(row.run), words.name(row.agent), words.clean(row.grade), words.clean("; ".join(row.reasons)))
        for row in words.report.run_grades[:limit]
    ]
    more = len(words.report.run_grades) - limit
    return Table(("run", "agent", "grade", "why"), rows, notes=(f"{more:,} more: --format json",) if more > 0 else ())


def retention(words: Words) -> Table:
    """How far back the streams reach, against what clauses ask for: a row for each clause."""
    clauses: dict[tuple[str, str, int | None], list[Retention]] = {}
    for row in words.report.retention:
        clauses.setdefault((row.framework, row.clause, row.required_days), []).append(row)
    rows = []
    for (framework, clause, required), mine in clauses.items():
        judged = [row for row in mine if row.status in ("held", "shorter")]
        least = max(judged or mine, key=lambda row: (row.oldest_ns is not None, row.oldest_ns or 0, row.stream))
        held = sum(row.status == "held" for row in judged)
        rows.append(
            (
                words.clean(f"{framework} {clause}"),
                f"{required:,} d" if required is not None else "no number",
                _day(least.required_since_ns, words),
                f"{held:,} of {len(judged):,}" if judged else "not judged",
                _day(least.oldest_ns, words),
                f"{least.held_days:,} d" if least.held_days is not None else "-",
                words.short(least.stream, 40),
            )
        )
    titles = ("clause", "asks for", "required since", "streams that do", "least: from", "held", "stream")
    notes = ("Every stream by itself: --format json.",) if len(words.report.retention) > len(rows) else ()
    return Table(titles, rows, frozenset({1, 3, 5}), notes)


def _day(ns: int | None, words: Words) -> str:
    return "-" if ns is None else _when.stamp(ns, words.view.tz)[:10]


def fields(words: Words) -> Table:
    """How many records carry the fields that clauses ask for."""
    rows = [
        (
            words.clean(f"{row.framework} {row.clause}"),
            words.clean(row.field),
            f"{row.held:,}",
            f"{row.of:,}",
            share(row.held, row.of),
        )
        for row in words.report.fields
    ]
    return Table(("clause", "field", "records with it", "of", "share"), rows, frozenset({2, 3, 4}))


def deletions(words: Words) -> Table:
    """What the log groups themselves will delete, and when."""
    rows = [
        (
            words.clean(row.group),
            "for ever" if row.days is None else f"{row.days:,} d",
            _day(row.deletes_from_ns, words),
            words.clean(row.note),
        )
        for row in words.report.deletions
    ]
    return Table(("log group", "keeps", "deletes from", "note"), rows, frozenset({1}))
