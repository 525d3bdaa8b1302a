"""How a watch is shown: alerts as lines with a status line below on a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Self, TextIO

import orjson

from auditrail.text import json_safe, terminal

if TYPE_CHECKING:
    from auditrail.watch.engine import Engine

# Redraws in a second.
_RATE = 4
_STYLES = {"critical": "bold white on red", "high": "bold red", "medium": "yellow", "low": "cyan", "info": "dim"}


def words(status: dict[str, Any]) -> str:
    """The heartbeat in a line."""
    alerts = ", ".join(f"{count} {name}" for name, count in status["alerts"].items()) or "none"
    parts = [
        f"{status['logs']} log(s)",
        f"{status['records']:,} records",
        f"alerts: {alerts}",
        *([f"{status['behind_bytes']:,} bytes behind"] if status["behind_bytes"] else []),
        *(f"{count} record(s) {code}" for code, count in status["not_read"].items()),
        *(f"{path}: {why}" for path, why in list(status["problems"].items())[:3]),
        *(
            f"{name}: {item['failed']} failed, {item['dropped']} dropped ({item['error'] or 'queue full'})"
            for name, item in status["actions"].items()
            if item["failed"] or item["dropped"]
        ),
        *(f"{name} forgot {count} for want of room" for name, count in status["forgotten"].items()),
        *(f"fault in {name}, {count} times: please report it" for name, count in status["faults"].items()),
    ]
    return f"{status['at']}  watching  " + "; ".join(parts)


class Plain:
    """Alerts on standard output; heartbeats on standard error, or between the alerts as JSON lines."""

    def __init__(self, *, jsonl: bool) -> None:
        self.output: TextIO = sys.stdout
        self._jsonl = jsonl

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def beat(self, status: dict[str, Any]) -> None:
        if self._jsonl:
            self.output.write(json_safe(orjson.dumps(status).decode()) + "\n")
            self.output.flush()
        else:
            print(terminal(words(status)), file=sys.stderr)  # noqa: T201

    def shown(self, engine: Engine) -> None:
        """Nothing to draw."""


class Live:
    """A status that is drawn anew at the bottom, with the alerts scrolling above it."""

    def __init__(self, *, colour: bool) -> None:
        from rich.console import Console
        from rich.live import Live as Display

        self._console = Console(no_color=not colour, highlight=False)
        self._display = Display(console=self._console, auto_refresh=False, transient=True)
        self._drawn = 0.0
        self._rate = 0.0
        self._before = (0.0, 0)
        self.output: TextIO = _Lines(self)  # type: ignore[assignment]

    def __enter__(self) -> Self:
        self._display.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._display.stop()

    def line(self, text: str) -> None:
        """An alert, above the status."""
        from rich.text import Text

        severity = text.split("  ", 2)[1].strip() if text.count("  ") > 1 else ""
        self._console.print(Text(text, style=_STYLES.get(severity, "")), soft_wrap=True)

    def beat(self, status: dict[str, Any]) -> None:
        """The status is on the screen all the time."""

    def shown(self, engine: Engine) -> None:
        """Draws the status, a few times in a second."""
        now = time.monotonic()
        if now - self._drawn < 1 / _RATE:
            return
        self._drawn = now
        if now - self._before[0] >= 1.0:
            self._rate = (engine.records - self._before[1]) / (now - self._before[0]) if self._before[0] else 0.0
            self._before = (now, engine.records)
        self._display.update(_table(engine, self._rate), refresh=True)


class _Lines:
    """What the action `print` writes to: whole lines."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def write(self, text: str) -> int:
        self._live.line(text.rstrip("\n"))
        return len(text)

    def flush(self) -> None:
        """Each line is shown at once."""


def _table(engine: Engine, rate: float) -> Any:
    from rich.table import Table

    from auditrail.watch.status import status as state_of

    status = state_of(engine, time.time_ns())
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    alerts = "  ".join(f"{name}: {count}" for name, count in status["alerts"].items()) or "none"
    table.add_row("logs", f"{status['logs']}   time in them: {status['log_time'] or 'unknown'}")
    table.add_row("records", f"{status['records']:,}   {rate:,.0f}/s   behind: {status['behind_bytes']:,} bytes")
    table.add_row("alerts", alerts)
    troubles = words({**status, "behind_bytes": 0}).partition("alerts: ")[2].partition("; ")[2]
    if troubles:
        table.add_row("mind", terminal(troubles))
    return table
