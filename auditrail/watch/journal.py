"""The journal of alerts: written, and on the disk, before anything is done about an alert.

A sealed log (docs/seal.md), so that `auditrail verify` shows whether somebody took an alert out. Its records:
`{"alert": {...}, "for": [action, ...]}` for each alert, once, and `{"done": [[id, action], ...]}` when they were handed
over.
After a crash, an alert that stands there is not raised again, and one without `done` is handed over again, marked as
`redelivered`.

Records of one round are written together and synced once: an alert costs no more than a write to the disk.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from auditrail.errors import SealError
from auditrail.seal.log import SealedLog
from auditrail.watch.bounded import Lru

# Ids that are remembered; an alert comes again only while the records that it is about are read again.
KEPT = 200_000
LOG_ID = "auditrail-watch-alerts"


class Journal:
    """Alerts that were raised, and what was done about them.

    Args:
        path: the sealed log; None: alerts are remembered in memory only.

    Raises:
        SealError: the journal is damaged. OSError: it can't be opened.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._known: Lru[str, int] = Lru(KEPT)
        self._open: dict[str, tuple[dict[str, Any], list[str]]] = {}
        self._log: SealedLog | None = None
        self._done: list[tuple[str, str]] = []
        self._lock = threading.Lock()
        if path is not None:
            self._read(path)
            self._log = SealedLog(path, log_id=None, fsync="never")

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def undone(self, channels: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Alerts of before that an action may not have been told of: (action, alert)."""
        for alert, waiting in self._open.values():
            for channel in waiting:
                if channel in channels:
                    yield channel, alert
        self._open.clear()

    def write(self, alerts: list[tuple[dict[str, Any], list[str]]]) -> None:
        """Writes alerts, each with the actions it is for, and what was done meanwhile; they are on the disk on return.

        Raises:
            SealError: they are not. The watch ends then: nobody would know what it told.
        """
        with self._lock:
            done, self._done = self._done, []
        for alert, _ in alerts:
            self._known.put(alert["id"], 1)
        if self._log is None:
            return
        try:
            for alert, names in alerts:
                self._log.append({"alert": alert, "for": names})
            if done:
                self._log.append({"done": [list(pair) for pair in done]})
            if alerts:
                self._log.checkpoint()  # without a key it signs nothing, and syncs
        except OSError as error:
            raise SealError(f"{self.path} can't be written: {(error.strerror or str(error)).lower()}") from None

    def done(self, name: str, channel: str) -> None:
        """An action was carried out; called from any thread, and written with the next round."""
        if self._log is not None:
            with self._lock:
                self._done.append((name, channel))

    @property
    def waiting(self) -> bool:
        """Whether something was done that is not written yet."""
        return bool(self._done)

    def close(self) -> None:
        if self._log is not None:
            self.write([])
            self._log.close()

    def _read(self, path: Path) -> None:
        """What stands in the journal. Alerts that were done by every action are only remembered by their id."""
        for file in segments(path):
            with file.open("rb") as lines:
                for line in lines:
                    self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            return  # a torn tail; anything else is refused when the log is opened
        body = value.get("body") if isinstance(value, dict) and value.get("kind") == "record" else None
        if not isinstance(body, dict):
            return
        alert, done = body.get("alert"), body.get("done")
        if isinstance(alert, dict) and isinstance(alert.get("id"), str):
            self._known.put(alert["id"], 1)
            self._open[alert["id"]] = (alert, [str(name) for name in body.get("for") or ()])
        for name, channel in done if isinstance(done, list) else ():
            waiting = self._open[name][1] if name in self._open else []
            if channel in waiting:
                waiting.remove(channel)
                if not waiting:
                    del self._open[name]


def segments(path: Path) -> list[Path]:
    """The files of a journal, in their order."""
    if not path.parent.is_dir():
        return []
    old = sorted(
        file
        for file in path.parent.glob(f"{path.stem}.*{path.suffix}")
        if file.name[len(path.stem) + 1 :][:6].isdigit()
    )
    return [*old, *([path] if path.exists() else [])]
