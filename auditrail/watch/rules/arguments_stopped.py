"""Arguments of a tool that were recorded, and stopped coming.

1. Counted for each stream, agent and tool: calls whose arguments are there, and how many in a row are without.
2. At least `known` calls had them, nine of ten; then `missing` calls in a row have none, or only a mark in their
   place. It is told once, until they come again.
"""

from __future__ import annotations

from typing import Any

from auditrail.watch.bounded import Lru
from auditrail.watch.rule import Finding, Rule
from auditrail.watch.types import Ref, Seen

NAME = "arguments-stopped"
TITLE = "Arguments of a tool are no longer recorded"
SEVERITY = "high"
EXPLAIN = (
    "The same tool was recorded with its arguments until now. A capture switch, a redaction or an update of the agent "
    "took them away: from here on nobody can tell what it did. `auditrail lint` names the setting."
)
SETTINGS = {"known": 10, "missing": 5}
_SHARE = 0.9
_WORDS = {
    "absent": "left out",
    "empty": "empty",
    "redacted": "redacted",
    "hashed": "hashed",
    "truncated": "cut",
    "offloaded": "stored elsewhere",
}


class Watching(Rule):
    """Calls with and without arguments of each tool."""

    kinds = frozenset({"call", "span"})

    def __init__(self, tell: Any, settings: dict[str, Any], limit: int) -> None:
        super().__init__(tell, settings, limit)
        # calls with arguments, without, without in a row, whether it is told, the first of the row
        self._tools: Lru[str, list[Any]] = Lru(limit)

    def parts(self) -> tuple[Any, ...]:
        return (self._tools,)

    def see(self, seen: Seen) -> None:
        event = seen.event
        if event.tool is None or event.layer not in ("tool", "llm"):
            return
        key = f"{seen.stream}\x00{seen.agent or ''}\x00{event.tool}"
        state = self._tools.get(key)
        if state is None:
            state = [0, 0, 0, False, None]
            self._tools.put(key, state)
        if event.args_state == "present" or event.args_state == "truncated":
            state[0] += 1
            state[1] += 0 if state[3] else state[2]  # what was told is no habit
            state[2], state[3], state[4] = 0, False, None
            return
        if state[2] == 0:
            state[4] = seen.ref()
        state[2] += 1
        if state[3] or state[2] < self.settings["missing"] or state[0] < self.settings["known"]:
            return
        if state[0] < _SHARE * (state[0] + state[1]):
            return
        state[3] = True
        first = Ref.of(state[4])
        word = _WORDS.get(event.args_state, event.args_state)
        message = (
            f"{seen.agent or seen.stream}: arguments of {event.tool} were recorded in {state[0]} calls, and are {word} "
            f"since record {first.record} of {first.path}"
        )
        values = {"with": state[0], "without_in_a_row": state[2], "state": event.args_state}
        self.tell(Finding((key, first.ts, first.blake3), message, seen.ts, (first, seen.ref()), values))

    def save(self) -> Any:
        return self._tools.save()

    def load(self, saved: Any) -> None:
        for key, value in saved:
            self._tools.put(key, value)
