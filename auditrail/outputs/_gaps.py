"""A gaps report as plain values: the JSON document, its findings one by one, and flat rows."""

from __future__ import annotations

from typing import Any

from auditrail.outputs import _rows, _when
from auditrail.outputs._findings import Case, Finding, Findings, Place, Rule
from auditrail.report.baseline import fingerprint
from auditrail.report.gap_types import GapsReport, RuleCard
from auditrail.report.types import Column, Evidence, Gap, Listing
from auditrail.text import terminal


def document(report: GapsReport) -> dict[str, Any]:
    """The JSON document `auditrail.gaps/1`."""
    return {
        "schema": "auditrail.gaps/1",
        "generated_by": _rows.GENERATOR,
        "not_checked": list(report.not_checked),
        "period": {
            "from": _when.iso(report.period.from_ns),
            "to": _when.iso(report.period.to_ns),
            "label": report.period.label,
            "note": report.period.note,
        },
        "held": {"from": _when.iso(report.held[0]), "to": _when.iso(report.held[1])},
        "runs": {
            "expected": report.runs_expected,
            "expected_from": report.expected_from,
            "seen": report.runs_seen,
            "complete": report.runs_complete,
        },
        "coverage": [{**item._asdict(), "days_silent": list(item.days_silent)} for item in report.coverage],
        "coverage_days": [item._asdict() for item in report.days],
        "grades": [
            {**item._asdict(), "reasons": [{"reason": reason, "runs": runs} for reason, runs in item.reasons]}
            for item in report.grades
        ],
        "run_grades": [{**item._asdict(), "reasons": list(item.reasons)} for item in report.run_grades],
        "estimates": [item._asdict() for item in report.estimates],
        "gaps": rows(report),
        "retention": [
            {
                "framework": item.framework,
                "clause": item.clause,
                "required_days": item.required_days,
                "stream": item.stream,
                "oldest": _when.iso(item.oldest_ns),
                "held_days": item.held_days,
                "status": item.status,
                "required_since": _when.iso(item.required_since_ns),
            }
            for item in report.retention
        ],
        "fields": [item._asdict() for item in report.fields],
        "deletions": [
            {"group": item.group, "days": item.days, "deletes_from": _when.iso(item.deletes_from_ns), "note": item.note}
            for item in report.deletions
        ],
        "waived": [
            {"gap": row(entry.gap), "reason": entry.reason, "until": entry.until, "expired": entry.expired}
            for entry in report.waived
        ],
        "known": report.known,
        "rules": [
            {"id": card.id, "title": card.title, "judged": card.judged, "reason": card.reason} for card in report.rules
        ],
        "notes": list(report.notes),
    }


def rows(report: GapsReport) -> list[dict[str, Any]]:
    """One object for each finding: the members of `gaps[]`, with the fingerprint."""
    return [row(gap) for gap in report.gaps]


def row(gap: Gap) -> dict[str, Any]:
    """A finding; its `fingerprint` is the same from report to report."""
    return {**_rows.gap_row(gap), "fingerprint": fingerprint(gap)}


def listing(report: GapsReport) -> Listing:
    """The findings as flat rows: for CSV. Runs and places stand in one cell each, separated by semicolons."""
    names = (
        "severity", "cause", "confidence", "proof", "rule", "title", "agent", "layer", "stream", "tool", "first",
        "last", "count", "runs_touched", "runs", "evidence", "explanation", "remedy", "controls", "fingerprint",
    )  # fmt: skip
    made = []
    for gap in report.gaps:
        fields = row(gap)
        fields["runs_touched"] = len(gap.runs)
        fields["evidence"] = [place_of(place) for place in gap.evidence]
        made.append(tuple(fields[name] for name in names))
    return Listing("gaps", "gaps", "What is missing", tuple(Column(name, name) for name in names), tuple(made))


def place_of(place: Evidence) -> str:
    """`path:record note`."""
    at = place.path if place.record is None else f"{place.path}:{place.record}"
    return f"{at} {place.note}".rstrip()


# --- for JUnit and SARIF --------------------------------------------------------------------------------------------

LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
# In the bands of code scanning: critical from 9.0 on, high from 7.0, medium from 4.0.
SECURITY = {"critical": 9.5, "high": 8.0, "medium": 5.5, "low": 2.0}
PRECISION = {"proven": "very-high", "strong": "high", "weak": "medium"}
# In files of these names a record is a line, or is nearly always.
_FACTS = ("cause", "severity", "confidence", "proof", "agent", "layer", "stream", "tool")
_RUNS_TOLD = 10
_LINES = (".jsonl", ".ndjson", ".log", ".txt")


