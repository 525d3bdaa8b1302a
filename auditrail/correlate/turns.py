"""Which call a record is about, where one tool call id stands for several calls of one run.

Some producers number the calls of each answer anew (`call_0`), so an id recurs inside a run. Each use of it is a turn:
0, 1, ... in the order of the records. Inside a stream a turn begins with a call that a model asks for after the one
before was carried out, or with other arguments; without such calls, with a begin after an end, or a span after a span.
A result belongs to the first turn that has none. The same call told again, and carried out once, is one turn.
Turns of two streams are paired by their number or, where one stream lacks some, by time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from itertools import islice

from auditrail.correlate.call_records import CallRecord

_WISH, _BEGIN, _END, _SPAN, _DECISION, _OTHER = "wish", "begin", "end", "span", "decision", "other"
_CARRIED_OUT = frozenset({_BEGIN, _END, _SPAN})
_ONCE = (_WISH, _BEGIN, _END, _SPAN, _DECISION)


def turns(events: Iterable[CallRecord]) -> dict[str, int]:
    """Event id -> number of its turn, for all events whose turn is not 0; the events are of one run, without copies."""
    by_call: dict[str, list[CallRecord]] = defaultdict(list)
    for event in events:
        if event.tool_call_id:
            by_call[event.tool_call_id].append(event)
    found: dict[str, int] = {}
    for members in by_call.values():
        if _recurs(members):
            found.update({event_id: turn for event_id, turn in _numbered(members) if turn})
    return found


def phase(event: CallRecord) -> str:
    """What a record tells of a call: that it was asked for, decided on, begun, ended, or begun and ended in one."""
    if event.layer == "llm":
        return _WISH if event.kind == "call" else _OTHER
    if event.layer == "policy" or event.kind == "decision":
        return _DECISION
    return {"call": _BEGIN, "start": _BEGIN, "result": _END, "error": _END, "end": _END, "span": _SPAN}.get(
        event.kind, _OTHER
    )


def _recurs(members: list[CallRecord]) -> bool:
    """Whether a stream has two records of one phase; almost no id has."""
    if len(members) < 2:
        return False
    seen: set[tuple[str, str]] = set()
    for event in members:
        at = (event.stream, phase(event))
        if at in seen and at[1] in _ONCE:
            return True
        seen.add(at)
    return False


class _Turn:
    """One use of the id in one stream."""

    def __init__(self) -> None:
        self.events: list[CallRecord] = []
        self.phases: set[str] = set()
        self.args: dict[tuple[str, str | None], str | None] = {}

    def add(self, event: CallRecord, what: str) -> None:
        self.events.append(event)
        self.phases.add(what)
        if event.args_state == "present":
            self.args.setdefault(_teller(event), event.args)

    def add_all(self, other: _Turn) -> None:
        self.events += other.events
        self.phases |= other.phases
        self.args |= other.args

    def differs(self, event: CallRecord) -> bool:
        """Whether the same teller named other arguments; another layer may word the same arguments in its own way."""
        known = self.args.get(_teller(event))
        return known is not None and event.args_state == "present" and event.args != known

    @property
    def done(self) -> bool:
        return bool(self.phases & {_END, _SPAN})

    @property
    def record(self) -> int:
        return self.events[-1].source.record


def _teller(event: CallRecord) -> tuple[str, str | None]:
    what = phase(event)
    return (what, None if what == _WISH else event.tool)


def _numbered(members: list[CallRecord]) -> Iterable[tuple[str, int]]:
    streams: dict[str, list[CallRecord]] = defaultdict(list)
    for event in sorted(members, key=lambda event: event.key):
        streams[event.stream].append(event)
    for own in streams.values():
        # A record without a time has its place in the file, and no other.
        if all(event.ts_ns is not None for event in own):
            own.sort(key=lambda event: (event.ts_ns or 0, event.key))
    told = [_told_again(_split(own)) for own in streams.values()]
    most = max(told, key=len)
    for split in told:
        for number, turn in zip(_places(split, most), split, strict=True):
            yield from ((event.id, number) for event in turn.events)


def _split(events: list[CallRecord]) -> list[_Turn]:
    found: list[_Turn] = []
    # Turns that are done stay so: only those from here on can wait for a begin or an end.
    first = 0
    for event in events:
        what = phase(event)
        while first < len(found) and found[first].done:
            first += 1
        turn = _turn_of(event, what, found, first)
        if turn is None:
            turn = _Turn()
            found.append(turn)
        turn.add(event, what)
    return found


def _turn_of(event: CallRecord, what: str, found: list[_Turn], first: int) -> _Turn | None:
    """The turn that the record goes on with; None if it begins one. Turns before `first` are done."""
    if not found:
        return None
    last = found[-1]
    if what == _OTHER:
        return last
    if what == _WISH:
        # An answer may be logged when its calls run already: while a span goes on, the wish is for that span.
        done = last.done and not _covers(last, event)
        fresh = bool(last.phases & _CARRIED_OUT) if _WISH in last.phases else done
        return None if fresh or (_WISH in last.phases and last.differs(event)) else last
    if what == _DECISION:
        return None if last.phases == {_DECISION} and last.record != event.source.record else last
    if what == _BEGIN:
        waiting = next((turn for turn in islice(found, first, None) if _is_wish(turn)), None)
        fresh = last.done or (_BEGIN in last.phases and last.differs(event))
    else:
        waiting = next((turn for turn in islice(found, first, None) if _is_open(turn)), None)
        # A second result of a call is of that call; where nothing tells of calls, each record of a result is one.
        untold = not last.phases & {_WISH, _BEGIN} and last.record != event.source.record
        fresh = _END in last.phases and untold if what == _END else _SPAN in last.phases and not _overlaps(last, event)
    return waiting or (None if fresh else last)


def _is_wish(turn: _Turn) -> bool:
    return _WISH in turn.phases and not turn.phases & _CARRIED_OUT


def _is_open(turn: _Turn) -> bool:
    return bool(turn.phases & {_WISH, _BEGIN}) and not turn.done


def _covers(turn: _Turn, event: CallRecord) -> bool:
    ends = [other.end_ns for other in turn.events if other.kind == "span" and other.end_ns is not None]
    return bool(ends) and event.ts_ns is not None and event.ts_ns < max(ends)


def _overlaps(turn: _Turn, event: CallRecord) -> bool:
    ends = [other.end_ns for other in turn.events if other.kind == "span" and other.end_ns is not None]
    # A span that cannot be placed in time, or begins while another is open, is taken for a part of the same call.
    return event.ts_ns is None or not ends or event.ts_ns < max(ends)


def _what(turn: _Turn) -> tuple[frozenset[str], frozenset[str | None]] | None:
    """The tool and the arguments that the turn's records tell; None if they do not."""
    given = frozenset(event.args for event in turn.events if event.args_state in ("present", "empty"))
    return (frozenset(event.tool for event in turn.events if event.tool), given) if given else None


