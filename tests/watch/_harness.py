"""A watch without waiting: time is said, output is kept, logs are written line by line."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from auditrail import times
from auditrail.watch import configured
from auditrail.watch.delivery import Channel
from auditrail.watch.engine import Engine
from auditrail.watch.follow import Follower
from auditrail.watch.journal import Journal
from auditrail.watch.log import Settings

START = 1_788_257_979_000_000_000


class FakeClock:
    """Stands still until it is told to go on."""

    def __init__(self, wall: int = START) -> None:
        self.now = wall
        self.seconds = 0.0

    def wall(self) -> int:
        return self.now

    def steady(self) -> float:
        return self.seconds

    def go(self, seconds: float) -> None:
        self.seconds += seconds
        self.now += int(seconds * 1e9)


class Watch:
    """An engine over a folder; `alerts` are those that the action was handed."""

    def __init__(
        self,
        folder: Path,
        table: dict[str, Any] | None = None,
        *,
        state: Path | None = None,
        clock: FakeClock | None = None,
        live: bool = True,
        paths: tuple[Path, ...] | None = None,
        from_end: bool = False,
        fail: bool = False,
    ) -> None:
        self.clock = clock or FakeClock()
        self.handed: list[dict[str, Any]] = []
        settings = configured.read(table or {})
        self.journal = Journal(None if state is None else state.with_name(state.name + ".alerts.jsonl"))
        skip = () if state is None else (state,)
        follower = Follower(paths or (folder,), Settings(), self.clock, from_end=from_end, skip=skip, settle=0.0)
        self.fail = fail
        channel = Channel("keep-1", self, lambda _alert: True, self.journal.done, queued=False, retried=False)
        self.engine = Engine(
            follower, settings.rules, [channel], self.journal, self.clock, memory=settings.memory, state_path=state,
            live=live,
        )  # fmt: skip
        self.engine.start()

    def deliver(self, alert: dict[str, Any]) -> None:
        self.handed.append(alert)

    def run(self, rounds: int = 200) -> list[dict[str, Any]]:
        """Rounds until nothing is read any more."""
        for _ in range(rounds):
            if not self.engine.step(told=True):
                break
        return self.handed

    def wait(self, seconds: float) -> list[dict[str, Any]]:
        """Lets time go by, and looks."""
        self.clock.go(seconds)
        return self.run()

    def end(self) -> list[dict[str, Any]]:
        self.engine.end()
        return self.handed

    def crash(self) -> None:
        """Lets go of the files as the system would, and writes nothing."""
        self.engine.follower.close()
        if self.journal._log is not None:
            self.journal._log._release()

    def rules(self) -> list[str]:
        return [alert["rule"] for alert in self.handed]


class Writer:
    """Writes JSON lines as an agent's runtime does; `at` seconds after the start of the clock."""

    def __init__(self, path: Path, **constant: Any) -> None:
        self.path = path
        self._constant = constant

    def write(self, at: float, **members: Any) -> None:
        with self.path.open("ab") as out:
            out.write(self.line(at, **members))

    def line(self, at: float, **members: Any) -> bytes:
        stamp = times.iso(START + int(at * 1e9), digits=6)
        return json.dumps({"ts": stamp, **self._constant, **members}).encode() + b"\n"

    def call(self, at: float, call: str, tool: str = "search", run: str = "r1", **more: Any) -> None:
        more = {"args": {"q": call}, **more}
        self.write(at, event="tool_call_started", run_id=run, agent="planner", tool=tool, tool_call_id=call, **more)

    def result(
        self, at: float, call: str, tool: str = "search", run: str = "r1", status: str = "ok", **more: Any
    ) -> None:
        self.write(
            at, event="tool_call_finished", run_id=run, agent="planner", tool=tool, tool_call_id=call, status=status,
            result={"ok": status == "ok"}, **more,
        )  # fmt: skip


def printed() -> io.StringIO:
    return io.StringIO()
