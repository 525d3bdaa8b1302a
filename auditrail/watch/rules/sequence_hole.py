"""Numbers that are missing where a producer counts its records one by one.

1. A sequence belongs to a stream, or to each run of it: both are followed, and the one judges in which at least nine of
   ten steps are of one, of ten at least.
2. A number that is left out is waited for (`late_s`): records may be written a little out of order.
3. A number that falls back far, or to the beginning, is a restart. A hole of more than `most` is none of single
   losses, and is no restart either: it is told as one.
"""

from __future__ import annotations

from typing import Any

from auditrail.watch.bounded import Lru, Pending
from auditrail.watch.rule import Finding, Rule, ns
from auditrail.watch.types import Ref, Seen

NAME = "sequence-hole"
TITLE = "Numbered records are missing"
SEVERITY = "high"
EXPLAIN = (
    "The producer numbers its records, and some numbers never came: records were lost or removed between it and this "
    "log."
)
SETTINGS = {"late_s": 10.0, "most": 1000}
_STEPS, _SHARE, _BACK = 10, 0.9, 100


class Watching(Rule):
    """Sequences, and the holes that are waited for."""

    kinds = None

    def __init__(self, tell: Any, settings: dict[str, Any], limit: int) -> None:
        super().__init__(tell, settings, limit)
        self._late = ns(settings["late_s"])
        self._last: Lru[str, int] = Lru(limit)
        self._steps: Lru[str, list[int]] = Lru(limit)  # of a sequence: steps of one, and others
        self._holes: Pending[Any] = Pending(limit)
        self._holed: Lru[str, int] = Lru(limit)  # sequences that have had a hole: only there may a number come late

    def parts(self) -> tuple[Any, ...]:
        return self._last, self._steps, self._holes

    def see(self, seen: Seen) -> None:
        event = seen.event
        if event.seq is None or event.seq_kind is None:
            return
        name = f"{seen.stream}\x00{event.seq_kind}"
        self._follow(f"s\x00{name}", f"s\x00{name}", seen, event.seq)
        if seen.run is not None:
            self._follow(f"r\x00{name}", f"r\x00{name}\x00{seen.run}", seen, event.seq)

    def _follow(self, kind: str, key: str, seen: Seen, seq: int) -> None:
        last = self._last.get(key)
        if last is None or seq == last + 1:
            self._last.put(key, seq)
            if last is not None:
                self._step(kind, 0)
            return
        if seq > last:
            self._step(kind, 1)
            self._last.put(key, seq)
            first, missing = last + 1, seq - last - 1
            if missing <= self.settings["most"]:
                self._holed.put(key, 1)
                self._holes.put(f"{key}\x00{first}", seen.ts + self._late, [kind, first, missing, [], seen.ref()])
            return
        if self._filled(key, seq):
            return
        self._step(kind, 1)
        if seq < last - _BACK or seq <= 1:
            self._last.put(key, seq)

    def _filled(self, key: str, seq: int) -> bool:
        """Whether the number belongs into a hole that is waited for."""
        if not len(self._holes) or key not in self._holed:
            return False
        for first in range(seq, max(seq - 64, -1), -1):
            held = self._holes.get(f"{key}\x00{first}")
            if held is None or not first <= seq < first + held[2]:
                continue
            if seq not in held[3]:
                held[3].append(seq)
                # What comes late counts as a step of one, and the hole as none.
                self._step(held[0], 0)
            if len(held[3]) == held[2]:
                self._holes.pop(f"{key}\x00{first}")
            return True
        return False

    def _step(self, kind: str, which: int) -> None:
        steps = self._steps.get(kind)
        if steps is None:
            steps = [0, 0]
            self._steps.put(kind, steps)
        steps[which] += 1

    def _counts(self, kind: str) -> bool:
        ones, others = self._steps.peek(kind) or [0, 0]
        return ones + others >= _STEPS and ones >= _SHARE * (ones + others)

    def tick(self, now: int) -> None:
        for key, (kind, first, missing, filled, saved) in self._holes.due(now):
            if not self._counts(kind) or (kind[0] == "r" and self._counts("s" + kind[1:])):
                continue
            ref = Ref.of(saved)
            numbers = sorted(set(range(first, first + missing)) - set(filled))
            shown = str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
            values = {"missing": len(numbers), "first": numbers[0], "last": numbers[-1]}
            self.tell(
                Finding(
                    (key, ref.blake3),
                    f"{ref.stream}: {len(numbers)} number(s) of {kind.rpartition(chr(0))[2]} are missing: {shown}",
                    ref.ts,
                    (ref,),
                    values,
                )
            )

    def save(self) -> Any:
        return [self._last.save(), self._steps.save(), self._holes.save()]

    def load(self, saved: Any) -> None:
        for key, value in saved[0]:
            self._last.put(key, value)
        for key, steps in saved[1]:
            self._steps.put(key, steps)
        self._holes.load(saved[2])
        for key, _, _ in saved[2]:
            self._holed.put(key.rpartition("\x00")[0], 1)
