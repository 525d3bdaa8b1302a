"""Searches finished files for withheld values, byte by byte: the last check before a bundle is handed over.

Searched are the bytes of each file, and what is packed inside: members of ZIP files, gzip and Zstandard, the columns
of Parquet files, the deflated streams of PDF files with their texts, and base64 of HTML pages. What needles are is
told in `needles`. Text that a PDF draws with an embedded subset of a font is numbers of glyphs, and is not seen: the
same text is searched in `report.html`, which is made of the same rows.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import resources
from pathlib import Path
from typing import IO, Any, TypeVar

from auditrail.redact.errors import LeakError
from auditrail.redact.needles import WINDOW, Needles

_Item = TypeVar("_Item")
_CHUNK = 1 << 22
# What is packed is unpacked so deep, and so far: a bundle's own files are never packed deeper.
_MOST_DEEP = 3
_MOST_STREAM = 1 << 28
_PDF_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\n?endstream", re.DOTALL)
_PDF_TEXT = re.compile(rb"\(((?:[^()\\]|\\.)*)\)", re.DOTALL)
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{32,}={0,2}")
_HEX = re.compile(rb"[0-9a-f]+")  # tokens and digests: no text is packed so
_WORD_FILES = (".py", ".sql", ".toml", ".html", ".css", ".js", ".json", ".j2", ".txt", ".md")


def search(needles: Needles, files: Iterable[tuple[str, Path]], rules: tuple[str, ...]) -> None:
    """Searches files.

    Args:
        needles: what is searched for.
        files: name in the bundle, and where it lies.
        rules: ids of the policy's rules, by number.

    Raises:
        LeakError: a file holds a withheld value; it names each file and rule.
    """
    hits: list[tuple[str, str, int]] = []
    for name, path in files:
        with path.open("rb") as file:
            counts = count(needles, file, name)
        rows = needles.rows()
        by_rule: Counter[int] = Counter()
        for number, often in counts.items():
            by_rule[int(rows["rule"][number])] += often
        hits += [(name, rules[rule], often) for rule, often in sorted(by_rule.items())]
    if hits:
        name, rule, often = hits[0]
        more = f"; and {len(hits) - 1} more, such as {hits[1][0]} ({hits[1][1]})" if len(hits) > 1 else ""
        raise LeakError(
            f"{name} holds what rule {rule!r} withholds, in {often} place(s){more}",
            hint="a field that the policy keeps has the same value: let a rule cover that field, too",
            hits=tuple(hits),
        )


def count(needles: Needles, file: IO[bytes], name: str) -> Counter[int]:
    """Number of the needle -> how often it stands in a file, or in what is packed in it."""
    found: Counter[int] = Counter()
    for chunks in _texts(file, name, 0):
        rest = b""
        for chunk in chunks:
            data = rest + chunk
            found.update(needles.search(data, len(rest)).tolist())
            rest = data[-(WINDOW - 1) :]
    return found


def drop_own_words(needles: Needles) -> int:
    """Drops needles that stand in auditrail's own texts: they are no secret, and would be found in every bundle."""
    import numpy as np

    found = [np.zeros(0, np.int64)]
    found += [np.unique(needles.search(text)) for text in _own_texts(resources.files("auditrail"))]
    return needles.drop(np.unique(np.concatenate(found)))


def _own_texts(folder: Any) -> Iterator[bytes]:
    for one in sorted(folder.iterdir(), key=lambda item: item.name):
        if one.is_dir():
            yield from _own_texts(one)
        elif one.name.endswith(_WORD_FILES):
            yield one.read_bytes()


def _texts(file: IO[bytes], name: str, depth: int) -> Iterator[Iterator[bytes]]:
    """All texts of a file, each as chunks: its bytes, and those that are packed in it as far as it can be unpacked."""
    head = file.read(8)
    file.seek(0)
    yield iter(lambda: file.read(_CHUNK), b"")
    if depth >= _MOST_DEEP:
        return
    file.seek(0)
    packed: Iterator[Iterator[bytes]] = iter(())
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        packed = _members(file, depth)
    elif head[:4] == b"PAR1":
        packed = _columns(file)
    elif head[:5] == b"%PDF-":
        packed = _streams(file.read())
    elif head[:2] == b"\x1f\x8b" or head[:4] == b"\x28\xb5\x2f\xfd":
        packed = _unpacked(file, "gzip" if head[0] == 0x1F else "zstd")
    elif name.endswith((".html", ".svg")):
        packed = _encoded(file.read(), depth)
    for chunks in _sound(packed):
        yield _sound(chunks)


def _sound(items: Iterator[_Item]) -> Iterator[_Item]:
    """The items up to where damage ends them: evidence may be anything, and what nobody can unpack is no leak."""
    import pyarrow as pa

    damage = (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error)
    with suppress(*damage, pa.ArrowException):
        yield from items


def _encoded(data: bytes, depth: int) -> Iterator[Iterator[bytes]]:
    for found in _BASE64.finditer(data):
        if not _HEX.fullmatch(found.group()):
            with suppress(binascii.Error):
                yield from _texts(io.BytesIO(base64.b64decode(found.group(), validate=True)), "", depth + 1)


def _members(file: IO[bytes], depth: int) -> Iterator[Iterator[bytes]]:
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            with archive.open(member) as packed:
                yield from _texts(packed, member.filename, depth + 1)


def _unpacked(file: IO[bytes], kind: str) -> Iterator[Iterator[bytes]]:
    import pyarrow as pa

    with pa.CompressedInputStream(file, kind) as stream:
        yield iter(lambda: stream.read(_CHUNK), b"")


def _columns(file: IO[bytes]) -> Iterator[Iterator[bytes]]:
    """The values of each column of text or bytes, one after the other, with a blank byte between."""
    import pyarrow.parquet as pq

    table = pq.ParquetFile(file)
    for name in table.schema_arrow.names:
        kind = str(table.schema_arrow.field(name).type)
        if "string" in kind or "binary" in kind:
            yield _values(table, name)


def _values(table: Any, name: str) -> Iterator[bytes]:
    for rows in table.iter_batches(batch_size=20_000, columns=[name]):
        column = rows.column(0)
        if hasattr(column, "dictionary"):
            column = column.dictionary_decode()
        values = (v if isinstance(v, bytes) else str(v).encode() for v in column.drop_null().to_pylist())
        yield b"\x00".join(values) + b"\x00"


def _streams(data: bytes) -> Iterator[Iterator[bytes]]:
    for found in _PDF_STREAM.finditer(data):
        unpacker = zlib.decompressobj()
        try:
            text = unpacker.decompress(found.group(1), _MOST_STREAM)
        except zlib.error:
            continue
        yield iter((text,))
        # A line is drawn in parts, so that it can be spread; together they are its text.
        parts = [re.sub(rb"\\([()\\])", rb"\1", one) for one in _PDF_TEXT.findall(text)]
        if parts:
            yield iter((b"".join(parts),))
            yield iter((b" ".join(parts),))
