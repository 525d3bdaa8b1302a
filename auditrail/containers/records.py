"""The types that containers hand to readers and to ingest."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol


class Readable(Protocol):
    """A stream of bytes: `read` returns at most `n` bytes, and b"" only at the end."""

    def read(self, n: int, /) -> bytes: ...


class Record(NamedTuple):
    """One record of a source, undecoded.

    `raw` excludes the line terminator or separator; `offset` and `length` address exactly `raw` in the
    decompressed bytes, and `digest` is its blake3 (32 bytes). For an oversized record `raw` holds only the
    first bytes, while `length` and `digest` speak of the whole. For a length-prefixed frame `offset`, `length` and
    `digest` speak of the payload as it stands in the source (perhaps a zstd frame), and `raw` is the message in it.
    For a row of a table they speak of the row as it stands there, and `raw` is a JSON object made of it (see `table`).

    Attributes:
        number: 1-based, counted as the format counts its records (blank lines count).
        span: how many records were joined into this one (continuation lines, split messages); normally 1.
        defect: a quarantine code that the framing found (`torn-tail`, `oversized`, `broken-frame`, `malformed`...),
            or None.
        header: the other members of the wrapper object around an array element, shared by all its elements.
            Members that stand behind the array are there too, unless the object is larger than
            `limits.WRAPPER_BUFFER`: then they arrive only with the closing `Wrapper`.
        pieces: for a record joined from parts that do not touch: (number, offset, length) of each part.
        last_unterminated: it is the last line and no newline ends it. Good if it parses; if not, it is a torn tail.
        line: a line break stands behind it, if anything does; False for values of an array, or of several in a row.
    """

    number: int
    offset: int
    length: int
    raw: bytes
    digest: bytes
    span: int = 1
    defect: str | None = None
    header: dict[str, Any] | None = None
    pieces: tuple[tuple[int, int, int], ...] = ()
    last_unterminated: bool = False
    line: bool = True


class Wrapper(NamedTuple):
    """The end of a wrapper object whose array was split into records: what the rest of the object says.

    `array` is the member that was split, `elements` how many it had, `first` the number that its first
    element has (or would have), `header` all other members (one larger than `limits.HEADER_VALUE` is None).
    `complete` is False when the object is damaged or stops before its closing brace: then the header may lack members.
    """

    header: dict[str, Any]
    array: str
    elements: int
    first: int
    offset: int
    complete: bool = True


class Head(NamedTuple):
    """What can be seen at the start of a source: enough to choose a reader by content.

    Attributes:
        raw: the first bytes, decompressed (at most `limits.HEAD_BYTES`).
        complete: whether `raw` is all there is.
        framing: `lines` (one JSON value or text line each), `values` (JSON values one after another, pretty-printed
            or not, top-level arrays taken apart), `csv`, `tsv` or `csv-semicolon` (rows of a table, see `table`),
            `length-prefixed`, `varint-prefixed` or `message` (binary, see `frames`).
        top_array: whether the first value is an array.
        samples: the first parsed JSON values (elements, if the first value is an array), at most 50;
            those that do not parse are left out. A list of any JSON type: check before use.
        keys: names of the members of the first object, even when it reaches beyond `raw`.
        lines: the first text lines, undecoded, without terminator, at most 50 (never cut in the middle unless
            it is the only one).
    """

    raw: bytes
    complete: bool
    framing: str
    top_array: bool
    samples: list[Any]
    keys: frozenset[str]
    lines: list[bytes]
