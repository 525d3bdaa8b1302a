"""The bytes of the records of a run, read back from where they were loaded, and held to the hash taken then.

A record is shown only if its hash is still the same: what has been changed since is no evidence of what was loaded.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from auditrail.containers.compression import ByteStream, open_bytes
from auditrail.digest import record_digest
from auditrail.errors import UnreadableError
from auditrail.ingest.streams import read_fully
from auditrail.report.types import Place, RawRecord, Reconstruction

# A page that a browser can open: longer records are read (their hash says that they are whole), but shown in part.
MOST_BYTES = 1 << 20
# All records of a run together; what comes behind is named by its place only.
ALL_BYTES = 64 << 20
_BLOCK = 1 << 20


def read_back(report: Reconstruction) -> Reconstruction:
    """The report with `raw` filled: key of the record (`1:23`, as in event ids) -> its text, or why it is not there."""
    places: dict[str, dict[str, Place]] = defaultdict(dict)
    for event in report.events:
        places[event.source.path][event.id.partition(".")[0]] = event.source
    found: dict[str, RawRecord] = {}
    left = ALL_BYTES
    for path, records in sorted(places.items()):
        for key, record in _records(path, records, left):
            found[key] = record
            left -= len(record.text)
    return report._replace(raw=found)


def _records(path: str, records: dict[str, Place], left: int) -> list[tuple[str, RawRecord]]:
    file = Path(path)
    if not file.is_file():
        why = "inside an archive" if "!" in path else "not at this place any more"
        return [(key, RawRecord("", f"not shown: the file is {why}")) for key in records]
    made: list[tuple[str, RawRecord]] = []
    try:
        with open_bytes(file, size=file.stat().st_size) as stream:
            at = 0
            for key, place in sorted(records.items(), key=lambda item: item[1].offset):
                if place.offset < at or place.length > left:
                    made.append((key, RawRecord("", "not shown: more than this page can hold")))
                    continue
                _skip(stream, place.offset - at)
                data = read_fully(stream, place.length)
                at = place.offset + len(data)
                left -= place.length
                made.append((key, _record(data, place)))
    except (UnreadableError, OSError) as error:
        reason = error.message if isinstance(error, UnreadableError) else str(error.strerror or error).lower()
        seen = {key for key, _ in made}
        made += [(key, RawRecord("", f"not shown: {reason}")) for key in records if key not in seen]
    return made


def _record(data: bytes, place: Place) -> RawRecord:
    if record_digest(data).hex() != place.blake3:
        return RawRecord("", "not shown: the bytes at this place are not those that were loaded")
    text = data[:MOST_BYTES].decode("utf-8", "backslashreplace")
    return RawRecord(text, f"the first {MOST_BYTES:,} of {len(data):,} bytes" if len(data) > MOST_BYTES else "")


def _skip(stream: ByteStream, size: int) -> None:
    while size > 0 and (block := stream.read(min(size, _BLOCK))):
        size -= len(block)
