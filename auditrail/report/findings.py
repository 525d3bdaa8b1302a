"""What the checks of a run write down: marks on events, gaps with their evidence, and how many checks were met."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from auditrail.report.types import Evidence, Gap, RunEventView


@dataclass
class Findings:
    """Marks by event id, gaps, and the checks that were made: name -> (met, made)."""

    marks: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    gaps: list[Gap] = field(default_factory=list)
    checks: dict[str, tuple[int, int]] = field(default_factory=dict)

    def check(self, name: str, met: int, made: int) -> None:
        if made:
            self.checks[name] = (met, made)


def at(event: RunEventView, note: str) -> Evidence:
    """The place of an event, as evidence of a gap."""
    return Evidence(event.source.path, event.source.record, note)


def times(events: Iterable[RunEventView]) -> tuple[int | None, int | None]:
    """The first and the last time of events that have one."""
    known = [event.ts_ns for event in events if event.ts_ns is not None]
    return (min(known), max(known)) if known else (None, None)


def gap(
    run_id: str,
    about: list[RunEventView],
    *,
    rule: str,
    cause: str,
    severity: str,
    confidence: str,
    title: str,
    explanation: str,
    remedy: str,
    evidence: tuple[Evidence, ...],
    after: str | None,
) -> Gap:
    """A gap of one run about some of its events, which say its agent, layer, stream, tool and time."""
    first, last = times(about)
    event = about[0]
    return Gap(
        rule,
        cause,
        severity,
        confidence,
        title,
        explanation,
        remedy,
        agent=event.agent,
        layer=event.layer,
        stream=event.stream,
        tool=event.tool,
        first_ns=first,
        last_ns=last,
        count=len(about),
        runs=(run_id,),
        evidence=evidence,
        after=after,
    )
