"""The logs of a watch: finds them, and sees what becomes of them.

- A file is known by device and inode, so a renamed log goes on where it was. It stays open for a while after it has
  left the paths that are watched: a writer may not have noticed yet.
- A log that is shorter than what was read of it, or holds other bytes before that place, was cut or written anew: it
  is read from its start. If no copy turns up that holds what was cut, that is told (`log-cut`).
- A new file that holds what was read elsewhere (copied before the cut, or compressed) is gone on with behind it. For a
  copy of a log that is still there this needs 1 KiB of the same bytes, or a name that rotation gives: two logs may
  begin alike.
- Where a path names a file and not a folder, the files that rotation makes of it beside it are looked at for that.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from auditrail.watch.bounded import Lru
from auditrail.watch.clock import Clock
from auditrail.watch.feed import name_of
from auditrail.watch.log import Key, Log, Settings, lineage
from auditrail.watch.marks import WINDOW, Mark, Marks, Unpacked, best

# Seconds between two walks through the folders, where nothing tells of new files; that a log stays open after it left
# the paths; within which a copy of a log that was cut may turn up; that a document must have been left alone.
SCAN, LINGER, GRACE, SETTLE = 1.0, 30.0, 5.0, 0.5
# Files held open at once; beyond it those that have been quiet for longest are closed, and opened again when they grow.
MAX_OPEN = 512
_SKIPPED = (".lock", ".seal", ".tmp", ".part", ".swp", ".duckdb", ".wal")
_SKIPPED_FOLDERS = frozenset({".git", "__pycache__"})


class Cut:
    """A log that was cut, and its mark: a copy may turn up until `until`."""

    def __init__(self, kind: str, shown: str, mark: Mark, until: float) -> None:
        self.kind = kind
        self.shown = shown
        self.stream = name_of(mark.name)
        self.mark = mark
        self.until = until


class Follower:
    """Knows the logs under some paths.

    Args:
        paths: files and folders; one that is not there yet is waited for.
        from_end: what is there at the first look counts as read.
        skip: paths that are no evidence, such as the state of the watch itself: what begins with one is left out.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        settings: Settings,
        clock: Clock,
        *,
        from_end: bool = False,
        skip: Sequence[Path] = (),
        settle: float = SETTLE,
    ) -> None:
        self.paths = tuple(paths)
        self.logs: dict[Key, Log] = {}
        self.marks = Marks()
        self.cuts: list[Cut] = []
        self.lost: list[Cut] = []  # cuts for which no copy turned up
        self.unreadable: dict[str, str] = {}
        self._settings = settings
        self._clock = clock
        self._from_end = from_end
        self._skip = tuple(os.path.realpath(path) for path in skip)
        self._settle = settle
        self._restored: dict[Key, tuple[Mark, str, list[int]]] = {}
        self._done: Lru[Key, tuple[int, int]] = Lru(100_000)
        self._orphans: dict[Key, float] = {}
        self._later: dict[Key, tuple[int, int]] = {}  # copies that were not whole yet, as they were
        self._recognised: set[Mark] = set()  # since the last walk
        self._scanned = float("-inf")

    # --- looking -----------------------------------------------------------------------------------------------------

    def look(self, *, told: bool = False) -> list[Log]:
        """Looks at all logs, and for new ones if it is time or somebody told of one; gives those with more to read."""
        now = self._clock.steady()
        for log in list(self.logs.values()):
            self._look_at(log, now)
        if told or now - self._scanned >= SCAN:
            self.scan()
        for cut in [cut for cut in self.cuts if now >= cut.until]:
            self.cuts.remove(cut)
            self.lost.append(cut)
        return self.ready()

    def _look_at(self, log: Log, now: float) -> None:
        before = log.size, log.mtime
        try:
            log.look()
            if (log.size, log.mtime) != before:
                log.changed_at = now
                if log.was_cut():
                    self._was_cut(log)
        except OSError as error:
            log.error = (error.strerror or str(error)).lower()

    def _was_cut(self, log: Log) -> None:
        kind = "cut" if log.size < log.offset else "rewritten"
        mark = log.mark()
        if mark.offset:
            self.marks.add(mark)
            self.cuts.append(Cut(kind, log.shown, mark, self._clock.steady() + GRACE))
        log.cut()
        self._beside(log.path)

    def ready(self) -> list[Log]:
        """Logs that have more to read, the one that is furthest back in time first.

        Of the logs that rotation made of one, the older comes first, and the next only when it is read.
        """
        now = self._clock.steady()
        found = [
            log
            for log in self.logs.values()
            if log.error is None and log.behind and (not log.document or now - log.changed_at >= self._settle)
        ]
        if len(found) > 1:
            oldest: dict[str, Log] = {}
            for log in found:
                known = oldest.get(log.name)
                if known is None or _age(log) < _age(known):
                    oldest[log.name] = log
            found = sorted(oldest.values(), key=lambda log: (log.ts, log.mtime, log.shown))
        return found

    # --- finding -----------------------------------------------------------------------------------------------------

    def scan(self) -> None:
        """Walks through the paths."""
        self._scanned = now = self._clock.steady()
        seen: set[Key] = set()
        first = self._from_end
        self._from_end = False
        for path in sorted(self._candidates(), key=_written):
            key = self._take(path, from_end=first)
            if key is not None:
                seen.add(key)
        if self._restored:
            self._vanished()
        for key in list(self.logs):
            if key in seen:
                self._orphans.pop(key, None)
            elif key not in self._orphans:
                self._orphans[key] = now
                self._beside(self.logs[key].path)
        self._recognised.clear()
        self._close_quiet()

    def _candidates(self) -> Iterator[Path]:
        for path in self.paths:
            if not os.path.isdir(path):  # noqa: PTH112 - `Path.is_dir` raises where a folder can't be searched
                yield path
                continue
            for root, folders, files in os.walk(path):
                folders[:] = sorted(name for name in folders if name not in _SKIPPED_FOLDERS)
                for name in sorted(files):
                    if not name.startswith(".") and not name.endswith(_SKIPPED):
                        yield Path(root, name)

    def _take(self, path: Path, *, from_end: bool = False, known_only: bool = False) -> Key | None:
        """Follows a file, if it is not followed yet; the key of the file, None if there is none to follow."""
        try:
            status = path.stat()
        except OSError as error:
            if path in self.paths:
                self.unreadable[str(path)] = (error.strerror or str(error)).lower()
            return None
        key = (status.st_dev, status.st_ino)
        log = self.logs.get(key)
        if log is not None:
            if log.path != path and not _leads(log.path, key):
                log.renamed(path)
            return key
        if not stat.S_ISREG(status.st_mode) or self._is_own(path):
            return None
        written = (status.st_size, status.st_mtime_ns)
        if self._done.peek(key) == written or self._later.get(key) == written:
            return key
        try:
            self._adopt(path, key, from_end=from_end, known_only=known_only)
        except OSError as error:
            self.unreadable[str(path)] = (error.strerror or str(error)).lower()
            return None
        self.unreadable.pop(str(path), None)
        return key

    def _is_own(self, path: Path) -> bool:
        return bool(self._skip) and os.path.realpath(path).startswith(self._skip)

    def _adopt(self, path: Path, key: Key, *, from_end: bool, known_only: bool) -> None:
        log = Log(path, self._settings)
        saved = self._restored.pop(key, None)
        mark: Mark | None = None
        if saved is not None and log.size >= saved[0].offset and (log.compression or saved[0].fits(log.place)):
            mark = saved[0]
        else:
            if saved is not None:  # another file under its number, or it was written anew meanwhile
                self._restored[key] = saved
            mark = self._known(log)
            if self._is_early(log, mark):
                log.close()
                return
        if mark is None and known_only:
            log.close()
            return
        if mark is not None:
            log = self._resumed(log, path, mark)
            if saved is not None and mark is saved[0]:
                log.ts, log.ts_last, log.records = saved[2]
        elif from_end and log.compression is None:
            log = self._at_end(log, path)
        log.changed_at = self._clock.steady() if not from_end else float("-inf")
        self.logs[key] = log

    def _is_early(self, log: Log, mark: Mark | None) -> bool:
        """Whether a copy must be looked at again later: it is still being made, or what it copies is not read yet."""
        if mark is not None:
            return any(other.behind and other.mark() == mark for other in self.logs.values())
        if log.compression is None and lineage(log.shown) == log.shown:
            return False
        read = log.place if log.compression is None else Unpacked(log.path, log.size).read
        if not any(mark.begins(read) for mark in self._all_marks(log, None if log.compression else WINDOW)):
            return False
        if len(self._later) > MAX_OPEN:
            self._later.clear()
        self._later[log.key] = (log.size, log.mtime)
        return True

    def _resumed(self, log: Log, path: Path, mark: Mark) -> Log:
        """The log, gone on with behind its mark."""
        self.cuts = [cut for cut in self.cuts if cut.mark != mark]
        self._recognised.add(mark)
        if log.compression is None and mark.offset:
            log.close()
            log = Log(path, self._settings, offset=mark.offset, name=mark.name)
        log.name = mark.name
        log.feed.number = mark.number
        return log

    def _at_end(self, log: Log, path: Path) -> Log:
        """The log, as if all whole lines in it had been read."""
        size = log.size
        while size and log.place(size - 1, 1) != b"\n":
            block = log.place(max(size - WINDOW, 0), min(WINDOW, size))
            size = max(size - WINDOW, 0) + block.rfind(b"\n") + 1
        log.close()
        return Log(path, self._settings, offset=size)

    def _known(self, log: Log) -> Mark | None:
        """The mark of what was read already of this file's content, under whatever name."""
        if log.compression is not None:
            content = Unpacked(log.path, log.size)
            return best([*self._all_marks(log, None)], content.read, None)
        return best([*self._all_marks(log, log.size)], log.place, log.size)

    def _all_marks(self, log: Log, size: int | None) -> Iterator[Mark]:
        yield from self.marks.all()
        for mark, shown, _ in self._restored.values():
            if shown:
                yield mark
        for other in self.logs.values():
            mark = other.mark()
            if mark.offset and (size is None or mark.offset >= WINDOW or lineage(log.shown) == other.name):
                yield mark

    def _beside(self, path: Path) -> None:
        """Looks at what rotation may have made of a log that is named and not in a folder that is watched."""
        if path not in self.paths:
            return
        shown = lineage(str(path))
        try:
            names = sorted(entry.path for entry in os.scandir(path.parent) if entry.is_file())
        except OSError:
            return
        for name in names:
            if lineage(name) == shown and Path(name) != path:
                self._take(Path(name), known_only=True)

    def _vanished(self) -> None:
        """After a restart: logs that are not where they were. Those that rotation moved are looked for beside."""
        for _, shown, _ in list(self._restored.values()):
            self._beside(Path(shown))
        now = self._clock.steady()
        for mark, shown, _ in self._restored.values():
            if mark in self._recognised or any(
                log.name == mark.name and _holds(log, mark) for log in self.logs.values()
            ):
                continue
            self.marks.add(mark)
            if mark.offset:
                self.cuts.append(Cut("gone", shown, mark, now + GRACE))
        self._restored = {}

    # --- leaving -----------------------------------------------------------------------------------------------------

    def over(self, *, at_once: bool = False) -> list[Log]:
        """Logs of which no more will come: they left the paths a while ago, and all of them is read."""
        now = self._clock.steady()
        return [
            self.logs[key]
            for key, since in self._orphans.items()
            if key in self.logs and not self.logs[key].behind and (at_once or now - since >= LINGER)
        ]

    def drop(self, log: Log) -> None:
        """Closes a log; its mark stays, so that it is recognised if it comes back."""
        mark = log.mark()
        self.marks.add(mark)
        removed = os.fstat(log.handle).st_nlink == 0 and log.shown == log.name and not log.path.exists()
        if removed and mark.offset:
            self.cuts.append(Cut("gone", log.shown, mark, self._clock.steady() + GRACE))
        self._done.put(log.key, (log.size, log.mtime))
        self._orphans.pop(log.key, None)
        self.logs.pop(log.key, None)
        log.close()

    def _close_quiet(self) -> None:
        """Compressed logs that were read are closed at once; others where there are too many."""
        for log in [log for log in self.logs.values() if log.compression is not None and not log.behind]:
            self.drop(log)
        if len(self.logs) > MAX_OPEN:
            quiet = sorted((log for log in self.logs.values() if not log.behind), key=lambda log: log.changed_at)
            for log in quiet[: len(self.logs) - MAX_OPEN]:
                self.drop(log)

    def close(self) -> None:
        for log in self.logs.values():
            log.close()

    # --- over a restart ----------------------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """Where to go on; plain values."""
        return {
            "logs": [
                [*log.key, list(log.mark()), log.shown, [log.ts, log.ts_last, log.records]]
                for log in self.logs.values()
            ],
            "marks": self.marks.save(),
            "done": self._done.save(),
        }

    def load(self, saved: dict[str, Any]) -> None:
        """Goes on where `save` was; before the first look."""
        self.marks.load(saved["marks"])
        for key, value in saved["done"]:
            self._done.put(tuple(key), tuple(value))
        for device, inode, mark, shown, times in saved["logs"]:
            self._restored[(device, inode)] = (Mark(*mark), shown, list(times))
        self._from_end = False


def _age(log: Log) -> tuple[bool, int, str]:
    """Order of the logs that rotation made of one: the one that still has the name is the newest."""
    return lineage(log.shown) == log.shown, log.mtime, log.shown


def _written(path: Path) -> tuple[int, str]:
    try:
        return path.stat().st_mtime_ns, str(path)
    except OSError:
        return 0, str(path)


def _leads(path: Path, key: Key) -> bool:
    try:
        status = path.stat()
    except OSError:
        return False
    return (status.st_dev, status.st_ino) == key


def _holds(log: Log, mark: Mark) -> bool:
    return log.compression is None and log.size >= mark.offset and mark.fits(log.place)
