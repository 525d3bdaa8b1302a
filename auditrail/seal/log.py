"""`SealedLog`: a log that a program writes, tamper-evident from its first record on. The format is that of `records`.

Several threads and processes may write to one log: each append takes a lock (`LOG.lock`), reads what others have
written since, and adds its record behind. With a key, checkpoints are signed: at each close, each rotation, and every
so many records.

A crash leaves a torn tail at most: a line that is not finished. Whoever writes next repairs it and records the repair:
if the line was whole but for its newline, it gets it; else it is overwritten by a `repair` record that holds its bytes
(the first 64 KiB, and the hash of all). Anything else that is not as it was written is no crash: it is refused.

A log that grows beyond `max_bytes` is rotated: its last record names the next segment, it is renamed to
`NAME.000001.jsonl`, and the first record of the next segment holds the hash of that last one. Nothing else may rename
it.
"""

from __future__ import annotations

import base64
import fcntl
import os
import threading
import time
import uuid
import weakref
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from auditrail import merkle, notes
from auditrail.errors import NoteError, SealError
from auditrail.merkle import Frontier
from auditrail.notes import Checkpoint, Note, Signer
from auditrail.seal import records, segments
from auditrail.seal.sidecar import sync_folder
from auditrail.seal.syncing import Policy, Syncing

# Opening a log reads its last segment: at 500 bytes a record, this one takes about a second.
MAX_BYTES = 64 << 20
_KEPT = 1 << 16
_BLOCK = 1 << 20
_MARK = "auditrail-sealed 1"


class Receipt(NamedTuple):
    """What was written: its number in the log (from 0) and its hash. Whoever keeps it can find the record again."""

    seq: int
    hash: str


_open_logs: weakref.WeakSet[SealedLog] = weakref.WeakSet()


def _in_child() -> None:
    """After a fork: a thread that is not here may have held the lock among threads."""
    for log in _open_logs:
        log._thread = threading.RLock()  # noqa: SLF001
        log._syncing = log._syncing.renewed()  # noqa: SLF001


os.register_at_fork(after_in_child=_in_child)


