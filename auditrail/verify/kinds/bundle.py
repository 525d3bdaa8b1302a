"""Evidence bundles of `auditrail export`, as a folder or a ZIP that is not unpacked. See `auditrail.bundle.format`.

1. The container: a ZIP must consist of its members alone, and be read in one way (`containers.zip_layout`). No name
   stands twice, and none leads out of the folder.
2. `manifest.json`: its text is the one that its content has, and `self` fits. Else SHA256SUMS says what files were.
3. `SHA256SUMS` must be what the manifest makes it.
4. The Merkle root over the files must be the manifest's.
5. Each file of the manifest must be there, with its size and both digests, and no other file.
6. `manifest.note`: it must speak of this manifest, and hold under the key that the manifest names; by a key that was
   given, it is an anchor. Where keys were given and none of them signed, nothing is decided: whoever changed the bundle
   could have left the note out, or signed with a key of their own.
7. Digests of the manifest, or roots, that were kept elsewhere (`--expect-head`, `--anchor`).

Everybody can make a whole bundle anew that fits in itself: only 6 with a key, or 7, tells that it is this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from auditrail.bundle import format as form
from auditrail.containers import zips
from auditrail.errors import AuditrailError
from auditrail.ingest.inputs import Input
from auditrail.verify.evidence import Call, Claim, Evidence
from auditrail.verify.kinds._bundle_check import NAME, VERDICTS, check
from auditrail.verify.types import Result

__all__ = ["NAME", "TITLE", "claim", "verify", "whole"]

TITLE = "evidence bundles of auditrail export: a manifest with the digests of all files, and a signed note"
_HEAD = 256
_SIGNS = (form.MANIFEST, form.SUMS)
_BESIDE = ("README.html", "README.txt", "records")
# SHA256SUMS of a bundle ends in the line of the manifest; a line is no longer than this.
_TAIL = 1200


def whole(item: Input) -> Path | None:
    """What an input is the sign of: itself, for a ZIP; its folder, for a manifest or SHA256SUMS beside other files."""
    try:
        if item.path.name in _SIGNS:
            with item.path.open("rb") as file:
                head = file.read(_HEAD)
                file.seek(max(0, item.size - _TAIL))
                found = _is_sign(item.path.name, head, file.read(_TAIL))
            folder = item.path.parent
            # A manifest that was kept by itself is no bundle that lost all of its files.
            return folder if found and any((folder / name).exists() for name in _BESIDE) else None
        with item.path.open("rb") as file:
            magic = zips.is_zip(file.read(4))
        return item.path if (magic or item.path.suffix.lower() == ".zip") and _holds_sign(item) else None
    except (OSError, AuditrailError):
        return None


def _is_sign(name: str, head: bytes, tail: bytes) -> bool:
    if name == form.MANIFEST:
        return form.is_manifest(head)
    # Other programs write files of this name, too: in a bundle, this is the first of its lines, and that the last.
    return b"  README.html\n" in head and tail.endswith(f"  {form.MANIFEST}\n".encode())


def _holds_sign(item: Input) -> bool:
    """Whether a ZIP holds a manifest or SHA256SUMS, at its top or in its one folder."""
    with item.path.open("rb") as file:
        entries, _ = zips.entries(file, item.size)
        signs = [
            entry
            for entry in entries
            if entry.error is None and entry.name.count("/") <= 1 and entry.name.rpartition("/")[2] in _SIGNS
        ]
    for entry in signs:
        with zips.open_entry(item.path, entry) as content:
            head = tail = b""
            while block := content.read(1 << 20):
                head, tail = (head + block)[:_HEAD], (tail + block)[-_TAIL:]
                if entry.name.endswith(form.MANIFEST) and len(head) == _HEAD:
                    break
        if _is_sign(entry.name.rpartition("/")[2], head, tail):
            return True
    return False


def claim(item: Evidence, beside: Sequence[Evidence], call: Call) -> Claim | None:
    """What `whole` found."""
    if item.whole != NAME:
        return None
    # An expectation is about the one thing that a call verifies; values that are proven against it are not counted.
    others = [one for one in beside if one is not item and b"auditrail.disclosure/" not in one.head[:200]]
    call.cache[NAME, item.shown] = not others
    return Claim(100)


def verify(items: Sequence[Evidence], companions: Sequence[Evidence], call: Call) -> list[Result]:  # noqa: ARG001
    """One result for each bundle."""
    results = [check(item, call, alone=bool(call.cache.get((NAME, item.shown)))) for item in items]
    call.cache[VERDICTS] = {result.path: result for result in results}
    return results
