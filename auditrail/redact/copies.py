r"""The file `LOG.redacted` beside a redacted copy of a log that is chained or sealed: what the original's lines were.

    auditrail-redacted/1\n
    {"lines": n, "original": [{"chain": …, "kind": …, "profile": …, "verdict": …}, …], "policy": …}\n
    <hash of the original's line> <hash of the copy's line>\n        n times

A hash is SHA-256(0x00 || line), in hex, with the line's end, as the leaves of seals (docs/seal.md, section 2): so the
list can be held to a seal of the original, and each line of the original to the list, should it be disclosed.
`original` says what verification found of the original when the copy was made: the word of whoever made the copy.

The hashes have no salt. Whoever knows all of a line but a short value can try that value against them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from auditrail.errors import AuditrailError
from auditrail.merkle import leaf_hash

SUFFIX = ".redacted"
MAGIC = b"auditrail-redacted/1\n"
_LINE = re.compile(rb"([0-9a-f]{64}) ([0-9a-f]{64})\n")
_MOST_HEADER = 1 << 20
_LINE_BYTES = 130


class CopyError(AuditrailError):
    """A list of the lines of a redacted copy is none, or damaged."""

    code = "redacted-copy"


class Listed(NamedTuple):
    """What the list says: (hash of the original's line, hash of the copy's line) of each, and of the original."""

    lines: tuple[tuple[bytes, bytes], ...]
    original: tuple[Mapping[str, Any], ...]
    policy: str


def lines(data: bytes) -> Iterator[bytes]:
    """The lines of a log, each with its end; the last one may have none."""
    at = 0
    while at < len(data):
        end = data.find(b"\n", at) + 1 or len(data)
        yield data[at:end]
        at = end


def render(before: bytes, after: bytes, original: Iterable[Mapping[str, Any]], policy: str) -> bytes:
    """The list of a copy.

    Args:
        before: the original, decompressed.
        after: the copy, with as many lines.
        original: what verification found of the original.
        policy: name of the policy.

    Raises:
        CopyError: the copy has other lines.
    """
    one, other = list(lines(before)), list(lines(after))
    if len(one) != len(other):
        raise CopyError("a redacted copy has as many lines as the original")
    header = {"lines": len(one), "original": [dict(row) for row in original], "policy": policy}
    parts = [MAGIC, json.dumps(header, ensure_ascii=True, sort_keys=True).encode() + b"\n"]
    parts += [f"{leaf_hash(a).hex()} {leaf_hash(b).hex()}\n".encode() for a, b in zip(one, other, strict=True)]
    return b"".join(parts)


def is_list(head: bytes) -> bool:
    """Whether a file that begins so is such a list."""
    return head.startswith(MAGIC)


def read(path: Path) -> Listed:
    """Reads a list.

    Raises:
        CopyError: it is none, or damaged. OSError: it can't be read.
    """
    with path.open("rb") as file:
        if file.readline(len(MAGIC)) != MAGIC:
            raise CopyError(f"{path} is no list of the lines of a redacted copy, or one of a later version")
        header = _header(file.readline(_MOST_HEADER), path)
        made: list[tuple[bytes, bytes]] = []
        for raw in iter(lambda: file.readline(_LINE_BYTES + 1), b""):
            found = _LINE.fullmatch(raw)
            if found is None:
                raise CopyError(f"{path} is damaged: line {len(made) + 3}")
            made.append((bytes.fromhex(found[1].decode()), bytes.fromhex(found[2].decode())))
    if len(made) != header["lines"]:
        raise CopyError(f"{path} is damaged: it has {len(made):,} hashes, and {header['lines']:,} are announced")
    return Listed(tuple(made), tuple(header["original"]), header["policy"])


def _header(raw: bytes, path: Path) -> dict[str, Any]:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        value = None
    wanted = {"lines": int, "original": list, "policy": str}
    sound = isinstance(value, dict) and all(type(value.get(name)) is kind for name, kind in wanted.items())
    if not sound or not all(isinstance(row, dict) for row in value["original"]):
        raise CopyError(f"{path} is damaged: its second line")
    return dict(value)
