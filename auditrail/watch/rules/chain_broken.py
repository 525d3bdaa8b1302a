"""Hash chains that break while they are written.

1. The profile of a log is found by its first records, as `auditrail verify` does: it must reproduce their hashes.
2. Each record goes through the same walk (`verify.walk`). What breaks a chain is told at once: content that does not
   give its hash, a link that names no record before it, a second beginning, a number that does not fit, a bad
   signature.
3. A chain goes on through rotation: the next file of the same name goes on from the last record of the one before.
4. What stays behind is for `auditrail verify`: what is missing at the end, which record was moved where, anchors.

Formats whose hashes need a secret are not followed: a watch holds no keys.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditrail.watch.bounded import Lru
from auditrail.watch.rule import Finding, Line, Rule
from auditrail.watch.types import Ref

if TYPE_CHECKING:
    from auditrail.verify.segments import Chain
    from auditrail.verify.types import Defect
    from auditrail.verify.walk import Walker

NAME = "chain-broken"
TITLE = "A hash chain is broken"
SEVERITY = "critical"
EXPLAIN = (
    "A record does not give its hash, or does not follow the one before it: it was changed, put in or taken out. Keep "
    "a copy of the log as it is, and run `auditrail verify` on it."
)
SETTINGS: dict[str, object] = {}
# A log without any of these words in its first record has no chain that is known here.
_WORDS = (b"hash", b"prev", b"sig", b"digest", b"chain", b"mac", b"seal", b"link")
# Logs are looked at again for a chain until so many records were seen: one record alone may reproduce nothing.
_TRIES = (1, 2, 8, 64)
# A chain that breaks more often is told as broken, and not followed any further.
_MOST = 200
_LOGS = 512


class _Followed:
    """The walk of one log, and what was told of it."""

    def __init__(self, walker: Walker) -> None:
        self.walker = walker
        self.told = 0


class Watching(Rule):
    """A walk for each log that is chained."""

    lines = True

    def __init__(self, tell: Any, settings: dict[str, Any], limit: int) -> None:
        super().__init__(tell, settings, limit)
        self._logs: Lru[str, _Followed] = Lru(_LOGS)
        self._plain: Lru[str, int] = Lru(10_000)  # records seen of logs without a chain; -1: none will be found

    def parts(self) -> tuple[Any, ...]:
        return self._logs, self._plain

    def line(self, line: Line) -> None:
        followed = self._logs.get(line.name)
        if followed is None:
            followed = self._begin(line)
            if followed is None:
                return
        elif line.read.record.number == 1:
            followed.walker.file(line.path)
        self._feed(followed, line)

    def _begin(self, line: Line) -> _Followed | None:
        seen = self._plain.get(line.name) or 0
        if seen < 0:
            return None
        if seen == 0 and not any(word in line.read.record.raw.lower() for word in _WORDS):
            self._plain.put(line.name, -1)
            return None
        self._plain.put(line.name, seen + 1 if seen < _TRIES[-1] else -1)
        if seen + 1 not in _TRIES:
            return None
        walker = _walker(line.path)
        if walker is None:
            return None
        followed = _Followed(walker)
        walker.file(line.path)
        self._logs.put(line.name, followed)
        self._plain.pop(line.name)
        self._again(followed, line)
        return followed

    def _again(self, followed: _Followed, line: Line) -> None:
        """Records before the one with which the chain was found."""
        from auditrail.verify.records import Shape, read

        item, call = _evidence(line.path)
        for part in read(item, Shape("lines"), call):
            if getattr(part, "number", 0) >= line.read.record.number:
                return
            followed.walker.feed(part)
            self._judge(followed, line)

    def _feed(self, followed: _Followed, line: Line) -> None:
        from auditrail.verify.records import Raw

        if followed.told >= _MOST:
            return
        record = line.read.record
        followed.walker.feed(Raw(record.number, record.offset, record.raw, not record.last_unterminated))
        self._judge(followed, line)

    def _judge(self, followed: _Followed, line: Line) -> None:
        """Tells what the last record brought to light, and forgets what was told: the walk stays small."""
        walker = followed.walker
        chain = walker.current
        loose, walker.loose = walker.loose, []
        walker.moved.clear()
        walker.holes.clear()
        defects = [*loose, *(chain.defects if chain is not None else ())]
        if chain is not None:
            chain.defects = []
            if len(chain.segments) > 1 and chain.current is not None:
                entry = chain.current.first
                if entry is chain.last and not entry.first:
                    self._raise(followed, line, "its link names no record before it", "link", entry.seq)
                elif entry is chain.last and _begins_anew(followed, chain):
                    self._raise(followed, line, "the chain begins anew in the middle of the log", "begin", entry.seq)
                _shrink(chain)
        for defect in defects:
            if defect.breaks:
                self._raise(followed, line, defect.note or defect.kind, defect.kind, defect.seq, defect)

    def _raise(
        self, followed: _Followed, line: Line, note: str, kind: str, seq: int | None, defect: Defect | None = None
    ) -> None:
        followed.told += 1
        record = line.read.record
        event = line.read.events[0] if line.read.events else None
        ts = event.ts_ns if event is not None and event.ts_ns is not None else 0
        ref = Ref(
            line.path, record.number, record.offset, record.length, record.digest.hex(), ts, line.name,
            event.agent if event else None, None, event.tool if event else None, None,
        )  # fmt: skip
        number = record.number if defect is None or defect.record is None else defect.record
        values = {"kind": kind, "seq": seq, "profile": followed.walker.profile.name, "record": number}
        message = f"{line.path}, record {number}: {note}"
        self.tell(Finding((line.name, number, kind, record.digest.hex()), message, ts, (ref,), values))

    def save(self) -> Any:
        """Of each chain its last record: that is all that the next one is held to."""
        logs = [
            [name, one.walker.profile.name, one.told, [_saved(key, chain) for key, chain in one.walker.chains.items()]]
            for name, one in self._logs.items()
        ]
        return [logs, self._plain.save()]

    def load(self, saved: Any) -> None:
        from auditrail.verify.profile import builtin
        from auditrail.verify.segments import Chain, Entry

        for name, profile, told, chains in saved[0]:
            found = builtin().get(profile)
            if found is None:
                continue
            followed = _Followed(_made(found))
            followed.told = told
            followed.walker.file(name)
            for key, last, signed, signing_key, keyless in chains:
                chain = Chain(key)
                if last is not None:
                    chain.begin(Entry(*last)._replace(file=0))
                    chain.count = last[8]
                chain.signed, chain.signing_key, chain.keyless = signed, signing_key, keyless
                followed.walker.chains[key] = chain
            self._logs.put(name, followed)
        for key, value in saved[1]:
            self._plain.put(key, value)


def _begins_anew(followed: _Followed, chain: Chain) -> bool:
    """Whether a second beginning stands in one file, of a writer that does not begin anew by itself."""
    before = [item.last.file for item in chain.segments if item is not chain.current]
    return bool(before) and max(before) == chain.segments[-1].first.file and not followed.walker.profile.restart


def _saved(key: str | None, chain: Chain) -> list[Any]:
    last = None if chain.last is None else list(chain.last)
    return [key, last, chain.signed, chain.signing_key, chain.keyless]


def _shrink(chain: Chain) -> None:
    """Keeps the segment that grows: the next record is held to its end, and to those of the last few others."""
    kept = [item for item in chain.segments if item is not chain.current][-8:]
    chain.segments = [*kept, *([chain.current] if chain.current is not None else [])]
    chain.open_ends = {text: item for text, item in chain.open_ends.items() if item in chain.segments}


def _evidence(path: str) -> tuple[Any, Any]:
    from auditrail.verify import evidence
    from auditrail.verify.keys import Keyring

    there = Path(path)
    return evidence.look(there, path, there.stat().st_size), evidence.Call(Keyring())


def _walker(path: str) -> Walker | None:
    """A walk for the log, where a profile reproduces the hashes of its first records."""
    from auditrail.verify import detect, profiles

    try:
        item, call = _evidence(path)
    except OSError:
        return None
    if item.error is not None or item.compression is not None:
        return None
    found = detect.guess(item, profiles.chosen(call), call)
    if found is None or not found.reproduced or found.shape.kind != "lines" or not found.profile.links:
        return None
    return _made(found.profile)


def _made(profile: Any) -> Walker:
    from auditrail.verify.keys import Keyring
    from auditrail.verify.plan import Plan
    from auditrail.verify.signatures import Signer
    from auditrail.verify.walk import Walker

    plan = Plan(profile)
    return Walker(plan, [Signer(spec, plan, Keyring()) for spec in profile.signatures], ())
