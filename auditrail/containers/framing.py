r"""Looks at the head of a source and tells how its records are divided.

Decided on content alone, in this order:

1. `length-prefixed`: a 4-byte big-endian length (first byte 0: below 16 MiB), then `{`, `[`, the zstd magic or a
   message of Protocol Buffers that begins with a list of messages and fits the length; `varint-prefixed`: such a
   message behind its length as a varint; `message`: such a message that fits the whole source.
2. `lines`, if the first byte that is not white space opens no JSON object or array.
3. `values`, if the first line is a whole JSON array: it is taken apart, however many follow.
4. `lines`, if at least half of the first lines are a JSON object each. So a damaged first line, or a line here and
   there with two objects on it (`}{`), changes nothing: the odd line is a record that does not parse.
5. `values`, if the text begins as a JSON object or array does (`{"`, `{}`, `[{`, `[1,`...).
6. `lines`: text that begins with a bracket, such as `[2026-01-01] started`.
7. What would be `lines` of text is a table (`csv`, `tsv`, `csv-semicolon`), if its first row names columns and most
   rows behind it have as many fields. Readers of text still see its lines, and get lines.

A single object on a single line counts as `lines` if it is seen whole, else (it is longer than the head) as `values`.
"""

from __future__ import annotations

import io
import re
from typing import Any

import orjson

from auditrail import jsontext
from auditrail.containers import table, wire
from auditrail.containers.frames import PREFIX, ZSTD
from auditrail.containers.records import Head, Record
from auditrail.containers.scan import COMPOSITE, KEY, OPEN_ARRAY, OPEN_OBJECT, SCALAR, WHITE
from auditrail.containers.splitting import split
from auditrail.containers.stretch import BOM
from auditrail.errors import RecordError

_MANY = 50
# Bytes that no text holds, and every message of more than a few texts does.
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_BEGINS_LIKE_JSON = re.compile(
    rb'\{\s*+(?:"|\}|\Z)|\[\s*+(?:[\[{"\]]|\Z|(?:-?\d[\d.eE+-]*+|true|false|null)\s*+(?:[,\]]|\Z))'
)
_STRING = re.compile(rb'"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+"')


def look(raw: bytes, complete: bool) -> Head:
    """What the first bytes of a source (decompressed) show; `complete` says that they are all there is.

    Never raises on hostile bytes.
    """
    body = raw.removeprefix(BOM)
    if binary := _binary(body):
        samples = _samples(raw, binary, complete) if binary == "length-prefixed" else []
        return Head(raw, complete, binary, False, samples, _keys(samples, b""), [])
    lines = _lines(body, complete)
    framing = _framing(body, lines, complete)
    if framing == "lines" and (rows := table.dialect(body, complete=complete)):
        samples = _samples(raw, rows, complete)
        return Head(raw, complete, rows, False, samples, _keys(samples, b""), lines)
    start = body.lstrip(WHITE)[:1]
    top_array = framing == "values" and start == b"["
    samples = _samples(raw, framing, complete)
    return Head(raw, complete, framing, top_array, samples, _keys(samples, body), lines)


def _binary(body: bytes) -> str | None:
    """The framing of what is no text, or None."""
    if body[:1] == b"\0":
        begins = body[PREFIX : PREFIX + 1]
        if begins in (b"{", b"[") or body.startswith(ZSTD, PREFIX):
            return "length-prefixed"
        size = int.from_bytes(body[:PREFIX], "big")
        return "length-prefixed" if begins == b"\n" and _is_message(body, PREFIX, size) else None
    if not _NO_TEXT.search(body, 0, 1 << 16):
        return None
    if body[:1] == b"\n" and _is_message(body, 0, None):
        return "message"
    try:
        size, begin = wire.varint(body, 0, len(body))
    except wire.WireError:
        return None
    return "varint-prefixed" if _is_message(body, begin, size) else None


def _is_message(body: bytes, begin: int, size: int | None) -> bool:
    """Whether a list of messages begins there and fits the size, as far as it is seen; None: up to the end."""
    # A message that is longer than what there is may be cut off: a crash, or a copy taken while it was written.
    cut = size is None or begin + size > len(body)
    return wire.is_list(body, begin, len(body) if cut else begin + (size or 0), cut=cut)


def _framing(body: bytes, lines: list[bytes], complete: bool) -> str:
    text = body.lstrip(WHITE + b",")
    if text[:1] not in (b"{", b"["):
        return "lines"
    seen = [line for line in lines if line.strip()]
    whole = complete or len(seen) > 1 or b"\n" in text
    if not whole:
        return "values"
    objects = 0
    for number, line in enumerate(seen):
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if number == 0 and isinstance(value, list):
            return "values"
        objects += isinstance(value, dict)
    opening = seen[0].strip() in (b"[", b"{") if seen else False
    if objects and objects * 2 >= len(seen) and not opening:
        return "lines"
    return "values" if _BEGINS_LIKE_JSON.match(text) and not _is_bracketed_text(seen) else "lines"


def _is_bracketed_text(lines: list[bytes]) -> bool:
    """Whether the first line is text behind a bracketed prefix that happens to be JSON: `[1234] started`."""
    line = lines[0].strip() if lines else b""
    match = COMPOSITE.match(line) if line[:1] == b"[" else None
    if not match or match.end() == len(line):
        return False
    rest = line[match.end() :].lstrip()
    return rest[:1] not in (b"[", b"{", b",", b"")


def _lines(body: bytes, complete: bool) -> list[bytes]:
    parts = body.split(b"\n", _MANY)
    last = parts.pop()
    if len(parts) < _MANY and last and (complete or not parts):
        parts.append(last)
    return [line.removesuffix(b"\r") for line in parts]


def _samples(raw: bytes, framing: str, complete: bool) -> list[Any]:
    samples: list[Any] = []
    for record in split(io.BytesIO(raw), framing):
        unfinished = isinstance(record, Record) and record.last_unterminated and not complete
        if not isinstance(record, Record) or record.defect or unfinished or not record.raw.strip():
            continue
        try:
            samples.append(jsontext.parse(record.raw)[0])
        except RecordError:
            continue
        if len(samples) >= _MANY:
            break
    return samples


def _keys(samples: list[Any], body: bytes) -> frozenset[str]:
    """Names of the members of the first object; of one that reaches beyond the head, those that can be seen."""
    first = next((value for value in samples if isinstance(value, dict)), None)
    if first is not None:
        return frozenset(first)
    at = body.find(b"{")
    keys: set[str] = set()
    at += 1
    while at > 0:
        at = _after_white(body, at)
        match = KEY.match(body, at)
        if not match:
            break
        keys.add(match[1].decode("utf-8", "replace"))
        at = match.end()
        opens = at < len(body) and body[at] in (OPEN_OBJECT, OPEN_ARRAY)
        value = COMPOSITE.match(body, at) if opens else _STRING.match(body, at) or SCALAR.match(body, at)
        if not value:
            break
        at = value.end()
    return frozenset(keys)


def _after_white(body: bytes, at: int) -> int:
    while at < len(body) and body[at : at + 1] in b" \t\r\n,":
        at += 1
    return at
