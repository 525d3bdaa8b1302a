"""Hand-made overviews: of the made-up quarter, of hostile text, of nothing, and of a large case."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

from auditrail.report.gap_types import Coverage, CoverageDay
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
from tests.outputs import _gap_samples as gaps

BLAKE3 = "6c98209e4ac4d71ba4a6dd3b9d75f3b5d7a8b7d4e8d1d87f30d03a7c0ff2a4c1"
_HOUR = 3_600 * 1_000_000_000


def source(number: int, path: str, verdict: str = "NOT-CHAINED", text: str = "litellm") -> SourceRow:
    return SourceRow(
        number, path, "jsonl", text, "llm", "new", 70_000, BLAKE3, 100, 97, 120, 1, 1, 1, 2, gaps.at("2026-07-01"),
        gaps.at("2026-09-30"), None, None, "0.1.0", verdict,
    )  # fmt: skip


def run(number: int, grade: str = "complete", text: str = "") -> RunLine:
    start = gaps.at("2026-07-01") + number * _HOUR
    lacks = grade != "complete"
    return RunLine(
        number, text or f"run-{number:06x}", "run", text or gaps.AGENTS[number % 5], start, start + 9_000_000_000, "ok",
        grade, 0.5 if lacks else 1.0, 24, 1, 0, 1_200, 310, ("agent", "llm"), ("outage",) if lacks else (),
        "high" if lacks else None, int(lacks), "NOT-CHAINED", None,
    )  # fmt: skip


def week(number: int, runs: int = 130) -> Week:
    start = (date(2026, 6, 29) + timedelta(days=7 * number)).isoformat()
    return Week(start, runs, runs - 25, 20, 5, 0, 1, 2, 0)


def quarter() -> Overview:
    """Five agents, one broken chain."""
    grades = ("complete", "complete", "partial", "complete", "fragment")
    return Overview(
        Scope("2026Q3", (), None, None, ("EU AI Act",)),
        Totals(3, 300, 3, 6, 1672, 1380, 251, 41, 40_128, 12),
        gaps.quarter(),
        weeks=tuple(week(number) for number in range(14)),
        agents=tuple(
            AgentRow(name, 334, 276, 50, 8, 8_025, 40, 3, gaps.at("2026-07-01"), gaps.at("2026-09-30"))
            for name in gaps.AGENTS
        ),
        layers=(LayerRow("llm", 1672, 1600, 1500, 9_000),),
        causes=(CauseRow("outage", "high", 1, 72, 72, (None,)),),
        runs=tuple(run(number, grades[number % 5]) for number in range(60)),
        verdicts=(
            VerdictRow(
                "evidence/sealed/agent.jsonl", "log", "auditrail-sealed", "main", 900, 612, "BROKEN", None, ("meta",),
                ("who holds the key",), 5, tuple(DefectRow("edited", n, None, n, True, "hash differs") for n in (7, 9)),
                "0.1.0",
            ),
            VerdictRow(
                "evidence/gateway/litellm.jsonl", "log", None, None, 100, 0, "NOT-CHAINED", None, (), (), 0, (), "0.1.0"
            ),
        ),
        sources=(
            source(1, "evidence/gateway/litellm.jsonl"),
            source(2, "evidence/sealed/agent.jsonl", "BROKEN"),
            source(3, "evidence/opa/decisions.jsonl", "not verified"),
        ),
        digest=BLAKE3,
        method=("Every record became events, or a quarantine row.",),
        limits=("What was never loaded leaves no trace here.",),
        notes=("Scores were not worked out.",),
        not_checked=("signatures of 1 of 3 sources: auditrail verify",),
    )  # fmt: skip


def hostile(text: str) -> Overview:
    """The same text wherever a log, a path or a configuration could bring it in."""
    verdict = VerdictRow(
        text, text, text, text, 3, 1, text, text, (text,), (text,), 9, (DefectRow(text, 1, 2, 3, True, text),), text
    )
    return Overview(
        Scope(text, (text, text), text, text, (text,)),
        Totals(1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
        gaps.hostile(text),
        weeks=(week(0), Week(None, 1, 0, 0, 1, 0, 0, 0, 1)),
        agents=(AgentRow(text, 1, 0, 1, 0, 1, 0, 0, None, None), AgentRow(None, 0, 0, 0, 0, 0, 0, 0, None, None)),
        causes=(CauseRow(text, text, 1, 1, 1, (text, None)),),
        runs=(run(1, text, text)._replace(causes=(text,), severity=text), run(2)._replace(started_ns=-(2**62))),
        verdicts=(verdict, verdict._replace(verdict="BROKEN")),
        sources=(source(1, text, text, text), source(2, text)._replace(format=None, first_ns=2**62)),
        digest=BLAKE3,
        method=(text,),
        limits=(text,),
        notes=(text,),
        not_checked=(text,),
    )


def empty() -> Overview:
    """A case without anything."""
    return Overview(Scope("all", (), None, None, ()), Totals(0, 0, 0, 0, 0, 0, 0, 0, 0, 0), gaps.empty())


@cache
def large(agents: int = 200, findings: int = 2_000, runs: int = 5_000, sources: int = 1_000) -> Overview:
    """A quarter of many agents, with every list far beyond what pages can hold."""
    dice = random.Random(7)
    base = quarter()
    names = [f"agent-{number:04}" for number in range(agents)]
    cells = [
        CoverageDay(name, layer, (gaps.FIRST + timedelta(days=day)).isoformat(), 4, 4 if dice.random() < 0.9 else 1)
        for name in names
        for layer in gaps.LAYERS
        for day in range(gaps.DAYS)
    ]
    covered = tuple(Coverage(name, layer, 368, "x", 340, 300, 9, 9, ()) for name in names for layer in gaps.LAYERS)
    found = tuple(
        replace(base.gaps.gaps[number % 7], agent=names[number % agents], title=f"finding {number}")
        for number in range(findings)
    )
    streams = tuple(base.gaps.retention[0]._replace(stream=f"stream-{number}") for number in range(300))
    told = base.gaps._replace(days=tuple(cells), coverage=covered, gaps=found, retention=streams)
    return base._replace(
        gaps=told,
        agents=tuple(base.agents[0]._replace(agent=name) for name in names),
        runs=tuple(run(number, "partial") for number in range(runs)),
        verdicts=tuple(base.verdicts[0]._replace(path=f"evidence/{number}.jsonl") for number in range(sources)),
        sources=tuple(source(number, f"evidence/{number}.jsonl") for number in range(sources)),
    )
