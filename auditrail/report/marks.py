"""What is missing in one run, seen from the run itself: marks on its events, gaps, and how complete it is.

Every check has a denominator, so that `complete` means something: calls that have a result, parents that are held,
calls asked for by a model that a tool stream holds, arguments that can be read, and a begin and an end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from auditrail.correlate.executions import unanswered
from auditrail.correlate.turns import turns
from auditrail.report import begins
from auditrail.report.findings import Findings, at, gap, times
from auditrail.report.types import Completeness, Gap, RunEventView

_STATE_CAUSE = {
    "redacted": "redaction",
    "hashed": "redaction",
    "truncated": "truncation",
    "offloaded": "siloed",
}
_STATE_REMEDY = {
    "redacted": "read the value in the stream named here, or keep a salted digest where it is removed",
    "hashed": "read the value in the stream named here; equal hashes still join",
    "truncated": "raise the limit that cut the value, and export again where the store still has it",
    "offloaded": "load the place that the record names",
}


# What a crash leaves behind: calls without an end, and parents that were never exported.
_LEFT_OPEN = frozenset({"missing-parent", "call-not-executed", "call-without-result"})

# A tool call id and the number of its turn: one id may stand for several calls of a run (see `turns`).
_Call = tuple[str, int]


class Expected(NamedTuple):
    """A stream that most runs of the agent have: `runs` of `of_runs`; `held` says whether this run has it."""

    format: str
    stream: str
    runs: int
    of_runs: int
    held: bool


def find(
    run_id: str,
    events: list[RunEventView],
    *,
    named: bool,
    expected: tuple[Expected, ...] = (),
    contradictions: Mapping[int, int] = MappingProxyType({}),
    records_ends: Callable[[], bool] = lambda: True,
    elsewhere: Callable[[set[str]], set[str]] = lambda _: set(),
) -> Findings:
    """Looks through the events of one run, given in order of time.

    Args:
        run_id: id of the run, for the gaps.
        events: all its events, without copies.
        named: whether a run or trace id names the run; without one, no begin or end can be expected.
        expected: the streams that the agent's other runs have.
        contradictions: event -> the earlier event of the same key whose content differs.
        records_ends: whether a producer of these records writes when a run ends; asked only where no end is held.
        elsewhere: those of some parents' ids that records of other runs have; asked only where some are not held here.
    """
    found = Findings()
    _parents(run_id, events, elsewhere, found)
    turn_of = turns(events)
    _asked(run_id, events, turn_of, found)
    _results(run_id, events, turn_of, found)
    _content(run_id, events, found)
    _contradictions(run_id, events, contradictions, found)
    if named:
        _edges(run_id, events, records_ends, found)
        _streams(run_id, events, expected, found)
    return found


def completeness(found: Findings, *, named: bool) -> Completeness:
    """The grade: `fragment` if nothing names the run, `complete` if every check is met, else `partial`."""
    met = sum(pair[0] for pair in found.checks.values())
    made = sum(pair[1] for pair in found.checks.values())
    reasons = [f"{name}: {have} of {want}" for name, (have, want) in found.checks.items() if have < want]
    if not named:
        return Completeness(
            "fragment", round(met / made, 3) if made else 0.0, ("no record names the run or its trace", *reasons)
        )
    if not made:
        return Completeness("fragment", 0.0, ("nothing could be checked: no begin, call or span",))
    return Completeness("complete" if met == made else "partial", round(met / made, 3), tuple(reasons))


def _parents(
    run_id: str, events: list[RunEventView], elsewhere: Callable[[set[str]], set[str]], found: Findings
) -> None:
    """One gap for one missing parent, however many children it left behind."""
    held = {event.own_span for event in events}
    told = begins.spans(events)
    named = {event.parent_span_id for event in events if event.parent_span_id}
    orphans: dict[str, list[RunEventView]] = defaultdict(list)
    for event in events:
        parent = event.parent_span_id
        if parent and parent not in held and (event.stream, parent) not in told:
            orphans[parent].append(event)
    for parent in elsewhere(set(orphans)) if orphans else ():
        del orphans[parent]
    # Records that are no spans name the span that they were written in; without any span, traces are kept elsewhere.
    traced = any(event.kind == "span" and event.span_id for event in events)
    untraced = {} if traced else {parent: own for parent, own in orphans.items() if all(map(_written_in, own))}
    of_all = len(named) - len(untraced)
    found.check("parent spans held", of_all - len(orphans) + len(untraced), of_all)
    for parent, children in orphans.items():
        # Logs name the parent without saying where it ran; spans say it.
        remote = next((flag for flag in map(_remote, children) if flag is not None), None)
        # A parent in another process whose other spans are held was lost on its way; its stream is not missing.
        joined = any(event.kind == "span" and event.stream != children[0].stream for event in events)
        where = {True: "in another process", False: "in the same process", None: "in a process that no flag names"}[
            remote
        ]
        for child in children:
            found.marks[child.id].append("parent span missing")
        if parent in untraced:
            where += ", no span of which is loaded"
        found.gaps.append(
            gap(
                run_id,
                children,
                rule="missing-parent",
                cause="siloed" if parent in untraced else _parent_cause(remote, joined=joined),
                severity="low" if parent in untraced else "high",
                confidence="proven",
                title=f"span {parent} is missing",
                explanation=f"{len(children)} record(s) name span {parent} as their parent, {where}, "
                "and no loaded stream holds it"
                + ("; other spans of that process are held" if remote and joined else ""),
                remedy="look for the stream of that process; a span that never ended is never exported",
                evidence=tuple(at(child, f"names parent span {parent}") for child in children[:5]),
                after=None,
            )
        )


def _written_in(event: RunEventView) -> bool:
    return event.trace_id is not None and event.span_id is None


def _parent_cause(remote: bool | None, *, joined: bool) -> str:
    if remote is None:
        return "unknown"
    return "siloed" if remote and not joined else "lost"


def _remote(event: RunEventView) -> bool | None:
    text = event.attributes or ""
    if '"parent_remote":true' in text:
        return True
    return False if '"parent_remote":false' in text else None


def _asked(run_id: str, events: list[RunEventView], turn_of: Mapping[str, int], found: Findings) -> None:
    """Calls that a model asked for, and that no other layer shows."""
    asked: dict[_Call, RunEventView] = {}
    executed: set[_Call] = set()
    for event in events:
        if not event.tool_call_id:
            continue
        call = (event.tool_call_id, turn_of.get(event.id, 0))
        if event.layer == "llm" and event.kind == "call":
            asked.setdefault(call, event)
        elif event.layer in ("tool", "agent"):
            executed.add(call)
    closing = begins.closing(events)  # nothing has to carry it out
    asked = {call: event for call, event in asked.items() if event is not closing or call in executed}
    missing = unanswered([event for call, event in asked.items() if call not in executed], events)
    if missing and not any(event.layer in ("agent", "tool") for event in events):
        _unseen(run_id, missing, found)
        return
    found.check("calls asked for by a model that are held", len(asked) - len(missing), len(asked))
    for event in missing:
        found.marks[event.id].append("no execution held")
        found.gaps.append(
            gap(
                run_id,
                [event],
                rule="call-not-executed",
                cause="unknown",
                severity="high",
                confidence="strong",
                title=f"{event.tool or 'a tool'}: asked for by the model, and no stream shows that it ran",
                explanation=f"tool call {event.tool_call_id} stands in a model's answer; neither the agent's nor a "
                "tool's records hold it: it did not run, or its records are missing",
                remedy="ask the tool's owner for its log of that moment",
                evidence=(at(event, f"asks for tool call {event.tool_call_id}"),),
                after=event.id,
            )
        )


def _unseen(run_id: str, missing: list[RunEventView], found: Findings) -> None:
    """Only the model's side is held: what became of its calls, nothing here could show."""
    found.gaps.append(
        gap(
            run_id,
            missing,
            rule="call-not-executed",
            cause="siloed",
            severity="low",
            confidence="strong",
            title=f"no record of a tool or an agent is held: {len(missing)} call(s) were asked for",
            explanation="only the model's side of this run is loaded; whether the calls ran, and what they gave, "
            "stands in logs that are not here",
            remedy="load the log of the agent or of its tools",
            evidence=tuple(at(event, f"asks for tool call {event.tool_call_id}") for event in missing[:5]),
            after=None,
        )
    )


