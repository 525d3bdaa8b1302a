"""Findings in a neutral form: what JUnit and SARIF are made of, whichever command found them.

A report gives `Findings` by `of`; a new kind of report adds one branch there and a function that makes them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from auditrail.report.types import Report, VerificationReport


class Rule(NamedTuple):
    """What can be found: `id` is stable, `title` one line, `help` what to do."""

    id: str
    title: str
    help: str
    level: str = "error"


class Finding(NamedTuple):
    """One thing that was found.

    Attributes:
        rule: id of its rule. level: `error`, `warning` or `note`.
        message: a sentence with the facts.
        path: the file, None if it is about none. line: 1-based, None if its record is no line.
        record, offset: where in the file. fingerprint: the same for the same finding in a later run.
        properties: further facts, plain values.
    """

    rule: str
    level: str
    message: str
    path: str | None = None
    line: int | None = None
    record: int | None = None
    offset: int | None = None
    fingerprint: str = ""
    properties: dict[str, Any] = {}  # noqa: RUF012 - never written to


class Case(NamedTuple):
    """One thing that was checked, for JUnit: `outcome` is `passed`, `failed` or `inconclusive`."""

    group: str
    name: str
    outcome: str
    summary: str
    details: tuple[str, ...] = ()


class Findings(NamedTuple):
    """All findings of a report; `suite` is the command they come from."""

    suite: str
    rules: tuple[Rule, ...]
    findings: tuple[Finding, ...]
    cases: tuple[Case, ...]
    notes: tuple[str, ...] = ()


def of(report: Report) -> Findings:
    """The findings of a report.

    Raises:
        TypeError: it is of a kind that has none; `REPORTS` of an output keeps such reports away.
    """
    if isinstance(report, VerificationReport):
        from auditrail.outputs import _verification

        return _verification.findings(report)
    raise TypeError(report.kind)
