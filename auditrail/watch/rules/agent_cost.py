"""Agents that use far more tokens than they do.

Tokens, in and out, are summed in windows of `window_s` in the time of the logs. A window counts as odd if it has at
least `least` tokens, `times` times the median of the agent's own windows, and lies `score` robust deviations above it.
Nothing is said before `known` windows.
"""

from __future__ import annotations

from typing import Any

from auditrail.watch.baseline import Ended, Windows, usual
from auditrail.watch.rule import Finding, Rule, lasting, ns
from auditrail.watch.types import Seen

NAME = "agent-cost"
TITLE = "An agent uses far more tokens than it does"
SEVERITY = "medium"
EXPLAIN = "A loop, a context that grows without end, or somebody else's use of the agent: tokens are what it costs."
SETTINGS = {"window_s": 300.0, "known": 12, "score": 6.0, "times": 3.0, "least": 20_000}


class Watching(Rule):
    kinds = None

    def __init__(self, tell: Any, settings: dict[str, Any], limit: int) -> None:
        super().__init__(tell, settings, limit)
        self._windows = Windows(ns(settings["window_s"]), min(limit, 10_000))

    def parts(self) -> tuple[Any, ...]:
        return (self._windows,)

    def see(self, seen: Seen) -> None:
        event = seen.event
        if event.tokens_in is None and event.tokens_out is None:
            return
        key = seen.agent or seen.stream
        ended = self._windows.add(key, seen.ts, (event.tokens_in or 0) + (event.tokens_out or 0))
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
            f"{ended.key}: {ended.total:,.0f} tokens in {lasting(self._windows.width)}, where {before.median:,.0f} "
            "are usual"
        )
        values = {"tokens": ended.total, "median": before.median, "deviation": before.deviation, "score": score}
        until = ended.begin + self._windows.width
        self.tell(Finding((ended.key, ended.begin), message, until, (), values, agent=ended.key))

    def save(self) -> Any:
        return self._windows.save()

    def load(self, saved: Any) -> None:
        self._windows.load(saved)