class SealedLog:
    """A sealed log, opened for writing; made if it is not there.

    Args:
        path: the log; segments that are finished lie beside it.
        log_id: its name, for a new log; None: a random one. An existing log must have it.
        signer: signs checkpoints; None: the log has none, and only its chain.
        fsync: `always`: what `append` returned from is on the disk. `interval`: at most `fsync_seconds` of records can
            be lost to a loss of power (none to a crash of the program). `never`: the system decides.
        max_bytes: size from which on a segment is rotated; None: never.
        checkpoint_every: sign a checkpoint after so many records, besides those at the end; None: not.
        clock: nanoseconds since the epoch.

    Raises:
        SealError: the log is damaged, finished, or another one. OSError: the file cannot be opened.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        log_id: str | None = None,
        signer: Signer | None = None,
        fsync: Policy = "always",
        fsync_seconds: float = 1.0,
        max_bytes: int | None = MAX_BYTES,
        checkpoint_every: int | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self.path = Path(path)
        self.log_id = log_id or ""
        self._wanted = log_id
        self._signer = signer
        self._syncing = Syncing(fsync, fsync_seconds)
        self._max_bytes = max_bytes
        self._every = checkpoint_every
        self._clock = clock
        self._thread = threading.RLock()
        self._pid = 0
        self._file = self._lock = -1
        self._reset()
        _open_logs.add(self)
        with self._thread, _Exclusive(self):
            pass

    # --- what programs call -----------------------------------------------------------------------------------------

    def append(self, body: Any) -> Receipt:
        """Writes a record; returns when it is as safe as `fsync` promises.

        Raises:
            SealError: the body is no JSON that JCS has a form for (see `records.plain`), or the log is damaged,
                finished or closed. OSError: it cannot be written; what was begun is repaired by the next append.
        """
        with self._thread, _Exclusive(self):
            receipt = self._write(records.RECORD, body)
            if self._every is not None and self._since >= self._every:
                self._checkpoint()
            self._sync()
            if self._max_bytes is not None and self._end >= self._max_bytes:
                self._rotate()
            return receipt

    def checkpoint(self) -> Receipt | None:
        """Signs what was written so far; None if there is nothing new, or no key."""
        with self._thread, _Exclusive(self):
            made = self._checkpoint()
            self._sync(now=True)
            return made

    def finish(self) -> Receipt:
        """Ends the log for good: nothing can be written behind its last record, and a cut tail is seen."""
        with self._thread:
            with _Exclusive(self):
                self._checkpoint()
                made = self._write(records.END, {"records": self._seq})
                self._sync(now=True)
            self._release()
            return made

    def close(self) -> None:
        """Signs a checkpoint if there is a key, and lets go of the files; a closed log may be opened again."""
        with self._thread:
            if self._file < 0:
                return
            with suppress(SealError):  # finished, or damaged by somebody else: closing must not fail for it
                self.checkpoint()
            self._release()
            self._pid = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- under the lock ---------------------------------------------------------------------------------------------

    def _reset(self) -> None:
        """Forgets the segment: it is read from its start."""
        self._end = 0
        self._seq = 0
        self._segment = 0
        self._head: str | None = None
        self._kind = ""
        self._since = 0
        self._tree = Frontier()

    def _enter(self) -> None:
        if self._pid == -1:
            raise SealError(f"{self.path} was closed")
        if self._pid != os.getpid():
            # After a fork both processes would hold one and the same lock: each opens its own.
            self._release()
            self._pid = os.getpid()
        if self._lock < 0:
            self._lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._catch_up()

    def _leave(self) -> None:
        if self._lock >= 0:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def _release(self) -> None:
        self._syncing.forget()
        for handle in (self._file, self._lock):
            if handle >= 0:
                os.close(handle)
        self._file = self._lock = -1

    def _close_file(self) -> None:
        self._syncing.forget()  # whoever rotated the segment has synced it
        os.close(self._file)
        self._file = -1

    def _catch_up(self) -> None:
        """Opens the segment that is written to, and reads what others wrote since."""
        if self._file >= 0 and not segments.is_same(self._file, self.path):
            if not segments.is_same(self._file, segments.segment_path(self.path, self._segment)):
                raise SealError(f"{self.path} was removed or replaced while it was written to")
            self._close_file()
        if self._file < 0:
            self._reset()
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        size = os.fstat(self._file).st_size
        if size < self._end:
            raise SealError(f"{self.path} was cut: it had {self._end} bytes", hint="look at it with: auditrail verify")
        if size > self._end:
            self._read(size)
        if self._end == 0:
            self._begin()
        if self._kind == records.ROTATED:  # whoever rotated it died before the segment was renamed
            self._next_segment()
        if self._kind == records.END:
            raise SealError(f"{self.path} is finished: nothing can be written behind its last record")

    def _read(self, size: int) -> None:
        """Reads records up to `size`; what is behind the last newline is a torn tail, for the lock is held."""
        open_line = b""
        place = self._end
        while place < size:
            block = os.pread(self._file, min(_BLOCK, size - place), place)
            if not block:
                break
            place += len(block)
            *lines, open_line = (open_line + block).split(b"\n")
            for raw in lines:
                self._take(raw)
        if open_line:
            self._repair(open_line)

    def _take(self, raw: bytes) -> None:
        found = records.entry(raw)
        if found is None or not self._follows(found) or not self._fits(found):
            raise SealError(
                f"{self.path} is damaged at byte {self._end}: no record that follows the one before",
                hint="look at it with: auditrail verify; move it away to begin a new log",
            )
        if self._wanted not in (None, found.log):
            raise SealError(f"{self.path} is the log {found.log!r}, not {self._wanted!r}")
        self.log_id = found.log
        self._added(raw + b"\n", found.seq, found.hash, found.kind, found.segment)

    def _follows(self, found: records.Entry) -> bool:
        if self._end == 0:
            return found.kind == records.GENESIS and (found.seq == 0) == (found.prev is None)
        same = (found.log, found.segment, found.seq, found.prev) == (self.log_id, self._segment, self._seq, self._head)
        return same and found.kind != records.GENESIS and self._kind not in (records.END, records.ROTATED)

    def _fits(self, found: records.Entry) -> bool:
        """Whether a checkpoint is one of the records before it; who signed it is for verifiers to judge."""
        if found.kind != records.CHECKPOINT:
            return True
        try:
            head = notes.checkpoint(notes.parse(found.body["note"].encode()).text)
        except (NoteError, TypeError, KeyError, AttributeError):
            return False
        return (head.size, head.root) == (self._tree.size, self._tree.root())

    def _added(self, line: bytes, seq: int, hashed: str, kind: str, segment: int) -> None:
        self._end += len(line)
        self._seq = seq + 1
        self._head = hashed
        self._kind = kind
        self._segment = segment
        self._since = 0 if kind == records.CHECKPOINT else self._since + 1
        self._tree.add(merkle.leaf_hash(line))

    def _write(self, kind: str, body: Any) -> Receipt:
        line, hashed = records.line(kind, body, self.log_id, self._head, self._segment, self._seq, self._clock())
        segments.write_all(self._file, line)
        receipt = Receipt(self._seq, hashed)
        self._added(line, self._seq, hashed, kind, self._segment)
        return receipt

    def _begin(self) -> None:
        """The first record of a segment: of a new log, or of one whose last segment was renamed already."""
        last = segments.last_segment(self.path)
        if last is None:
            self.log_id = self._wanted or uuid.uuid4().hex
            self._segment, self._seq, self._head = 1, 0, None
            previous = None
        else:
            name, found = last
            if self._wanted not in (None, found.log):
                raise SealError(f"{self.path} is the log {found.log!r}, not {self._wanted!r}")
            self.log_id = found.log
            self._segment, self._seq, self._head = found.segment + 1, found.seq + 1, found.hash
            previous = {"file": name, "hash": found.hash}
        self._write(records.GENESIS, {"previous": previous})
        os.fsync(self._file)
        sync_folder(self.path.parent)

    def _repair(self, torn: bytes) -> None:
        """Makes whole what a crash left behind, and records it."""
        found = records.entry(torn)
        if found is not None and self._follows(found):
            segments.write_all(self._file, b"\n")
            self._take(torn)
            if self._kind not in (records.END, records.ROTATED):
                self._write(records.REPAIR, {"completed": found.seq})
        else:
            body = {
                "base64": base64.b64encode(torn[:_KEPT]).decode(),
                "bytes": len(torn),
                "offset": self._end,
                "sha256": sha256(torn).hexdigest(),
            }
            if self._end == 0:  # not even the first record is whole: there is nothing to chain a repair to
                os.ftruncate(self._file, 0)
                self._begin()
                self._write(records.REPAIR, {"torn": body})
            else:
                self._overwrite(body, len(torn))
        os.fsync(self._file)

    def _overwrite(self, body: dict[str, Any], torn: int) -> None:
        """Writes the repair over the torn bytes: at no moment are they gone and not recorded."""
        kind, place = records.REPAIR, self._end
        line, hashed = records.line(
            kind, {"torn": body}, self.log_id, self._head, self._segment, self._seq, self._clock()
        )
        segments.overwrite(self.path, place, line, torn)
        self._added(line, self._seq, hashed, kind, self._segment)

    def _checkpoint(self) -> Receipt | None:
        if self._signer is None or self._since == 0:
            return None
        head = Checkpoint(
            f"{self.log_id}/{self._segment}",
            self._tree.size,
            self._tree.root(),
            (_MARK, f"seq {self._seq - 1}", f"head {self._head}"),
        )
        text = head.text()
        return self._write(records.CHECKPOINT, {"note": Note(text, (self._signer.sign(text),)).render()})

    def _sync(self, *, now: bool = False) -> None:
        self._syncing.written(self._file, now=now)

    def _rotate(self) -> None:
        self._checkpoint()
        self._write(records.ROTATED, {"next": self._segment + 1})
        os.fsync(self._file)
        self._next_segment()

    def _next_segment(self) -> None:
        target = segments.segment_path(self.path, self._segment)
        if target.exists():
            raise SealError(f"{target} is there already: segment {self._segment} can't be put away")
        self.path.rename(target)
        self._close_file()
        self._catch_up()


class _Exclusive:
    """The lock of a log, and what was written by others read in."""

    def __init__(self, log: SealedLog) -> None:
        self._log = log

    def __enter__(self) -> None:
        try:
            self._log._enter()  # noqa: SLF001 - its other half
        except BaseException:
            self._log._leave()  # noqa: SLF001
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._log._leave()  # noqa: SLF001
