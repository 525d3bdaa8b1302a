"""What `auditrail check` found, in words, as plain values, as flat rows, and as findings for JUnit and SARIF."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from auditrail.outputs import _rows
from auditrail.outputs._findings import Case, Finding, Findings, Place, Rule
from auditrail.outputs._sections import Document, Section, Table
from auditrail.outputs._view import View
from auditrail.report.check_types import FAILED, INCONCLUSIVE, OUTCOMES, PASSED, Check, CheckReport, Spot
from auditrail.report.types import Column, Listing

_WORDS = {FAILED: "FAILED", INCONCLUSIVE: "not decided", "skipped": "skipped", PASSED: "passed"}
_STYLES = {0: "good", 1: "bad", 4: "warn"}
_DETAILS = 20
_GROUPS = {
    "frozen": ("A frozen incident case", "What was found once must be found again; see which part of it differs."),
    "threshold": ("A threshold of auditrail.toml", "See auditrail gaps for the findings behind the number."),
    "lint": ("A setting that will lose records", "See auditrail lint."),
}


def document(report: CheckReport, view: View) -> dict[str, Any]:  # noqa: ARG001 - as the other reports
    """The JSON document `auditrail.check/1`."""
    return {
        "schema": "auditrail.check/1",
        "generated_by": _rows.GENERATOR,
        "not_checked": list(report.not_checked),
        "subjects": list(report.subjects),
        "totals": {outcome: report.count(outcome) for outcome in OUTCOMES},
        "exit_code": report.exit_code,
        "checks": rows(report),
        "notes": list(report.notes),
    }


def rows(report: CheckReport, view: View | None = None) -> list[dict[str, Any]]:  # noqa: ARG001
    """A row for each check."""
    return [
        {
            **check._asdict(),
            "details": list(check.details),
            "spots": [spot._asdict() for spot in check.spots],
        }
        for check in report.checks
    ]


def listing(report: CheckReport, view: View) -> Listing:  # noqa: ARG001
    """The checks as flat rows: for CSV."""
    names = ("outcome", "id", "group", "name", "summary", "wanted", "found", "details", "remedy", "spots")
    made = []
    for check in report.checks:
        row = {**check._asdict(), "details": list(check.details), "spots": [_spot(spot) for spot in check.spots]}
        made.append(tuple(row[name] for name in names))
    return Listing("check", "checks", "Checks", tuple(Column(name, name) for name in names), tuple(made))


def told(report: CheckReport, view: View) -> Document:  # noqa: ARG001
    """One summary for people: what is wrong first."""
    total = len(report.checks)
    counts = ", ".join(f"{report.count(outcome):,} {_WORDS[outcome]}" for outcome in OUTCOMES if report.count(outcome))
    verdict = f"{total:,} check{'s' * (total != 1)}: {counts}" if total else "nothing was checked"
    wrong = [check for check in report.checks if check.outcome in (FAILED, INCONCLUSIVE)]
    return Document(
        "auditrail check",
        verdict,
        _STYLES[report.exit_code],
        (
            Section("Looked at", (), report.subjects),
            *(_wrong(check) for check in wrong),
            Section("All checks", table=_table(report.checks)),
            Section("Notes", (), report.notes),
            Section("Not checked", (), report.not_checked),
        ),
    )


def _wrong(check: Check) -> Section:
    more = len(check.details) - _DETAILS
    details = [*check.details[:_DETAILS], *([f"and {more:,} more: --format json"] if more > 0 else [])]
    facts = [f"wanted {check.wanted}, found {check.found}"] if check.wanted else []
    places = [f"seen at {_spot(spot)}" for spot in check.spots[:_DETAILS]]
    remedy = (f"What to do: {check.remedy}",) if check.remedy else ()
    return Section(
        f"{_WORDS[check.outcome]}: {check.name}, {_part(check)}",
        (check.summary, *remedy),
        (*facts, *details, *places),
    )


def _table(checks: Iterable[Check]) -> Table:
    made = tuple((_WORDS[c.outcome], c.group, c.name, _part(c), c.summary) for c in checks)
    return Table(("outcome", "group", "of", "check", "what"), made, mono=frozenset({2}))


def _part(check: Check) -> str:
    return check.id.partition("/")[2] or check.id


def _spot(spot: Spot) -> str:
    return f"{spot.path}{f':{spot.line}' if spot.line is not None else ''} {spot.note}".rstrip()


def findings(report: CheckReport) -> Findings:
    """A rule for each kind of check, a finding for each that failed or could not be decided, a case for each."""
    rules: dict[str, Rule] = {}
    found = []
    for check in report.checks:
        title, help_text = _GROUPS.get(check.group, (check.group, check.remedy))
        rules.setdefault(check.id, Rule(check.id, f"{title}: {_part(check)}", check.remedy or help_text, "error"))
        if check.outcome in (FAILED, INCONCLUSIVE):
            found.append(_finding(check))
    return Findings("check", tuple(rules.values()), tuple(found), tuple(map(_case, report.checks)), report.not_checked)


def _finding(check: Check) -> Finding:
    first, *rest = check.spots or (None,)
    facts = f" (wanted {check.wanted}, found {check.found})" if check.wanted else ""
    said = "; ".join(check.details[:_DETAILS])
    return Finding(
        rule=check.id,
        level="error" if check.outcome == FAILED else "warning",
        message=f"{check.name}: {check.summary}{facts}{f': {said}' if said else ''}",
        path=first.path if first is not None else None,
        line=first.line if first is not None else None,
        fingerprint=hashlib.sha256(f"{check.id}\0{check.name}".encode("utf-8", "surrogatepass")).hexdigest()[:16],
        properties={"outcome": check.outcome},
        related=tuple(Place(spot.path, spot.line, None, spot.note) for spot in rest if spot is not None),
    )


def _case(check: Check) -> Case:
    facts = (f"wanted {check.wanted}, found {check.found}",) if check.wanted else ()
    return Case(f"auditrail.check.{check.group}", f"{check.name}: {_part(check)}", check.outcome, check.summary,
                (*facts, *check.details, *(_spot(spot) for spot in check.spots)))  # fmt: skip
