"""Logs that cannot be read from the middle: JSON documents, tables, compressed files. Read whole, once they rest.

A document that grew is read again from its start, and the records that were given before are left out by their
number. A compressed file whose content was read already (a rotation) is gone on with behind the place of its mark.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditrail.containers import framing
from auditrail.containers.compression import open_bytes
from auditrail.containers.records import Record
from auditrail.containers.splitting import split
from auditrail.ingest import choose
from auditrail.ingest.joining import Guarded
from auditrail.ingest.streams import read_head
from auditrail.watch.feed import MAX_RECORD, Read

if TYPE_CHECKING:
    from auditrail.watch.log import Log


def records(log: Log, size: int) -> Iterator[Read]:
    """The records of a document that were not given yet; `log.feed` is told how far it is read.

    Raises:
        UnreadableError: it can't be read.
    """
    own = log.feed
    with open_bytes(log.path, size=size) as stream:
        head = read_head(stream)
        look = framing.look(head, stream.read(1) == b"")
    choice = choose.choose(look, own._wanted, own._mapping)  # noqa: SLF001 - one log, in two modules
    if choice is None:
        own.quarantined["unknown-format"] = 1
        return
    own._take(choice, choose.origin(look, choice, log.shown))  # noqa: SLF001 - as above
    make = getattr(choice.reader, "Assembler", None)
    joining = Guarded(make) if make is not None else None
    given, place = own.number, own.offset
    with open_bytes(log.path, size=size) as stream:
        cut = split(stream, choice.framing, arrays=choice.arrays, max_record=MAX_RECORD)
        for item in cut:
            if not isinstance(item, Record):
                continue
            # An array that is not closed yet ends in a record that is not whole: it is read when the rest is there.
            if item.defect == "torn-tail" and not log.finished:
                continue
            for record in joining.feed(item) if joining else (item,):
                if record.number <= given or not record.raw or record.raw.isspace():
                    continue
                own.number = max(own.number, record.number + record.span - 1)
                yield own.read(record)
        for record in joining.flush() if joining else ():
            if record.number > given:
                own.number = max(own.number, record.number + record.span - 1)
                yield own.read(record)
        own.offset = max(place, cut.position)
