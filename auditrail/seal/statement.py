"""What a seal says of a log: the extension lines of a checkpoint, so that one signature covers all of it.

    example.com/agents/audit.jsonl               origin: names the log, and stays when the log is sealed again
    1204                                         leaves
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=  root of RFC 6962
    auditrail-seal 1                             that the lines below are these
    name audit.jsonl                             of the file, when it was sealed (percent-encoded)
    cut lines                                    lines, records or chunks: see `cutting`
    bytes 88123                                  of the content, the tail included
    tail 17 NiGB…                                bytes behind the last leaf, and their hash as a leaf
    time 2026-09-17T10:06:02Z clock              when, as the sealer's clock says; or `given`: on the command line
    previous 1100 bXk… grown                     size and hash of the previous checkpoint's text; or `broken`
    after 880 a2F…                               likewise, of the log that this one continues after rotation
    closed                                       the log is finished: nothing may follow

`tail`, `previous`, `after` and `closed` stand there where they say something; all come in this order. Lines that are
not known make a seal unreadable: they could limit what it says.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote, unquote

from auditrail.errors import SealError
from auditrail.notes import Checkpoint
from auditrail.seal.cutting import KINDS

MARK = "auditrail-seal 1"
CLOCK, GIVEN = "clock", "given"
GROWN, BROKEN = "grown", "broken"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z", re.ASCII)
_WORD = re.compile(r"[^\s+\x00-\x1f]+\Z")
_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,18})\Z")


class Earlier(NamedTuple):
    """An earlier checkpoint: leaves, SHA-256 of its note's text, and `grown` or `broken` (blank: of another file)."""

    size: int
    digest: bytes
    relation: str = ""


class Tail(NamedTuple):
    """Bytes behind the last leaf: how many, their hash as a leaf, and whether they only close what was opened."""

    length: int
    hash: bytes
    closing: bool = False


class Statement(NamedTuple):
    """A seal's signed words. `size` counts bytes of the content; `time` is RFC 3339 in UTC, whole seconds."""

    origin: str
    leaves: int
    root: bytes
    name: str
    cut: str
    size: int
    time: str
    time_source: str
    tail: Tail | None = None
    previous: Earlier | None = None
    after: Earlier | None = None
    closed: bool = False

    @property
    def end(self) -> int:
        """Bytes of the content up to the end of the last leaf."""
        return self.size - (self.tail.length if self.tail else 0)

    def text(self) -> str:
        """The text of the note."""
        return Checkpoint(self.origin, self.leaves, self.root, tuple(self._lines())).text()

    def _lines(self) -> Iterator[str]:
        yield MARK
        yield f"name {quote(self.name, safe='')}"
        yield f"cut {self.cut}"
        yield f"bytes {self.size}"
        if self.tail:
            yield f"tail {self.tail.length} {_encode(self.tail.hash)}" + (" closing" if self.tail.closing else "")
        yield f"time {self.time} {self.time_source}"
        if self.previous:
            yield f"previous {self.previous.size} {_encode(self.previous.digest)} {self.previous.relation}"
        if self.after:
            yield f"after {self.after.size} {_encode(self.after.digest)}"
        if self.closed:
            yield "closed"


def word(text: str) -> str:
    """A text as a part of an origin: percent-encoded, so that it holds no space and no plus."""
    return quote(text, safe="")


def is_origin(text: str) -> bool:
    """Whether a text can name a log: C2SP only recommends it; here it must be one word, so that lines stay lines."""
    return bool(_WORD.match(text))


def digest(text: str) -> bytes:
    """What an earlier checkpoint is named by: SHA-256 of its note's text."""
    return sha256(text.encode()).digest()


def statement(checkpoint: Checkpoint) -> Statement:
    """Reads what a checkpoint says of a log.

    Raises:
        SealError: it is the checkpoint of something else, or of a later version.
    """
    lines = list(checkpoint.extensions)
    if not lines or lines.pop(0) != MARK:
        raise SealError("this checkpoint is not that of a seal", hint=f"its fourth line would be: {MARK}")
    made = Statement(
        checkpoint.origin,
        checkpoint.size,
        checkpoint.root,
        name=unquote(_take(lines, "name", 1)[0]),
        cut=_take(lines, "cut", 1)[0],
        size=_number(_take(lines, "bytes", 1)[0]),
        tail=_tail(lines),
        time=(when := _take(lines, "time", 2))[0],
        time_source=when[1],
        previous=_earlier(lines, "previous", (GROWN, BROKEN)),
        after=_earlier(lines, "after", ()),
        closed=lines == ["closed"],
    )
    # One statement has one text: so nothing that is signed can be read in two ways.
    if made.text() != checkpoint.text() or made.cut not in KINDS or made.end < 0:
        raise SealError("the words of the seal are not those of this version")
    if not _TIME.match(made.time) or made.time_source not in (CLOCK, GIVEN):
        raise SealError("the time of the seal is none")
    return made


def _take(lines: list[str], word: str, values: int) -> list[str]:
    parts = lines.pop(0).split(" ") if lines else [""]
    if parts[0] != word or len(parts) != values + 1:
        raise SealError(f"the seal should say {word!r} here, with {values} value(s)")
    return parts[1:]


def _tail(lines: list[str]) -> Tail | None:
    if not lines or not lines[0].startswith("tail "):
        return None
    closing = lines[0].endswith(" closing")
    values = _take(lines, "tail", 3 if closing else 2)
    length = _number(values[0])
    if not length:
        raise SealError("the seal speaks of a tail of no bytes")
    return Tail(length, _decode(values[1]), closing)


def _earlier(lines: list[str], word: str, relations: tuple[str, ...]) -> Earlier | None:
    if not lines or not lines[0].startswith(word + " "):
        return None
    size, hashed, *relation = _take(lines, word, 3 if relations else 2)
    if relations and relation[0] not in relations:
        raise SealError(f"the seal names an earlier one that is {relation[0]!r}")
    return Earlier(_number(size), _decode(hashed), *relation)


def _number(text: str) -> int:
    if not _NUMBER.match(text):
        raise SealError("the seal should say a number here")
    return int(text)


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _decode(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if len(data) != 32:
        raise SealError("the seal should say a hash of 32 bytes here")
    return data
