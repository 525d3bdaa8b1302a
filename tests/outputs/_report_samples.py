"""Overviews made by hand: a quarter with gaps, one full of hostile text, an empty one, and one of many runs."""

from __future__ import annotations

from typing import Any

from auditrail import times
from auditrail.report.gap_types import CoverageDay, GapsReport
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
from tests.outputs import _gap_samples

_BEGIN = 1_782_864_000  # 2026-07-01T00:00:00Z
_GRADES = ("complete", "complete", "partial", "complete", "fragment")
_CAUSES = ((), ("clock",), ("lost", "outage"), (), ("unknown",))
_WORST = (None, "low", "high", None, "critical")


def run(number: int, **more: Any) -> RunLine:
    """A run like others: every fifth is a fragment, every other is of another agent."""
    kind = number % 5
    start = (_BEGIN + number * 79) * times.NS
    made = RunLine(
        run=number, id=f"run-{number:06d}", id_kind="run", agent=("refunds-agent", "identity-agent")[number % 2],
        started_ns=start, ended_ns=start + (number % 40 + 1) * times.NS, status=("ok", "error")[number % 7 == 0],
        grade=_GRADES[kind], score=None, events=number % 50 + 1, errors=0, denials=number % 3,
        tokens_in=number * 3, tokens_out=number, layers=("agent", "llm", "tool"), causes=_CAUSES[kind],
        severity=_WORST[kind], findings=len(_CAUSES[kind]), integrity="INTACT", parent_run=None,
    )  # fmt: skip
    return made._replace(**more)


def overview(gaps: GapsReport, runs: tuple[RunLine, ...], **more: Any) -> Overview:
    """An overview of these gaps and runs, with sums that fit the runs."""
    grades = {grade: sum(run.grade == grade for run in runs) for grade in ("complete", "partial", "fragment")}
    agents = sorted({run.agent for run in runs}, key=str)
    fields: dict[str, Any] = {
        "scope": Scope(gaps.period.label, (), None, None, ()),
        "totals": Totals(2, 500, 1, 3, len(runs), **grades, events=sum(run.events for run in runs), unplaced=4),
        "gaps": gaps,
        "weeks": (Week("2026-06-29", len(runs), *grades.values(), 1, 2, 3, 4), Week(None, 0, 0, 0, 0, 0, 0, 1, 0)),
        "agents": tuple(
            AgentRow(agent, *_graded([run for run in runs if run.agent == agent]), 10, 1, 0, None, None)
            for agent in agents
        ),
        "layers": (LayerRow("agent", 9, 8, 7, 60), LayerRow("llm", 9, 9, 9, 70)),
        "causes": tuple(
            CauseRow(cause, "high", 1, 2, 3, ("refunds-agent", None)) for cause in sorted({g.cause for g in gaps.gaps})
        ),
        "runs": runs,
        "verdicts": (_verdict("agent.jsonl"),),
        "sources": (_source(1, "agent.jsonl"), _source(2, "gateway.jsonl")),
        "digest": "ab" * 32,
        "method": ("How it was made.",),
        "limits": ("What it cannot say.",),
        "notes": ("A note.",),
        "not_checked": ("Something that was not checked.",),
    }
    return Overview(**{**fields, **more})


def _graded(runs: list[RunLine]) -> tuple[int, int, int, int]:
    complete, partial, fragment = (sum(run.grade == g for run in runs) for g in ("complete", "partial", "fragment"))
    return len(runs), complete, partial, fragment


def _verdict(path: str, text: str = "record 7 does not fit the hash of record 6") -> VerdictRow:
    defect = DefectRow("edited", 7, 900, 7, True, text)
    return VerdictRow(
        path, "profile_chain", "agt", None, 40, 39, "BROKEN", "cd" * 32, ("ts",), ("no anchor",), 3, (defect,), "1"
    )


def _source(number: int, path: str) -> SourceRow:
    return SourceRow(
        number, path, "jsonl", "agent", "agent", "new", 9_000, f"{number:064x}", 250, 249, 300, 1, 0, 0, 1,
        _BEGIN * times.NS, (_BEGIN + 900_000) * times.NS, None, None, "1", "BROKEN" if number == 1 else "INTACT",
    )  # fmt: skip


def quarter(runs: int = 40) -> Overview:
    """A quarter in which much is missing."""
    return overview(_gap_samples.quarter(), tuple(run(number) for number in range(runs)))


def hostile(text: str) -> Overview:
    """The same with this text wherever a log can put one."""
    runs = tuple(run(n, id=f"{text}{n}", agent=text, parent_run=text, causes=(text,)) for n in range(6))
    gaps = _gap_samples.hostile(text)._replace(days=(CoverageDay(text, "agent", "2026-07-02", 3, 1),))
    return overview(
        gaps, runs, verdicts=(_verdict(text, text),), sources=(_source(1, text)._replace(stream=text, error=text),),
        notes=(text,), not_checked=(text,), causes=(CauseRow(text, text, 1, 1, 1, (text,)),),
        scope=Scope(text, (text,), text, None, (text,)),
    )  # fmt: skip


def empty() -> Overview:
    """A period of which nothing is held."""
    return overview(_gap_samples.empty(), (), weeks=(), layers=(), verdicts=(), sources=(), causes=())
