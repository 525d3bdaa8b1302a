r"""Docker's json-file log driver: `{"log": "...\n", "stream": "stdout" | "stderr", "time": RFC 3339, "attrs"?: {}}`.

A line of the container that is longer than 16 KiB stands in several records; all but the last have a `log` without
newline. They are joined per stream (see `_pieces`): the joined record has the time of the first piece; the times of
the others are kept in `auditrail.piece_times`. Docker cuts by bytes and writes what is then no UTF-8 as U+FFFD: a
character on the seam is lost in the file itself.

`log` alone says how it ends: a last piece whose newline never comes is marked `auditrail.unterminated`, because the
container may have been killed, or the next file of a rotation holds the rest.

Facts: moby `daemon/logger/jsonfilelog/jsonlog` (members); the size and the newline rule are general knowledge.

Not read: files of other logging drivers, and the container's configuration.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail import jsontext, times
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers._contract import Inner, Reading, as_inside
from auditrail.readers._pieces import Piece, Pieces

NAME = "docker"
TITLE = "Docker json-file container logs"
LAYER = "other"
TESTED_ON = "documentation only: members of moby's jsonlog; invented samples"
NEVER_RECORDS = "which container or image wrote the line (that is in the path), and lines that rotation removed."
IDS: tuple[str, ...] = ()
CAPTURES = as_inside("yes: when the daemon read the line")

_MEMBERS = frozenset({"log", "stream", "time", "attrs"})
_COLUMNS = frozenset({"log", "time"})
# A rotated file may begin with a torn line.
_LOOKED_AT = 5
_TIMES = "auditrail.piece_times"
# The usual order of members, read without parsing; anything else is parsed.
_USUAL = re.compile(rb'\{"log":"((?:[^"\\]++|\\.)*+)","stream":"(stdout|stderr)"')


def sniff(head: Head) -> float:
    """0.95 for `log`, `stream` and `time` with nothing but `attrs` beside; 0.8 with further members."""
    return max((_score(sample) for sample in head.samples[:_LOOKED_AT]), default=0.0)


def _score(sample: Any) -> float:
    if not isinstance(sample, dict) or not isinstance(sample.get("log"), str):
        return 0.0
    if sample.get("stream") not in ("stdout", "stderr") or not isinstance(sample.get("time"), str):
        return 0.0
    return 0.95 if sample.keys() <= _MEMBERS else 0.8


class Assembler(Pieces):
    """Joins the pieces of a split line."""

    def piece(self, record: Record) -> Piece | None:
        if match := _USUAL.match(record.raw):
            return Piece(match.group(2).decode(), _ends_line(match.group(1)))
        try:
            value, _ = jsontext.parse(record.raw)
        except RecordError:
            return None
        if not isinstance(value, dict) or not isinstance(value.get("log"), str):
            return None
        stream = value.get("stream")
        return Piece(stream if isinstance(stream, str) else "", value["log"].endswith("\n"))

    def whole(self, raws: list[bytes], *, complete: bool) -> bytes:
        del complete  # the joined `log` says so itself
        values = [jsontext.parse(raw)[0] for raw in raws]
        joined = {**values[0], "log": "".join(value["log"] for value in values)}
        joined[_TIMES] = [value.get("time") for value in values[1:]]
        return jsontext.dumps(joined).encode("utf-8", "surrogatepass")


def _ends_line(body: bytes) -> bool:
    """Whether JSON text ends in the escape of a newline, and not in an escaped backslash and the letter n."""
    if not body.endswith(b"\\n"):
        return False
    before = body[:-1]
    return (len(before) - len(before.rstrip(b"\\"))) % 2 == 1


def read(value: Any, record: Record) -> Reading:
    """One line of a container -> its text, to be read on.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a record of a Docker log is no object")
    attributes = {key: item for key, item in value.items() if key not in _COLUMNS}
    moment = times.parse(value.get("time"))
    if moment is None and value.get("time") is not None:
        attributes["time"] = value["time"]
    log = value.get("log")
    if log is None and "log" in value:
        attributes["log"] = None
    if record.pieces:
        attributes["auditrail.pieces"] = len(record.pieces)
    if isinstance(log, str) and not log.endswith("\n"):
        attributes["auditrail.unterminated"] = True
    context = Event(
        ts_ns=moment.ns if moment else None,
        ts_source="event" if moment else "order",
        tz_assumed=moment.tz_assumed if moment else False,
        attributes=jsontext.dumps(attributes) if attributes else None,
    )
    if log is None:
        return [context]
    stream = value.get("stream")
    text = log.removesuffix("\n") if isinstance(log, str) else jsontext.dumps(log)
    return Inner(text, context, stream if isinstance(stream, str) else "")
