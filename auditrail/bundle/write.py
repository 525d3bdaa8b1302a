"""Writes a bundle: parts, digests, manifest, sums, note, and all of it at once into a folder or a ZIP.

1. Every part makes its files, in a temporary folder beside the target. Beside that, in threads, digests are computed,
   and what goes into a ZIP is deflated.
2. With redaction, all files are searched for withheld values (`Transform.audit`).
3. The manifest lists them, with scope, sources and custody; SHA256SUMS and the note are made of it (`format`).
4. The folder or ZIP is finished under a name of its own, and renamed: a bundle is whole, or it is not there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from auditrail import discover, times
from auditrail.bundle import archive, page, scope
from auditrail.bundle import format as form
from auditrail.bundle.context import Context
from auditrail.bundle.format import FileEntry
from auditrail.errors import BundleError, OutputExistsError, UsageError
from auditrail.notes import Note

if TYPE_CHECKING:
    from auditrail.bundle.scratch import Transform
    from auditrail.notes import Signer

PARTS = "auditrail.bundle.parts"
_BLOCK = 1 << 20
_NOT_CHECKED = (
    "whether what the bundle says is so: its digests prove that its files were not changed since, and no more",
    "who made it, unless manifest.note is verified with a public key that came on another way",
)


def check_target(target: Path) -> None:
    """Refuses a target that is there.

    Raises:
        OutputExistsError: it is there. UsageError: the folder around it is not.
    """
    if target.exists() or target.is_symlink():
        raise OutputExistsError(
            f"{target} exists", hint="a bundle is evidence and never overwritten: name another file"
        )
    if not target.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {target.absolute().parent}", hint="make it first")


def write(context: Context, target: Path, signer: Signer | None, transform: Transform | None) -> dict[str, Any]:
    """Writes a bundle and returns its manifest.

    Args:
        context: what parts are made from; its folder lies beside the target, on the same file system.
        target: a name that ends in `.zip`, or that of a folder.
        signer: signs the manifest, None: nobody.
        transform: the redaction that was applied, None: none.

    Raises:
        OutputExistsError: the target is there. BundleError: two parts made the same file.
        AuditrailError: what a part raises; a withheld value stands in a file.
    """
    zipped = target.suffix.lower() == ".zip"
    files = _parts(context, zipped=zipped)
    listed = sorted(files, key=form.order)
    if transform is not None:
        transform.audit((path, files[path].place) for path in listed)
    entries = [files[path].entry.result() for path in listed]
    document = form.manifest(_body(context, signer), entries)
    raw = form.manifest_bytes(document)
    digest = sha256(raw).hexdigest()
    made = {path: files[path].place for path in listed}
    made[form.MANIFEST] = _file(context, raw)
    made[form.SUMS] = _file(context, form.sums_text(entries, digest).encode())
    if signer is not None:
        text = form.note_text(len(entries), form.root(entries), digest)
        made[form.NOTE] = _file(context, Note(text, (signer.sign(text),)).render().encode())
    if transform is not None:
        extra = [name for name in (form.MANIFEST, form.SUMS) if name in made]
        transform.audit((path, made[path]) for path in extra)
    ordered = dict(sorted(made.items(), key=lambda item: form.order(item[0])))
    done = context.folder / "bundle"
    if zipped:
        _zip(context, ordered, {path: made.packed.result() for path, made in files.items() if made.packed}, done)
    else:
        _folder(ordered, done)
    check_target(target)
    done.rename(target)
    return document


class _Made(NamedTuple):
    """A file of a part: where it lies, its entry, and what the ZIP holds of it; None: a folder is made."""

    place: Path
    entry: Future[FileEntry]
    packed: Future[archive.Packed] | None


def _parts(context: Context, *, zipped: bool) -> dict[str, _Made]:
    """Path -> what was made of it, for the files of all parts."""
    files: dict[str, _Made] = {}
    parts = sorted(discover.modules(PARTS).values(), key=lambda part: (getattr(part, "ORDER", 50), part.NAME))
    with ThreadPoolExecutor(os.cpu_count() or 1) as pieces, ThreadPoolExecutor(2) as pool:
        for part in parts:
            if hasattr(part, "wanted") and not part.wanted(context):
                continue
            for path, made in part.make(context):
                if path in files or path in form.UNLISTED:
                    raise BundleError(f"two parts of the bundle made {path!r}")
                file = made if isinstance(made, Path) else _file(context, made)
                entry = pool.submit(_entry, path, file)
                packed = None
                if zipped:
                    target = context.new("packed")
                    target.touch()  # the name is taken before the thread comes to it
                    packed = pool.submit(archive.pack, path, file, target, pieces)
                files[path] = _Made(file, entry, packed)
                context.made[path] = file.stat().st_size
    return files


def _file(context: Context, data: bytes) -> Path:
    path = context.new("file")
    path.write_bytes(data)
    return path


def _entry(path: str, file: Path) -> FileEntry:
    """Digests of a file, read once."""
    from blake3 import blake3

    plain, other, size = sha256(), blake3(max_threads=os.cpu_count() or 1), 0
    with file.open("rb") as data:
        while block := data.read(_BLOCK):
            plain.update(block)
            other.update(block)
            size += len(block)
    return FileEntry(path, size, plain.hexdigest(), other.hexdigest())


def _body(context: Context, signer: Signer | None) -> dict[str, Any]:
    overview, period = context.overview, context.scope.period
    sources = [
        {
            "path": one.path, "format": one.format, "status": one.status, "bytes": one.bytes, "blake3": one.blake3,
            "records": one.records, "events": one.events, "quarantined": one.quarantined, "verdict": one.verdict,
        }
        for one in overview.sources
    ]  # fmt: skip
    return {
        "generated_by": {**page.generated_by(), **_versions()},
        "not_checked": [*_NOT_CHECKED, *overview.not_checked],
        "command": context.command,
        "scope": context.scope.document(),
        "period": {
            "asked": {**scope.edges(period), "label": period.label, "note": period.note},
            "held": {"from": times.iso(context.held[0]) or None, "to": times.iso(context.held[1]) or None},
        },
        "operator": context.wishes.operator,
        "generated_at": context.wishes.generated_at,
        "custody": list(_custody(context)),
        "sources": sources,
        "counts": {
            "runs": context.selection.runs,
            "events": context.selection.events,
            "events_without_run": context.selection.unplaced,
            "gaps": len(overview.gaps.gaps),
            "sources": len(overview.sources),
            "quarantined": overview.totals.quarantined,
            "verdicts": len(overview.verdicts),
        },
        "redaction": context.redaction,
        "signer": signer.verifier.render() if signer is not None else None,
    }


def _versions() -> Mapping[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("duckdb", "pyarrow")}


def _custody(context: Context) -> Iterator[dict[str, Any]]:
    """What was taken in when and by what, then who handed it on."""
    rows = context.connection.execute(
        "SELECT path, blake3, bytes, loaded_ns, loaded_by FROM sources ORDER BY loaded_ns NULLS LAST, source NULLS LAST"
    ).fetchall()
    for path, digest, size, loaded, version in rows:
        yield {
            "step": "ingested", "path": path, "bytes": size, "blake3": digest, "at": times.iso(loaded) or None,
            "by": f"auditrail {version}",
        }  # fmt: skip
    yield {
        "step": "exported", "at": context.wishes.generated_at, "by": context.wishes.operator,
        "with": f"auditrail {page.generated_by()['version']}",
    }  # fmt: skip


def _zip(context: Context, files: Mapping[str, Path], packed: Mapping[str, archive.Packed], done: Path) -> None:
    """Finishes a ZIP in the temporary folder; what was not packed yet is made of the other files, and small."""
    with ThreadPoolExecutor(1) as pool, done.open("wb") as out:
        archive.write(
            out,
            (
                (path, packed.get(path) or archive.pack(path, file, context.new("packed"), pool))
                for path, file in files.items()
            ),
        )


def _folder(files: Mapping[str, Path], done: Path) -> None:
    """Finishes a folder in the temporary folder."""
    for path, file in files.items():
        place = done / path
        place.parent.mkdir(parents=True, exist_ok=True)
        file.rename(place)
        place.chmod(0o644)