def _results(run_id: str, events: list[RunEventView], turn_of: Mapping[str, int], found: Findings) -> None:
    """Calls that began and have no result, per call: an id that recurs stands for several."""
    opened: dict[_Call, RunEventView] = {}
    ended: set[_Call] = set()
    for event in events:
        if not event.tool_call_id or event.layer == "llm":
            continue
        call = (event.tool_call_id, turn_of.get(event.id, 0))
        if event.kind == "call":
            opened.setdefault(call, event)
        elif event.kind in ("result", "error") or (event.kind == "span" and event.end_ns):
            ended.add(call)
    open_calls = [event for call, event in opened.items() if call not in ended]
    found.check("calls with a result", len(opened) - len(open_calls), len(opened))
    for event in open_calls:
        found.marks[event.id].append("no result")
        found.gaps.append(
            gap(
                run_id,
                [event],
                rule="call-without-result",
                cause="unknown",
                severity="medium",
                confidence="strong",
                title=f"{event.tool or 'a call'}: begun, and no record of how it ended",
                explanation=f"tool call {event.tool_call_id} has a record of its begin and none of its result",
                remedy="look for a crash or a time-out at this moment, and for the tool's own log",
                evidence=(at(event, "begin of the call"),),
                after=event.id,
            )
        )


def _content(run_id: str, events: list[RunEventView], found: Findings) -> None:
    """Arguments and results that are not there to be read, and who still holds them."""
    holders: dict[str, list[RunEventView]] = defaultdict(list)
    for event in events:
        if event.tool_call_id and event.args_state == "present":
            holders[event.tool_call_id].append(event)
    calls = [
        event for event in events if event.tool and event.kind in ("call", "span") and event.args_state != "absent"
    ]
    readable = [event for event in calls if event.args_state in ("present", "empty")]
    found.check("tool calls with readable arguments", len(readable), len(calls))
    groups: dict[tuple[str, str, str, str | None], list[RunEventView]] = defaultdict(list)
    for event in events:
        for side, state in (("arguments", event.args_state), ("result", event.result_state)):
            if state in _STATE_CAUSE:
                found.marks[event.id].append(f"{side} {state}")
                groups[(side, state, event.stream, event.tool)].append(event)
    for (side, state, stream, tool), members in groups.items():
        held = {
            other.stream: other
            for event in members
            if side == "arguments" and event.tool_call_id
            for other in holders[event.tool_call_id]
            if other.stream != stream
        }
        still = f"; {', '.join(sorted(held))} still hold(s) the arguments" if held else ""
        found.gaps.append(
            gap(
                run_id,
                members,
                rule=f"content-{state}",
                cause=_STATE_CAUSE[state],
                severity="low" if held else "medium",
                confidence="proven",
                title=f"{tool or 'events'}: {side} {state} in {stream}",
                explanation=f"{len(members)} record(s) of {stream} have {side} that are {state}{still}",
                remedy=_STATE_REMEDY[state],
                evidence=(
                    *(at(event, f"{side} {state}") for event in members[:5]),
                    *(at(other, "still holds the arguments") for _, other in sorted(held.items())),
                ),
                after=None,
            )
        )


