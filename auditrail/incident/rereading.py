"""Reads a file as loading does, record by record and without a case.

A redacted copy is held to the original by this: it must say the same of everything that the policy keeps.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from auditrail import schema
from auditrail.config import Config, mapping_for
from auditrail.containers import limits
from auditrail.containers.compression import open_bytes
from auditrail.containers.framing import look
from auditrail.containers.records import Record
from auditrail.containers.splitting import split
from auditrail.containers.table import DELIMITERS
from auditrail.errors import UnreadableError
from auditrail.ingest import choose
from auditrail.ingest.plain import SourceReader
from auditrail.ingest.streams import read_fully, read_head, stream_name

# What a redaction never changes: words of closed lists, times and counts.
CLOSED = (
    "layer", "kind", "status", "decision", "ts_ns", "end_ns", "ts_source", "tokens_in", "tokens_out", "args_state",
    "result_state", "sampled", "sampling_probability",
)  # fmt: skip
# What may be another value afterwards, and is there or not as before.
NAMED = ("agent", "principal", "model", "tool", "error", "policy", "rule")


class Unit(NamedTuple):
    """Where a record stands; `joined`: it is made of parts that do not touch. `row`: a row of a table, as JSON."""

    number: int
    offset: int
    length: int
    joined: bool
    row: bytes = b""


@dataclass
class Reading:
    """What a file says.

    Attributes:
        format: of the reader; None: no reader knows the file.
        framing: how its records are divided.
        units: all of its records.
        events: number of a record -> its events, each as column -> value, with `ids_more` as (kind, value).
    """

    format: str | None
    framing: str = ""
    units: list[Unit] = field(default_factory=list)
    events: dict[int, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def closed(self, record: int) -> list[tuple[Any, ...]]:
        """What of a record must not change."""
        return [
            (*(event[name] for name in CLOSED), *(event[name] is None for name in NAMED))
            for event in self.events.get(record, ())
        ]


class _Noting(SourceReader):
    """Notes where each record stands that is read."""

    units: list[Unit]
    rows = False

    def _take(self, record: Record) -> None:
        row = record.raw if self.rows else b""
        self.units.append(Unit(record.number, record.offset, record.length, bool(record.pieces), row))
        super()._take(record)


def read(path: Path, shown: str, settings: Config, only: Container[int] | None = None) -> Reading:
    """Reads a file.

    Args:
        path: where its bytes lie.
        shown: the path that a mapping of the configuration is chosen by.
        settings: the configuration.
        only: numbers of the records whose events are wanted; None: all.

    Raises:
        UnreadableError: it can't be read.
    """
    size = path.stat().st_size
    with open_bytes(path, size=size) as stream:
        raw = read_head(stream)
    head = look(raw, complete=len(raw) < limits.HEAD_BYTES)
    mapping = mapping_for(settings, shown)
    choice = choose.choose(head, None, mapping)
    if choice is None:
        return Reading(None)
    made = Reading(choice.reader.NAME, choice.framing)
    with open_bytes(path, size=size) as stream:
        splitter = split(stream, choice.framing, arrays=choice.arrays)
        reader = _Noting(
            1, choice.reader, iter(splitter), stream=stream_name(shown), mapping=mapping,
            origin=choose.origin(head, choice, shown),
        )  # fmt: skip
        reader.units, reader.rows = made.units, choice.framing in DELIMITERS
        names = schema.arrow("events").names
        for batch in reader.batches():
            more = defaultdict(list)
            for key, kind, value in batch.ids_more:
                more[key].append((kind, value))
            for row in batch.events:
                event = dict(zip(names, row, strict=True))
                if only is None or event["record"] in only:
                    made.events[event["record"]].append({**event, "ids_more": more.get(event["event"], [])})
    return made


def content(path: Path, most: int) -> bytes:
    """All bytes of a file, decompressed.

    Raises:
        UnreadableError: there are more than `most`.
    """
    with open_bytes(path, size=path.stat().st_size) as stream:
        data = read_fully(stream, most + 1)
    if len(data) > most:
        raise UnreadableError(f"{path} is larger than {most >> 20} MB: too large to be redacted")
    return data