def findings(report: GapsReport) -> Findings:
    """The findings for JUnit (a case for each rule) and SARIF (waived findings are suppressed ones)."""
    cards = {card.id: card for card in report.rules}
    waived = [entry for entry in report.waived if not entry.expired]
    gaps = [*report.gaps, *(entry.gap for entry in waived)]
    for gap in gaps:
        if gap.rule not in cards:
            cards[gap.rule] = RuleCard(
                gap.rule, gap.rule, gap.severity, gap.confidence, gap.cause, "", "", gap.remedy, gap.controls, True
            )
    found = [_finding(gap) for gap in report.gaps]
    found += [_finding(entry.gap)._replace(suppressed=f"{entry.reason} (until {entry.until})") for entry in waived]
    found = _told_apart(found)
    failing = {id(gap) for gap in report.failing()}
    cases = []
    for card in cards.values():
        mine = [gap for gap in report.gaps if gap.rule == card.id]
        cases.append(_case(card, mine, failing))
    return Findings("gaps", tuple(map(_rule, cards.values())), tuple(found), tuple(cases), report.not_checked)


def _rule(card: RuleCard) -> Rule:
    parts = [f"Risk: {card.risk}" if card.risk else "", f"Example: {card.example}" if card.example else ""]
    parts.append(f"Change: {card.remedy}")
    return Rule(
        terminal(card.id),
        terminal(card.title),
        "\n\n".join(terminal(part) for part in parts if part),
        LEVELS.get(card.severity, "warning"),
        terminal(card.risk),
        SECURITY.get(card.severity, 0.0),
        # Code scanning ranks by severity only what is tagged so.
        ("security", "audit-trail", terminal(card.cause), *map(terminal, card.controls)),
        PRECISION.get(card.confidence, "medium"),
    )


def _finding(gap: Gap) -> Finding:
    first, *others = gap.evidence or (None,)
    facts = {
        name: getattr(gap, name)
        for name in ("cause", "severity", "confidence", "proof", "agent", "layer", "stream", "tool")
    }
    return Finding(
        terminal(gap.rule),
        LEVELS.get(gap.severity, "warning"),
        f"{gap.title}. {gap.explanation}".strip(". ") + ".",
        first.path if first is not None else None,
        _line(first),
        first.record if first is not None else None,
        None,
        fingerprint(gap),
        {
            **facts,
            "count": gap.count,
            "runs": list(gap.runs),
            "first": _when.iso(gap.first_ns),
            "last": _when.iso(gap.last_ns),
            "remedy": gap.remedy,
            "controls": list(gap.controls),
        },
        (
            *(Place(place.path, _line(place), place.record, place.note) for place in others if place is not None),
            *(Place(place.path, place.record, None, f"set here: {place.note}") for place in gap.set_at),
        ),
    )


def _told_apart(found: list[Finding]) -> list[Finding]:
    """Findings of one rule and place that differ in detail only get a number behind their fingerprint."""
    seen: dict[str, int] = {}
    made = []
    for finding in found:
        number = seen[finding.fingerprint] = seen.get(finding.fingerprint, 0) + 1
        made.append(finding._replace(fingerprint=f"{finding.fingerprint}:{number}") if number > 1 else finding)
    return made


def _line(place: Evidence | None) -> int | None:
    lines = place is not None and place.path.lower().endswith(_LINES)
    return place.record if place is not None and lines else None


def _case(card: RuleCard, gaps: list[Gap], failing: set[int]) -> Case:
    group = f"gaps.{card.severity}"
    told = tuple(_told(gap) for gap in gaps)
    if any(id(gap) in failing for gap in gaps):
        count = f"{len(gaps):,} {'finding' if len(gaps) == 1 else 'findings'}"
        return Case(group, card.id, "failed", f"{card.cause}: {card.title}: {count}", told)
    if not card.judged and not gaps:
        return Case(group, card.id, "skipped", card.reason or "could not judge")
    return Case(group, card.id, "passed", card.title, told)


def _told(gap: Gap) -> str:
    lines = [f"{gap.severity}: {gap.title} [{gap.cause}, {gap.proof}, {gap.confidence}]", gap.explanation]
    lines.append(f"{gap.count:,} missing in {len(gap.runs):,} runs: {', '.join(gap.runs[:_RUNS_TOLD])}")
    lines += [f"seen at {place_of(place)}" for place in gap.evidence]
    lines += [f"set at {place_of(place)}" for place in gap.set_at]
    lines.append(f"change: {gap.remedy}")
    return "\n".join(line for line in lines if line) + "\n"
