"""Findings in a neutral form: what JUnit and SARIF are made of, whichever command found them.

A kind of report takes part by a function `findings(report) -> Findings` in its own module, `outputs._<kind>`.
"""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

from auditrail.report.types import Report


class Rule(NamedTuple):
    """What can be found: `id` is stable, `title` one line, `help` what to do.

    `about` says more than the title; `severity` is 0.1 to 10 as code scanning ranks security findings (0: none),
    `precision` very-high, high, medium or low; `tags` are short words.
    """

    id: str
    title: str
    help: str
    level: str = "error"
    about: str = ""
    severity: float = 0.0
    tags: tuple[str, ...] = ()
    precision: str = ""


class Place(NamedTuple):
    """A further place of a finding, with what it shows."""

    path: str
    line: int | None
    record: int | None
    note: str


class Finding(NamedTuple):
    """One thing that was found.

    Attributes:
        rule: id of its rule. level: `error`, `warning` or `note`.
        message: a sentence with the facts.
        path: the file, None if it is about none. line: 1-based, None if its record is no line.
        record, offset: where in the file. fingerprint: the same for the same finding in a later run.
        properties: further facts, plain values.
        related: further places.
        suppressed: why it is accepted; blank: it is not.
        column: 1-based, where the finding is about a part of the line; snippet: the line; blank: not shown.
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
    related: tuple[Place, ...] = ()
    suppressed: str = ""
    column: int | None = None
    snippet: str = ""


class Case(NamedTuple):
    """One thing that was checked, for JUnit: `outcome` is `passed`, `failed`, `inconclusive` or `skipped`."""

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
        ImportError, AttributeError: its kind has none; `REPORTS` of an output keeps such reports away.
    """
    made: Findings = importlib.import_module(f"auditrail.outputs._{report.kind}").findings(report)
    return made
