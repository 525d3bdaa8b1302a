"""The wire format of Protocol Buffers: a message as its fields, without a schema.

Source: protobuf.dev, "Encoding". A field is a varint `number << 3 | type` and a value: type 0 a varint, 1 eight bytes,
2 a length and so many bytes, 5 four bytes, both little-endian. The groups of proto2 (types 3 and 4) are not read:
nothing here is written with them.
"""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
# Fields of a well-known beginning that are looked at to tell a message from other bytes.
_LOOKED_AT = 4096


class WireError(ValueError):
    """The bytes are no message; `at` is where that shows. `cut` says that they may be one whose end is missing."""

    def __init__(self, reason: str, at: int, *, cut: bool = False) -> None:
        super().__init__(f"{reason} at byte {at}")
        self.at = at
        self.cut = cut


def varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The varint at `at`, and what stands behind it.

    Raises:
        WireError: it does not end before `end`, or does not fit 64 bits.
    """
    value = shift = 0
    start = at
    while at < end:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> 64:
                break
            return value, at
        shift += 7
        if shift > 63:
            break
    else:
        raise WireError("the message ends inside a number", start, cut=True)
    raise WireError("a number of more than 64 bits", start)


def fields(data: bytes, start: int, end: int, *, cut: bool = False) -> Iterator[tuple[int, int, int, int]]:
    """The fields of the message in `data[start:end]`: number, wire type, and where the value begins and ends.

    The value of a varint is given by its place, too: `varint` reads it. With `cut` the data is the beginning of a
    longer message, and the last value is given as far as it is there.

    Raises:
        WireError: the bytes are no message.
    """
    at = start
    while at < end:
        tag, behind = varint(data, at, end)
        number, kind = tag >> 3, tag & 7
        if not 0 < number < 1 << 29:
            raise WireError("no field has this number", at)
        if kind == BYTES:
            size, begin = varint(data, behind, end)
            close = begin + size
        elif kind == VARINT:
            begin, close = behind, varint(data, behind, end)[1]
        elif kind == FIXED64:
            begin, close = behind, behind + 8
        elif kind == FIXED32:
            begin, close = behind, behind + 4
        else:
            raise WireError(f"no field of this message is of wire type {kind}", at)
        if close > end and cut:
            close = end
        if close > end:
            raise WireError("a value is longer than the message", at, cut=True)
        yield number, kind, begin, close
        at = close


def is_list(data: bytes, start: int, end: int, *, cut: bool = False) -> bool:
    """Whether `data[start:end]` is a message that begins with a repeated field 1 of messages, and fits exactly.

    With `cut` it may be longer than the data. The first element must be a message itself, as far as it is seen.
    """
    seen = 0
    try:
        for number, kind, begin, close in fields(data, start, end, cut=cut):
            partly = cut and close == end
            if seen == 0 and (number != 1 or kind != BYTES or not _is_message(data, begin, close, cut=partly)):
                return False
            seen += 1
            if seen > _LOOKED_AT:
                return True
    except WireError as error:
        return cut and error.cut and seen > 0
    return seen > 0


def _is_message(data: bytes, start: int, end: int, *, cut: bool) -> bool:
    seen = 0
    try:
        for _ in fields(data, start, end, cut=cut):
            seen += 1
    except WireError as error:
        return cut and error.cut and seen > 0
    return seen > 0 and end - start > 2
