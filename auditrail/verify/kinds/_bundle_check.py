"""The steps of checking a bundle; `bundle` numbers them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from auditrail import notes
from auditrail.bundle import format as form
from auditrail.bundle.format import Manifest, Sums
from auditrail.errors import AuditrailError, BundleError, NoteError, UnreadableError
from auditrail.seal.keys import with_cosigners
from auditrail.verify import notekeys
from auditrail.verify.anchors import Anchor
from auditrail.verify.evidence import Call, Evidence
from auditrail.verify.kinds import _bundle_files as files
from auditrail.verify.kinds._bundle_files import Held, Holding
from auditrail.verify.types import BROKEN, INTACT, UNANCHORED, UNVERIFIABLE, Defect, Result

NAME = "bundle"
# Where a call keeps the results of its bundles, by the path shown: for what is proven against one.
VERDICTS = (NAME, "results")
MOST_DEFECTS = 1000
_SHORT = 1 << 20
# What systems write into folders that are looked at: named as the rest, but no sign of a forger.
_DROPPED = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


@dataclass
class _Found:
    """What was found of one bundle.

    Attributes:
        manifest: as far as it can be read. sound: whether it is what its writer wrote (step 2).
        digest: SHA-256 of manifest.json in hex, "" if it is not there. sums: SHA256SUMS, None if it is not there.
        records: files that there should be. checked: those that are as they should be.
        signed, verified: signatures of the note, and those by keys that were given. signers: their names.
    """

    holding: Holding
    shown: str
    manifest: Manifest | None = None
    sound: bool = False
    digest: str = ""
    sums: Sums | None = None
    records: int = 0
    checked: int = 0
    signed: int = 0
    verified: int = 0
    anchors: list[str] = field(default_factory=list)
    defects: list[Defect] = field(default_factory=list)
    left_out: int = 0
    not_checked: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(
        self, kind: str, name: str, note: str, *, expected: str | None = None, found: str | None = None,
        breaks: bool = True,
    ) -> None:  # fmt: skip
        """Notes a defect of a file ("": of the bundle as a whole)."""
        place = f"{self.shown}{self.holding.join}{self.holding.prefix}{name}" if name else ""
        said = f"{name}: {note}" if name else note
        if len(self.defects) < MOST_DEFECTS:
            self.defects.append(Defect(kind, None, None, None, expected, found, said, breaks, place))
        else:
            self.left_out += 1

    @property
    def broken(self) -> bool:
        return self.left_out > 0 or any(defect.breaks for defect in self.defects)


class _Due(NamedTuple):
    """What a file should be; `size` and `blake3` are None where only SHA256SUMS tells."""

    path: str
    sha256: str
    size: int | None = None
    blake3: str | None = None


def check(item: Evidence, call: Call, *, alone: bool) -> Result:
    """The result for one bundle; `alone`: nothing else is verified in the call, so that its expectations are about it."""
    shown = item.shown.rstrip("/") or item.shown
    try:
        found = _Found(files.look(item.path, call.max_expansion), shown)
    except (OSError, AuditrailError) as error:
        reason = error.message if isinstance(error, AuditrailError) else (error.strerror or str(error)).lower()
        not_read = (f"the bundle: it can't be read: {reason}",)
        return Result(item.shown, NAME, form.SCHEMA, None, 0, 0, UNVERIFIABLE, not_checked=not_read, lines=False)
    _container(found)  # 1
    _manifest(found)  # 2
    _sums(found)  # 3
    _tree(found)  # 4
    _files(found, call.processes)  # 5
    _note(found, call)  # 6
    _anchors(found, call, alone=alone)  # 7
    return _result(item, found, call)


def _container(found: _Found) -> None:
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


def _read(found: _Found, name: str, limit: int) -> bytes | None:
    """A file that goes with the bundle; what is wrong with it is noted, and None returned."""
    held = found.holding.find(name)
    if held is None:
        found.add("missing-file", name, "it is not there")
        return None
    try:
        data = found.holding.read(held, limit)
    except UnreadableError as error:
        found.add("edited", name, f"it can't be read: {error.message}")
        return None
    if data is None:
        found.add("edited", name, "it is far too long")
    return data


def _manifest(found: _Found) -> None:
    """Step 2."""
    raw = _read(found, form.MANIFEST, form.MOST_MANIFEST)
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


def _sums(found: _Found) -> None:
    """Step 3."""
    raw = _read(found, form.SUMS, form.MOST_MANIFEST)
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


def _tree(found: _Found) -> None:
    """Step 4."""
    if not found.sound or found.manifest is None:
        return
    made, said = form.root(found.manifest.files).hex(), found.manifest
    if (said.size, said.root) != (len(said.files), made):
        note = "its Merkle root is not that of the files it lists"
        found.add("edited", form.MANIFEST, note, expected=said.root, found=made)


def _due(found: _Found) -> tuple[list[_Due], dict[str, str], str]:
    """What files should be, what the other list says (where neither is sure), and the name of the list."""
    said = [] if found.manifest is None else list(found.manifest.files)
    listed = [] if found.sums is None else [pair for pair in found.sums.entries if pair[1] not in form.UNLISTED]
    if found.sound or not listed:
        return [_Due(one.path, one.sha256, one.size, one.blake3) for one in said], {}, form.MANIFEST
    second = {entry.path: entry.sha256 for entry in said}
    once = {path: digest for digest, path in listed}
    return [_Due(path, digest) for path, digest in once.items()], second, form.SUMS


def _files(found: _Found, threads: int) -> None:
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


def _changed(found: _Found, one: _Due, held: Held, digest: files.Digest, second: dict[str, str], source: str) -> None:
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


def _extra(found: _Found, known_names: frozenset[str] | set[str], *, known: bool) -> None:
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


def _note(found: _Found, call: Call) -> None:
    """Step 6."""
    said = found.manifest.signer if found.manifest is not None else None
    if found.holding.find(form.NOTE) is None:
        if said is not None:
            found.add("missing-file", form.NOTE, f"it is not there, and the manifest says that {_name(said)} signed it")
        elif found.manifest is not None:
            found.not_checked.append("who made the bundle: nobody signed it")
        return
    if found.sound and said is None:
        found.add("extra-file", form.NOTE, "it was added: the manifest says that nobody signed")
    raw = _read(found, form.NOTE, _SHORT)
    if raw is None:
        return
    try:
        note = notes.parse(raw)
        found.signed = len(note.signatures)
        trusted = notes.verify(note, with_cosigners(notekeys.trusted(call, [note])))
        found.verified = len(trusted)
        _own(found, note, said, trusted=bool(trusted))
    except NoteError as error:
        found.add("bad-signature", form.NOTE, error.message)
        return
    _speaks(found, note, signers=list(dict.fromkeys(one.verifier.name for one in trusted)))


def _own(found: _Found, note: notes.Note, said: str | None, *, trusted: bool) -> None:
    """The signature under the key that the manifest names: by itself, it only tells that nothing was damaged.

    Raises:
        NoteError: it fails.
    """
    if said is None or not found.sound:
        return
    if not notes.verify(note, [notes.verifier(said)]):
        found.add("bad-signature", form.NOTE, f"the signature by {_name(said)}, whom the manifest names, is not there")
    if not trusted:
        names = ", ".join(one.name for one in note.signatures)
        found.not_checked.append(f"who made the bundle: no key was given that signed it (--key); it says it is {names}")


def _speaks(found: _Found, note: notes.Note, signers: list[str]) -> None:
    """Whether the note is about this manifest; only then is a signature an anchor."""
    if found.manifest is None:
        return
    due = form.note_text(len(found.manifest.files), form.root(found.manifest.files), found.digest)
    if note.text == due:
        if signers and found.sound:
            found.anchors.append(f"{form.NOTE}, signed by {', '.join(signers)}")
    elif signers:
        found.add("rewritten", form.MANIFEST, f"it is not the one that {', '.join(signers)} signed")
    elif found.sound:
        found.add("edited", form.NOTE, "it speaks of another manifest than the one that is here")


def _name(key: str) -> str:
    return notes.verifier(key).name


def _anchors(found: _Found, call: Call, *, alone: bool) -> None:
    """Step 7."""
    if found.manifest is None:
        return
    root = form.root(found.manifest.files).hex()
    for anchor in call.anchors:
        about = anchor.origin == form.ORIGIN or anchor.profile == form.SCHEMA
        if anchor.path is not None and anchor.path.rpartition("/")[2] != found.shown.rpartition("/")[2]:
            continue
        head = notekeys.head_of(anchor)
        same = head is not None and head.hex() in (found.digest, root)
        if (anchor.origin or anchor.profile) and not about:
            continue
        if not same and not alone and (anchor.exact or (about and anchor.path is None)):
            found.not_checked.append(f"{anchor.label}: it may be about something else that was given; verify one alone")
        elif anchor.exact and anchor.records not in (None, len(found.manifest.files)):
            there = f"{len(found.manifest.files)} file(s) are listed, and {anchor.records} were expected"
            found.add("rewritten", form.MANIFEST, f"{anchor.label}: {there}")
        elif same:
            _anchored(found, anchor, by_root=head is not None and head.hex() == root)
        elif anchor.head is not None and (anchor.exact or about):
            note = f"{anchor.label}: it is another manifest than the one that was kept"
            found.add("rewritten", form.MANIFEST, note, expected=anchor.head, found=found.digest)


def _anchored(found: _Found, anchor: Anchor, *, by_root: bool) -> None:
    found.anchors.append(anchor.label)
    told = anchor.note is not None and f"manifest-sha256 {found.digest}\n" in anchor.note.text
    if by_root and not told:
        found.not_checked.append(f"what the manifest says besides the files: {anchor.label} holds their root alone")


def _result(item: Evidence, found: _Found, call: Call) -> Result:
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
