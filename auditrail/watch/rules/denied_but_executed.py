"""Calls that a policy denied and that were carried out all the same.

1. A denial is a decision `deny` or `not_run` with the id of the call (or of the decision).
2. An execution is a record of the same id, not of the model and not of the policy, that says that it went well. A
   failed one is what a denial looks like to the agent.
3. A later decision that allows the call takes the denial back. Either may be read first.
"""

from __future__ import annotations

from typing import Any

from auditrail.watch.bounded import Lru
from auditrail.watch.rule import Finding, Rule, about
from auditrail.watch.types import Ref, Seen

NAME = "denied-but-executed"
TITLE = "A denied call was carried out"
SEVERITY = "critical"
EXPLAIN = (
    "The policy denied the call, and a record shows that it went through. Enforcement is bypassed or broken: stop the "
    "agent first, then find the path by which the call reached the tool."
)
SETTINGS: dict[str, object] = {}
_KINDS = ("tool_call", "decision")


class Watching(Rule):
    """Denials and executions by id."""

    kinds = frozenset({"decision", "result", "span", "end", "log", "call", "error"})

    def __init__(self, tell: Any, settings: dict[str, Any], limit: int) -> None:
        super().__init__(tell, settings, limit)
        self._denied: Lru[str, Any] = Lru(limit)
        self._ran: Lru[str, Any] = Lru(limit)

    def parts(self) -> tuple[Any, ...]:
        return self._denied, self._ran

    def see(self, seen: Seen) -> None:
        event = seen.event
        if event.decision is not None:
            for name in _names(seen):
                self._decided(name, seen)
        elif event.status == "ok" and event.layer not in ("llm", "policy") and event.kind in ("result", "span", "end"):
            for name in _names(seen):
                denial = self._denied.get(name)
                if denial is not None:
                    self._raise(name, Ref.of(denial), seen.ref())
                else:
                    self._ran.put(name, seen.ref())

    def _decided(self, name: str, seen: Seen) -> None:
        if seen.event.decision == "allow":
            self._denied.pop(name)
        elif seen.event.decision in ("deny", "not_run"):
            self._denied.put(name, seen.ref())
            ran = self._ran.get(name)
            if ran is not None:
                self._raise(name, seen.ref(), Ref.of(ran))

    def _raise(self, name: str, denial: Ref, ran: Ref) -> None:
        tool = ran.tool or denial.tool or "a call"
        message = f"{about(ran if ran.agent or ran.run else denial)}: {tool} was denied, and carried out all the same"
        self.tell(Finding((name,), message, max(denial.ts, ran.ts), (ran, denial)))

    def save(self) -> Any:
        return [self._denied.save(), self._ran.save()]

    def load(self, saved: Any) -> None:
        for lru, pairs in zip((self._denied, self._ran), saved, strict=True):
            for key, value in pairs:
                lru.put(key, value)


def _names(seen: Seen) -> list[str]:
    return [f"{kind}:{value}" for kind, value in seen.event.ids if kind in _KINDS]
