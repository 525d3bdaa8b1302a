"""The tables of a gaps report, as harmless text: the same ones in text, Markdown and HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from auditrail.outputs import _when
from auditrail.outputs._gaps_words import CAUSE_WORDS, LAYERS, Words, share
from auditrail.report.gap_types import Coverage

# So many agents are shown where a person reads; programs get all.
AGENTS_SHOWN = 20
_AGENTS_NAMED = 3
_DAYS_NAMED = 4
_SILENT_SHOWN = 6


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
    """The share of the layer that is held least, of those that the agent ever has."""
    return min(
        (row.runs_seen / row.runs_expected for row in mine.values() if row.runs_expected and row.runs_seen), default=1
    )


def _share(row: Coverage | None) -> str:
    return "-" if row is None else share(row.runs_seen, row.runs_expected)


def _silent(by_agent: dict[str | None, dict[str, Coverage]], agents: list[str | None], words: Words) -> list[str]:
    """Days on which agents ran and a layer that they have at other times has no record: alike ones in one sentence."""
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for agent in agents:
        for layer, row in sorted(by_agent[agent].items()):
            if row.days_silent and row.runs_seen:
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


def retention(words: Words) -> Table:
    """How far back each stream reaches, against what clauses ask for."""
    rows = [
        (
            words.clean(f"{row.framework} {row.clause}"),
            f"{row.required_days:,} d" if row.required_days is not None else "no number",
            words.clean(row.stream),
            "-" if row.oldest_ns is None else _when.stamp(row.oldest_ns, words.view.tz)[:10],
            f"{row.held_days:,} d" if row.held_days is not None else "-",
            "-" if row.required_since_ns is None else _when.stamp(row.required_since_ns, words.view.tz)[:10],
            {"held": "reaches back", "shorter": "shorter", "not-judged": "not judged"}.get(
                row.status, words.clean(row.status)
            ),
        )
        for row in words.report.retention
    ]
    titles = ("clause", "asks for", "stream", "oldest held", "held", "required since", "finding")
    return Table(titles, rows, frozenset({1, 4}))


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
            "-" if row.deletes_from_ns is None else _when.stamp(row.deletes_from_ns, words.view.tz)[:10],
            words.clean(row.note),
        )
        for row in words.report.deletions
    ]
    return Table(("log group", "keeps", "deletes from", "note"), rows, frozenset({1}))
