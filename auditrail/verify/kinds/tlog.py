"""Tiled transparency logs on disk (C2SP tlog-tiles): a folder with `checkpoint` and `tile/`; and checkpoints alone.

1. The signatures of the checkpoint, by keys that were given. 2. The hashes of level 0 must lead to its root. 3. Each
entry must have the hash that its tile holds, and no bundle may hold more. 4. The tiles above must hold the roots of
those below. 5. Checkpoints that were kept (`--anchor`) must have the root that these hashes had at their size, and the
log may not be shorter than they say. 6. What the caller expects of the head and the count must be so.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from auditrail import merkle, notes, tlog
from auditrail.errors import NoteError
from auditrail.notes import Checkpoint, Note, Verified
from auditrail.seal.keys import with_cosigners
from auditrail.verify import notekeys
from auditrail.verify.evidence import Call, Claim, Evidence
from auditrail.verify.types import BROKEN, INTACT, UNANCHORED, UNVERIFIABLE, Defect, Result

NAME = "tlog"
TITLE = "signed checkpoints, and transparency logs in tiles (C2SP tlog-checkpoint, tlog-tiles)"
FORMAT, NOTE = "tlog-tiles", "tlog-checkpoint"
MOST_DEFECTS = 1000
_MOST_NOTE = 1 << 16


def claim(item: Evidence, beside: Sequence[Evidence], call: Call) -> Claim | None:
    """A checkpoint, and the tiles below its folder."""
    root, gap, rest = item.shown.rpartition("/tile/")
    while gap and rest:
        if f"{root}/checkpoint" in _checkpoints(beside, call) or f"{root}/checkpoint" in _damaged(beside, call):
            return Claim(96, companion=True)
        root, gap, rest = root.rpartition("/tile/")
    return Claim(60) if item.shown in _checkpoints(beside, call) or item.shown in _damaged(beside, call) else None


def _checkpoints(beside: Sequence[Evidence], call: Call) -> dict[str, Note]:
    """The files of the call that are signed checkpoints."""
    made: dict[str, Note] | None = call.cache.get(("tlog", "checkpoints"))
    if made is None:
        made = {}
        for item in beside:
            if item.size <= _MOST_NOTE and "\n\n\u2014 ".encode() in item.head:
                try:
                    note = notes.parse(item.head)
                    notes.checkpoint(note.text)
                except NoteError:
                    continue
                made[item.shown] = note
        call.cache["tlog", "checkpoints"] = made
    return made


def _damaged(beside: Sequence[Evidence], call: Call) -> dict[str, str]:
    """Files in the place of a checkpoint, with tiles below their folder, that are none; and why."""
    made: dict[str, str] | None = call.cache.get(("tlog", "damaged"))
    if made is None:
        made = {}
        roots = {name[: at + 1] for item in beside if (at := (name := item.shown).find("/tile/")) >= 0}
        for item in beside:
            if item.shown in _checkpoints(beside, call) or item.shown.removesuffix("checkpoint") not in roots:
                continue
            try:
                notes.checkpoint(notes.parse(item.head).text)
            except NoteError as error:
                made[item.shown] = error.message
        call.cache["tlog", "damaged"] = made
    return made


def verify(items: Sequence[Evidence], companions: Sequence[Evidence], call: Call) -> list[Result]:
    """One result for each checkpoint, with the tiles below it if there are any."""
    known = _checkpoints([*items, *companions], call)
    tiles = {posixpath.normpath(item.shown): item for item in companions}
    return [
        _judged(item, known[item.shown], tiles, call)
        if item.shown in known
        else _unread(item, _damaged([*items, *companions], call).get(item.shown, ""))
        for item in items
    ]


def _unread(item: Evidence, reason: str) -> Result:
    said = f"the tiles: {item.shown} is in the place of their checkpoint, and is none that can be read ({reason})"
    return Result(item.shown, NAME, FORMAT, None, 0, 0, UNVERIFIABLE, not_checked=(said,))


def _judged(item: Evidence, note: Note, tiles: dict[str, Evidence], call: Call) -> Result:
    head = notes.checkpoint(note.text)
    folder = posixpath.dirname(item.shown) or "."
    defects: list[Defect] = []
    not_checked: list[str] = []
    said: list[str] = []
    found: list[Verified] = []
    try:  # 1
        found = notes.verify(note, with_cosigners(notekeys.trusted(call, [note])))
    except NoteError as error:
        defects.append(Defect("bad-signature", note=error.message))
    signers = ", ".join(dict.fromkeys(one.verifier.name for one in found))
    if not found and not defects:
        names = ", ".join(one.name for one in note.signatures)
        not_checked.append(f"the signature: no key was given that made it (--key); it says it is by {names}")
    has_tiles = any(name.startswith(posixpath.normpath(f"{folder}/tile") + "/") for name in tiles)
    walk = _walked(head, folder, tiles, call, defects, not_checked) if has_tiles else None  # 2 to 4
    checked = None if walk is None else _weighed(walk, head, folder, defects, not_checked)
    anchors = [f"signed by {signers}"] if found else []
    anchors += _kept(head, walk, call, defects, not_checked)  # 5
    anchors += _expected(head, call, defects)  # 6
    if any(defect.breaks for defect in defects):
        verdict = BROKEN
    elif has_tiles:
        gone = checked is None or (walk is not None and walk.bundles and walk.absent)
        verdict = UNVERIFIABLE if gone else INTACT if anchors else UNANCHORED
    else:
        verdict = INTACT if found else UNVERIFIABLE
        said.append(f"{head.origin}: {head.size} record(s)")
        not_checked.append("the records: this is the checkpoint alone")
    return Result(
        item.shown,
        NAME,
        FORMAT if has_tiles else NOTE,
        head.origin,
        head.size if has_tiles else 0,
        checked or 0,
        verdict,
        anchor="; ".join(anchors) if verdict == INTACT else None,
        head=head.root.hex(),
        defects=tuple(defects[:MOST_DEFECTS]),
        defects_left_out=max(len(defects) - MOST_DEFECTS, 0),
        not_checked=tuple(not_checked),
        notes=tuple(said),
        signed=len(note.signatures),
        verified=len(found),
    )


def _walked(
    head: Checkpoint,
    folder: str,
    tiles: dict[str, Evidence],
    call: Call,
    defects: list[Defect],
    not_checked: list[str],
) -> tlog.Walk | None:
    """Steps 2 to 4; None if most tiles are missing."""

    def read(name: str) -> bytes | None:
        item = tiles.get(posixpath.normpath(f"{folder}/{name}"))
        return item.read() if item is not None else None

    if head.size // merkle.TILE > 2 * len(tiles):  # a size that anyone can write must not decide how long this takes
        there = f"{len(tiles)} tile(s) are here, of more than {head.size // merkle.TILE} that the checkpoint speaks of"
        defects.append(Defect("missing-file", note=there, breaks=False))
        not_checked.append("the root: most tiles are missing")
        return None
    walk = tlog.Walk(head.size, read, [anchor.records for anchor in call.anchors if anchor.records is not None])
    walk.run()
    within = posixpath.normpath(folder) + "/" if folder != "." else ""
    beyond = sum(tlog.reaches(name.removeprefix(within)) > head.size for name in tiles if name.startswith(within))
    if beyond:
        not_checked.append(
            f"{beyond} tile(s) of a longer log than the checkpoint speaks of: the log grew behind it, or an older "
            "checkpoint stands in the place of the newest"
        )
    return walk


def _weighed(
    walk: tlog.Walk, head: Checkpoint, folder: str, defects: list[Defect], not_checked: list[str]
) -> int | None:
    """What a walk found: how many records were checked; None if the root could not be made."""
    for fault in walk.faults:
        where = posixpath.normpath(f"{folder}/{fault.path}")
        if fault.kind == "missing":
            defects.append(Defect("missing-file", note=f"{fault.path} is not there", breaks=False, path=where))
        elif fault.kind == "hash":
            record = None if fault.entry is None else fault.entry + 1
            note = f"entry {record} has not the hash that its tile holds"
            defects.append(Defect("edited", record, None, None, fault.expected, fault.found, note, path=where))
        elif fault.kind == "extra":
            record = None if fault.entry is None else fault.entry + 1
            defects.append(
                Defect("inserted", record, None, None, None, None, f"{fault.path}: {fault.note}", path=where)
            )
        else:
            note = fault.note or "a tile is damaged"
            defects.append(Defect("edited", None, None, None, fault.expected, fault.found, note, path=where))
    if walk.root is None:
        not_checked.append("the root: tiles of level 0 are missing")
        return None
    if walk.root != head.root:
        note = "the tiles of level 0 do not lead to the root of the checkpoint"
        defects.append(Defect("rewritten", None, None, None, head.root.hex(), walk.root.hex(), note))
        return 0
    for name in walk.absent if walk.bundles else ():
        where = posixpath.normpath(f"{folder}/{name}")
        note = f"{name} is not there: of its entries only the hashes are left"
        defects.append(Defect("missing-file", note=note, breaks=False, path=where))
    if not walk.bundles:
        not_checked.append("the entries: only their hashes are there")
        return head.size
    if walk.entries < head.size:
        not_checked.append(f"{head.size - walk.entries} entries that are not there, or do not fit")
    return walk.entries


def _kept(
    head: Checkpoint, walk: tlog.Walk | None, call: Call, defects: list[Defect], not_checked: list[str]
) -> list[str]:
    """Step 5: the kept checkpoints that this log fits."""
    made: list[str] = []
    roots = {head.size: head.root} | (walk.roots if walk is not None and walk.root == head.root else {})
    for anchor in call.anchors:
        root = notekeys.head_of(anchor)
        if anchor.exact or anchor.profile not in (None, FORMAT, NOTE):
            continue
        if anchor.origin not in (None, head.origin):
            if all(notes.checkpoint(n.text).origin != anchor.origin for n in _checkpoints((), call).values()):
                not_checked.append(f"{anchor.label}: it is about another log, {anchor.origin}")
            continue
        if root is None or anchor.records is None:
            continue
        if anchor.records > head.size and walk is not None:
            note = (
                f"{anchor.label} knows this log with {anchor.records} record(s), and here are {head.size}: rolled back"
            )
            defects.append(Defect("truncated-tail", None, None, None, root.hex(), head.root.hex(), note))
        elif anchor.records not in roots:
            not_checked.append(f"growth between {anchor.label} ({anchor.records} records) and this: needs a proof")
        elif root == roots[anchor.records]:
            made.append(anchor.label)
        else:
            note = f"{anchor.label} has another root for its {anchor.records} record(s): there are two histories"
            defects.append(Defect("forked", None, None, None, root.hex(), roots[anchor.records].hex(), note))
    return made


def _expected(head: Checkpoint, call: Call, defects: list[Defect]) -> list[str]:
    """Step 6: the expectations of the head that are met; a count alone is no anchor."""
    made: list[str] = []
    for anchor in call.anchors:
        if not anchor.exact:
            continue
        if anchor.records is not None and anchor.records != head.size:
            kind = "truncated-tail" if anchor.records > head.size else "inserted"
            note = f"{anchor.label}: {anchor.records} record(s) were expected, and there are {head.size}"
            defects.append(Defect(kind, None, None, None, str(anchor.records), str(head.size), note))
        elif anchor.head is not None and notekeys.head_of(anchor) != head.root:
            note = f"{anchor.label}: the root is another one"
            defects.append(Defect("rewritten", None, None, None, anchor.head, head.root.hex(), note))
        elif anchor.head is not None:
            made.append(anchor.label)
    return made
