"""Redacted copies of chained or sealed logs, with `LOG.redacted` beside them (`redact.copies`).

1. The list is read; what can't be read proves nothing.
2. Every line of the copy must have the hash that is listed for it, none missing, none more: against a copy that was
   changed after it was made.
3. If the original's seal lies beside, the listed hashes of the original must be its leaves, as many and in that order,
   and lead to the root of its checkpoint: against lines left out, added or moved when the copy was made.
4. The checkpoint's signature is checked by the keys of the call.
5. The verdict is UNVERIFIABLE at best. A line that was redacted can't be hashed again, so nobody can see from the copy
   that it was made of the line whose hash is listed; the original of a line shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from auditrail import merkle, notes
from auditrail.errors import AuditrailError, NoteError
from auditrail.seal import sidecar
from auditrail.verify import notekeys
from auditrail.verify.evidence import Call, Claim, Evidence
from auditrail.verify.types import BROKEN, UNVERIFIABLE, Defect, Result

if TYPE_CHECKING:
    from auditrail.redact.copies import Listed

NAME = "redacted-copy"
TITLE = "redacted copies of chained or sealed logs: the hash of each line of the original, in LOG.redacted"
FORMAT = "auditrail-redacted/1"
_SUFFIX = ".redacted"
_MAGIC = b"auditrail-redacted/1\n"
_MOST_DEFECTS = 100
_MOST_BYTES = 256 << 20


def claim(item: Evidence, beside: Sequence[Evidence], call: Call) -> Claim | None:
    """A list, the copy beside it, and the seal of its original."""
    if item.whole is not None:
        return None
    if item.head.startswith(_MAGIC):
        return Claim(100, companion=item.shown.removesuffix(_SUFFIX) in _names(beside, call))
    if sidecar.is_seal(item.head):
        log = item.path.with_name(item.path.name.removesuffix(sidecar.SUFFIX))
        return Claim(100, companion=True) if log.is_file() and _listed(log) else None
    return Claim(100) if _listed(item.path) else None


def _names(beside: Sequence[Evidence], call: Call) -> frozenset[str]:
    made: frozenset[str] = call.cache.setdefault((NAME, "names"), frozenset(item.shown for item in beside))
    return made


def _listed(path: Path) -> bool:
    """Whether a list lies beside a file."""
    try:
        with path.with_name(path.name + _SUFFIX).open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def verify(items: Sequence[Evidence], companions: Sequence[Evidence], call: Call) -> list[Result]:  # noqa: ARG001
    """One result for each copy, or for a list without one."""
    return [_alone(item) if item.head.startswith(_MAGIC) else _judged(item, call) for item in items]


def _alone(item: Evidence) -> Result:
    note = (
        "the redacted copy that this list is of is not beside it: give it under the name that it had, without .redacted"
    )
    missing = Defect("missing-file", note=note, breaks=False)
    return Result(item.shown, NAME, FORMAT, None, 0, 0, UNVERIFIABLE, defects=(missing,), not_checked=(note,))


def _judged(item: Evidence, call: Call) -> Result:
    from auditrail.redact import copies

    try:
        said = copies.read(item.path.with_name(item.path.name + _SUFFIX))  # 1
        data = item.read(_MOST_BYTES)
    except (AuditrailError, OSError) as error:
        reason = error.message if isinstance(error, AuditrailError) else str(error.strerror or error)
        return Result(item.shown, NAME, FORMAT, None, 0, 0, UNVERIFIABLE, not_checked=(f"the list of lines: {reason}",))
    if data is None:
        large = f"the copy: it is larger than {_MOST_BYTES >> 20} MB"
        return Result(item.shown, NAME, FORMAT, None, len(said.lines), 0, UNVERIFIABLE, not_checked=(large,))
    defects, left_out = _lines(said, data)  # 2
    same = sum(one == other for one, other in said.lines)
    not_checked = [
        f"whether {len(said.lines) - same:,} redacted of {len(said.lines):,} lines were made of those that are listed",
        *(
            f"the original was {row.get('verdict')} as {row.get('profile') or row.get('kind')} when the copy was made: "
            "so says whoever made it"
            for row in said.original
        ),
    ]
    found: list[str] = []
    head, checked = _seal(item, said, same, call, defects, not_checked, found)
    broken = any(defect.breaks for defect in defects)
    return Result(
        item.shown, NAME, FORMAT, None, len(said.lines), 0 if broken else checked, BROKEN if broken else UNVERIFIABLE,
        head=head, defects=tuple(defects), not_checked=tuple(not_checked), notes=tuple(found),
        defects_left_out=left_out,
    )  # fmt: skip


def _lines(said: Listed, data: bytes) -> tuple[list[Defect], int]:
    """Step 2."""
    from auditrail.redact import copies

    made: list[Defect] = []
    left_out = 0
    for number, (line, listed) in enumerate(zip_longest(copies.lines(data), said.lines), 1):
        if line is not None and listed is not None and merkle.leaf_hash(line) == listed[1]:
            continue
        if len(made) >= _MOST_DEFECTS:
            left_out += 1
        elif line is None and listed is not None:
            made.append(Defect("truncated-tail", number, expected=listed[1].hex(), note="the line is not there"))
        elif line is not None and listed is None:
            made.append(Defect("inserted", number, note="the list has no such line"))
        elif line is not None and listed is not None:
            expected, got = listed[1].hex(), merkle.leaf_hash(line).hex()
            made.append(Defect("edited", number, expected=expected, found=got, note="changed since the copy was made"))
    return made, left_out


def _seal(
    item: Evidence, said: Listed, same: int, call: Call, defects: list[Defect], not_checked: list[str], found: list[str]
) -> tuple[str | None, int]:
    """Steps 3 and 4: the root of the original's seal, and how many lines stand unredacted under it."""
    place = sidecar.path_of(item.path)
    if not place.is_file():
        not_checked.append("the chain or seal of the original: nothing of it is kept here that could be checked again")
        return None, 0
    try:
        with sidecar.opened(place) as seal:
            stated, note = seal.statement, seal.header.sealed.note
            hashes = b"".join(bytes(block) for block in seal.hashes.blocks())
    except (AuditrailError, OSError) as error:
        not_checked.append(f"the seal of the original: {getattr(error, 'message', error)}")
        return None, 0
    listed = b"".join(one for one, _ in said.lines)[: len(hashes)]
    leaves = merkle.Leaves(listed)
    if stated.cut != "lines" or listed != hashes or merkle.root(leaves, stated.leaves) != stated.root:
        defects.append(Defect("rewritten", note="the listed hashes of the original are not those under its seal"))
        return stated.root.hex(), 0
    if more := len(said.lines) - stated.leaves:
        not_checked.append(f"{more:,} line(s) behind the end of the seal")
    found.append(
        f"the listed hashes are the {stated.leaves:,} leaves under the seal of the original: no line was left out, "
        "added or moved"
    )
    try:
        signed = notes.verify(note, notekeys.trusted(call, [note]))
    except NoteError as error:
        defects.append(Defect("bad-signature", note=error.message))
        return stated.root.hex(), 0
    if signed:
        found.append(f"the seal of the original is signed by {', '.join(one.verifier.name for one in signed)}")
        return stated.root.hex(), same
    not_checked.append("who made the seal of the original: no key that was given signed it (--key)")
    return stated.root.hex(), 0
