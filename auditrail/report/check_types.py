"""What `auditrail check` found, typed: one row for each thing that was checked."""

from __future__ import annotations

from typing import NamedTuple

PASSED, FAILED, INCONCLUSIVE, SKIPPED = "passed", "failed", "inconclusive", "skipped"
OUTCOMES = (FAILED, INCONCLUSIVE, SKIPPED, PASSED)


class Spot(NamedTuple):
    """A place that shows it: file, line or record (None: the file as a whole), and what it shows."""

    path: str
    line: int | None
    note: str = ""


class Check(NamedTuple):
    """One thing that was checked.

    Attributes:
        id: `frozen/reconstruction`, `threshold/complete-share`, `lint/<rule>`: stable, for rules of SARIF.
        group: `frozen`, `threshold` or `lint`. name: of the case, the threshold or the configuration file.
        outcome: one of `OUTCOMES`. summary: a sentence with the facts.
        wanted, found: what must be and what is, in words; blank where a sentence says it all.
        details: further sentences: what differs, one by one. remedy: what to do.
        spots: places.
    """

    id: str
    group: str
    name: str
    outcome: str
    summary: str
    wanted: str = ""
    found: str = ""
    details: tuple[str, ...] = ()
    remedy: str = ""
    spots: tuple[Spot, ...] = ()


class CheckReport(NamedTuple):
    """All checks of a call, in the order in which they were made.

    `subjects` says what was looked at (folders, a case), `not_checked` what was not.
    """

    checks: tuple[Check, ...]
    subjects: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return "check"

    def count(self, outcome: str) -> int:
        """How many checks have that outcome."""
        return sum(check.outcome == outcome for check in self.checks)

    @property
    def exit_code(self) -> int:
        """1 if something failed; 4 if nothing was checked or something could not be decided; else 0."""
        if self.count(FAILED):
            return 1
        return 4 if self.count(INCONCLUSIVE) or not self.count(PASSED) else 0
