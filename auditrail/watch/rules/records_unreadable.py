"""Records that cannot be read: damaged, cut off, or not of the log's format.

The first of its kind in a stream is told, and then one for each `window_s` in the time of the logs in which there are
more. Logs that no reader knows at all are named by the heartbeat instead.
"""

from __future__ import annotations

from typing import Any

from auditrail.watch.bounded import Lru
from auditrail.watch.rule import Finding, Rule, ns
from auditrail.watch.types import Notice

NAME = "records-unreadable"
TITLE = "Records of a log can't be read"
SEVERITY = "low"
EXPLAIN = "The producer writes broken records, two writers race for one file, or the disk is full. Nothing judges them."
SETTINGS = {"window_s": 300.0}


class Watching(Rule):
    """What was told of which stream, and when."""

    def __init__(self, tell: Any, settings: dict[str, Any], limit: int) -> None:
        super().__init__(tell, settings, limit)
        self._window = ns(settings["window_s"])
        self._told: Lru[str, int] = Lru(min(limit, 10_000))

    def parts(self) -> tuple[Any, ...]:
        return (self._told,)

    def notice(self, notice: Notice) -> None:
        if notice.kind != "unreadable":
            return
        code = notice.values["code"]
        key = f"{notice.stream}\x00{code}"
        window = notice.ts // self._window
        if self._told.get(key) == window:
            return
        self._told.put(key, window)
        self.tell(Finding((key, window), notice.detail, notice.ts, (), notice.values, stream=notice.stream))

    def save(self) -> Any:
        return self._told.save()

    def load(self, saved: Any) -> None:
        for key, value in saved:
            self._told.put(key, value)
