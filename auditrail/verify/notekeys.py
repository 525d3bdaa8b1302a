"""Keys and anchors of a call as those of signed notes: `name+id+base64`, or a bare Ed25519 key."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from auditrail import notes
from auditrail.errors import NoteError, UsageError
from auditrail.notes import Note, Verifier
from auditrail.verify.anchors import Anchor, sealed

if TYPE_CHECKING:
    from auditrail.verify.evidence import Call


def trusted(call: Call, seen: Iterable[Note]) -> list[Verifier]:
    """The keys of the call that can have signed one of these notes.

    A key in the form of C2SP has its name; one in PEM, JWK or as 32 bytes is any signature's whose key id is made of
    it: the name in that signature is then only a name.
    """
    made: list[Verifier] = []
    for key in call.keys.keys:
        for reading in key.readings:
            try:
                made += notes.verifiers(reading.decode())
            except (NoteError, UnicodeDecodeError):
                continue
    bare = [raw for public in call.keys.publics() if (raw := _raw(public)) is not None]
    for note in seen:
        for one in note.signatures:
            for kind in (notes.ED25519, notes.COSIGNATURE):
                named = (Verifier(one.name, kind, raw) for raw in bare)
                made += [key_of for key_of in named if key_of.key_id == one.key_id]
    return list(dict.fromkeys(made))


def attested(call: Call) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the signatures of the call's anchors are worth: sentences on those that hold, and on those not checked.

    Raises:
        UsageError: a signature by a key that was given fails. Such a note is refused (C2SP signed-note): whatever it
            says is not its signer's, and nothing may be compared with it.
    """
    held, unchecked = [], []
    for anchor in call.anchors:
        if anchor.note is not None:
            keys = trusted(call, [anchor.note])
            try:
                found = notes.verify(anchor.note, [*keys, *(k.cosigner() for k in keys if k.kind == notes.ED25519)])
            except NoteError as error:
                raise UsageError(
                    f"--anchor {anchor.label}: {error.message}: the note is refused",
                    hint="it was changed after it was signed, or the key is another party's; get it from its origin",
                ) from None
            if found:
                held.append(f"{anchor.label} is signed by {', '.join(dict.fromkeys(o.verifier.name for o in found))}")
            else:
                names = ", ".join(dict.fromkeys(one.name for one in anchor.note.signatures))
                unchecked.append(f"the signature of {anchor.label}: no key was given that made it; it says {names}")
        elif anchor.signed is not None and sealed(anchor, call.keys) is None:
            unchecked.append(f"the seal of {anchor.label}: no key was given that made it")
    return tuple(held), tuple(f"{sentence} (--key); whoever wrote it may have signed it" for sentence in unchecked)


def _raw(public: Any) -> bytes | None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return public.public_bytes_raw() if isinstance(public, Ed25519PublicKey) else None


def head_of(anchor: Anchor) -> bytes | None:
    """The 32 bytes of an anchor's head, written in hex or base64, perhaps behind `sha256:`; None if it is another."""
    if anchor.head is None:
        return None
    text = anchor.head.removeprefix("sha256:")
    for decode in (bytes.fromhex, lambda value: base64.b64decode(value, validate=True)):
        try:
            made: bytes = decode(text)
        except (ValueError, binascii.Error):
            continue
        if len(made) == 32:
            return made
    return None
