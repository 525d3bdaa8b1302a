"""Opens a source of any compression by its magic bytes, and bounds what it may expand to.

Magic bytes (never the name): gzip `1f 8b 08` (RFC 1952), zstd `28 b5 2f fd` and skippable frames `5? 2a 4d 18`
(RFC 8878), bzip2 `BZh1`..`BZh9` and the block or end magic behind it (so that a text that begins with "BZh" stays
a text), xz `fd 37 7a 58 5a 00`. All four may be several streams one after another. Parquet (`PAR1` and a byte that
no text has) counts as a compression whose content is its rows as JSON lines, see `parquet`. Compressed bytes that
turn out to be compressed again are opened too, three levels deep.

A damaged or truncated stream is no exception: all that could be decompressed before the damage is returned, then
the stream ends and `ByteStream.defect` says why. Only a bomb or a file that cannot be read is an error.
"""

from __future__ import annotations

import bz2
import io
import lzma
import re
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

from auditrail.containers import limits
from auditrail.errors import UnreadableError

_BLOCK: Final = 1 << 20
# bz2 and lzma throw away what a call had decompressed before it met damage: small pieces keep that loss small.
_PIECE: Final = 1 << 12
_LEVELS: Final = 3
_PEEK: Final = 16

_MAGIC: Final = (
    ("gzip", re.compile(rb"\x1f\x8b\x08")),
    ("zstd", re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18")),
    ("bzip2", re.compile(rb"BZh[1-9](?:1AY&SY|\x17\x72\x45\x38\x50\x90)")),
    ("xz", re.compile(rb"\xfd7zXZ\x00")),
    ("parquet", re.compile(rb"PAR[1E][^\t\n\r -~]")),
)


def detect(head: bytes) -> str | None:
    """The compression that the first 16 bytes tell: gzip, zstd, bzip2, xz, parquet, or None."""
    for name, magic in _MAGIC:
        if magic.match(head):
            return name
    return None


class _Layer(Protocol):
    """One level: the file, or what decompresses the level below. `read` returns b"" at the end."""

    @property
    def defect(self) -> str | None: ...

    def read(self, n: int, /) -> bytes: ...

    def close(self) -> None: ...


class _File:
    """The first `size` bytes of a file: a log may grow while it is read."""

    def __init__(self, raw: io.RawIOBase | io.BufferedIOBase, size: int) -> None:
        self.defect: str | None = None
        self.consumed = 0
        self._raw = raw
        self.size = size

    def read(self, n: int, /) -> bytes:
        try:
            block = self._raw.read(min(n, self.size - self.consumed)) or b""
        except OSError as error:
            raise UnreadableError(f"reading stopped at byte {self.consumed}: {error.strerror or error}") from error
        self.consumed += len(block)
        return block

    def close(self) -> None:
        self._raw.close()


class _Peeked:
    """A layer of which the first bytes were looked at; they are handed out again."""

    def __init__(self, below: _Layer, first: bytes) -> None:
        self._below = below
        self._first = first

    @property
    def defect(self) -> str | None:
        return self._below.defect

    def read(self, n: int, /) -> bytes:
        if self._first:
            out, self._first = self._first[:n], self._first[n:]
            return out
        return self._below.read(n)

    def close(self) -> None:
        self._below.close()


class _Gzip:
    """gzip, member after member. Zero bytes behind a member are padding (RFC 1952 allows it, tapes write it)."""

    def __init__(self, below: _Layer) -> None:
        self.defect: str | None = None
        self._below = below
        self._input = b""
        self._member: Any = None
        self._members = 0
        self._saved = bytearray()
        self._ended = False

    def read(self, n: int, /) -> bytes:
        while not self._saved and not self._ended:
            if self._member is None and not self._open_member():
                break
            if not self._input:
                self._input = self._below.read(_BLOCK >> 2)
            if not self._input:
                self._end("gzip stream is truncated")
                break
            out = self._inflate(n)
            if self._member is not None and self._member.eof:
                self._input = self._member.unused_data
                self._member = None
            if out:
                return out
        out, self._saved = bytes(self._saved[:n]), self._saved[n:]
        return out

    def _end(self, defect: str | None) -> None:
        self._ended = True
        self.defect = defect

    def _open_member(self) -> bool:
        while True:
            if self._members:
                self._input = self._input.lstrip(b"\0")
            if len(self._input) < 2:
                more = self._below.read(_BLOCK >> 2)
                self._input += more
                if more:
                    continue
            break
        if not self._input:
            self._end(None)
            return False
        if self._members and self._input[:2] != b"\x1f\x8b":
            self._end("bytes that are not gzip stand behind the last gzip member")
            return False
        self._member = zlib.decompressobj(wbits=31)
        self._members += 1
        return True

    def _inflate(self, n: int) -> bytes:
        # zlib throws away what a call had inflated before it met damage: go back and feed it byte by byte.
        before, data = self._member.copy(), self._input
        try:
            out: bytes = self._member.decompress(data, n)
            self._input = self._member.unconsumed_tail
        except zlib.error as error:
            for at in range(len(data)):
                try:
                    self._saved += before.decompress(data[at : at + 1])
                except zlib.error:
                    break
                if len(self._saved) > n + limits.MAX_EXPANSION * _BLOCK:
                    break
            self._end(f"gzip stream is damaged ({str(error).rpartition(': ')[2]})")
            return b""
        return out

    def close(self) -> None:
        self._below.close()


class _Streams:
    """bzip2 and xz: stream after stream, by the decompressors of the standard library."""

    def __init__(self, below: _Layer, name: str, make: Callable[[], Any], magic: bytes, padding: bytes) -> None:
        self.defect: str | None = None
        self._below = below
        self._name = name
        self._make = make
        self._magic = magic
        self._padding = padding
        self._input = b""
        self._stream: Any = None
        self._streams = 0
        self._ended = False

    def read(self, n: int, /) -> bytes:
        while not self._ended:
            if self._stream is None and not self._open_stream():
                break
            piece = b""
            if self._stream.needs_input:
                piece = self._take()
                if not piece:
                    self._end(f"{self._name} stream is truncated")
                    break
            try:
                out: bytes = self._stream.decompress(piece, n)
            except (OSError, EOFError, ValueError, lzma.LZMAError) as error:
                self._end(f"{self._name} stream is damaged ({error})")
                break
            if self._stream.eof:
                self._input = self._stream.unused_data + self._input
                self._stream = None
            if out:
                return out
        return b""

    def _end(self, defect: str | None) -> None:
        self._ended = True
        self.defect = defect

    def _take(self) -> bytes:
        if not self._input:
            self._input = self._below.read(_BLOCK >> 2)
        piece, self._input = self._input[:_PIECE], self._input[_PIECE:]
        return piece

    def _open_stream(self) -> bool:
        while True:
            if self._streams:
                self._input = self._input.lstrip(self._padding) if self._padding else self._input
            if len(self._input) < len(self._magic):
                more = self._below.read(_BLOCK >> 2)
                self._input += more
                if more:
                    continue
            break
        if not self._input:
            self._end(None)
            return False
        if self._streams and not self._input.startswith(self._magic):
            self._end(f"bytes that are not {self._name} stand behind the last {self._name} stream")
            return False
        self._stream = self._make()
        self._streams += 1
        return True

    def close(self) -> None:
        self._below.close()


class _Feed:
    """What pyarrow reads compressed bytes from; behind `careful` bytes it hands them out in small pieces."""

    def __init__(self, below: _Layer, careful: int | None = None) -> None:
        self.closed = False
        self.fed = 0
        self._below = below
        self._careful = careful
        self._left = b""

    def read(self, n: int = -1) -> bytes:
        if not self._left:
            self._left = self._below.read(1 << 16 if n < 0 else n)
        size = len(self._left)
        if self._careful is not None and self.fed + size > self._careful:
            size = min(size, max(self._careful - self.fed, 16))
        out, self._left = self._left[:size], self._left[size:]
        self.fed += len(out)
        return out

    def close(self) -> None:
        self.closed = True

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False


class _Zstd:
    """zstd by pyarrow: frame after frame, skippable frames left out.

    pyarrow throws away all that a call had decompressed before it met damage. So a second pass goes up to the place
    of the damage again and from there feeds and reads in small pieces; `again` opens the level below anew for it.
    """

    def __init__(self, below: _Layer, again: Callable[[], _Layer]) -> None:
        self.defect: str | None = None
        self._below = below
        self._again = again
        self._produced = 0
        self._saved = b""
        self._ended = False
        self._feed = _Feed(below)
        self._stream = _open_zstd(self._feed)

    def read(self, n: int, /) -> bytes:
        if not self._ended:
            try:
                out: bytes = self._stream.read(n)
            except OSError as error:
                self._ended = True
                self.defect = _zstd_defect(error)
                self._saved = self._salvage(n)
            else:
                self._produced += len(out)
                self._ended = not out
                return out
        out, self._saved = self._saved[:n], self._saved[n:]
        return out

    def _salvage(self, n: int) -> bytes:
        below = self._again()
        saved = bytearray()
        try:
            # pyarrow reads up to 64 KiB ahead of what it decompresses.
            stream = _open_zstd(_Feed(below, careful=max(self._feed.fed - (1 << 17), 0)))
            left = self._produced
            while left:
                left -= len(stream.read(min(left, _BLOCK))) or left
            while len(saved) < n and (byte := stream.read(1)):
                saved += byte
        except OSError:
            pass  # the damage itself: what came before it is in `saved`
        finally:
            below.close()
        return bytes(saved)

    def close(self) -> None:
        self._stream.close()
        self._below.close()


def _open_zstd(feed: _Feed) -> Any:
    import pyarrow as pa

    return pa.CompressedInputStream(pa.PythonFile(feed, mode="r"), "zstd")


def _zstd_defect(error: OSError) -> str:
    text = str(error)
    if "runcated" in text:
        return "zstd stream is truncated"
    return f"zstd stream is damaged ({text.rpartition(': ')[2]})"


class _Bounded:
    """Stops a bomb: counts what a level produced against what was read from the file."""

    def __init__(self, below: _Layer, file: _File, max_expansion: int) -> None:
        self._below = below
        self._file = file
        self._max_expansion = max_expansion
        self._produced = 0

    @property
    def defect(self) -> str | None:
        return self._below.defect

    def read(self, n: int, /) -> bytes:
        out = self._below.read(min(n, _BLOCK))
        self._produced += len(out)
        if self._produced > limits.EXPANSION_FLOOR and self._produced > self._max_expansion * self._file.consumed:
            raise UnreadableError(
                f"{self._file.consumed} compressed bytes grew to more than {self._produced} bytes",
                hint=f"if this is no decompression bomb, raise --max-expansion (now {self._max_expansion})",
            )
        return out

    def close(self) -> None:
        self._below.close()


class ByteStream:
    """The decompressed bytes of a source, in bounded memory.

    Attributes:
        compression: gzip, zstd, bzip2, xz, parquet, or None; of one inside another, outermost first: `zstd+gzip`.
        defect: why a compressed stream ended early (truncated, damaged, garbage behind it), or None. Known once
            `read` has returned b"".
    """

    def __init__(self, file: _File, layers: list[_Layer], top: _Layer, compression: str | None) -> None:
        self.compression = compression
        self._file = file
        self._layers = layers
        self._top = top

    @property
    def consumed(self) -> int:
        """Bytes of the file read so far."""
        return self._file.consumed

    @property
    def defect(self) -> str | None:
        return next((layer.defect for layer in self._layers if layer.defect), None)

    def read(self, n: int, /) -> bytes:
        """At most `n` bytes; b"" at the end.

        Raises:
            UnreadableError: the file cannot be read, or it is a decompression bomb.
        """
        return self._top.read(n)

    def close(self) -> None:
        self._top.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_bytes(path: Path, *, size: int, max_expansion: int = limits.MAX_EXPANSION) -> ByteStream:
    """Opens the first `size` bytes of a file, decompressed.

    Raises:
        UnreadableError: the file cannot be opened or read.
    """

    def opener() -> io.BufferedIOBase | io.RawIOBase:
        try:
            return path.open("rb", buffering=0)
        except OSError as error:
            raise UnreadableError(f"cannot open {path}: {error.strerror or error}") from error

    return _open(opener, size, max_expansion)


def open_memory(data: bytes, *, max_expansion: int = limits.MAX_EXPANSION) -> ByteStream:
    """Like `open_bytes`, for bytes that are already in memory."""
    return _open(lambda: io.BytesIO(data), len(data), max_expansion)


def open_one(
    opener: Callable[[], io.BufferedIOBase | io.RawIOBase], size: int, name: str | None, max_expansion: int
) -> ByteStream:
    """Like `open_bytes`, for bytes whose compression is told (None: there is none); nothing inside is opened.

    What is not compressed as told is passed on as it stands: the first bytes still have to be the compression's.
    """
    return _open(opener, size, max_expansion, levels=1 if name else 0, only=name)


def _open(
    opener: Callable[[], io.BufferedIOBase | io.RawIOBase],
    size: int,
    max_expansion: int,
    levels: int = _LEVELS,
    only: str | None = None,
) -> ByteStream:
    file = _File(opener(), size)
    layers: list[_Layer] = []
    names: list[str] = []
    top: _Layer = file
    layer: _Layer
    try:
        while True:
            first = _first_bytes(top)
            top = _Peeked(top, first)
            name = detect(first) if len(names) < levels else None
            if name is None or only not in (None, name):
                break
            if name == "parquet":
                layer = _rows(top, None if names else opener, file)
            else:
                layer = _decompressor(name, top, partial(_open, opener, size, max_expansion, levels=len(names)))
            layers.append(layer)
            names.append(name)
            top = _Bounded(layer, file, max_expansion)
    except BaseException:
        top.close()
        raise
    return ByteStream(file, layers, top, "+".join(names) or None)


def _rows(below: _Layer, opener: Callable[[], io.BufferedIOBase | io.RawIOBase] | None, file: _File) -> _Layer:
    """The rows of a Parquet file, which is read in no order: from itself, or from a copy of the level below."""
    from auditrail.containers import parquet

    def told(count: int) -> None:
        file.consumed = min(file.consumed + count, file.size)

    if opener is None:
        return parquet.Rows(parquet.spooled(below.read), below.close)
    return parquet.Rows(parquet.Counted(opener(), file.size, told), below.close)


def _first_bytes(layer: _Layer) -> bytes:
    first = b""
    while len(first) < _PEEK and (more := layer.read(_PEEK - len(first))):
        first += more
    return first


def _decompressor(name: str, below: _Layer, again: Callable[[], _Layer]) -> _Layer:
    if name == "gzip":
        return _Gzip(below)
    if name == "bzip2":
        return _Streams(below, name, bz2.BZ2Decompressor, b"BZh", b"")
    if name == "xz":
        return _Streams(below, name, _xz, b"\xfd7zXZ\x00", b"\0")
    return _Zstd(below, again)


def _xz() -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=limits.XZ_MEMORY)
