"""Agents that call tools far more often than they do: calls in windows of `window_s`, in the time of the logs.

How a window is judged stands in `_levels`. An agent may rest: windows without a call do not count.
"""

from __future__ import annotations

from auditrail.watch.rules._levels import Levels
from auditrail.watch.types import Seen

NAME = "agent-rate"
TITLE = "An agent calls tools far more often than it does"
SEVERITY = "medium"
EXPLAIN = "A loop, a prompt that got out of hand, or somebody else's use of the agent. Look at what it repeats."
SETTINGS = {"window_s": 60.0, "known": 12, "score": 6.0, "times": 3.0, "least": 30}


class Watching(Levels):
    """Calls of an agent in windows of time."""

    kinds = frozenset({"call", "span"})
    what = "calls"

    def see(self, seen: Seen) -> None:
        if seen.agent is not None and seen.event.layer == "tool":
            self.add(seen.agent, seen.ts, 1.0)
