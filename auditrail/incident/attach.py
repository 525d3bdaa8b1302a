"""Files that are kept with an incident: copied below the ledger's folder, and named in the ledger by their digest.

The copy is made and synced before the entry is written, so the ledger never names a file that is not there. A copy
without an entry, left by a crash, is named by the digest of its bytes and is used again.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

from auditrail.errors import UsageError
from auditrail.incident import entries
from auditrail.incident.state import Incident
from auditrail.report.incident_types import Attachment

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_BLOCK = 1 << 20
ATTACHMENTS = "attachments"


def copy(folder: Path, incident: str, source: Path) -> dict[str, Any]:
    """Copies a file into the incident's folder and returns what the ledger is to say of it.

    Raises:
        UsageError: it is no file, can't be read, or the copy can't be made.
    """
    if not source.is_file():
        raise UsageError(f"{source} is no file", hint="attach single files; pack a folder first")
    target = folder / incident / ATTACHMENTS
    made = hashlib.sha256()
    size = 0
    try:
        target.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as file, tempfile.NamedTemporaryFile(dir=target, prefix=".part-", delete=False) as out:
            part = Path(out.name)
            try:
                while block := file.read(_BLOCK):
                    made.update(block)
                    size += len(block)
                    out.write(block)
                out.flush()
                os.fsync(out.fileno())
                name = f"{made.hexdigest()[:12]}-{_safe(source.name)}"
                part.chmod(0o644)
                part.replace(target / name)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise UsageError(f"{source} can't be attached: {(error.strerror or str(error)).lower()}") from None
    return {
        "name": source.name,
        "file": f"{incident}/{ATTACHMENTS}/{name}",
        "bytes": size,
        "sha256": made.hexdigest(),
        "source": str(source),
    }


def _safe(name: str) -> str:
    """A name that means the same to every file system."""
    return _UNSAFE.sub("_", name)[-80:].lstrip(".") or "file"


def inside(folder: Path, name: str) -> Path | None:
    """The file of that name below a folder; None if the name leads elsewhere: a ledger may be hostile."""
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts or "\0" in name or not pure.parts:
        return None
    path = folder.joinpath(*pure.parts)
    try:
        return path if path.resolve().is_relative_to(folder.resolve()) else None
    except (OSError, RuntimeError):
        return None


def state(folder: Path, incident: Incident) -> tuple[Attachment, ...]:
    """The attachments of an incident, each held to its digest."""
    made = []
    for entry in incident.entries:
        if entry.kind != entries.ATTACH:
            continue
        file, digest = str(entry.data.get("file") or ""), str(entry.data.get("sha256") or "")
        size = entry.data.get("bytes")
        made.append(
            Attachment(
                name=str(entry.data.get("name") or file),
                file=file,
                bytes=size if isinstance(size, int) else 0,
                sha256=digest,
                state=held(folder, file, digest),
                operator=entry.operator,
                at_ns=entry.at_ns,
            )
        )
    return tuple(made)


def held(folder: Path, file: str, digest: str) -> str:
    """Whether the copy has that SHA-256: intact, changed or missing."""
    path = inside(folder, file)
    if path is None or not path.is_file():
        return "missing"
    try:
        with path.open("rb") as opened:
            return "intact" if hashlib.file_digest(opened, "sha256").hexdigest() == digest else "changed"
    except OSError:
        return "missing"
