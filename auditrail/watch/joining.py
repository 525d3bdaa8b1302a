"""Which run an event belongs to, as far as the events before it tell: ids that were seen together stay together.

A light form of what `correlate` does over a whole case: `run` names a run, else `trace`; a trace, a tool call or a
request that was seen with one belongs to it from then on. Sessions group runs and do not name one; they are taken
where there is nothing better. What is pushed out of the bounded memory is counted.
"""

from __future__ import annotations

from typing import Any

from auditrail.watch.bounded import Lru
from auditrail.watch.types import Seen

_TYING = ("trace", "tool_call", "request")
_GROUPS = ("session", "conversation")


class Joining:
    """Gives events their run, agent and call."""

    def __init__(self, limit: int) -> None:
        self._runs: Lru[str, str] = Lru(limit)
        self._agents: Lru[str, str] = Lru(limit)

    @property
    def evicted(self) -> int:
        return self._runs.evicted + self._agents.evicted

    def see(self, seen: Seen) -> None:
        """Fills in `run`, `call` and `agent`."""
        run = group = None
        tying: list[str] = []
        for kind, value in seen.event.ids:
            if kind == "run":
                run = run or value
            elif kind in _TYING:
                tying.append(f"{kind}:{value}")
                if kind == "tool_call" and seen.call is None:
                    seen.call = value
            elif kind in _GROUPS:
                group = group or value
        if run is None and tying:
            run = next((found for name in tying if (found := self._runs.get(name)) is not None), None)
            if run is None:
                run = next((name[6:] for name in tying if name.startswith("trace:")), None)
        if run is not None:
            for name in tying:
                if self._runs.peek(name) != run:
                    self._runs.put(name, run)
        seen.run = run = run or group
        if run is None:
            return
        if seen.agent is None:
            seen.agent = self._agents.get(run)
        elif self._agents.peek(run) is None:
            self._agents.put(run, seen.agent)

    def save(self) -> list[Any]:
        return [self._runs.save(), self._agents.save()]

    def load(self, saved: Any) -> None:
        for lru, pairs in zip((self._runs, self._agents), saved, strict=True):
            for key, value in pairs:
                lru.put(key, value)
