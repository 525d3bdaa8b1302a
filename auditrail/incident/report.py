"""Ledger, reconstruction and gaps -> one typed report: what happened, who answered how, and what hindered it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditrail.errors import AuditrailError
from auditrail.incident import attach, deadlines, entries, ledger, proof, state
from auditrail.incident.entries import Recorded
from auditrail.incident.state import Incident
from auditrail.report.gap_types import SEVERITIES, Gap
from auditrail.report.incident_types import AGENT, RESPONSE, IncidentReport, IncidentRun, Moment
from auditrail.report.types import Reconstruction, Step

if TYPE_CHECKING:
    import duckdb

# Steps of one run on the axis, and sentences of its story: a report is for people.
_STEPS = 400
_STORY = 12
_TELLING = ("denied", "error")
_NO_ADVICE = "whether this incident must be reported, by whom and when: the dates are reading aids, and no legal advice"
_NO_CASE = "what the agent did: no case and no evidence was given (--case or --from)"


def report(
    folder: Path,
    asked: str,
    connection: duckdb.DuckDBPyConnection | None,
    *,
    frameworks: Sequence[str] = (),
    keys: Sequence[str] = (),
    generated_ns: int | None = None,
) -> IncidentReport:
    """The report of one incident.

    Args:
        folder: of the ledger.
        asked: id of the incident.
        connection: to the case that holds its runs; None: there is none, and the report says so.
        frameworks: names of frameworks whose deadlines are shown.
        keys: public keys that the ledger is verified with.
        generated_ns: when the report is made, if it is to say so.

    Raises:
        IncidentNotFoundError: the ledger has no such incident. UsageError: a framework or a key is unknown.
    """
    chosen = deadlines.select(frameworks)
    reading = ledger.exists(folder)
    incident = state.one(reading.entries, asked)
    checked = proof.verdict(folder, keys)
    runs, built, gaps, gaps_open = _evidence(connection, incident)
    steps, left_out = _steps(built)
    moments = sorted([*steps, *_responses(incident)], key=lambda one: (one.at_ns is None, one.at_ns or 0, one.side))
    closed = incident.closed
    return IncidentReport(
        id=incident.id,
        title=incident.title,
        status=incident.status,
        operators=incident.operators,
        opened_ns=incident.opened.at_ns,
        aware_ns=incident.aware_ns,
        classified_ns=incident.classified_ns,
        closed_ns=closed.at_ns if closed is not None else None,
        generated_ns=generated_ns,
        runs=tuple(runs),
        timeline=tuple(moments),
        timeline_left_out=left_out,
        gaps=gaps,
        cause=incident.text(entries.CLOSE, "cause"),
        changed=incident.texts(entries.CLOSE, "changed"),
        attachments=attach.state(folder, incident),
        deadlines=deadlines.due(chosen, incident.aware_ns, incident.classified_ns, incident.sent()),
        deadlines_as_of=deadlines.as_of(),
        ledger=checked,
        unread=reading.unread,
        notes=_notes(incident, reading.unread, checked),
        not_checked=tuple(_not_checked(connection, gaps_open, chosen, checked)),
    )


def _evidence(
    connection: duckdb.DuckDBPyConnection | None, incident: Incident
) -> tuple[list[IncidentRun], list[Reconstruction], tuple[Gap, ...], tuple[str, ...]]:
    """The runs, those that could be put together, what is missing of them, and what the rules did not check."""
    if connection is None:
        return [_absent(run, "no case was given") for run in incident.runs], [], (), ()
    from auditrail.gaps.engine import Question
    from auditrail.report import lookup
    from auditrail.report.gaps import gaps
    from auditrail.report.reconstruction import reconstruct

    runs, built, keys = [], [], []
    for asked in incident.runs:
        try:
            found = lookup.find(connection, asked)
            made = reconstruct(connection, asked)
        except AuditrailError as error:
            runs.append(_absent(asked, error.message))
            continue
        if found.run is not None and found.run in keys:  # two ids of one run
            continue
        keys += [found.run] if found.run is not None else []
        built.append(made)
        runs.append(_run(made, asked))
    if not keys:
        return runs, built, (), ()
    told = gaps(connection, Question(runs=tuple(keys)))
    worst = sorted(told.gaps, key=lambda gap: SEVERITIES.index(gap.severity) if gap.severity in SEVERITIES else -1)
    return runs, built, tuple(worst), told.not_checked


def _absent(asked: str, why: str) -> IncidentRun:
    return IncidentRun(asked, asked, None, None, None, None, "unknown", "", 0.0, (), 0, 0, 0, 0, (), (), why)


def _run(made: Reconstruction, asked: str) -> IncidentRun:
    from auditrail.report.steps import steps

    done = [step for step in steps(made) if step.kind != "gap"]
    return IncidentRun(
        id=made.id,
        asked=asked,
        agent=made.agent,
        principal=made.principal,
        started_ns=made.started_ns,
        ended_ns=made.ended_ns,
        status=made.status,
        grade=made.completeness.grade,
        score=made.completeness.score,
        reasons=made.completeness.reasons,
        events=len(made.events),
        steps=len(done),
        failed=sum(step.status == "error" for step in done),
        denied=sum(step.status == "denied" or step.decision in ("deny", "denied") for step in done),
        story=tuple(_story(done)),
        streams=tuple(dict.fromkeys(use.path for use in made.streams)),
    )


def _story(done: list[Step]) -> Iterable[str]:
    telling = [
        step for step in done if step.status in _TELLING or step.decision or step.kind in ("start", "end", "error")
    ]
    for step in telling[:_STORY]:
        yield f"{_what(step)} ({step.path}:{step.record})"
    if len(telling) > _STORY:
        yield f"and {len(telling) - _STORY:,} more that were decided, denied or failed: see the timeline"


def _what(step: Step) -> str:
    if step.kind == "tool":
        said = (
            f"calls {step.name}"
            if "no execution held" not in step.marks
            else f"asks for {step.name}; no stream shows it run"
        )
    elif step.kind == "decision":
        said = f"decision {step.decision or 'undefined'}: {step.name}" + (f" by {step.rule}" if step.rule else "")
    elif step.kind == "llm":
        said = f"answer of {step.name}"
    else:
        said = step.kind if step.name == step.kind else f"{step.kind} {step.name}"
    if step.status in _TELLING:
        said += f": {'denied' if step.status == 'denied' else 'failed'}"
    return said


def _steps(built: list[Reconstruction]) -> tuple[list[Moment], int]:
    from auditrail.report.steps import steps

    made: list[Moment] = []
    left_out = 0
    for run in built:
        done = [step for step in steps(run) if step.kind != "gap"]
        # What was denied or failed stays, however long a run is.
        telling = [step for step in done if step.status in _TELLING or step.decision]
        kept = set(map(id, telling[:_STEPS]))
        for step in done:
            if len(kept) >= _STEPS:
                break
            kept.add(id(step))
        left_out += len(done) - len(kept)
        made += [
            Moment(
                at_ns=step.ts_ns,
                side=AGENT,
                kind=step.kind,
                what=_what(step),
                detail=_detail(step),
                who=run.agent or "",
                status=step.status,
                run=run.id,
                ref=f"{step.path}:{step.record}" if step.path else "",
                error=step.error,
            )
            for step in done
            if id(step) in kept
        ]
    return made, left_out


def _detail(step: Step) -> str:
    """What of its contents tells most: the arguments of a call, the text of a message; of a model, its calls follow."""
    told = {"tool": step.args, "decision": step.args, "llm": None}
    return told.get(step.kind, step.said) or ""


_TITLES = {
    entries.OPEN: ("incident opened", "title"),
    entries.NOTE: ("note", "text"),
    entries.ATTACH: ("file attached", "name"),
    entries.ALERT: ("alert", "title"),
    entries.FREEZE: ("frozen as a test case", "folder"),
    entries.CLOSE: ("incident closed", "cause"),
}


def _responses(incident: Incident) -> Iterable[Moment]:
    for entry in incident.entries:
        yield response(entry)


def response(entry: Recorded) -> Moment:
    """An entry of the ledger as a point on the axis."""
    if entry.kind == entries.ACTION:
        name = str(entry.data.get("action"))
        what, detail, status = name, _text(entry, "what"), name
        if entry.data.get("framework"):
            detail += f" ({entry.data['framework']}: {entry.data.get('report') or ''})"
        who = _text(entry, "by") or entry.operator
    else:
        title, member = _TITLES.get(entry.kind, (entry.kind, "text"))
        what, detail, status, who = title, _text(entry, member), "unknown", entry.operator
    return Moment(
        at_ns=entry.at_ns,
        side=RESPONSE,
        kind=entry.kind,
        what=what,
        detail=detail,
        who=who,
        status=status,
        run="",
        ref=f"ledger:{entry.seq}",
        recorded_ns=entry.recorded_ns,
        given=entry.source == entries.GIVEN,
    )


def _text(entry: Recorded, name: str) -> str:
    value: Any = entry.data.get(name)
    return value if isinstance(value, str) else "" if value is None else str(value)


def _notes(incident: Incident, unread: int, checked: Any) -> tuple[str, ...]:
    made = [f"ledger: {proof.told(checked)}"]
    if unread:
        made.append(f"{unread} line(s) of the ledger are no record that can be read, and are left out here")
    late = [entry for entry in incident.entries if entry.recorded_ns - entry.at_ns >= 3_600 * 10**9]
    if late:
        made.append(
            f"{len(late)} of {len(incident.entries)} entries were written down an hour or more after what they tell"
        )
    early = [entry for entry in incident.entries if entry.at_ns > entry.recorded_ns + 10**9]
    if early:
        made.append(f"{len(early)} of {len(incident.entries)} entries tell of a time after they were written down")
    given = sum(entry.source == entries.GIVEN for entry in incident.entries)
    if given:
        made.append(f"of {given} entries the time of recording was given by the operator, not by the clock")
    if not incident.runs:
        made.append("the incident names no run")
    return tuple(made)


def _not_checked(connection: Any, gaps_open: tuple[str, ...], chosen: Any, checked: Any) -> Iterable[str]:
    if connection is None:
        yield _NO_CASE
    yield from gaps_open
    if chosen:
        yield _NO_ADVICE
    yield from dict.fromkeys(f"ledger: {said}" for result in checked.results for said in result.not_checked)
    yield "whether what operators wrote is true: the ledger proves that it was written so, and not changed since"
