"""Kubernetes container logs in the CRI format: `<RFC 3339 time> stdout|stderr P|F[:tag...] <message>`.

`P` is a partial line, continued by the next line of the same stream, until one with `F` (full). Lines are joined per
stream (see `_pieces`); the joined line has the time of the first piece and the tags of the last. A partial line whose
`F` never comes is marked `auditrail.unterminated`: the container was killed, or the next file of a rotation holds it.

Facts: the form is that of kubernetes `pkg/kubelet/kuberuntime/logs` and its tests; the zone may be `Z` or an offset.

Not read: the names of pod and container, which only the path holds.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail import jsontext, times
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers._contract import Inner, Reading, as_inside
from auditrail.readers._pieces import Piece, Pieces, as_text

NAME = "cri"
TITLE = "Kubernetes container logs (CRI)"
LAYER = "other"
TESTED_ON = "documentation only: line forms of kubernetes and containerd; invented samples"
NEVER_RECORDS = "which pod or container wrote the line (that is in the path), and lines that rotation removed."
IDS: tuple[str, ...] = ()
CAPTURES = as_inside("yes: when the container runtime read the line")
INPUT = "text"
LINES = True

_TIME = rb"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})"
_LINE = re.compile(rb"(" + _TIME + rb") (stdout|stderr) ([PF])((?::[^ ]*)?)(?: (.*))?\Z", re.DOTALL)
# So much of the head must be of the form: a torn or foreign line at a seam is no reason to refuse a file.
_SHARE = 0.8


def sniff(head: Head) -> float:
    """0.95 if nearly all of the first lines have the form."""
    lines = [line for line in head.lines if line.strip()]
    fits = sum(1 for line in lines if _LINE.match(line))
    return 0.95 if lines and fits >= _SHARE * len(lines) else 0.0


class Assembler(Pieces):
    """Joins partial lines with those that complete them."""

    def piece(self, record: Record) -> Piece | None:
        match = _LINE.match(record.raw)
        return Piece(match.group(2).decode(), match.group(3) == b"F") if match else None

    def whole(self, raws: list[bytes], *, complete: bool) -> bytes:
        parts = [match.groups() for raw in raws if (match := _LINE.match(raw))]
        time, stream = parts[0][0], parts[0][1]
        tags = parts[-1][3]
        message = b"".join(part[4] or b"" for part in parts)
        return b"%b %b %b%b %b" % (time, stream, b"F" if complete else b"P", tags, message)


def read(value: Any, record: Record) -> Reading:
    """One line of a container -> its text, to be read on.

    Raises:
        RecordError: `malformed`: the line does not have the form.
    """
    match = _LINE.match(value) if isinstance(value, bytes) else None
    if match is None:
        raise RecordError("malformed", "not a line of the form `time stdout|stderr P|F message`")
    time, stream, tag, tags, message = match.groups()
    moment = times.parse(time.decode())
    attributes: dict[str, Any] = {"stream": stream.decode()}
    if moment is None:  # the thirteenth month
        attributes["time"] = time.decode()
    if tags:
        attributes["tags"] = tags.decode("utf-8", "backslashreplace").removeprefix(":").split(":")
    if record.pieces:
        attributes["auditrail.pieces"] = len(record.pieces)
    if tag == b"P":
        attributes["auditrail.unterminated"] = True
    context = Event(
        ts_ns=moment.ns if moment else None,
        ts_source="event" if moment else "order",
        attributes=jsontext.dumps(attributes),
    )
    return Inner(as_text(message or b""), context, stream.decode())
