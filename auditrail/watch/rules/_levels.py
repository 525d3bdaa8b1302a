"""What rules share that hold an agent's use of something, window by window, against its own earlier windows.

A window counts as odd if it has at least `least`, `times` times the median of the windows before, and lies `score`
robust deviations above it. Nothing is said before `known` windows; windows with nothing in them do not count.
"""

from __future__ import annotations

from typing import Any

from auditrail.watch.baseline import Ended, Windows, usual
from auditrail.watch.rule import Finding, Rule, lasting, ns


class Levels(Rule):
    """Base of such a rule: it adds to `windows`, and gives judged windows to `judge`.

    Attributes:
        what: what is counted, in the message and in the values.
    """

    what = ""

    def __init__(self, tell: Any, settings: dict[str, Any], limit: int) -> None:
        super().__init__(tell, settings, limit)
        self.windows = Windows(ns(settings["window_s"]), min(limit, 10_000))

    def parts(self) -> tuple[Any, ...]:
        return (self.windows,)

    def add(self, key: str, ts: int, amount: float) -> None:
        """Adds to the key's window, and judges the one that ended with it."""
        ended = self.windows.add(key, ts, amount)
        if ended is not None:
            self._judge(ended)

    def tick(self, now: int) -> None:
        for ended in self.windows.closed(now):
            self._judge(ended)

    def _judge(self, ended: Ended) -> None:
        if not ended.total:
            return
        settings = self.settings
        before = usual(ended.history)
        self.windows.learn(ended.key, ended.total)
        if before.n < settings["known"] or ended.total < settings["least"]:
            return
        score = before.score(ended.total, max(1.0, 0.1 * before.median))
        if score < settings["score"] or ended.total < settings["times"] * before.median:
            return
        message = (
            f"{ended.key}: {ended.total:,.0f} {self.what} in {lasting(self.windows.width)}, where {before.median:,.0f} "
            "are usual"
        )
        values = {self.what: ended.total, "median": before.median, "deviation": before.deviation, "score": score}
        until = ended.begin + self.windows.width
        self.tell(Finding((ended.key, ended.begin), message, until, (), values, agent=ended.key))

    def save(self) -> Any:
        return self.windows.save()

    def load(self, saved: Any) -> None:
        self.windows.load(saved)
