"""The ledger: one sealed log for all incidents of a folder, so that a whole incident cannot vanish unseen.

    incidents/ledger.jsonl                    each entry a record, chained to the one before (docs/seal.md, section 8)
    incidents/INC-2026-0001/attachments/...   copies of files, named in the ledger by their digest

Programs append with `Ledger`; nobody rewrites. Several processes may append at once.

    with Ledger(Path("incidents"), operator="watch@host") as ledger:
        ledger.alert({"id": "…", "rule": "…", "severity": "high", "title": "…"})     # twice the same id: written once
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import orjson

from auditrail import times
from auditrail.errors import NothingReadableError, UnreadableError, UsageError
from auditrail.incident import entries
from auditrail.incident.entries import Entry, Recorded

if TYPE_CHECKING:
    from auditrail.notes import Signer
    from auditrail.seal.log import Receipt, SealedLog

FOLDER = Path("incidents")
NAME = "ledger.jsonl"
OPERATOR = "AUDITRAIL_OPERATOR"
_SEGMENT = re.compile(r"ledger\.\d{6}\.jsonl", re.ASCII)
# One line of a ledger: texts are bounded, but an alert may bring along what it likes.
_LONGEST = 16 << 20


class Reading(NamedTuple):
    """What a ledger says: its entries in their order, and how many lines of it are no record that can be read."""

    entries: tuple[Recorded, ...]
    unread: int
    files: tuple[Path, ...]


class Ledger:
    """A ledger that is appended to; its folder is made with the first entry.

    Args:
        folder: where it lies.
        operator: who writes, unless an entry names somebody else.
        signer: signs a checkpoint behind each call of `close`; None: the chain alone.
        recorded_ns: the time of recording, for outputs that must be the same; None: the clock.
        clock: nanoseconds since the epoch.
    """

    def __init__(
        self,
        folder: Path = FOLDER,
        *,
        operator: str = "",
        signer: Signer | None = None,
        recorded_ns: int | None = None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self.folder = folder
        self.operator = operator
        self._signer = signer
        self._given = recorded_ns
        self._clock = clock
        self._log: SealedLog | None = None
        self._alerts: set[str] | None = None
        self._incidents: set[str] = set()
        self._time = 0

    def append(self, entry: Entry) -> Receipt:
        """Writes an entry; it is on the disk when this returns.

        Raises:
            UsageError: the entry does not fit its kind, or the incident is unknown. SealError: the ledger is damaged.
        """
        with self._locked():
            if entry.kind != entries.OPEN:
                self._check(entry.incident)
            return self._write(entry)

    def open(
        self, title: str, runs: Sequence[str] = (), *, at_ns: int | None = None, **more: Any
    ) -> tuple[str, Receipt]:
        """Opens an incident and returns its id, `INC-<year>-<number>`: the next one of the year of its recording.

        Raises:
            UsageError: no title, or nobody is named as operator. SealError: the ledger is damaged.
        """
        with self._locked():
            year = datetime.fromtimestamp(self._now() // times.NS, UTC).year
            taken = [
                int(found.incident.rpartition("-")[2])
                for found in read(self.folder).entries
                if found.kind == entries.OPEN and found.incident and _of_year(found.incident, year)
            ]
            name = f"INC-{year:04d}-{max(taken, default=0) + 1:04d}"
            data = {"title": title, "runs": list(dict.fromkeys(runs)), **more}
            return name, self._write(Entry(entries.OPEN, name, self.operator, data, at_ns))

    def alert(
        self, alert: Mapping[str, Any], *, incident: str | None = None, at_ns: int | None = None
    ) -> Receipt | None:
        """Writes an alert, of an incident or of none yet; None: the ledger holds one with the same `id` already.

        Raises:
            UsageError: the alert has no `id`, or the incident is unknown. SealError: the ledger is damaged.
        """
        with self._locked():
            self._check(incident)
            if self._alerts is None:
                self._alerts = {
                    str(found.data.get("id")) for found in read(self.folder).entries if found.kind == entries.ALERT
                }
            name = str(alert.get("id") or "")
            if name in self._alerts:
                return None
            receipt = self._write(Entry(entries.ALERT, incident, self.operator, {**alert, "id": name}, at_ns))
            self._alerts.add(name)
            return receipt

    def close(self) -> None:
        """Signs a checkpoint if there is a key, and lets go of the files."""
        if self._log is not None:
            self._log.close()
            self._log = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check(self, incident: str | None) -> None:
        """Asks for an incident; one that was found once stays, since nothing is taken out of a ledger."""
        if incident is not None and incident not in self._incidents:
            _known(read(self.folder), incident)
            self._incidents.add(incident)

    def _now(self) -> int:
        return self._clock() if self._given is None else self._given

    def _write(self, entry: Entry) -> Receipt:
        now = self._now()
        entry = entry._replace(operator=entry.operator or self.operator)
        body = entries.body(entry, now, entries.CLOCK if self._given is None else entries.GIVEN)
        if self._log is None:
            from auditrail.seal.log import SealedLog

            path = self.folder / NAME
            # Named by its first entry and its time: no two ledgers share a name, and the same calls give the same one.
            name = sha256(orjson.dumps([body, now])).hexdigest()[:16]
            new = not path.exists() and not any(_SEGMENT.fullmatch(file.name) for file in self.folder.iterdir())
            self._log = SealedLog(
                path, log_id=f"incidents-{name}" if new else None, signer=self._signer, clock=lambda: self._time
            )
        self._time = now
        return self._log.append(body)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time: an id is given once, and what was looked up still holds when it is written."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # The folder itself is locked: a file for it would be one more that a verification has to explain.
            handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise UsageError(f"{self.folder} can't be written to: {(error.strerror or str(error)).lower()}") from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            self._time = self._now()
            yield
        finally:
            os.close(handle)


def read(folder: Path = FOLDER) -> Reading:
    """All entries of a ledger, in the order in which they were written; of a folder without one: none.

    What is no record of ours is counted and left out; what was done to it is for `proof.verdict` to say.

    Raises:
        UnreadableError: a file of it can't be read.
    """
    files = sorted(file for file in folder.iterdir() if _SEGMENT.fullmatch(file.name)) if folder.is_dir() else []
    files += [folder / NAME] if (folder / NAME).is_file() else []
    found: list[Recorded] = []
    unread = 0
    for path in files:
        try:
            with path.open("rb") as file:
                for number, raw in enumerate(iter(lambda: file.readline(_LONGEST), b""), 1):
                    made, ours = _recorded(raw, path, number)
                    unread += not ours
                    if made is not None:
                        found.append(made)
        except OSError as error:
            raise UnreadableError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    return Reading(tuple(found), unread, tuple(files))


def _recorded(raw: bytes, path: Path, number: int) -> tuple[Recorded | None, bool]:
    """The entry of a line, and whether the line is a record that can be read (genesis and checkpoints are, too)."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None, False
    if not isinstance(value, dict) or not isinstance(value.get("time"), str):
        return None, False
    moment, parsed = times.parse(value["time"]), entries.parse(value.get("body"))
    if parsed is None:
        return None, value.get("kind") != "record"
    seq = value.get("seq")
    if moment is None or not isinstance(seq, int):
        return None, False
    entry, source = parsed
    at = entry.at_ns if entry.at_ns is not None else moment.ns
    made = Recorded(
        entry.kind, entry.incident, entry.operator, at, moment.ns, source, entry.data, seq, str(value.get("hash")),
        str(path), number,
    )  # fmt: skip
    return made, True


def _known(reading: Reading, incident: str) -> None:
    names = [found.incident for found in reading.entries if found.kind == entries.OPEN and found.incident]
    if incident not in names:
        listed = f"incidents: {', '.join(names[-10:])}" if names else "open one with: auditrail incident open RUN..."
        raise UsageError(f"there is no incident {incident}", hint=listed)


def _of_year(incident: str, year: int) -> bool:
    return entries.ID.match(incident) is not None and incident.startswith(f"INC-{year:04d}-")


def operator(given: str | None) -> str:
    """Who writes: `--operator`, else `AUDITRAIL_OPERATOR`.

    Raises:
        UsageError: neither names anybody.
    """
    name = (given or os.environ.get(OPERATOR, "")).strip()
    if not name:
        raise UsageError("nobody is named as operator", hint=f"name yourself with --operator, or in {OPERATOR}")
    return name


def exists(folder: Path) -> Reading:
    """Asks for a ledger, and reads it.

    Raises:
        NothingReadableError: there is none.
    """
    reading = read(folder)
    if not reading.files:
        raise NothingReadableError(
            f"there is no ledger of incidents in {folder}", hint="open one with: auditrail incident open RUN..."
        )
    return reading
