"""Ledgers of incidents (`incidents/ledger.jsonl`): a sealed log, and the files that its entries name by their digest.

1. The chain and its checkpoints, as of any sealed log. 2. Each file below the ledger's folder that an entry `attach`
names: it must be there and have that SHA-256. A file there that no entry names is told apart: nothing protects it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import orjson

from auditrail.errors import AuditrailError
from auditrail.verify.evidence import Call, Claim, Evidence
from auditrail.verify.kinds import sealed_log
from auditrail.verify.types import BROKEN, Defect, Result

NAME = "incident-ledger"
TITLE = "ledgers of incidents, with the files that they name"
# Logs of this name are made by `auditrail.incident.ledger` alone; it stands in every record, a segment's first too.
_MARK = b'"log":"incidents-'
_ATTACH = b'"kind":"attach"'
_CACHE = (NAME, "named")


def claim(item: Evidence, beside: Sequence[Evidence], call: Call) -> Claim | None:
    """A sealed log with entries of incidents in it, its lock, and the files that it names."""
    if _is_ledger(item, call):
        return Claim(89)
    named = _named(beside, call)
    lock = item.shown.endswith(".lock") and item.shown.removesuffix(".lock") in call.cache[_CACHE][1]
    # An attached archive is unpacked before kinds are asked: its members are what it holds, and it has the digest.
    if lock or item.shown in named or item.shown.partition("!")[0] in named:
        return Claim(89, companion=True)
    return None


def _is_ledger(item: Evidence, call: Call) -> bool:
    return _MARK in item.head and sealed_log.claim(item, (), call) is not None and not item.shown.endswith(".lock")


def _named(beside: Sequence[Evidence], call: Call) -> dict[str, tuple[str, str]]:
    """Path as it would be shown -> (ledger, SHA-256) of every file that a ledger of this call names."""
    if _CACHE not in call.cache:
        ledgers = [item for item in beside if _is_ledger(item, call)]
        named = {
            _beside(item.shown, file): (item.shown, digest)
            for item in ledgers
            for _, file, digest, _ in _attached(item, call)
        }
        call.cache[_CACHE] = (named, frozenset(item.shown for item in ledgers))
    made: dict[str, tuple[str, str]] = call.cache[_CACHE][0]
    return made


def verify(items: Sequence[Evidence], companions: Sequence[Evidence], call: Call) -> list[Result]:
    """The results of the chains, with what is wrong with the files they name."""
    files = {item.shown: item for item in companions}
    locks = [item for item in companions if item.shown.endswith(".lock")]
    made = []
    for result in sealed_log.verify(items, locks, call):  # 1
        paths = result.segments or (result.path,)
        defects, intact = [], 0
        for item in items:
            if item.shown in paths:
                found = [_judged(item, one, files) for one in _attached(item, call)]  # 2
                intact += sum(defect is None for defect in found)
                defects += [defect for defect in found if defect is not None]
        notes = (f"{intact} attached file(s) are as the ledger says",) if intact else ()
        verdict = BROKEN if defects else result.verdict
        made.append(
            replace(
                result,
                kind=NAME,
                verdict=verdict,
                anchor=None if defects else result.anchor,
                defects=(*result.defects, *defects),
                notes=(*result.notes, *notes),
            )
        )
    return made


def _judged(item: Evidence, one: tuple[int, str, str, int], files: dict[str, Evidence]) -> Defect | None:
    record, file, digest, offset = one
    path = _path(item, file, files)
    if path is None:
        return Defect(
            "missing-file", record, offset, None, digest, None, f"{file}, which this entry names, is not here"
        )
    try:
        with path.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        return Defect("missing-file", record, offset, None, digest, None, f"{file}: {error.strerror or error}")
    if found == digest:
        return None
    return Defect("edited", record, offset, None, digest, found, f"{file} is not the file that was attached")


def _path(item: Evidence, file: str, files: dict[str, Evidence]) -> Path | None:
    """Where a named file lies: among those of the call, or, if that is an archive, beside the ledger on the disk."""
    there = files.get(_beside(item.shown, file))
    if there is not None:
        return there.path
    pure = PurePosixPath(file)
    if str(item.path) != item.shown or pure.is_absolute() or ".." in pure.parts or "\0" in file:
        return None
    path = item.path.parent / pure
    return path if path.is_file() else None


def _attached(item: Evidence, call: Call) -> Iterator[tuple[int, str, str, int]]:
    """Record, file, SHA-256 and offset of each entry `attach`."""
    number = offset = 0
    rest = b""
    try:
        with item.open(call.max_expansion) as stream:
            while block := stream.read(1 << 20):
                *lines, rest = (rest + block).split(b"\n")
                for line in lines:
                    number += 1
                    data = _data(line) if _ATTACH in line else None
                    if data is not None:
                        yield number, str(data.get("file")), str(data.get("sha256")), offset
                    offset += len(line) + 1
    except AuditrailError:
        return  # what cannot be read is told by the chain


def _data(line: bytes) -> dict[str, Any] | None:
    try:
        body = orjson.loads(line)["body"]
    except (orjson.JSONDecodeError, TypeError, KeyError):
        return None
    if not isinstance(body, dict) or body.get("kind") != "attach" or not isinstance(body.get("data"), dict):
        return None
    made: dict[str, Any] = body["data"]
    return made


def _beside(ledger: str, file: str) -> str:
    """How a file below the ledger's folder is shown, given how the ledger is."""
    folder, stroke, _ = ledger.rpartition("/")
    return f"{folder}{stroke}{file}"
