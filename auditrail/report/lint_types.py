"""What a report of lint is made of: lines of configuration that will cause gaps, and what was looked at."""

from __future__ import annotations

from typing import NamedTuple

from auditrail.report.gap_types import SEVERITIES, RuleCard


class LintGap(NamedTuple):
    """A finding of `auditrail gaps` in a case that a line of configuration explains.

    `match` is `cause` where the gap's own cause is what the line does, `possible` where the evidence names none.
    """

    rule: str
    cause: str
    severity: str
    title: str
    missing: int
    runs: tuple[str, ...]
    stream: str | None = None
    match: str = "cause"


class LintFinding(NamedTuple):
    """A line that will cause a gap.

    Attributes:
        rule, title, cause, severity, confidence, controls: as of gaps; severity and confidence are of this finding.
        message: what happens, with the facts of the line; change: what to write instead.
        path, line, column: where, 1-based; column 0: the whole line. text: the line itself.
        kind: of configuration (`collector`, `environment`); scope: the service, container or stage; blank: not said.
        subject: what it is about, the same in a later version of the file.
        fingerprint: the same for the same finding in a later version of the file.
        fields: contents that go missing (`args`, `result`, `messages`); blank: not said, or whole records.
        explains: gaps of a case that the line explains (`--case`).
    """

    rule: str
    title: str
    cause: str
    severity: str
    confidence: str
    controls: tuple[str, ...]
    message: str
    change: str
    path: str
    line: int
    column: int
    text: str
    kind: str
    scope: str
    subject: str
    fingerprint: str
    fields: tuple[str, ...] = ()
    explains: tuple[LintGap, ...] = ()


class LintPlace(NamedTuple):
    """A line of a file and what is to be said of it."""

    path: str
    line: int
    reason: str


class LintConfig(NamedTuple):
    """A configuration that was looked at, and where it begins."""

    path: str
    kind: str
    line: int


class LintWaived(NamedTuple):
    """A finding that `auditrail.toml` waives: why, and until when (YYYY-MM-DD)."""

    finding: LintFinding
    reason: str
    until: str


class LintReport(NamedTuple):
    """What configuration will cause.

    Attributes:
        findings: in order of path and line; waived: those that are accepted.
        configs: what was looked at; files: how many files there were, with those that configure nothing.
        unread: files and texts that could not be read; remarks: what was left out of those that were.
        rules: a card for each rule; `judged` is false where no configuration of its kinds was there.
        case: the case that findings were joined with; None: none. unexplained: its gaps that no line explains.
        notes, not_checked: sentences. fail_on: the severity from which on a finding fails a check, or `never`.
    """

    findings: tuple[LintFinding, ...]
    waived: tuple[LintWaived, ...]
    configs: tuple[LintConfig, ...]
    files: int
    unread: tuple[LintPlace, ...]
    remarks: tuple[LintPlace, ...]
    rules: tuple[RuleCard, ...]
    case: str | None = None
    unexplained: int = 0
    notes: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()
    fail_on: str = "medium"

    @property
    def kind(self) -> str:
        return "lint"

    def failing(self) -> tuple[LintFinding, ...]:
        """The findings at or above `fail_on`."""
        if self.fail_on == "never":
            return ()
        passing = SEVERITIES[SEVERITIES.index(self.fail_on) + 1 :]
        return tuple(each for each in self.findings if each.severity not in passing)

    @property
    def exit_code(self) -> int:
        """1: a finding fails; 4: nothing was looked at, or not all of it could be; 0: looked at, and nothing fails."""
        if self.failing():
            return 1
        failed = any(not card.judged and card.reason.startswith("failed") for card in self.rules)
        return 4 if not self.configs or self.unread or failed else 0
