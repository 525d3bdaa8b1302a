"""Runs that end with an error: the agent's own end record, or its root span, says so."""

from __future__ import annotations

from auditrail.watch.rule import Finding, Rule, about
from auditrail.watch.rules.run_without_end import is_root
from auditrail.watch.types import Seen

NAME = "run-failed"
TITLE = "A run failed"
SEVERITY = "medium"
EXPLAIN = "The agent itself recorded that the run ended with an error. Rebuild it with `auditrail reconstruct`."
SETTINGS: dict[str, object] = {}


class Watching(Rule):
    """Needs no state: an end says it all."""

    kinds = frozenset({"end", "span"})

    def see(self, seen: Seen) -> None:
        event = seen.event
        if event.status != "error" or event.layer != "agent" or seen.run is None:
            return
        if event.kind == "span" and not is_root(seen):
            return
        why = f": {event.error}" if event.error else ""
        self.tell(Finding((seen.run,), f"{about(seen.ref())} ended with an error{why}", seen.ts, (seen.ref(),)))
