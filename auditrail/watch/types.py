"""What goes through a watch: an event as rules see it, and an alert as actions see it."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, NamedTuple, Self

from auditrail import times
from auditrail.model import Event

SEVERITIES = ("info", "low", "medium", "high", "critical")
SCHEMA = "auditrail.alert/1"
NS = times.NS
_LONGEST = 300
# What canonical JSON can write as a number (RFC 8785).
_LARGEST = (1 << 53) - 1


class Ref(NamedTuple):
    """Where a record stands and what it is about, in plain values: all that a rule keeps of it."""

    path: str
    record: int
    offset: int
    length: int
    blake3: str
    ts: int
    stream: str
    agent: str | None
    run: str | None
    tool: str | None
    call: str | None

    @classmethod
    def of(cls, saved: Any) -> Self:
        """The same from a list, as JSON gives it back."""
        return cls(*saved)


class Seen:
    """One event with its place. `ts` is its time, or that of the logs where it has none; `run` as `joining` knows it.

    `place`: number, offset, length and blake3 of its record in `log`; `part`: which event of the record it is.
    """

    __slots__ = ("agent", "call", "event", "log", "part", "place", "run", "stream", "ts")

    def __init__(
        self, event: Event, ts: int, log: str, stream: str, place: tuple[int, int, int, bytes], part: int = 0
    ) -> None:
        self.event = event
        self.ts = ts
        self.log = log
        self.place = place
        self.part = part
        self.stream = event.stream or stream
        self.agent = event.agent
        self.run: str | None = None
        self.call: str | None = None

    def ref(self) -> Ref:
        """What may be kept of it."""
        number, offset, length, digest = self.place
        event = self.event
        return Ref(
            self.log, number, offset, length, digest.hex(), self.ts, self.stream, self.agent, self.run, event.tool,
            self.call,
        )  # fmt: skip


class Notice(NamedTuple):
    """Something about a log and not about a record of it: `kind` is cut, rewritten, gone, unreadable.

    `ts` is the time of the logs. `key` tells two of a kind apart; `detail` is a sentence.
    """

    kind: str
    path: str
    stream: str
    ts: int
    key: str
    detail: str
    values: dict[str, Any]


class Alert(NamedTuple):
    """One alert.

    Attributes:
        id: 20 hex digits, made of the rule and of what the alert is about: the same evidence gives the same id.
        message: one sentence with the facts. ts_ns: time in the logs. read_ns: when the record was read, wall clock.
        raised_ns: when the alert was raised, wall clock.
        refs: the records that show it. values: the numbers behind it.
        redelivered: it may have been handed to this action before a restart.
    """

    id: str
    rule: str
    severity: str
    title: str
    message: str
    ts_ns: int
    agent: str | None
    run: str | None
    stream: str | None
    tool: str | None
    call: str | None
    refs: tuple[Ref, ...]
    values: dict[str, Any]
    read_ns: int
    raised_ns: int
    redelivered: bool = False

    def document(self) -> dict[str, Any]:
        """The alert as JSON: `auditrail.alert/1`. Texts from logs are cut to 300 characters; times are ISO 8601."""
        return {
            "schema": SCHEMA,
            "id": self.id,
            "rule": self.rule,
            "severity": self.severity,
            "title": self.title,
            "message": tidy(self.message),
            "time": times.iso(self.ts_ns, digits=6),
            "agent": tidy(self.agent),
            "run": tidy(self.run),
            "stream": tidy(self.stream),
            "tool": tidy(self.tool),
            "call": tidy(self.call),
            "evidence": [
                {
                    "path": tidy(ref.path),
                    "record": ref.record,
                    "offset": ref.offset,
                    "length": ref.length,
                    "blake3": ref.blake3,
                    "time": times.iso(ref.ts, digits=6),
                }
                for ref in self.refs
            ],
            "values": {key: _plain(value) for key, value in self.values.items()},
            "raised_at": times.iso(self.raised_ns, digits=6),
            "latency_ms": round(max(self.raised_ns - self.read_ns, 0) / 1e6, 3),
        }


def alert_id(rule: str, *parts: object) -> str:
    """The id of an alert: 20 hex digits of a hash over the rule and what tells its alerts apart."""
    text = "\x00".join([rule, *("" if part is None else str(part) for part in parts)])
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()


def at_least(severity: str, least: str) -> bool:
    """Whether a severity reaches another one."""
    return SEVERITIES.index(severity) >= SEVERITIES.index(least)


def tidy(text: str | None) -> str | None:
    """Text from a log as it may stand in an alert: cut, and with no half of a character in it."""
    if text is None:
        return None
    made = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "\u2026"
    return made.encode("utf-8", "backslashreplace").decode()


def _plain(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST else str(value)
    if isinstance(value, float):
        return round(value, 6) if value == value and abs(value) != float("inf") else str(value)
    return tidy(str(value))
