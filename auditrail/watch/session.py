"""Runs a watch until it is to end: the loop around `engine.Engine`, and how it ends.

It ends when somebody asks it to (`stop`), when an alert reaches `exit_on`, when all is read (`once`), or when nothing
came for a while (`until_idle`). The exit code is that of the command.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from auditrail.errors import NothingReadableError
from auditrail.watch.clock import Clock
from auditrail.watch.engine import Engine
from auditrail.watch.status import status
from auditrail.watch.types import at_least

# Seconds that actions are given to finish at the end.
DRAIN = 10.0
_LONGEST = 1.0


@dataclass(frozen=True)
class Ending:
    """When a watch ends: see the module. `exit_on`: a severity, None: never. `heartbeat`: seconds, 0: none."""

    once: bool = False
    until_idle: float | None = None
    exit_on: str | None = None
    heartbeat: float = 30.0
    drain: float = DRAIN


class Session:
    """One run of a watch.

    Args:
        wait: waits for news, for so many seconds at most; True if there are some.
        beat: is told the status, every `heartbeat` seconds and at the end. shown: is called after each round.
        ended: whether standard input has ended; None: it is not watched.
    """

    def __init__(
        self,
        engine: Engine,
        ending: Ending,
        clock: Clock,
        wait: Callable[[float], bool],
        *,
        beat: Callable[[dict[str, Any]], None],
        shown: Callable[[Engine], None] = lambda _engine: None,
        ended: Callable[[], bool] | None = None,
    ) -> None:
        self._engine = engine
        self._ending = ending
        self._clock = clock
        self._wait = wait
        self._beat = beat
        self._shown = shown
        self._ended = ended
        self._stop = False
        self.left = 0

    def stop(self) -> None:
        """Asks it to end after this round; safe in a signal handler."""
        self._stop = True

    def run(self) -> int:
        """Watches; returns the exit code.

        Raises:
            NothingReadableError: it was to read once, and there was nothing to read.
        """
        engine, clock = self._engine, self._clock
        engine.start()
        beat_at = active_at = clock.steady()
        told = True
        try:
            while not self._stop:
                read = engine.step(told=told)
                now = clock.steady()
                self._shown(engine)
                if self._reached() is not None:
                    break
                if self._ending.heartbeat and now - beat_at >= self._ending.heartbeat:
                    beat_at = now
                    self._beat(status(engine, clock.wall()))
                if read:
                    active_at, told = now, False
                    continue
                if self._is_over(now - active_at):
                    break
                told = self._wait(_LONGEST)
            engine.end()
            if self._ending.heartbeat:
                self._beat(status(engine, clock.wall()))
        finally:
            self.left = engine.close(self._ending.drain)
        if self._ending.once and not engine.records:
            raise NothingReadableError(
                "there is nothing to read under these paths", hint="name files or folders of logs"
            )
        return self._code()

    def _is_over(self, idle: float) -> bool:
        settled = self._ended is None or self._ended()
        waiting = any(log.document and log.behind and log.error is None for log in self._engine.follower.logs.values())
        if self._ending.until_idle is not None:
            return idle >= self._ending.until_idle
        if self._ended is not None and not self._engine.follower.paths:
            return settled
        return self._ending.once and settled and not waiting

    def _reached(self) -> str | None:
        """The severity that ends the watch, if an alert has it."""
        least = self._ending.exit_on
        if least is None:
            return None
        return next((severity for severity in self._engine.alerts if at_least(severity, least)), None)

    def _code(self) -> int:
        if self._ending.exit_on is not None:
            return 1 if self._reached() is not None else 0
        bounded = self._ending.once or self._ending.until_idle is not None
        return 1 if bounded and not self._stop and self._engine.alerts.total() else 0
