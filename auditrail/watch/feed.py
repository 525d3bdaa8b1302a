"""The bytes of one log, as they come -> records with their events, by the reader that ingest would take.

Lines are read as soon as they are whole. Anything else (a JSON document, a table, a compressed file) cannot be read
from the middle: `documents` reads it as a whole when it has come to rest. The reader is chosen by the first lines, and
again as more of them are there, until one is sure of them. A reader that joins records (an `Assembler`) is shown the
beginning and the last stretch of a log again after a restart, so that it knows what it knew.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from auditrail import jsontext
from auditrail.containers import framing
from auditrail.containers.lines import LineSplitter
from auditrail.containers.records import Record, Wrapper
from auditrail.errors import RecordError
from auditrail.ingest import choose
from auditrail.ingest.joining import Guarded
from auditrail.ingest.streams import stream_name
from auditrail.ingest.unwrap import Settings, options_of, unwrap_all
from auditrail.model import Event
from auditrail.readers._contract import Ignored, Inner
from auditrail.readers._scope import Origin

# A line beyond this is counted and left out: a watch holds many logs in memory at once.
MAX_RECORD = 16 << 20
# So much of a log's beginning decides on its reader, and is kept for that.
HEAD = 64 << 10
# A reader that scores this is sure of its format: no other is asked later on.
_SURE = 0.8
# How much an assembler is shown again after a restart.
WARM = 256 << 10


class Read(NamedTuple):
    """One record: its events, or the code and reason why there are none (`code` None: it is no event)."""

    record: Record
    events: list[Event]
    code: str | None = None
    reason: str = ""


class Feed:
    """Reads one log.

    Args:
        shown: its path, as given. stream: name of its stream where no record tells one.
        reader: name of the reader to take, None: by content. mapping: of the configuration.

    Attributes:
        offset: of the first byte that is not in a whole record yet. number: records before it.
        choice: the reader, None as long as there is none. document: the log cannot be read line by line.
    """

    def __init__(self, shown: str, stream: str, reader: str | None, mapping: tuple[Any, ...], offset: int = 0) -> None:
        self.shown = shown
        self.stream = stream
        self.offset = offset
        self.number = 0
        self.choice: choose.Choice | None = None
        self.document = False
        self.quarantined: Counter[str] = Counter()
        self._wanted = reader
        self._mapping = mapping
        self._head = b""
        self._looked = 0
        self._fresh = False  # the head holds the block that is about to be taken
        self._parts: list[bytes] = []
        self._size = 0
        self._skipping = False
        self._options: dict[str, Any] = {}
        self._text = False
        self._settings = Settings(mapping)
        self._joining: Guarded | None = None

    # --- the reader --------------------------------------------------------------------------------------------------

    @property
    def undecided(self) -> bool:
        """Whether there is no reader yet, and more bytes may tell one."""
        return self.choice is None and self._looked < HEAD

    @property
    def resume(self) -> tuple[int, int]:
        """Offset and number of records from which reading must go on after a restart: nothing of it was given yet."""
        held = self._joining.first if self._joining is not None else None
        return (self.offset, self.number) if held is None else (held.offset, held.number - 1)

    def begin(self, head: bytes, *, complete: bool = False) -> bool:
        """Chooses the reader by the first bytes of the log; False: nobody can say yet, or `document` is set."""
        self._fresh = True
        self._head = head[:HEAD]
        self._looked = len(self._head)
        whole = self._head if complete else self._head[: self._head.rfind(b"\n") + 1]
        if not whole.strip():
            return False
        look = framing.look(whole, complete)
        if look.framing != "lines":
            self.document = True
        choice = choose.choose(look, self._wanted, self._mapping)
        if choice is None:
            return False
        self._take(choice, choose.origin(look, choice, self.shown))
        return not self.document

    def _take(self, choice: choose.Choice, origin: Origin) -> None:
        changed = self.choice is None or self.choice.reader is not choice.reader
        self.choice = choice
        self._settings = Settings(self._mapping, origin)
        self._options = options_of(choice.reader, self._settings)
        self._text = getattr(choice.reader, "INPUT", "json") == "text"
        make = getattr(choice.reader, "Assembler", None)
        if changed:
            self._joining = Guarded(make) if make is not None else None

    def _look_again(self, block: bytes) -> None:
        """Whether more lines make another reader the better one."""
        fresh, self._fresh = self._fresh, False
        if fresh:
            return
        if len(self._head) >= HEAD or (self.choice is not None and self.choice.score >= _SURE):
            return
        self._head = (self._head + block)[:HEAD]
        if self.choice is None or len(self._head) >= 2 * self._looked or len(self._head) == HEAD:
            self.begin(self._head)
            self._fresh = False

    # --- records -----------------------------------------------------------------------------------------------------

    @property
    def held(self) -> int:
        """Bytes behind `offset` that were given and end in no newline yet."""
        return self._size

    def take(self, block: bytes) -> Iterator[Read]:
        """Reads the next bytes of the log; what is not a whole line yet waits."""
        end = block.rfind(b"\n")
        if end < 0:
            self._wait(block)
            return
        whole = b"".join([*self._parts, block[: end + 1]])
        if self._skipping:
            cut = whole.find(b"\n") + 1
            self._skip(cut)
            whole = whole[cut:]
        self._parts, self._size = [], 0
        self._look_again(whole)
        yield from self._records(whole)
        if end + 1 < len(block):
            self._wait(block[end + 1 :])

    def finish(self) -> Iterator[Read]:
        """Reads what is left where no more will come: a last line without its newline, and what was being joined."""
        rest = b"".join(self._parts)
        self._parts, self._size = [], 0
        if rest and not self._skipping:
            self._look_again(rest)
            yield from self._records(rest, ended=False)
        if self._joining is not None:
            for record in self._joining.flush():
                yield self.read(record)

    def _wait(self, block: bytes) -> None:
        if self._skipping:
            self.offset += len(block)
            return
        self._parts.append(block)
        self._size += len(block)
        if self._size > MAX_RECORD:
            self.offset += self._size
            self._parts, self._size, self._skipping = [], 0, True

    def _skip(self, size: int) -> None:
        """The end of a line that was too long."""
        self.offset += size
        self.number += 1
        self.quarantined["oversized"] += 1
        self._skipping = False

    def _records(self, whole: bytes, *, ended: bool = True) -> Iterator[Read]:
        arrays = self.choice.arrays if self.choice is not None else ()
        cut = LineSplitter(io.BytesIO(whole), arrays, self.offset, self.number + 1, MAX_RECORD)
        for item in cut:
            if isinstance(item, Wrapper):
                continue
            self.number = item.number
            if item.raw and not item.raw.isspace():
                yield from self._joined(item if ended else item._replace(last_unterminated=True))
        self.offset += len(whole)

    def _joined(self, record: Record) -> Iterable[Read]:
        if self._joining is None:
            return (self.read(record),)
        return [self.read(one) for one in self._joining.feed(record)]

    def warm(self, lines: bytes) -> None:
        """Shows an assembler lines that were read before a restart; what it gives for them was given then."""
        if self._joining is None or not lines:
            return
        for item in LineSplitter(io.BytesIO(lines), (), 0, 1, MAX_RECORD):
            if isinstance(item, Record):
                self._joining.feed(item)
        self._joining.flush()

    def read(self, record: Record) -> Read:
        """The events of one record; never raises."""
        if self.choice is None:
            return self._refused(record, "unknown-format", "no reader knows the log")
        if record.defect is not None:
            return self._refused(record, record.defect, "the framing is damaged here")
        reader = self.choice.reader
        try:
            value = record.raw if self._text else jsontext.parse(record.raw)[0]
            reading = reader.read(value, record, **self._options)
            if isinstance(reading, Inner):
                reading = self._unwrapped([reading], record)
            elif isinstance(reading, list) and any(isinstance(part, Inner) for part in reading):
                reading = self._unwrapped(reading, record)
        except RecordError as error:
            torn = record.last_unterminated and error.code in ("invalid-json", "invalid-utf8")
            return self._refused(record, "torn-tail" if torn else error.code, error.reason)
        except Exception as error:  # noqa: BLE001 - a reader's fault must cost one record, not the watch
            return self._refused(record, "reader-failure", f"{reader.NAME}: {type(error).__name__}")
        return Read(record, [] if isinstance(reading, Ignored) else reading)

    def _unwrapped(self, parts: list[Any], record: Record) -> Any:
        out = unwrap_all(parts, record, self._settings)
        return out if isinstance(out, Ignored) else out.events

    def _refused(self, record: Record, code: str, reason: str) -> Read:
        self.quarantined[code] += 1
        return Read(record, [], code, reason)


def name_of(shown: str) -> str:
    """The name of the stream of a log."""
    return stream_name(shown)
