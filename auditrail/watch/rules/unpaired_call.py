"""Calls of a tool whose result does not come.

1. A call is a `call` event of a tool, by the model that asks for it or by the runtime that begins it. Its result is a
   `result`, an `error` or a finished span with the same tool call id. A denial ends it as well: nothing will run.
2. Calls without an id are matched by run and tool, first come, first served, where the runtime logs both.
3. It waits for `deadline_s` in the time of the logs.
4. It is told only where the agent's results usually come: at least half of its calls that are decided. Until the first
   result of an agent is seen, what is overdue is kept, and told when one is.
"""

from __future__ import annotations

from typing import Any

from auditrail.watch.bounded import Lru, Pending
from auditrail.watch.rule import Finding, Rule, about, lasting, ns
from auditrail.watch.types import Ref, Seen

NAME = "unpaired-call"
TITLE = "A tool was called and no result came"
SEVERITY = "high"
EXPLAIN = (
    "The agent called a tool, and neither a result nor an error was recorded in time. The tool hangs, the agent died, "
    "or the records of the result are being lost. Look whether the tool acted: the effect may be there."
)
SETTINGS = {"deadline_s": 300.0}
_KEPT = 50


class Watching(Rule):
    """Calls that are open, and how many of an agent were answered."""

    kinds = frozenset({"call", "result", "error", "span", "decision"})

    def __init__(self, tell: Any, settings: dict[str, Any], limit: int) -> None:
        super().__init__(tell, settings, limit)
        self._deadline = ns(settings["deadline_s"])
        self._open: Pending[Any] = Pending(limit)
        self._answered: Lru[str, int] = Lru(limit)
        self._unnamed: Lru[str, list[int]] = Lru(limit)  # number of calls and of results of a run and tool
        self._groups: Lru[str, list[int]] = Lru(limit)  # calls of an agent that were answered, and that were not
        self._undecided: Lru[str, list[Any]] = Lru(1000)

    def parts(self) -> tuple[Any, ...]:
        return self._open, self._answered, self._unnamed, self._groups

    def see(self, seen: Seen) -> None:
        event = seen.event
        kind = event.kind
        if kind == "call":
            if event.tool is None and seen.call is None:
                return
            key = f"id:{seen.call}" if seen.call is not None else self._next(seen, 0)
            if key is not None and key not in self._answered and key not in self._open:
                self._open.put(key, seen.ts + self._deadline, seen.ref())
            return
        if kind == "decision" or event.decision is not None:
            if seen.call is not None and event.decision in ("deny", "not_run"):
                self._answer(f"id:{seen.call}", None)
            return
        if kind == "span" and (event.layer != "tool" or event.end_ns is None):
            return
        if seen.call is not None:
            self._answer(f"id:{seen.call}", seen)
        elif event.tool is not None and kind != "span" and (key := self._next(seen, 1)) is not None:
            self._answer(key, seen)

    def _next(self, seen: Seen, which: int) -> str | None:
        """The key of the n-th call, or of the n-th result, of a run and tool."""
        if seen.run is None or seen.event.tool is None or seen.event.layer not in ("tool", "agent"):
            return None
        name = f"{seen.stream}\x00{seen.run}\x00{seen.event.tool}"
        counts = self._unnamed.get(name)
        if counts is None:
            counts = [0, 0]
            self._unnamed.put(name, counts)
        if which == 1 and counts[1] >= counts[0]:
            return None  # a result without a call: another rule's matter
        counts[which] += 1
        return f"nth:{name}\x00{counts[which]}"

    def _answer(self, key: str, seen: Seen | None) -> None:
        held = self._open.pop(key)
        if held is None:
            if key.startswith("id:"):
                self._answered.put(key, 1)
            return
        self._answered.put(key, 1)
        if seen is not None:
            self._count(_group(Ref.of(held)), 0)

    def _count(self, group: str, which: int) -> None:
        counts = self._groups.get(group)
        if counts is None:
            counts = [0, 0]
            self._groups.put(group, counts)
        counts[which] += 1
        if which == 0 and counts[0] >= max(counts[1], 1):
            for saved in self._undecided.pop(group) or ():
                self._raise(Ref.of(saved))

    def tick(self, now: int) -> None:
        for _, saved in self._open.due(now):
            ref = Ref.of(saved)
            group = _group(ref)
            self._count(group, 1)
            answered, missing = self._groups.peek(group) or [0, 0]
            if answered and answered >= missing:
                self._raise(ref)
            else:
                held = self._undecided.get(group) or []
                self._undecided.put(group, [*held, ref][-_KEPT:])

    def _raise(self, ref: Ref) -> None:
        what = f"{ref.tool or 'a tool'}{f' ({ref.call})' if ref.call else ''}"
        self.tell(
            Finding(
                (ref.call, ref.run, ref.tool) if ref.call else (ref.run, ref.tool, ref.blake3, ref.record),
                f"{about(ref)}: {what} was called, and no result came within {lasting(self._deadline)}",
                ref.ts + self._deadline,
                (ref,),
                {"deadline_s": self.settings["deadline_s"]},
            )
        )

    def save(self) -> Any:
        return [
            self._open.save(), self._answered.save(), self._unnamed.save(), self._groups.save(), self._undecided.save(),
        ]  # fmt: skip

    def load(self, saved: Any) -> None:
        self._open.load(saved[0])
        lrus: tuple[Lru[str, Any], ...] = (self._answered, self._unnamed, self._groups, self._undecided)
        for lru, pairs in zip(lrus, saved[1:], strict=True):
            for key, value in pairs:
                lru.put(key, value)


def _group(ref: Ref) -> str:
    return ref.agent or ref.stream
