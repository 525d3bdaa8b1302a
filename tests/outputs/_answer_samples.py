"""Hand-made reports of incidents and checks: full of hostile text, and blank."""

from __future__ import annotations

from auditrail.report.check_types import FAILED, INCONCLUSIVE, PASSED, SKIPPED, Check, CheckReport, Spot
from auditrail.report.incident_types import Attachment, Deadline, IncidentReport, IncidentRun, Moment
from auditrail.report.types import Evidence, Gap
from auditrail.verify.types import Defect, Result, VerificationReport

AT = 1_789_639_562_147_000_000
_HOUR = 3_600_000_000_000


def incident(text: str) -> IncidentReport:
    """Every text that a log or an operator could have written is hostile."""
    run = IncidentRun(
        text, text, text, text, AT, AT + _HOUR, "error", "partial", 0.5, (text,), 7, 5, 1, 2, (text,), (text,)
    )
    moments = (
        Moment(AT, "agent", "tool", f"calls {text}", text, text, "error", text, f"{text}:7", error=text),
        Moment(None, "agent", "message", "message", text, text, "unknown", text, ""),
        Moment(AT, "response", "note", "note", text, text, "unknown", "", "ledger:3", AT + _HOUR, given=True),
    )
    gap = Gap("missing-parent", "lost", "high", "proven", text, text, text, evidence=(Evidence(text, 3, text),) * 5)
    due = Deadline(
        "dora", "DORA", "Art. 19", "initial", text, text, "awareness", AT, AT + _HOUR, None, text, text, "due"
    )
    ledger = VerificationReport(
        (Result(text, "incident-ledger", "p", text, 3, 2, "BROKEN", defects=(Defect("edited", 2, note=text),)),)
    )
    return IncidentReport(
        "INC-2026-0001", text, "closed", (text,), AT, AT, AT, AT + _HOUR, AT, (run, run._replace(missing=text)),
        moments, 3, (gap,),
        text, (text,), (Attachment(text, text, 3, "0" * 64, "changed", text, AT),), (due,), "2026-11-25", ledger, 2,
        (text,), (text,),
    )  # fmt: skip


def blank() -> IncidentReport:
    """An incident of which only the opening is known."""
    return IncidentReport(
        "INC-2026-0002", "t", "open", (), AT, AT, None, None, None, (), (), 0, (), "", (), (), (), "2026-11-25",
        VerificationReport(()), 0,
    )  # fmt: skip


def checks(text: str) -> CheckReport:
    """One check of each outcome."""
    spots = (Spot(text, 3, text), Spot(text, None))
    made = tuple(
        Check(f"{group}/part", group, text, outcome, text, text, text, (text,) * 30, text, spots)
        for group, outcome in (("frozen", FAILED), ("threshold", INCONCLUSIVE), ("lint", SKIPPED), ("frozen", PASSED))
    )
    return CheckReport(made, (text,), (text,), (text,))


def no_checks() -> CheckReport:
    """A call that checked nothing."""
    return CheckReport(())
