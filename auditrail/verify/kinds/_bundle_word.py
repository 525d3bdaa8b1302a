"""Whose word a bundle is: the signed note in it, and what was kept elsewhere; steps 6 and 7 of `bundle`."""

from __future__ import annotations

from auditrail import notes
from auditrail.bundle import format as form
from auditrail.errors import NoteError
from auditrail.seal.keys import with_cosigners
from auditrail.verify import notekeys
from auditrail.verify.anchors import Anchor
from auditrail.verify.evidence import Call
from auditrail.verify.kinds._bundle_found import Found, read

_SHORT = 1 << 20


def note(found: Found, call: Call) -> None:
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
    raw = read(found, form.NOTE, _SHORT)
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


def _own(found: Found, note: notes.Note, said: str | None, *, trusted: bool) -> None:
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


def _speaks(found: Found, note: notes.Note, signers: list[str]) -> None:
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


def anchors(found: Found, call: Call, *, alone: bool) -> None:
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


def _anchored(found: Found, anchor: Anchor, *, by_root: bool) -> None:
    found.anchors.append(anchor.label)
    told = anchor.note is not None and f"manifest-sha256 {found.digest}\n" in anchor.note.text
    if by_root and not told:
        found.not_checked.append(f"what the manifest says besides the files: {anchor.label} holds their root alone")