def _contradictions(
    run_id: str, events: list[RunEventView], contradictions: Mapping[int, int], found: Findings
) -> None:
    """Records that claim to be one and say different things."""
    contradicted = set(contradictions.values())
    groups: dict[int, list[RunEventView]] = defaultdict(list)
    for event in events:
        first = contradictions.get(event.key, event.key)
        if first in contradicted:
            groups[first].append(event)
    for members in groups.values():
        for event in members:
            found.marks[event.id].append("contradicted by another record of the same key")
        found.gaps.append(
            gap(
                run_id,
                members,
                rule="duplicate-conflict",
                cause="duplicate-conflict",
                severity="high",
                confidence="proven",
                title=f"{members[0].tool or members[0].name or 'a record'}: stands more than once, and differs",
                explanation=f"{len(members)} record(s) here carry the key of one record and do not agree: one of "
                "them is not what was first written. All are kept",
                remedy="compare the records at these places with the producer's own store",
                evidence=tuple(at(event, "one of the contents") for event in members[:5]),
                after=members[-1].id,
            )
        )


def _streams(run_id: str, events: list[RunEventView], expected: tuple[Expected, ...], found: Findings) -> None:
    """Streams that the agent's other runs have, and this one has not: the run may be whole in none of the others."""
    absent = [stream for stream in expected if not stream.held]
    found.check("streams that the agent's other runs have", len(expected) - len(absent), len(expected))
    for stream in absent:
        first, last = times(events)
        found.gaps.append(
            Gap(
                "stream-absent",
                "unknown",
                "high",
                "strong",
                f"no record of {stream.stream} ({stream.format})",
                f"{stream.runs} of {stream.of_runs} runs of this agent have records of {stream.stream} "
                f"({stream.format}), and this one has none: sampled out, not joined, or lost",
                "look for its sampling settings and for an outage at this moment; load further files of that stream",
                agent=events[0].agent if events else None,
                stream=stream.stream,
                first_ns=first,
                last_ns=last,
                runs=(run_id,),
            )
        )


def _edges(run_id: str, events: list[RunEventView], records_ends: Callable[[], bool], found: Findings) -> None:
    """Whether the run's own begin and end are held."""
    started, begun, ended = begins.edges(events)
    # A history that is one record, and does not tell how it began, lost no record before it.
    whole = len(events) > 1 and len({(event.source.path, event.source.record) for event in events}) == 1
    if begun or not whole:
        found.check("begin held", int(begun), 1)
    if not ended and not records_ends():
        return  # a transcript that just stops tells nothing by that
    found.check("end held", int(ended), 1)
    sure = [event for event in events if event.stitched_by.confidence != "inferred"]
    last = next(reversed(sure), None)
    if begun and not ended and last is not None:
        found.marks[last.id].append("the run has no end after this")
        if started:  # the crash is the gap: what it left open keeps its marks
            found.gaps[:] = [each for each in found.gaps if each.rule not in _LEFT_OPEN]
        found.gaps.append(
            gap(
                run_id,
                [last],
                rule="run-without-end",
                # Who only keeps what was said keeps no end: a person may have had the last word.
                cause="crash" if started else "unknown",
                severity="high" if started else "medium",
                confidence="strong",
                title="the run began and never ended" if started else "the conversation ends without an answer",
                explanation="no stream holds an end of this run; this is the last record of it",
                remedy="look for a crash, a kill or a restart of the agent at this moment",
                evidence=(at(last, "last record of the run"),),
                after=last.id,
            )
        )
