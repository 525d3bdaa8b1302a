"""Proofs: that a record stands in a log (C2SP tlog-proof), or that a log grew from an earlier checkpoint.

1. The signature of the checkpoint in the proof, by a key that was given: without one, anybody may have made the proof.
2. The record, or the earlier checkpoint (`--anchor`), leads by the hashes of the proof to the root of the checkpoint.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from auditrail import merkle, notes
from auditrail.errors import AuditrailError, NoteError, ProofError
from auditrail.notes import Note, Verified
from auditrail.seal import proving
from auditrail.seal.keys import with_cosigners
from auditrail.seal.proving import Growth, Proof
from auditrail.verify import notekeys
from auditrail.verify.evidence import Call, Claim, Evidence
from auditrail.verify.types import BROKEN, INTACT, UNVERIFIABLE, Defect, Result

NAME = "proof"
TITLE = "proofs of a record or of growth, with the signed checkpoint that they lead to (C2SP tlog-proof)"
RECORD, GROWTH = "c2sp.org/tlog-proof@v1", "consistency proof"
_GROWTH = re.compile(rb"old (?:0|[1-9]\d{0,18})\n(?:[A-Za-z0-9+/]{43}=\n){0,64}\n[^\n]")


def claim(item: Evidence, beside: Sequence[Evidence], call: Call) -> Claim | None:
    """A proof, and the record that one of them is of."""
    if proving.is_proof(item.head) or _GROWTH.match(item.head):
        return Claim(95)
    if item.size <= proving.MOST_RECORD and any(_is_record(item, proof) for _, proof in _open(beside, call)):
        return Claim(99, companion=True)
    return None


def _open(beside: Sequence[Evidence], call: Call) -> list[tuple[Evidence, Proof]]:
    """The proofs of the call that do not hold their record."""
    made: list[tuple[Evidence, Proof]] | None = call.cache.get(("proof", "open"))
    if made is None:
        read = [(item, _read(item)) for item in beside if proving.is_proof(item.head)]
        made = [(item, proof) for item, proof in read if isinstance(proof, Proof) and proof.extra is None]
        call.cache["proof", "open"] = made
    return made


def _is_record(item: Evidence, proof: Proof) -> bool:
    try:
        data = item.path.read_bytes()
        head = proof.checkpoint
        made = merkle.root_of_inclusion(merkle.leaf_hash(data), proof.leaf, head.size, proof.hashes)
    except (AuditrailError, OSError):
        return False
    return made == head.root


def _read(item: Evidence) -> Proof | Growth | str:
    """The proof, or why it is none."""
    try:
        data = item.read(proving.MOST_PROOF)
        if data is None:
            return "it is too long for a proof"
        return proving.parse(data) if proving.is_proof(item.head) else proving.parse_growth(data)
    except (ProofError, NoteError) as error:
        return error.message
    except AuditrailError as error:
        return error.message


def verify(items: Sequence[Evidence], companions: Sequence[Evidence], call: Call) -> list[Result]:
    """One result for each proof."""
    results: list[Result] = []
    for item in items:
        proof = _read(item)
        if isinstance(proof, str):
            profile = RECORD if proving.is_proof(item.head) else GROWTH
            said = f"the proof: {proof}"
            results.append(Result(item.shown, NAME, profile, None, 1, 0, UNVERIFIABLE, not_checked=(said,)))
        elif isinstance(proof, Proof):
            results.append(_record(item, proof, companions, call))
        else:
            results.append(_growth(item, proof, call))
    return results


def _record(item: Evidence, proof: Proof, companions: Sequence[Evidence], call: Call) -> Result:
    head = proof.checkpoint
    result = _signed(item, RECORD, proof.note, call)
    record = next((other.path.read_bytes() for other in companions if _is_record(other, proof)), None)
    if record is None and proof.extra is None:
        missing = ("the record: the proof holds none; give the file with its bytes, too",)
        return _with(result, UNVERIFIABLE, not_checked=missing)
    content = proving.content_of(proof, record)
    try:
        merkle.verify_inclusion(merkle.leaf_hash(content), proof.leaf, head.size, proof.hashes, head.root)
    except ProofError as error:
        note = f"the record is not number {proof.leaf + 1} of {head.origin}: {error.message}"
        return _with(result, BROKEN, Defect("edited", proof.leaf + 1, note=note))
    note = f"the record of {len(content)} byte(s) is number {proof.leaf + 1} of {head.size} of {head.origin}"
    return _with(result, result.verdict, notes=(note,), checked=1)


def _signed(item: Evidence, profile: str, note: Note, call: Call) -> Result:
    """Step 1: the result as far as the signature tells."""
    head = notes.checkpoint(note.text)
    verdict = UNVERIFIABLE
    anchor: str | None = None
    defects: tuple[Defect, ...] = ()
    found: list[Verified] = []
    not_checked: tuple[str, ...] = ()
    try:
        found = notes.verify(note, with_cosigners(notekeys.trusted(call, [note])))
    except NoteError as error:
        verdict, defects = BROKEN, (Defect("bad-signature", note=error.message),)
    else:
        names = ", ".join(one.name for one in note.signatures)
        not_checked = (f"the signature: no key was given that made it (--key); it says it is by {names}",)
        if found:
            verdict, not_checked = INTACT, ()
            anchor = f"a checkpoint of {head.size} record(s) signed by " + ", ".join(_names(found))
    return Result(
        item.shown,
        NAME,
        profile,
        head.origin,
        1,
        0,
        verdict,
        anchor=anchor,
        head=head.root.hex(),
        defects=defects,
        not_checked=(*not_checked, "whether what the record says is true"),
        signed=len(note.signatures),
        verified=len(found),
    )


def _names(found: Sequence[Verified]) -> list[str]:
    return list(dict.fromkeys(one.verifier.name for one in found))


def _with(
    result: Result,
    verdict: str,
    *defects: Defect,
    not_checked: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
    checked: int = 0,
) -> Result:
    """The result with what step 2 found; a bad signature stays one."""
    return replace(
        result,
        verdict=BROKEN if BROKEN in (result.verdict, verdict) else verdict,
        anchor=result.anchor if verdict == INTACT else None,
        defects=(*result.defects, *defects),
        not_checked=(*not_checked, *result.not_checked),
        notes=(*result.notes, *notes),
        checked=checked,
    )


def _growth(item: Evidence, proof: Growth, call: Call) -> Result:
    head = notes.checkpoint(proof.note.text)
    result = _signed(item, GROWTH, proof.note, call)
    known = [
        (anchor.label, root)
        for anchor in call.anchors
        if anchor.records == proof.old and anchor.origin in (None, head.origin)
        if (root := notekeys.head_of(anchor)) is not None
    ]
    if not known:
        missing = (f"the growth: give the checkpoint of {proof.old} record(s) that was kept (--anchor)",)
        return _with(result, UNVERIFIABLE, not_checked=missing)
    for label, root in known:
        try:
            merkle.verify_consistency(proof.old, head.size, root, head.root, proof.hashes)
        except ProofError as error:
            note = f"{head.origin} did not grow from the checkpoint of {proof.old} record(s), {label}: {error.message}"
            return _with(result, BROKEN, Defect("forked", note=note))
    note = f"{head.origin} grew from {proof.old} to {head.size} record(s)"
    return _with(result, result.verdict, notes=(note,), checked=1)
