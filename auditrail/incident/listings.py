"""`incident list`, `show` and `timeline` as tables."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from auditrail.incident import attach, entries, ledger, proof, state
from auditrail.incident.entries import Recorded
from auditrail.incident.report import response
from auditrail.incident.state import Incident
from auditrail.report.incident_types import Attachment
from auditrail.report.types import Column, Listing
from auditrail.verify.types import VerificationReport

_TRUE = "whether what operators wrote is true: the ledger proves that it was written so, and not changed since"
_UNCHECKED = "whether the ledger was changed: auditrail incident show, or auditrail verify"


def all_of(folder: Path) -> Listing:
    """Every incident, the oldest first."""
    ledger.exists(folder)
    reading = ledger.read(folder)
    known = state.incidents(reading.entries)
    loose = [entry for entry in reading.entries if entry.incident is None]
    rows = tuple(
        (
            each.id, each.status, each.title, each.opened.at_ns,
            each.closed.at_ns if each.closed is not None else None, list(each.runs), len(each.entries),
            each.text("close", "cause"),
        )
        for each in known.values()
    )  # fmt: skip
    columns = (
        Column("id", "incident", "id"),
        Column("status", "status", "id"),
        Column("title", "title"),
        Column("opened_at", "opened", "time"),
        Column("closed_at", "closed", "time"),
        Column("runs", "runs", "list"),
        Column("entries", "entries", "count"),
        Column("cause", "root cause"),
    )
    notes = [f"{len(loose)} alert(s) belong to no incident yet"] if loose else []
    if reading.unread:
        notes.append(f"{reading.unread} line(s) of the ledger are no record that can be read")
    return Listing("incidents", "incidents", "Incidents", columns, rows, {}, tuple(notes), (_UNCHECKED,))


def one(folder: Path, incident: Incident, checked: VerificationReport) -> Listing:
    """An incident with its entries, its files, and the verdict on the ledger."""
    files = attach.state(folder, incident)
    cause, closed = incident.text(entries.CLOSE, "cause"), incident.closed
    notes = [f"ledger: {proof.told(checked)}", f"runs: {', '.join(incident.runs) or 'none named'}"]
    if cause:
        notes.append(f"root cause: {cause}")
    notes += [f"changed: {text}" for text in incident.texts(entries.CLOSE, "changed")]
    notes += [f"attachment {file.file}: {file.state}" for file in files]
    left = dict.fromkeys(said for result in checked.results for said in result.not_checked)
    extra = {
        "incident": {
            "id": incident.id,
            "title": incident.title,
            "status": incident.status,
            "runs": list(incident.runs),
            "operators": list(incident.operators),
            "opened_at": _iso(incident.opened.at_ns),
            "closed_at": _iso(closed.at_ns) if closed is not None else None,
            "cause": cause,
            "changed": list(incident.texts(entries.CLOSE, "changed")),
        },
        "attachments": [_file(file) for file in files],
        "ledger": {
            "verdict": [result.verdict for result in checked.results],
            "told": proof.told(checked),
            "exit_code": checked.exit_code,
        },
    }
    title = f"{incident.id} ({incident.status}): {incident.title}"
    made = timeline(incident.entries, title)
    return Listing("incident-entries", "entries", title, made.columns, made.rows, extra, tuple(notes), (*left, _TRUE))


def timeline(found: Iterable[Recorded], title: str) -> Listing:
    """Entries by the time of what happened; each with the time at which it was written down."""
    rows = tuple(
        (
            entry.at_ns, entry.recorded_ns, entry.source, entry.operator, entry.seq, entry.hash, entry.incident,
            entry.kind, moment.who, moment.what, moment.detail,
        )
        for entry in sorted(found, key=lambda entry: (entry.at_ns, entry.seq))
        for moment in (response(entry),)
    )  # fmt: skip
    columns = (
        Column("at", "happened", "time"),
        Column("recorded_at", "written down", "time"),
        Column("recorded", "by", "text", detail=True),
        Column("operator", "operator"),
        Column("seq", "record", "count"),
        Column("hash", "hash", "id", detail=True),
        Column("incident", "incident", "id", detail=True),
        Column("kind", "kind", "id", detail=True),
        Column("who", "by whom", detail=True),
        Column("what", "what"),
        Column("detail", "detail"),
    )
    return Listing("incident-entries", "entries", title, columns, rows, {}, (), (_UNCHECKED,))


def _file(file: Attachment) -> dict[str, Any]:
    made = file._asdict()
    return {**made, "at": _iso(made.pop("at_ns"))}


def _iso(ns: int) -> str:
    from auditrail import times

    return times.iso(ns, digits=6)
