r"""Records of a sealed log: one line of canonical JSON each (JCS, RFC 8785), chained by SHA-256.

    {"body": …, "format": "auditrail-sealed/1", "hash": …, "kind": …, "log": …, "prev": …, "segment": …, "seq": …,
     "time": …}\n

`hash` is the hex SHA-256 of the record in JCS without its member `hash`, so it covers all that the record says. `prev`
is the hash of the record before, null in the first of a log; the first record of a later segment names the last of the
one before. `seq` counts from 0 through all segments, `segment` from 1. `time` is the writer's clock, RFC 3339 in UTC.

Kinds: `genesis` begins a segment, `record` is what a program wrote, `repair` tells what a crash left behind,
`checkpoint` holds a signed checkpoint of the segment so far, `rotated` ends a segment, `end` ends the log.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from auditrail.errors import SealError

FORMAT = "auditrail-sealed/1"
GENESIS, RECORD, REPAIR, CHECKPOINT, ROTATED, END = "genesis", "record", "repair", "checkpoint", "rotated", "end"
KINDS = (GENESIS, RECORD, REPAIR, CHECKPOINT, ROTATED, END)
_MEMBERS = {"body", "format", "hash", "kind", "log", "prev", "segment", "seq", "time"}
_HASH = re.compile(r"[0-9a-f]{64}\Z")
# JCS writes numbers as IEEE doubles: above this, two integers could be written alike (RFC 8785 section 3.2.2.3).
_LARGEST = (1 << 53) - 1
_DEEPEST = 100


class Entry(NamedTuple):
    """What the chain needs of a record, besides its line."""

    seq: int
    hash: str
    prev: str | None
    kind: str
    log: str
    segment: int
    body: Any


def line(kind: str, body: Any, log: str, prev: str | None, segment: int, seq: int, ns: int) -> tuple[bytes, str]:
    """A record's line, with its newline, and its hash.

    Raises:
        SealError: the body holds what JCS has no form for: an integer beyond 53 bits, NaN, a key that is no text...
    """
    import rfc8785

    record = {
        "body": body,
        "format": FORMAT,
        "kind": kind,
        "log": log,
        "prev": prev,
        "segment": segment,
        "seq": seq,
        "time": datetime.fromtimestamp(ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        + f".{ns % 1_000_000_000 // 1000:06d}Z",
    }
    try:
        hashed = sha256(rfc8785.dumps(record)).hexdigest()
        return rfc8785.dumps({**record, "hash": hashed}) + b"\n", hashed
    except (rfc8785.CanonicalizationError, UnicodeError, RecursionError, TypeError) as error:
        raise SealError(
            f"a sealed log can't hold this record: {error}", hint="see auditrail.seal.records.plain"
        ) from error


def entry(raw: bytes) -> Entry | None:
    """What a line (without newline) says, if it is a record as `line` writes it and its hash fits; else None.

    Canonical lines differ from what is hashed in the one member `hash`. Nothing behind it can hold its text: kinds and
    hashes hold no quotes, and JCS escapes those of a log's name.
    """
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(value, dict) or set(value) != _MEMBERS or value["format"] != FORMAT or value["kind"] not in KINDS:
        return None
    hashed, prev = value["hash"], value["prev"]
    if not isinstance(hashed, str) or not _HASH.match(hashed):
        return None
    member = b'"hash":"' + hashed.encode() + b'",'
    before, found, behind = raw.rpartition(member)
    if not found or sha256(before + behind).hexdigest() != hashed:
        return None
    seq, segment, log = value["seq"], value["segment"], value["log"]
    if type(seq) is not int or type(segment) is not int or not isinstance(log, str):
        return None
    if prev is not None and (not isinstance(prev, str) or not _HASH.match(prev)):
        return None
    return Entry(seq, hashed, prev, value["kind"], log, segment, value["body"])


def plain(value: Any, depth: int = 0) -> Any:
    """Any value as JSON that JCS has a form for: large integers, NaN and what is no JSON become text, bytes base64."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, int):
        return int(value) if abs(value) <= _LARGEST else str(int(value))
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, bytes | bytearray | memoryview):
        return {"base64": base64.b64encode(value).decode()}
    if depth >= _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return {plain(str(key)): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, Sequence | set | frozenset):
        return [plain(item, depth + 1) for item in value]
    return plain(str(value))
