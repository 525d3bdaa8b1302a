"""What is known of a log besides its seal in force: the seals before it, and checkpoints that were kept elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from auditrail import merkle, notes
from auditrail.errors import NoteError, ProofError
from auditrail.notes import Checkpoint, Verifier
from auditrail.seal import statement as statements
from auditrail.seal.keys import with_cosigners
from auditrail.seal.locate import Finding
from auditrail.seal.sidecar import Sealed, Sidecar

if TYPE_CHECKING:
    from auditrail.seal.check import Checked


def earlier(made: Checked, opened: Sidecar, trusted: list[Verifier]) -> bool:
    """Step 6; whether all seals before were looked at and hold."""
    keys = with_cosigners(trusted or opened.header.keys)
    following = opened.header.sealed
    held = opened.header.earlier
    for before in reversed(held):
        named = following.statement.previous
        if named is None or named.digest != statements.digest(before.note.text):
            made.add(
                Finding("edited", note="the seals from before, which this seal holds, are not those that it names")
            )
            return True
        problem = _grown(before, following)
        if problem is not None:
            note = (
                f"the seal of {before.statement.leaves} record(s) and that of {following.statement.leaves}: {problem}"
            )
            made.add(Finding("forked", note=note))
            return True
        if not _signed(before, keys):
            made.not_checked.append(
                f"who made the seal of {before.statement.leaves} record(s) at {before.statement.time}: its key was not "
                "given; the next seal names it"
            )
        if named.relation == statements.BROKEN:
            made.notes.append(
                f"sealed anew at {following.statement.time}: the log was no longer the one of {named.size} record(s) "
                f"that had been sealed at {before.statement.time}"
            )
        following = before
    if following.statement.previous is not None:
        made.not_checked.append("seals from before the oldest one that this seal holds")
    if held:
        made.notes.append(
            f"sealed {len(held) + 1} times; each seal grew from the one before, where none was broken off"
        )
    return True


def _grown(before: Sealed, after: Sealed) -> str | None:
    """Why the tree of a seal did not grow from that of the one before; None: it did, or is said to be another one."""
    first, second = before.statement, after.statement
    if first.leaves == 0 or (second.previous is not None and second.previous.relation == statements.BROKEN):
        return None
    try:
        merkle.verify_consistency(first.leaves, second.leaves, first.root, second.root, before.proof)
    except ProofError as error:
        return error.message
    return None


def _signed(one: Sealed, keys: list[Verifier]) -> bool:
    try:
        return bool(notes.verify(one.note, keys))
    except NoteError:
        return False


def anchored(made: Checked, opened: Sidecar, checkpoints: Sequence[Checkpoint], *, proven: bool) -> None:
    """Step 7."""
    said = opened.statement
    for one in checkpoints:
        if one.origin != said.origin:
            made.not_checked.append(f"a checkpoint of another log: {one.origin}")
        elif one.size > said.leaves:
            made.add(
                Finding(
                    "truncated-tail",
                    said.leaves + 1,
                    note=f"a checkpoint kept elsewhere knows {one.size} records; this seal knows {said.leaves}",
                )
            )
        elif proven:
            problem = _grew(opened, one)
            if problem is None:
                made.anchors.append(f"a checkpoint of {one.size} record(s) that was kept elsewhere")
            else:
                made.add(Finding("rewritten", note=f"a checkpoint of {one.size} record(s) kept elsewhere: {problem}"))


def _grew(opened: Sidecar, one: Checkpoint) -> str | None:
    said = opened.statement
    if one.size == 0:
        return None if one.root == merkle.EMPTY_ROOT else "its root is not that of no records"
    try:
        proof = merkle.consistency_proof(opened.nodes(), one.size, said.leaves)
        merkle.verify_consistency(one.size, said.leaves, one.root, said.root, proof)
    except ProofError as error:
        return error.message
    return None
