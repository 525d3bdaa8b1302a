"""Streams that fall silent against their own rhythm.

1. Of each stream, the longest pause in every `group` records is kept, for the last 32 groups.
2. It is silent when nothing came for longer than all of: `least_s`; the median of these pauses and ten robust
   deviations; five times the median; one and a half times the longest of them.
3. Nothing is said before 8 groups are known. If every stream is silent, the watch or all of the system is: that is
   told with less weight.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from auditrail.watch.baseline import usual
from auditrail.watch.bounded import Lru
from auditrail.watch.rule import Finding, Rule, lasting, ns
from auditrail.watch.types import Ref, Seen

NAME = "stream-silent"
TITLE = "A stream fell silent"
SEVERITY = "high"
EXPLAIN = (
    "Records of this stream came in a steady rhythm and stopped. The producer died, its exporter lost its connection, "
    "or somebody switched the log off. Nothing that happens meanwhile is recorded there."
)
SETTINGS = {"least_s": 60.0, "group": 32}
_GROUPS = 32
_KNOWN = 8


class _Stream:
    __slots__ = ("count", "last", "longest", "pauses", "ref", "told")

    def __init__(self, last: int, ref: Ref) -> None:
        self.last = last
        self.ref = ref
        self.count = 0
        self.longest = 0
        self.told = False
        self.pauses: deque[int] = deque(maxlen=_GROUPS)


class Watching(Rule):
    """The rhythm of each stream."""

    kinds = None

    def __init__(self, tell: Any, settings: dict[str, Any], limit: int) -> None:
        super().__init__(tell, settings, limit)
        self._least = ns(settings["least_s"])
        self._group = settings["group"]
        self._streams: Lru[str, _Stream] = Lru(min(limit, 4096))
        self._ticked = 0

    def parts(self) -> tuple[Any, ...]:
        return (self._streams,)

    def see(self, seen: Seen) -> None:
        if seen.event.ts_ns is None:
            return
        stream = self._streams.get(seen.stream)
        if stream is None:
            self._streams.put(seen.stream, _Stream(seen.ts, seen.ref()))
            return
        pause = seen.ts - stream.last
        if pause <= 0:
            return
        stream.last, stream.told = seen.ts, False
        if pause > stream.longest:
            stream.longest = pause
        stream.count += 1
        if stream.count >= self._group:
            stream.pauses.append(stream.longest)
            stream.count = stream.longest = 0
            stream.ref = seen.ref()

    def tick(self, now: int) -> None:
        if now - self._ticked < 1_000_000_000:
            return
        self._ticked = now
        silent = [(name, one, longest) for name, one in self._streams.items() if (longest := self._silent(one, now))]
        known = sum(1 for _, one in self._streams.items() if len(one.pauses) >= _KNOWN)
        for name, stream, longest in silent:
            if stream.told:
                continue
            stream.told = True
            everything = len(silent) == known and known > 1
            message = (
                f"{name}: no record since {lasting(now - stream.last)}; its pauses are {lasting(longest)} at most"
                + ("; every other stream is silent, too" if everything else "")
            )
            values = {"silent_s": (now - stream.last) / 1e9, "usual_s": longest / 1e9, "streams": known}
            severity = "medium" if everything else None
            # The last record of a group is the last one whose place is kept; the time is that of the last record.
            self.tell(Finding((name, stream.last), message, now, (stream.ref,), values, severity=severity, stream=name))

    def _silent(self, stream: _Stream, now: int) -> int:
        """The longest of its usual pauses if it has been silent for longer than they explain, else 0."""
        if len(stream.pauses) < _KNOWN or now - stream.last <= self._least:
            return 0
        kept = usual(stream.pauses)
        longest = max(stream.pauses)
        bound = max(kept.median + 10 * kept.deviation, 5 * kept.median, 1.5 * longest)
        return longest if now - stream.last > bound else 0

    def save(self) -> Any:
        return [[name, s.last, s.ref, s.count, s.longest, s.told, list(s.pauses)] for name, s in self._streams.items()]

    def load(self, saved: Any) -> None:
        for name, last, ref, count, longest, told, pauses in saved:
            stream = _Stream(last, Ref.of(ref))
            stream.count, stream.longest, stream.told = count, longest, told
            stream.pauses.extend(pauses)
            self._streams.put(name, stream)
