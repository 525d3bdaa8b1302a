"""Agents whose calls fail far more often than they do.

Results of tools are counted in windows of `window_s` in the time of the logs, and those that failed among them. A
window with at least `least` results counts as odd if the share of failures is at least `share` and lies `score` robust
deviations above the median of the agent's own windows. Nothing is said before `known` windows.
"""

from __future__ import annotations

from typing import Any

from auditrail.watch.baseline import Ended, Windows, usual
from auditrail.watch.rule import Finding, Rule
from auditrail.watch.types import Seen

NAME = "agent-errors"
TITLE = "Calls of an agent fail far more often than they do"
SEVERITY = "medium"
EXPLAIN = "A tool or service is down, a credential ran out, or the agent tries what it may not do."
SETTINGS = {"window_s": 300.0, "known": 8, "score": 6.0, "share": 0.3, "least": 10}
# Between two windows the share moves by a few hundredths for no reason.
_FLOOR = 0.03


class Watching(Rule):
    """Results of an agent, and those that failed, in windows of time."""

    kinds = frozenset({"result", "error", "span"})

    def __init__(self, tell: Any, settings: dict[str, Any], limit: int) -> None:
        super().__init__(tell, settings, limit)
        self._windows = Windows(int(settings["window_s"] * 1e9), min(limit, 10_000))

    def parts(self) -> tuple[Any, ...]:
        return (self._windows,)

    def see(self, seen: Seen) -> None:
        event = seen.event
        if seen.agent is None or event.layer not in ("tool", "agent") or (event.tool is None and seen.call is None):
            return
        failed = event.status in ("error", "denied") or event.kind == "error"
        ended = self._windows.add(seen.agent, seen.ts, 1.0, 1.0 if failed else 0.0)
        if ended is not None:
            self._judge(ended)

    def tick(self, now: int) -> None:
        for ended in self._windows.closed(now):
            self._judge(ended)

    def _judge(self, ended: Ended) -> None:
        settings = self.settings
        if ended.total < settings["least"]:
            return
        share = ended.more / ended.total
        before = usual(ended.history)
        self._windows.learn(ended.key, share)
        if before.n < settings["known"] or share < settings["share"] or before.score(share, _FLOOR) < settings["score"]:
            return
        message = (
            f"agent {ended.key}: {ended.more:.0f} of {ended.total:.0f} calls failed ({share:.0%}), where "
            f"{before.median:.0%} are usual"
        )
        values = {"failed": ended.more, "calls": ended.total, "share": share, "median": before.median}
        until = ended.begin + self._windows.width
        self.tell(Finding((ended.key, ended.begin), message, until, (), values, agent=ended.key))

    def save(self) -> Any:
        return self._windows.save()

    def load(self, saved: Any) -> None:
        self._windows.load(saved)