def _told_again(found: list[_Turn]) -> list[_Turn]:
    """A call that was asked for in the same words before, and not carried out again, is that call told twice.

    So is one that was carried out with these arguments before anybody asked for it: hosts that share a stream's name
    may have clocks that differ by more than a call takes.
    """
    kept: list[_Turn] = []
    told: dict[frozenset[tuple[tuple[str, str | None], str | None]], _Turn] = {}
    unasked: dict[tuple[frozenset[str], frozenset[str | None]], _Turn] = {}
    for turn in found:
        words = frozenset(turn.args.items())
        if turn.phases == {_WISH} and words in told:
            told[words].events += turn.events
            continue
        if turn.phases == {_WISH} and unasked and (what := _what(turn)) in unasked:
            told[words] = unasked.pop(what)
            told[words].add_all(turn)
            continue
        kept.append(turn)
        if _WISH not in turn.phases and turn.phases & _CARRIED_OUT and (what := _what(turn)) is not None:
            unasked.setdefault(what, turn)
        if _WISH in turn.phases:
            told.setdefault(frozenset(item for item in words if item[0][0] == _WISH), turn)
    return kept


def _places(own: list[_Turn], most: list[_Turn]) -> list[int]:
    numbers = list(range(len(own)))
    begins = sorted(turn.events[0].ts_ns or 0 for turn in most)
    if len(own) == len(most) or any(turn.events[0].ts_ns is None for turn in most):
        return numbers
    if any(turn.events[0].ts_ns is None for turn in own):
        return numbers
    places: list[int] = []
    for turn in own:
        at = turn.events[0].ts_ns or 0
        begun = bisect_right(begins, at)
        least = places[-1] + 1 if places else 0
        # Never past the point where the turns that are left would find no place.
        places.append(min(max(begun - 1, least), len(most) - (len(own) - len(places))))
    return places
