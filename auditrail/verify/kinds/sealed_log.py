"""Logs that a program wrote with `auditrail.seal.SealedLog`: their chain, and the signed checkpoints in them.

1. The chain, by the profile `auditrail-sealed`, through all segments that were given. 2. Each checkpoint of a segment:
its signature, by a key that was given; its size, which must be the number of records before it; its root, which must be
that of these records' lines. 3. With a signed checkpoint that holds, the records up to it are anchored; how many stand
behind the last one is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import orjson

from auditrail import merkle, notes
from auditrail.errors import AuditrailError, NoteError
from auditrail.merkle import Frontier
from auditrail.notes import Note
from auditrail.seal import records
from auditrail.seal.keys import with_cosigners
from auditrail.verify import notekeys
from auditrail.verify.evidence import Call, Claim, Evidence
from auditrail.verify.kinds import profile_chain
from auditrail.verify.types import BROKEN, INTACT, UNANCHORED, Defect, Result

NAME = "sealed-log"
TITLE = "logs written with auditrail.seal.SealedLog: a hash chain with signed checkpoints in it"
PROFILE = "auditrail-sealed"
_MARK = b'"format":"' + records.FORMAT.encode() + b'"'
_CHECKPOINT = b'"kind":"' + records.CHECKPOINT.encode() + b'"'


def claim(item: Evidence, beside: Sequence[Evidence], call: Call) -> Claim | None:
    """A log whose first record is one of ours."""
    if item.shown.endswith(".lock") and not item.head and _MARK in _head(item, beside, call):
        return Claim(88, companion=True)  # the lock that writers leave beside a log
    if call.profile not in (None, PROFILE) or _MARK not in item.head[: 1 << 16]:
        return None
    return Claim(88) if _is_ours(item.head.partition(b"\n")[0]) else None


def _head(lock: Evidence, beside: Sequence[Evidence], call: Call) -> bytes:
    """How the log begins that a lock is of; blank if it is not there."""
    names: dict[str, bytes] = call.cache.setdefault(("sealed-log", "heads"), {})
    if not names:
        names.update({item.shown: item.head[: 1 << 16] for item in beside})
    return names.get(lock.shown.removesuffix(".lock"), b"")


def _is_ours(line: bytes) -> bool:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return isinstance(value, dict) and value.get("format") == records.FORMAT


class _Found(NamedTuple):
    """A checkpoint in a segment: record (1-based in its file), its note, and the tree of the lines before it."""

    record: int
    offset: int
    note: Note | None
    size: int
    root: bytes


@dataclass
class _Segment:
    """What the checkpoints of one file say."""

    signed: int = 0
    verified: int = 0
    behind: int = 0
    defects: list[Defect] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)


def verify(items: Sequence[Evidence], companions: Sequence[Evidence], call: Call) -> list[Result]:
    """Results of the chains, with what their checkpoints add."""
    chains = profile_chain.verify(items, companions, replace(call, profile=PROFILE, cache={}))  # 1
    judged = {item.shown: _segment(item, call) for item in items}
    return [_with(result, judged) for result in chains]


def _with(result: Result, judged: dict[str, _Segment]) -> Result:
    paths = result.segments or (result.path,)
    parts = [judged[path] for path in paths if path in judged]
    defects = [
        defect._replace(path=path if len(paths) > 1 else "")
        for path in paths
        if path in judged
        for defect in judged[path].defects
    ]
    signed, verified = sum(part.signed for part in parts), sum(part.verified for part in parts)
    anchors = [anchor for part in parts for anchor in part.anchors][-1:]
    not_checked = list(result.not_checked)
    verdict = result.verdict
    if defects:
        verdict = BROKEN
    elif anchors and verdict == UNANCHORED:  # 3
        verdict = INTACT
    if signed and not verified and not defects:
        not_checked.append("the signatures of the checkpoints: no key was given that made them (--key)")
    if anchors and parts and parts[-1].behind:
        not_checked.append(f"{parts[-1].behind} record(s) behind the last signed checkpoint could be cut off unseen")
    if not signed and parts:
        not_checked.append("who wrote the log: it holds no signed checkpoint")
    anchor = "; ".join([*([result.anchor] if result.anchor else []), *anchors])
    return replace(
        result,
        kind=NAME,
        verdict=verdict,
        anchor=anchor if verdict == INTACT and anchor else None,
        defects=(*result.defects, *defects),
        not_checked=tuple(not_checked),
        signed=result.signed + signed,
        verified=result.verified + verified,
    )


def _segment(item: Evidence, call: Call) -> _Segment:
    """Step 2, for one file."""
    made = _Segment()
    try:
        found, count = _checkpoints(item, call)
    except AuditrailError:
        return made  # what cannot be read is told by the chain
    keys = with_cosigners(notekeys.trusted(call, [one.note for one in found if one.note is not None]))
    last = 0
    for one in found:
        made.signed += 1
        if one.note is None:
            made.defects.append(Defect("edited", one.record, one.offset, note="the checkpoint can't be read"))
            continue
        head = notes.checkpoint(one.note.text)
        if (head.size, head.root) != (one.size, one.root):
            note = f"the checkpoint of {head.size} record(s) does not fit the {one.size} that stand before it"
            made.defects.append(
                Defect("rewritten", one.record, one.offset, None, head.root.hex(), one.root.hex(), note)
            )
            continue
        try:
            signers = notes.verify(one.note, keys)
        except NoteError as error:
            made.defects.append(Defect("bad-signature", one.record, one.offset, note=error.message))
            continue
        if signers:
            made.verified += 1
            last = one.record
            made.anchors.append(f"a checkpoint of {head.size} record(s) signed by {signers[0].verifier.name}")
    made.behind = count - last
    return made


def _checkpoints(item: Evidence, call: Call) -> tuple[list[_Found], int]:
    """The checkpoints of a segment, and how many lines it has."""
    tree = Frontier()
    found: list[_Found] = []
    number = offset = 0
    rest = b""
    with item.open(call.max_expansion) as stream:
        while block := stream.read(1 << 20):
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                number += 1
                if _CHECKPOINT in line and (body := _body(line)) is not None:
                    found.append(_Found(number, offset, _note(body), tree.size, tree.root()))
                tree.add(merkle.leaf_hash(line + b"\n"))
                offset += len(line) + 1
    return found, number


def _body(line: bytes) -> Any:
    """The body of a checkpoint record; None if it is another record that only speaks of checkpoints."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    ours = isinstance(value, dict) and value.get("format") == records.FORMAT
    return value.get("body") if ours and value.get("kind") == records.CHECKPOINT else None


def _note(body: Any) -> Note | None:
    text = body.get("note") if isinstance(body, dict) else None
    if not isinstance(text, str):
        return None
    try:
        note = notes.parse(text.encode("utf-8", "surrogatepass"))
        notes.checkpoint(note.text)
    except NoteError:
        return None
    return note
