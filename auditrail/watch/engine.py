"""One watch: reads what is new, lets the rules judge it, and hands on what they tell.

A round (`step`):

1. Look at the logs; read a block of each that has more. While old records are being caught up with, those that are
   furthest back in time go first.
2. Each record goes to the rules that look at bytes, each of its events to the rules that want its kind.
3. Tell the rules what became of the logs, and what time it is in them.
4. Write the alerts that are new to the journal, sync it, and hand them to the actions.
5. From time to time, write the state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from auditrail.errors import UnreadableError, UsageError
from auditrail.watch import state
from auditrail.watch.clock import Clock
from auditrail.watch.configured import RuleChoice
from auditrail.watch.delivery import Channel
from auditrail.watch.eventtime import AHEAD, EventTime
from auditrail.watch.feed import Read
from auditrail.watch.follow import Cut, Follower
from auditrail.watch.joining import Joining
from auditrail.watch.journal import Journal
from auditrail.watch.log import Log
from auditrail.watch.rule import Finding, Line, Rule
from auditrail.watch.types import NS, Alert, Notice, Seen, alert_id

# While records of the past are read, logs that are further ahead than this wait for those that are behind.
_TOGETHER = 60 * NS
# Seconds between two writings of the state: while records come, and once nothing comes for a moment.
SAVE, SAVE_IDLE = 10.0, 2.0
_CUT_WORDS = {
    "cut": "{path} was cut: {size} byte(s) that were read are gone, and no copy holds them",
    "rewritten": "{path} was written anew: what was read of it ({size} byte(s)) stands there no more, nor in a copy",
    "gone": "{path} is gone with the {size} byte(s) that were read of it, and no copy holds them",
}


class Source(NamedTuple):
    """Something beside files that gives records: standard input. See `pipe`."""

    take: Callable[[], Iterable[Read]]
    finish: Callable[[], Iterable[Read]]
    log: Any


class Engine:
    """A watch.

    Args:
        follower: the logs. rules: those that run. channels: the actions. journal: of alerts.
        memory: entries that each rule remembers. state_path: where the state is kept, None: nowhere.
        live: whether time goes on while nothing comes; False for a replay that ends (`--once`).
        source: standard input.

    Attributes:
        alerts: those raised, by severity; redelivered ones do not count. recent: the last of them.

    Raises:
        UsageError: the state does not fit.
    """

    def __init__(
        self,
        follower: Follower,
        rules: Iterable[RuleChoice],
        channels: Iterable[Channel],
        journal: Journal,
        clock: Clock,
        *,
        memory: int,
        state_path: Path | None = None,
        live: bool = True,
        source: Source | None = None,
    ) -> None:
        self.follower = follower
        self.channels = {channel.name: channel for channel in channels}
        self.journal = journal
        self.records = self.events = 0
        self.alerts: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.recent: list[dict[str, Any]] = []
        self._clock = clock
        self._live = live
        self._source = source
        self._time = EventTime()
        self._joining = Joining(memory)
        self._state_path = state_path
        self._saved_at = clock.steady()
        self._changed = False
        self._wall = self._read_ns = clock.wall()
        self._new: dict[str, tuple[dict[str, Any], list[str]]] = {}
        self._caught_up: set[Any] = set()
        self.rules: dict[str, Rule] = {}
        for choice in rules:
            self.rules[choice.name] = choice.start(self._teller(choice), memory)
        self._lines = [(name, rule) for name, rule in self.rules.items() if rule.lines]
        self._by_kind: dict[str, list[tuple[str, Callable[[Seen], None]]]] = {}
        if state_path is not None:
            self._load(state_path)

    # --- a round -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Hands over what was raised before a restart, and perhaps not handed over."""
        for name, alert in self.journal.undone(list(self.channels)):
            self.channels[name].give({**alert, "redelivered": True})

    def step(self, *, told: bool = False) -> bool:
        """One round; whether anything was read."""
        self._wall = self._clock.wall()
        cuts = len(self.follower.cuts)
        ready = self.follower.look(told=told)
        self._read_ns = self._clock.wall()
        read = False
        for log in self._turns(ready):
            read |= self._read(log, log.whole if log.document else log.read)
        if self._source is not None:
            source = self._source
            read |= self._read(source.log, source.take)
        for log in self.follower.over():
            self._over(log)
        self._changed |= read
        self._settle()
        self._keep(idle=not read, cut=len(self.follower.cuts) > cuts)
        return read

    def end(self) -> None:
        """The last round: reads what is not whole where nobody will go on, writes the state, ends the actions."""
        self._wall = self._clock.wall()
        if self._state_path is None:
            for log in list(self.follower.logs.values()):
                self._read(log, log.finish)
            if self._source is not None:
                self._read(self._source.log, self._source.finish)
        if not self._live:
            for log in self.follower.over(at_once=True):
                self._over(log)
            self.follower.lost += self.follower.cuts
            self.follower.cuts = []
        self._settle()
        self.save()

    def close(self, seconds: float) -> int:
        """Waits for the actions, for so long at most, and closes everything; how many alerts were not handed over."""
        left = sum(channel.close(seconds) for channel in self.channels.values())
        self.journal.close()
        self.follower.close()
        return left

    @property
    def behind(self) -> int:
        """Bytes that are there and were not read."""
        return sum(max(log.size - log.offset, 0) for log in self._logs() if not log.document)

    @property
    def forgotten(self) -> dict[str, int]:
        """What was forgotten for want of room, by who forgot it."""
        counts = {name: rule.evicted for name, rule in self.rules.items()} | {"joining": self._joining.evicted}
        return {name: count for name, count in counts.items() if count}

    @property
    def now(self) -> int:
        """The time in the logs, ns."""
        return self._time.now

    def _logs(self) -> list[Log]:
        return [log for log in self.follower.logs.values() if log.error is None]

    def _turns(self, ready: list[Log]) -> list[Log]:
        """Which logs are read in this round (1)."""
        for log in ready:
            if log.size - log.offset <= 0:
                self._caught_up.add(log.key)
        late = [log.ts for log in ready if log.key not in self._caught_up and not log.document]
        if not late:
            return ready
        bound = min(late) + _TOGETHER
        return [log for log in ready if log.ts <= bound]

    def _read(self, log: Log, records: Callable[[], Iterable[Read]]) -> bool:
        before = self.records, log.offset, log.feed.document
        limit = self._wall + AHEAD
        try:
            for read in records():
                self._record(log, read, limit)
        except (OSError, UnreadableError) as error:
            log.error = str(error)
        if not log.behind:
            self._caught_up.add(log.key)
        return (self.records, log.offset, log.feed.document) != before

    def _over(self, log: Log) -> None:
        self._read(log, log.finish)
        self._caught_up.discard(log.key)
        self.follower.drop(log)

    # --- a record (2) ------------------------------------------------------------------------------------------------

    def _record(self, log: Log, read: Read, limit: int) -> None:
        self.records += 1
        log.records += 1
        record = read.record
        if self._lines:
            line = Line(log.shown, log.name, read)
            for name, rule in self._lines:
                self._guarded(name, rule.line, line)
        if read.code is not None:
            if read.code != "unknown-format":
                self._unreadable(log, read)
            return
        stream = log.feed.stream
        place = (record.number, record.offset, record.length, record.digest)
        for part, event in enumerate(read.events):
            self.events += 1
            ts = event.ts_ns
            if ts is not None and ts <= limit:
                EventTime.see(log, ts)
            elif ts is None:
                ts = self._time.now or self._wall
            seen = Seen(event, ts, log.shown, stream, place, part)
            self._joining.see(seen)
            for name, see in self._by_kind.get(event.kind) or self._wanting(event.kind):
                try:
                    see(seen)
                except Exception as error:  # noqa: BLE001 - one rule's fault must not end the watch
                    self.faults[f"{name}: {type(error).__name__}"] += 1

    def _wanting(self, kind: str) -> list[tuple[str, Callable[[Seen], None]]]:
        made: list[tuple[str, Callable[[Seen], None]]] = [
            (name, rule.see) for name, rule in self.rules.items() if rule.kinds is None or kind in rule.kinds
        ]
        self._by_kind[kind] = made
        return made

    def _guarded(self, name: str, call: Callable[[Any], None], argument: Any) -> None:
        try:
            call(argument)
        except Exception as error:  # noqa: BLE001 - as above
            self.faults[f"{name}: {type(error).__name__}"] += 1

    # --- logs and time (3) -------------------------------------------------------------------------------------------

    def _unreadable(self, log: Log, read: Read) -> None:
        record = read.record
        detail = f"{log.shown}, record {record.number}: {read.code}: {read.reason}"
        values = {"code": read.code, "record": record.number, "of_log": log.feed.quarantined[read.code or ""]}
        self._notice(
            Notice(
                "unreadable", log.shown, log.feed.stream, log.ts or self._time.now, record.digest.hex(), detail, values
            )
        )

    def _lost(self, cut: Cut) -> None:
        size = cut.mark.offset
        detail = _CUT_WORDS[cut.kind].format(path=cut.shown, size=size)
        key = f"{cut.mark.head}:{size}"
        values = {"bytes": size, "records": cut.mark.number}
        self._notice(Notice(cut.kind, cut.shown, cut.stream, self._time.now, key, detail, values))

    def _notice(self, notice: Notice) -> None:
        for name, rule in self.rules.items():
            self._guarded(name, rule.notice, notice)

    def _settle(self) -> None:
        """Steps 3 and 4."""
        lost, self.follower.lost = self.follower.lost, []
        for cut in lost:
            self._lost(cut)
        logs = self._logs()
        known: list[Any] = [*logs, self._source.log] if self._source is not None else [*logs]
        now = self._time.advance([log for log in logs if log.behind], known, self._clock.wall(), live=self._live)
        if now:
            for name, rule in self.rules.items():
                self._guarded(name, rule.tick, now)
        self._hand_on()

    # --- alerts (4) --------------------------------------------------------------------------------------------------

    def _teller(self, choice: RuleChoice) -> Callable[[Finding], None]:
        def tell(finding: Finding) -> None:
            self._told(choice, finding)

        return tell

    def _told(self, choice: RuleChoice, finding: Finding) -> None:
        name = alert_id(choice.name, *finding.key)
        if name in self._new or name in self.journal:
            return
        first = finding.refs[0] if finding.refs else None

        def fact(field: str, own: str | None = None) -> str | None:
            return own or next((found for ref in finding.refs if (found := getattr(ref, field))), None)

        alert = Alert(
            name,
            choice.name,
            finding.severity or choice.severity,
            choice.title,
            finding.message,
            finding.ts or (first.ts if first else 0) or self._time.now or self._wall,
            fact("agent", finding.agent),
            fact("run"),
            fact("stream", finding.stream),
            fact("tool"),
            fact("call"),
            finding.refs,
            finding.values,
            self._read_ns,
            self._clock.wall(),
        )
        self.alerts[alert.severity] += 1
        document = alert.document()
        names = [channel.name for channel in self.channels.values() if channel.wants(document)]
        self._new[name] = (document, names)

    def _hand_on(self) -> None:
        if not self._new:
            if self.journal.waiting:
                self.journal.write([])
            return
        new, self._new = self._new, {}
        self.journal.write(list(new.values()))
        for document, names in new.values():
            for name in names:
                self.channels[name].give({**document, "redelivered": False})
        self.recent = [*self.recent, *(document for document, _ in new.values())][-50:]

    # --- the state (5) -----------------------------------------------------------------------------------------------

    def _keep(self, *, idle: bool, cut: bool) -> None:
        """Writes the state if it is time to; at once where a log was cut: what was read of it can't be read again."""
        since = self._clock.steady() - self._saved_at
        if cut or (self._changed and since >= (SAVE_IDLE if idle else SAVE)):
            self.save()

    def save(self) -> None:
        """Writes the state, if there is a place for it."""
        self._saved_at = self._clock.steady()
        self._changed = False
        if self._state_path is None:
            return
        state.write(
            self._state_path,
            {
                "follow": self.follower.save(),
                "time": self._time.save(),
                "joining": self._joining.save(),
                "rules": {name: rule.save() for name, rule in self.rules.items()},
                "records": self.records,
                "events": self.events,
            },
        )

    def _load(self, path: Path) -> None:
        saved = state.read(path)
        if saved is None:
            return
        try:
            self.follower.load(saved["follow"])
            self._time.load(saved["time"], self._wall)
            self._joining.load(saved["joining"])
            for name, rule in self.rules.items():
                if saved["rules"].get(name) is not None:
                    rule.load(saved["rules"][name])
            self.records, self.events = saved["records"], saved["events"]
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise UsageError(
                f"--state {path}: damaged, or of other rules ({type(error).__name__})",
                hint="move it away to begin anew: all logs are then read from their start",
            ) from None
