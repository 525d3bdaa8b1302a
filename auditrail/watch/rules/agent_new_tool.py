"""Agents that call a tool which they never called before.

What an agent calls is learnt from its first `known` calls, over at least `learn_s` in the time of the logs. From then
on each tool is told once, when it is first called.
"""

from __future__ import annotations

from typing import Any

from auditrail.watch.bounded import Lru
from auditrail.watch.rule import Finding, Rule, about, ns
from auditrail.watch.types import Seen

NAME = "agent-new-tool"
TITLE = "An agent calls a tool that it never called before"
SEVERITY = "low"
EXPLAIN = "A new version of the agent, a new permission, or an agent that was talked into something. Look at the call."
SETTINGS = {"known": 100, "learn_s": 600.0}
_MOST = 500


class Watching(Rule):
    """The tools that an agent is known to call."""

    kinds = frozenset({"call", "span"})

    def __init__(self, tell: Any, settings: dict[str, Any], limit: int) -> None:
        super().__init__(tell, settings, limit)
        self._learn = ns(settings["learn_s"])
        self._agents: Lru[str, list[Any]] = Lru(min(limit, 10_000))  # calls, first time, tools

    def parts(self) -> tuple[Any, ...]:
        return (self._agents,)

    def see(self, seen: Seen) -> None:
        tool = seen.event.tool
        if tool is None or seen.agent is None or seen.event.layer not in ("tool", "llm"):
            return
        state = self._agents.get(seen.agent)
        if state is None:
            state = [0, seen.ts, {}]
            self._agents.put(seen.agent, state)
        state[0] += 1
        if tool in state[2]:
            return
        if len(state[2]) < _MOST:
            state[2][tool] = 1
        elif state[0] > self.settings["known"]:
            return  # its tools have made-up names: nothing is new about another one
        if state[0] > self.settings["known"] and seen.ts - state[1] >= self._learn:
            message = f"{about(seen.ref())}: {tool} was called for the first time, after {state[0] - 1} calls of others"
            values = {"calls": state[0] - 1, "tools": len(state[2]) - 1}
            self.tell(Finding((seen.agent, tool), message, seen.ts, (seen.ref(),), values))

    def save(self) -> Any:
        return self._agents.save()

    def load(self, saved: Any) -> None:
        for key, value in saved:
            self._agents.put(key, value)
