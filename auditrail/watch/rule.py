"""What a rule is; see `rules` for the contract of its module."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

from auditrail.watch.feed import Read
from auditrail.watch.types import Notice, Ref, Seen


class Finding(NamedTuple):
    """What a rule tells: `key` is what tells its alerts apart, and must not depend on when or in which order it sees.

    `ts` is the time in the logs. `refs`: the records that show it, the telling one first.
    """

    key: tuple[object, ...]
    message: str
    ts: int
    refs: tuple[Ref, ...] = ()
    values: dict[str, Any] = {}  # noqa: RUF012 - a default that nobody writes to
    severity: str | None = None
    agent: str | None = None
    stream: str | None = None


Tell = Callable[[Finding], None]


class Line(NamedTuple):
    """A record, for rules that look at its bytes: the log's path, its name before rotation, and what was read."""

    path: str
    name: str
    read: Read


class Rule:
    """Base of all rules: keeps no state.

    Attributes:
        kinds: kinds of events that `see` is called for; None: all.
        lines: whether `line` is called for every record.
    """

    kinds: ClassVar[frozenset[str] | None] = frozenset()
    lines: ClassVar[bool] = False

    def __init__(self, tell: Tell, settings: dict[str, Any], limit: int) -> None:
        self.tell = tell
        self.settings = settings
        self.limit = limit

    def see(self, seen: Seen) -> None:
        """An event was read."""

    def line(self, line: Line) -> None:
        """A record was read; called before `see` is called for its events."""

    def notice(self, notice: Notice) -> None:
        """Something happened to a log."""

    def tick(self, now: int) -> None:
        """It is `now` in the logs. Called after each block, and about every second while nothing comes."""

    def parts(self) -> Sequence[Any]:
        """The bounded memories of the rule, for `evicted`."""
        return ()

    @property
    def evicted(self) -> int:
        """How much was forgotten for want of room."""
        return sum(part.evicted for part in self.parts())

    def save(self) -> Any:
        """The state, of plain values."""
        return None

    def load(self, saved: Any) -> None:
        """Goes on from what `save` gave."""


def ns(seconds: float) -> int:
    """Seconds as nanoseconds."""
    return int(seconds * 1_000_000_000)


def lasting(nanoseconds: int) -> str:
    """A stretch of time for people: `45 s`, `12 min`, `3.5 h`."""
    seconds = nanoseconds / 1_000_000_000
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 7200 else f"{seconds / 3600:.3g} h"


def about(seen: Ref) -> str:
    """Whose record it is: `agent planner, run r-1`."""
    parts = [f"agent {seen.agent}" if seen.agent else "", f"run {seen.run}" if seen.run else ""]
    return ", ".join(part for part in parts if part) or f"stream {seen.stream}"
