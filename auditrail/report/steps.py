"""The steps of a run: what it did, once each, whichever streams tell of it. Pure functions of a `Reconstruction`.

A step gathers the events that speak of one thing:

- a tool call: the model's wish, the execution's begin, end and span, by their tool call id; without one, what stands
  under a call of the same tool in the tree, the result that follows a call of that tool in its stream, or the call
  that follows the wish for that tool;
- a model's answer: spans and results with one response id, or that stand under one another;
- a decision, a message, a begin or end of the run, and an error that is no part of those: one event each;
- a gap, behind the event where it shows.

Anything else (log lines, spans of services) is no step. Steps are in order of the corrected time at which they began;
a call that was asked for and run began when it ran. Of contents told twice, the one that can be read counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from operator import attrgetter

from auditrail import jsontext
from auditrail.correlate.turns import turns
from auditrail.errors import RecordError
from auditrail.report.types import Gap, Reconstruction, RunEventView, Step

_LLM = frozenset({"span", "result"})
_TOOL = frozenset({"span", "call", "result"})
# Of several things told of a state or an outcome, the one that says most.
_STATES = ("present", "empty", "truncated", "redacted", "hashed", "offloaded", "absent")
_STATUSES = ("denied", "error", "ok", "unknown")
_FAILED = frozenset({"error", "denied"})


def steps(report: Reconstruction) -> list[Step]:
    """The steps of the run, in order."""
    by_id = {event.id: event for event in report.events}
    groups: dict[str, list[RunEventView]] = defaultdict(list)
    leaders: dict[str, str] = {}
    calls = _Calls(turns(report.events))
    for event_id in report.tree:  # parents before children
        event = by_id.get(event_id)
        if event is None:
            continue
        name = _group(event, by_id, leaders, calls)
        if name is not None:
            leaders[event.id] = name
            groups[name].append(event)
    made = [_step(name.partition(" ")[0], members) for name, members in groups.items()]
    made += [_gap(gap, by_id) for gap in report.gaps]
    return sorted(made, key=lambda step: (step.ts_ns is None, step.ts_ns or 0, step.kind == "gap"))


class _Calls:
    """What has no id and waits for its other half: calls for a result, by stream and tool; wishes for an execution.

    Where an id recurs, `turn_of` says which of its calls a record is about.
    """

    def __init__(self, turn_of: Mapping[str, int]) -> None:
        self.turn_of = turn_of
        self._open: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._wished: dict[str, list[str]] = defaultdict(list)

    def wish(self, event: RunEventView, name: str) -> None:
        self._wished[event.tool or ""].append(name)

    def granted(self, event: RunEventView) -> str | None:
        waiting = self._wished.get(event.tool or "")
        return waiting.pop(0) if waiting else None

    def begin(self, event: RunEventView, name: str) -> None:
        self._open[event.stream, event.tool or ""].append(name)

    def end(self, event: RunEventView) -> str | None:
        waiting = self._open.get((event.stream, event.tool or ""))
        return waiting.pop(0) if waiting else None


def _group(event: RunEventView, by_id: dict[str, RunEventView], leaders: dict[str, str], calls: _Calls) -> str | None:
    """`<kind> <what the group has in common>`; None for what is no step."""
    if event.decision or event.kind == "decision":
        return f"decision {event.id}"
    if event.tool and (event.layer in ("tool", "agent") or event.kind == "call") and event.kind in _TOOL:
        return _call(event, by_id, leaders, calls)
    if event.layer == "llm" and event.kind in _LLM:
        above = leaders.get(event.parent_id or "", "")
        if above.startswith("llm "):
            return above
        return f"llm {event.response_id or event.id}"
    if event.kind in ("message", "start", "end"):
        return f"{event.kind} {event.id}"
    if event.kind == "error" or (event.status in _FAILED and not leaders.get(event.parent_id or "", "")):
        return f"error {event.id}"
    return None


def _call(event: RunEventView, by_id: dict[str, RunEventView], leaders: dict[str, str], calls: _Calls) -> str:
    if event.tool_call_id:
        turn = calls.turn_of.get(event.id)
        return f"tool {event.tool_call_id}" + (f" #{turn}" if turn else "")
    parent = by_id.get(event.parent_id or "")
    above = leaders.get(event.parent_id or "", "")
    if parent is not None and above.startswith("tool ") and parent.tool == event.tool:
        return above
    found = calls.end(event) if event.kind == "result" else None
    if found is not None:
        return found
    if event.layer == "llm":
        name = f"tool {event.id}"
        calls.wish(event, name)
        return name
    name = (calls.granted(event) if event.kind != "result" else None) or f"tool {event.id}"
    if event.kind == "call":
        calls.begin(event, name)
    return name


def _step(kind: str, members: list[RunEventView]) -> Step:
    ran = [event for event in members if event.layer != "llm"] if kind == "tool" else members
    told = sorted(ran or members, key=lambda event: (event.ts_ns is None, _begin(event) or 0, event.key))
    first = told[0]
    everyone = [*told, *(event for event in members if event not in told)]
    args, args_state = _best(everyone, "args")
    result, result_state = _best(ran, "result") if ran else (None, "absent")
    ends = [_end(event) for event in told]
    known = [end for end in ends if end is not None]
    begin = _begin(first)
    marks = dict.fromkeys(mark for event in everyone for mark in event.marks)
    if kind == "tool" and not ran and first.tool_call_id:  # without an id, no one can tell that it did not run
        marks.setdefault("no execution held")
    return Step(
        kind=kind,
        layer="tool" if kind == "tool" else first.layer,
        name=_name(kind, everyone),
        args=args,
        args_state=args_state,
        result=result,
        result_state=result_state,
        status=min((event.status for event in ran or members), key=_rank) if ran else "unknown",
        decision=first.decision or ("undefined" if kind == "decision" else None),
        rule=next((event.rule for event in members if event.rule), None) if kind == "decision" else None,
        error=next((event.error for event in told if event.error), None),
        ts_ns=begin,
        end_ns=max(known) if begin is not None and known and max(known) > begin else None,
        marks=tuple(marks),
        events=tuple(event.id for event in everyone),
        path=first.source.path,
        record=first.source.record,
        said=_text(first) if kind == "message" else first.message,
    )


def _text(event: RunEventView) -> str | None:
    """What a message says: its arguments or result, else what its attributes hold under one of the usual names."""
    if event.message or event.args is not None or event.result is not None or not event.attributes:
        return event.message or event.args or event.result
    try:
        value, _ = jsontext.parse(event.attributes.encode("utf-8", "surrogatepass"))
    except RecordError:
        return None
    texts = (value.get(name) for name in ("content", "text")) if isinstance(value, dict) else ()
    return jsontext.content(next((text for text in texts if text), None))


def _gap(gap: Gap, by_id: dict[str, RunEventView]) -> Step:
    event = by_id.get(gap.after or "")
    place = gap.evidence[0] if gap.evidence else None
    return Step(
        kind="gap",
        layer=gap.layer or "other",
        name=gap.tool or gap.rule,
        status=gap.severity,
        rule=gap.rule,
        ts_ns=_begin(event) if event is not None else gap.first_ns,
        events=(event.id,) if event is not None else (),
        path=event.source.path if event is not None else place.path if place else "",
        record=event.source.record if event is not None else place.record if place else None,
        said=gap.title,
        error=gap.cause,
    )


def _name(kind: str, members: Iterable[RunEventView]) -> str:
    names = {"tool": ("tool", "name"), "llm": ("model", "name"), "decision": ("tool", "name")}.get(kind, ("name",))
    for column in names:
        found = next(filter(None, map(attrgetter(column), members)), None)
        if found:
            return str(found)
    return kind


def _best(events: Iterable[RunEventView], column: str) -> tuple[str | None, str]:
    """Arguments or result, of the event whose state says most; of several such, the first."""
    told = [(getattr(event, f"{column}_state"), getattr(event, column)) for event in events]
    state, value = min(told, key=lambda one: _STATES.index(one[0]) if one[0] in _STATES else len(_STATES))
    return value, state


def _rank(status: str) -> int:
    return _STATUSES.index(status) if status in _STATUSES else len(_STATUSES)


def _begin(event: RunEventView) -> int | None:
    return None if event.ts_ns is None else event.ts_ns + event.skew_ns


def _end(event: RunEventView) -> int | None:
    return _begin(event) if event.end_ns is None else event.end_ns + event.skew_ns
