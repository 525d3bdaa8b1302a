"""The steps of checking a bundle; `bundle` numbers them."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import NamedTuple

from auditrail.bundle import format as form
from auditrail.errors import AuditrailError, BundleError
from auditrail.verify.evidence import Call, Evidence
from auditrail.verify.kinds import _bundle_files as files
from auditrail.verify.kinds import _bundle_word
from auditrail.verify.kinds._bundle_files import Held
from auditrail.verify.kinds._bundle_found import Found, read
from auditrail.verify.types import BROKEN, INTACT, UNANCHORED, UNVERIFIABLE, Result

NAME = "bundle"
# Where a call keeps the results of its bundles, by the path shown: for what is proven against one.
VERDICTS = (NAME, "results")
# What systems write into folders that are looked at: named as the rest, but no sign of a forger.
_DROPPED = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


class _Due(NamedTuple):
    """What a file should be; `size` and `blake3` are None where only SHA256SUMS tells."""

    path: str
    sha256: str
    size: int | None = None
    blake3: str | None = None


def check(item: Evidence, call: Call, *, alone: bool) -> Result:
    """The result for one bundle; `alone`: nothing else is verified in the call, so its expectations are about it."""
    shown = item.shown.rstrip("/") or item.shown
    try:
        found = Found(files.look(item.path, call.max_expansion), shown)
    except (OSError, AuditrailError) as error:
        reason = error.message if isinstance(error, AuditrailError) else (error.strerror or str(error)).lower()
        not_read = (f"the bundle: it can't be read: {reason}",)
        return Result(item.shown, NAME, form.SCHEMA, None, 0, 0, UNVERIFIABLE, not_checked=not_read, lines=False)
    _container(found)  # 1
    _manifest(found)  # 2
    _sums(found)  # 3
    _tree(found)  # 4
    _files(found, call.processes)  # 5
    _bundle_word.note(found, call)  # 6
    _bundle_word.anchors(found, call, alone=alone)  # 7
    return _result(item, found, call)


def _container(found: Found) -> None:
    """Step 1."""
    for fault in found.holding.faults:
        found.add("archive-layout", fault.name, fault.note if fault.name else f"the archive: {fault.note}")
    if found.holding.forms:
        note = f"the archive was not written by auditrail, or packed again: {', '.join(found.holding.forms)}"
        found.add("other-form", "", note, breaks=False)
    places = Counter(form.same_place(held.name) for held in found.holding.files)
    told: set[str] = set()
    for held in found.holding.files:
        if reason := form.unsafe(held.name):
            found.add("unsafe-path", held.name, f"its path is unsafe: {reason}")
        times, place = places[form.same_place(held.name)], form.same_place(held.name)
        if times > 1 and place not in told:
            told.add(place)
            found.add("duplicate-file", held.name, f"it stands {times} times: programs differ in which one they take")


def _manifest(found: Found) -> None:
    """Step 2."""
    raw = read(found, form.MANIFEST, form.MOST_MANIFEST)
    if raw is None:
        return
    found.digest = sha256(raw).hexdigest()
    try:
        made = found.manifest = form.read_manifest(raw)
        own = form.self_digest(made.document)
        plain = form.manifest_bytes(made.document) == raw and not made.flags
    except BundleError as error:
        found.add("edited", form.MANIFEST, f"it was changed: {error.message}")
        return
    if own != made.own:
        found.add("edited", form.MANIFEST, "it was changed: its own digest does not fit", expected=made.own, found=own)
    elif not plain:
        found.add("edited", form.MANIFEST, "it was changed: it says the same, but its bytes are others")
    else:
        found.sound = True
    paths = [entry.path for entry in made.files]
    if sorted(set(paths), key=form.order) != paths or form.UNLISTED & set(paths):
        found.sound = False
        found.add("edited", form.MANIFEST, "its files are not in order, or stand twice: no writer makes such a list")


def _sums(found: Found) -> None:
    """Step 3."""
    raw = read(found, form.SUMS, form.MOST_MANIFEST)
    if raw is None:
        return
    found.sums = form.read_sums(raw)
    if not found.sound or found.manifest is None:
        if found.sums.faults:
            found.add("edited", form.SUMS, f"line {found.sums.faults[0]} is none that was written")
        return
    if raw.decode("utf-8", "replace") == form.sums_text(found.manifest.files, found.digest):
        return
    due = {entry.path: entry.sha256 for entry in found.manifest.files} | {form.MANIFEST: found.digest}
    differing = sorted({path for path, _ in set(due.items()) ^ {(path, digest) for digest, path in found.sums.entries}})
    where = ", ".join(differing[:5]) + (f" and {len(differing) - 5} more" if len(differing) > 5 else "")
    note = f"it does not fit the manifest{f' in {where}' if where else ''}"
    if form.MANIFEST in differing:
        note += ": it was changed, or the manifest was written anew as a whole"
    found.add("edited", form.SUMS, note)


def _tree(found: Found) -> None:
    """Step 4."""
    if not found.sound or found.manifest is None:
        return
    made, said = form.root(found.manifest.files).hex(), found.manifest
    if (said.size, said.root) != (len(said.files), made):
        note = "its Merkle root is not that of the files it lists"
        found.add("edited", form.MANIFEST, note, expected=said.root, found=made)


def _due(found: Found) -> tuple[list[_Due], dict[str, str], str]:
    """What files should be, what the other list says (where neither is sure), and the name of the list."""
    said = [] if found.manifest is None else list(found.manifest.files)
    listed = [] if found.sums is None else [pair for pair in found.sums.entries if pair[1] not in form.UNLISTED]
    if found.sound or not listed:
        return [_Due(one.path, one.sha256, one.size, one.blake3) for one in said], {}, form.MANIFEST
    second = {entry.path: entry.sha256 for entry in said}
    once = {path: digest for digest, path in listed}
    return [_Due(path, digest) for path, digest in once.items()], second, form.SUMS


def _files(found: Found, threads: int) -> None:
    """Step 5."""
    due, second, source = _due(found)
    if source == form.SUMS:
        found.not_checked.append("sizes and blake3 of the files: the manifest can't be relied on, SHA256SUMS was used")
    found.records = len(due)
    here: dict[str, list[Held]] = {}
    for held in found.holding.files:
        here.setdefault(held.name, []).append(held)
    tasks = [(one, held) for one in due for held in here.get(one.path, ())]
    made = files.digests(found.holding, [(held, one.size) for one, held in tasks], threads)
    outcomes: dict[str, bool] = {}
    for (one, held), digest in zip(tasks, made, strict=True):
        fits = (digest.sha256, digest.blake3 if one.blake3 else None) == (one.sha256, one.blake3)
        outcomes[one.path] = outcomes.get(one.path, True) and fits
        if fits:
            continue
        _changed(found, one, held, digest, second, source)
    found.checked = sum(outcomes.values())
    for one in due:
        if one.path not in here:
            found.add("missing-file", one.path, "it is not there")
    _extra(found, {one.path for one in due} | form.UNLISTED, known=bool(due) or found.sound)


def _changed(found: Found, one: _Due, held: Held, digest: files.Digest, second: dict[str, str], source: str) -> None:
    """Names the file that was changed: this one, or the list that speaks of it."""
    if digest.sha256 is not None and second.get(one.path) == digest.sha256:
        found.add("edited", source, f"its line of {one.path} was changed", expected=digest.sha256, found=one.sha256)
        return
    if digest.error is not None and not digest.damaged:
        if held.error is not None and held.member is None:
            found.add("unsafe-path", one.path, digest.error)
        else:
            found.not_checked.append(f"{one.path}: {digest.error}")
        return
    note = "it was changed"
    if one.size is not None and digest.size != one.size:
        note += f": {digest.size:,} byte(s) instead of {one.size:,}"
    elif digest.error is not None:
        note += f": {digest.error}"
    elif digest.sha256 == one.sha256:
        found.add("edited", one.path, "its blake3 does not fit", expected=one.blake3, found=digest.blake3)
        return
    found.add("edited", one.path, note, expected=one.sha256, found=digest.sha256)


def _extra(found: Found, known_names: frozenset[str] | set[str], *, known: bool) -> None:
    """The files that nobody lists."""
    if not known:
        found.not_checked.append("the files: neither the manifest nor SHA256SUMS can be read")
        return
    for name in dict.fromkeys(held.name for held in found.holding.files):
        if name not in known_names:
            dropped = found.holding.join == "/" and name.rpartition("/")[2] in _DROPPED
            note = "it was added: the manifest does not know it"
            if dropped:
                note += "; systems write such a file when a folder is looked at"
            found.add("extra-file", name, note, breaks=not dropped)


def _result(item: Evidence, found: Found, call: Call) -> Result:
    listed = found.manifest.files if found.manifest is not None else ()
    if any(entry.path.startswith("raw/") for entry in listed):
        found.not_checked.append("chains and seals of the logs in raw/: unpack them, and verify them by themselves")
    if found.records == 0 and found.manifest is not None:
        found.not_checked.append("anything: the bundle lists no files")
    strange = bool(call.keys) and not found.verified and not found.broken
    if strange and found.signed == 0:
        found.not_checked.append("whose bundle it is: a key was given, and the bundle is not signed")
    if found.broken:
        verdict = BROKEN
    elif not found.records or found.checked < found.records or not found.sound:
        verdict = UNVERIFIABLE
    elif found.anchors:
        verdict = INTACT
    else:
        verdict = UNVERIFIABLE if strange else UNANCHORED
    if verdict == UNANCHORED:
        found.not_checked.append(
            "whether the bundle was made anew as a whole: give the key that signed it (--key), or the SHA-256 of its "
            "manifest.json as you were told it (--expect-head)"
        )
    total = sum(entry.size for entry in listed)
    if found.sound:
        found.notes.append(f"{len(listed):,} file(s) of {total:,} bytes, and the files that speak of them")
    return Result(
        item.shown,
        NAME,
        form.SCHEMA,
        None,
        found.records,
        found.checked,
        verdict,
        anchor="; ".join(found.anchors) if verdict == INTACT else None,
        head=found.digest or None,
        defects=tuple(found.defects),
        not_checked=tuple(found.not_checked),
        notes=tuple(found.notes),
        signed=found.signed,
        verified=found.verified,
        defects_left_out=found.left_out,
        lines=False,
    )
