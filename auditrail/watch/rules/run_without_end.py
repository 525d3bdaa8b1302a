"""Runs that go quiet and never say that they ended.

1. A run ends by an `end` event of the agent, or by a finished root span of it.
2. Of a run, the agent's own log must have been seen: a trace that only services and policies name has no end there.
3. A run without a record for `quiet_s` in the time of the logs, and without an end, is overdue.
4. It is told only where the agent's runs usually end: at least `known` of them did, and as many as did not.
"""

from __future__ import annotations

from typing import Any

from auditrail.watch.bounded import Lru, Pending
from auditrail.watch.rule import Finding, Rule, about, lasting, ns
from auditrail.watch.types import Ref, Seen

NAME = "run-without-end"
TITLE = "A run went quiet without an end"
SEVERITY = "medium"
EXPLAIN = (
    "Runs of this agent record their end, and this one has stopped without. It crashed, was killed, or hangs; or its "
    "last records are being lost."
)
SETTINGS = {"quiet_s": 900.0, "known": 3}


class Watching(Rule):
    """Runs that are open, and how many of an agent ended."""

    kinds = None

    def __init__(self, tell: Any, settings: dict[str, Any], limit: int) -> None:
        super().__init__(tell, settings, limit)
        self._quiet = ns(settings["quiet_s"])
        self._open: Pending[Any] = Pending(limit)
        self._ended: Lru[str, int] = Lru(limit)
        self._groups: Lru[str, list[int]] = Lru(limit)

    def parts(self) -> tuple[Any, ...]:
        return self._open, self._ended, self._groups

    def see(self, seen: Seen) -> None:
        run = seen.run
        if run is None or run in self._ended:
            return
        event = seen.event
        if event.layer == "agent" and (event.kind == "end" or (event.kind == "span" and is_root(seen))):
            self._ended.put(run, 1)
            self._open.pop(run)
            self._count(seen.agent or "", 0)
            return
        held = self._open.get(run)
        if held is None:
            self._open.put(run, seen.ts + self._quiet, [seen.ts, seen.ref(), event.layer == "agent"])
            return
        if event.layer == "agent":
            held[2] = True
        if seen.ts > held[0]:
            # Only the time is kept of each record, and its place of every first one in a second: this is the hot path.
            ref = seen.ref() if seen.ts - Ref.of(held[1]).ts > 1_000_000_000 else held[1]
            self._open.put(run, seen.ts + self._quiet, [seen.ts, ref, held[2]])

    def _count(self, group: str, which: int) -> None:
        counts = self._groups.get(group)
        if counts is None:
            counts = [0, 0]
            self._groups.put(group, counts)
        counts[which] += 1

    def tick(self, now: int) -> None:
        for run, (last, saved, own) in self._open.due(now):
            if not own:
                continue
            ref = Ref.of(saved)
            group = ref.agent or ""
            self._count(group, 1)
            ended, not_ended = self._groups.peek(group) or [0, 0]
            if ended < self.settings["known"] or not_ended > ended:
                continue
            self.tell(
                Finding(
                    (run, last),
                    f"{about(ref)}: nothing for {lasting(self._quiet)}, and no end was recorded",
                    last + self._quiet,
                    (ref,),
                    {"ended_runs": ended, "not_ended_runs": not_ended},
                )
            )

    def save(self) -> Any:
        return [self._open.save(), self._ended.save(), self._groups.save()]

    def load(self, saved: Any) -> None:
        self._open.load(saved[0])
        lrus: tuple[Lru[str, Any], ...] = (self._ended, self._groups)
        for lru, pairs in zip(lrus, saved[1:], strict=True):
            for key, value in pairs:
                lru.put(key, value)


def is_root(seen: Seen) -> bool:
    """Whether a finished span has no parent."""
    if seen.event.end_ns is None:
        return False
    return not any(item.kind in ("parent_span", "parent_run", "parent_call") for item in seen.event.ids)
