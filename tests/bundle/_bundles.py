"""Small bundles, made by the functions that the writer uses."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

from blake3 import blake3

from auditrail.bundle import format as form
from auditrail.bundle.format import FileEntry
from auditrail.notes import Note, Signer

FILES = {
    "README.html": b"<!doctype html><p>A bundle</p>\n",
    "README.txt": b"A bundle\n",
    "records/events.csv": b"event,name\n" + b"1,call\n" * 400,
    "records/runs.csv": b"run\n1\n",
    "raw/1-agent \u00e9.jsonl": b'{"a":1}\n',
}
BODY = {
    "generated_by": {"name": "auditrail", "version": "1"},
    "not_checked": [],
    "scope": {"runs": None},
    "sources": [{"path": "agent.jsonl", "bytes": 8}],
}
SIGNER = Signer("example.com/bundles", bytes(range(32)))


def entry(path: str, data: bytes) -> FileEntry:
    return FileEntry(path, len(data), hashlib.sha256(data).hexdigest(), blake3(data).hexdigest())


def contents(files: Mapping[str, bytes] = FILES, signer: Signer | None = SIGNER) -> dict[str, bytes]:
    """All files of a bundle, in its order."""
    listed = [entry(path, data) for path, data in files.items()]
    key = signer.verifier.render() if signer else None
    document = form.manifest({**BODY, "signer": key}, listed)
    raw = form.manifest_bytes(document)
    digest = hashlib.sha256(raw).hexdigest()
    ordered = sorted(listed, key=lambda one: form.order(one.path))
    made = {**files, form.MANIFEST: raw, form.SUMS: form.sums_text(ordered, digest).encode()}
    if signer is not None:
        text = form.note_text(len(listed), form.root(ordered), digest)
        made[form.NOTE] = Note(text, (signer.sign(text),)).render().encode()
    return dict(sorted(made.items(), key=lambda pair: form.order(pair[0])))


def folder(made: Mapping[str, bytes], path: Path) -> Path:
    for name, data in made.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def archive(made: Mapping[str, bytes], path: Path, compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as out:
        for name, data in made.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = compression
            info.external_attr = 0o644 << 16
            out.writestr(info, data)
    return path
