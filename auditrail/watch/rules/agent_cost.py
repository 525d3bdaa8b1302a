"""Agents that use far more tokens than they do: tokens, in and out, in windows of `window_s` in the time of the logs.

How a window is judged stands in `_levels`. Where no record names an agent, its stream stands for it.
"""

from __future__ import annotations

from auditrail.watch.rules._levels import Levels
from auditrail.watch.types import Seen

NAME = "agent-cost"
TITLE = "An agent uses far more tokens than it does"
SEVERITY = "medium"
EXPLAIN = "A loop, a context that grows without end, or somebody else's use of the agent: tokens are what it costs."
SETTINGS = {"window_s": 300.0, "known": 12, "score": 6.0, "times": 3.0, "least": 20_000}


class Watching(Levels):
    """Tokens of an agent in windows of time."""

    kinds = None
    what = "tokens"

    def see(self, seen: Seen) -> None:
        event = seen.event
        if event.tokens_in is not None or event.tokens_out is not None:
            self.add(seen.agent or seen.stream, seen.ts, (event.tokens_in or 0) + (event.tokens_out or 0))
