"""Agents that act far more often than they do.

Calls of tools are counted in windows of `window_s` in the time of the logs. A window counts as odd if it has at least
`least` calls, `times` times the median of the agent's own windows, and lies `score` robust deviations above it. Nothing
is said before `known` windows. Windows without a call do not count: an agent may rest.
"""

from __future__ import annotations

from typing import Any

from auditrail.watch.baseline import Ended, Windows, usual
from auditrail.watch.rule import Finding, Rule, lasting, ns
from auditrail.watch.types import Seen

NAME = "agent-rate"
TITLE = "An agent calls tools far more often than it does"
SEVERITY = "medium"
EXPLAIN = "A loop, a prompt that got out of hand, or somebody else's use of the agent. Look at what it repeats."
SETTINGS = {"window_s": 60.0, "known": 12, "score": 6.0, "times": 3.0, "least": 30}


class Watching(Rule):
    kinds = frozenset({"call", "span"})

    def __init__(self, tell: Any, settings: dict[str, Any], limit: int) -> None:
        super().__init__(tell, settings, limit)
        self._windows = Windows(ns(settings["window_s"]), min(limit, 10_000))

    def parts(self) -> tuple[Any, ...]:
        return (self._windows,)

    def see(self, seen: Seen) -> None:
        if seen.agent is None or seen.event.layer != "tool":
            return
        ended = self._windows.add(seen.agent, seen.ts, 1.0)
        if ended is not None:
            self._judge(ended)

    def tick(self, now: int) -> None:
        for ended in self._windows.closed(now):
            self._judge(ended)

    def _judge(self, ended: Ended) -> None:
        if not ended.total:
            return
        settings = self.settings
        before = usual(ended.history)
        self._windows.learn(ended.key, ended.total)
        if before.n < settings["known"] or ended.total < settings["least"]:
            return
        score = before.score(ended.total, max(1.0, 0.1 * before.median))
        if score < settings["score"] or ended.total < settings["times"] * before.median:
            return
        message = (
            f"agent {ended.key}: {ended.total:.0f} calls in {lasting(self._windows.width)}, where "
            f"{before.median:.0f} are usual"
        )
        values = {"calls": ended.total, "median": before.median, "deviation": before.deviation, "score": score}
        until = ended.begin + self._windows.width
        self.tell(Finding((ended.key, ended.begin), message, until, (), values, agent=ended.key))

    def save(self) -> Any:
        return self._windows.save()

    def load(self, saved: Any) -> None:
        self._windows.load(saved)
