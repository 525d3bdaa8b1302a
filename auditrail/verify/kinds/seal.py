"""Logs with a seal of `auditrail seal` beside them (`LOG.seal`), by any name of format. See `seal.check` for the steps.

A log that is sealed may be protected otherwise, too (a hash chain of its own): then it has results of both kinds.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from auditrail import discover
from auditrail.errors import AuditrailError
from auditrail.notes import Checkpoint, Note
from auditrail.seal import check, sidecar, stamps
from auditrail.seal.check import Checked
from auditrail.seal.locate import Finding
from auditrail.verify import notekeys
from auditrail.verify.anchors import Anchor
from auditrail.verify.evidence import Call, Claim, Evidence
from auditrail.verify.types import BROKEN, INTACT, UNANCHORED, UNVERIFIABLE, Defect, Result

NAME = "seal"
TITLE = "logs sealed by auditrail: a Merkle tree of the records and a signed checkpoint, in LOG.seal"
FORMAT = "auditrail-seal/1"


def claim(item: Evidence, beside: Sequence[Evidence], call: Call) -> Claim | None:
    """A seal, and the log beside it."""
    if sidecar.is_seal(item.head):
        names = _names(beside, call)
        return Claim(100, companion=item.shown.removesuffix(sidecar.SUFFIX) in names)
    return Claim(95) if _seal_of(item, beside, call) is not None else None


def _names(beside: Sequence[Evidence], call: Call) -> dict[str, Evidence]:
    """All files of the call by the path that is shown."""
    made: dict[str, Evidence] = call.cache.setdefault(("seal", "names"), {})
    if not made:
        made.update({item.shown: item for item in beside})
    return made


def _seal_of(item: Evidence, beside: Sequence[Evidence], call: Call) -> Path | None:
    """Where the seal of a log lies: among the files of the call, or beside it on the disk."""
    given = _names(beside, call).get(item.shown + sidecar.SUFFIX)
    if given is not None:
        return _noted(given.path, call) if sidecar.is_seal(given.head) else None
    place = sidecar.path_of(item.path)
    try:
        with place.open("rb") as file:
            return _noted(place, call) if sidecar.is_seal(file.read(len(sidecar.MAGIC))) else None
    except OSError:
        return None


def _noted(place: Path, call: Call) -> Path:
    """Notes the seal's origin before any kind is asked to verify: anchors of that origin are about this log alone."""
    with suppress(AuditrailError, OSError):
        call.cache.setdefault(("seal", "origins"), set()).add(sidecar.header_of(place).statement.origin)
    return place


def verify(items: Sequence[Evidence], companions: Sequence[Evidence], call: Call) -> list[Result]:
    """One result for each sealed log, and those of other kinds for what else protects it."""
    results: list[Result] = []
    logs: list[Evidence] = []
    for item in items:
        if sidecar.is_seal(item.head):
            results.append(_alone(item, call, sealed=len(items)))
            continue
        place = _seal_of(item, [*items, *companions], call)
        if place is not None:
            logs.append(item)
            results.append(_judged(item.shown, item.path, place, item.size, call, sealed=len(items)))
    return results + _others(logs, call)


def _alone(item: Evidence, call: Call, *, sealed: int) -> Result:
    """The result for a seal that was given without its log."""
    log = item.path.with_name(item.path.name.removesuffix(sidecar.SUFFIX))
    if item.path.name.endswith(sidecar.SUFFIX) and log.is_file():
        return _judged(item.shown, log, item.path, log.stat().st_size, call, sealed=sealed)
    note = "the log that this seal is of is not beside it: give it under the name that it had, without .seal"
    missing = Defect("missing-file", note=note, breaks=False)
    return Result(item.shown, NAME, FORMAT, None, 0, 0, UNVERIFIABLE, defects=(missing,), not_checked=(note,))


def _judged(shown: str, log: Path, place: Path, size: int, call: Call, *, sealed: int) -> Result:
    try:
        header = sidecar.header_of(place)
        keys = notekeys.trusted(call, [one.note for one in (header.sealed, *header.earlier)])
        said = header.statement
        heads, expected = _anchors(call, said.origin, shown, sealed)
        found = check.check(log, place, keys, heads, size)
        _expected(found, expected)
        _stamps(found, header, call)
    except (AuditrailError, OSError) as error:
        reason = error.message if isinstance(error, AuditrailError) else str(error.strerror or error)
        return Result(shown, NAME, FORMAT, None, 0, 0, UNVERIFIABLE, not_checked=(f"the seal: {reason}",))
    return _result(shown, found, header.sealed.note, bool(call.keys) and not keys)


def _anchors(call: Call, origin: str, shown: str, sealed: int) -> tuple[list[Checkpoint], list[Anchor]]:
    """Checkpoints that were kept, and what the caller says must be: each is about this log, or about no log here."""
    heads: list[Checkpoint] = []
    expected: list[Anchor] = []
    for anchor in call.anchors:
        if anchor.exact:
            expected.append(anchor)
            continue
        root = notekeys.head_of(anchor)
        if root is None or anchor.records is None or (anchor.profile or FORMAT) != FORMAT:
            continue
        # An anchor that names a file or an origin is about no other; one that names neither only if there is no other.
        about = anchor.path.rpartition("/")[2] == shown.rpartition("/")[2] if anchor.path else sealed == 1
        if anchor.origin == origin or (anchor.origin is None and about):
            heads.append(Checkpoint(origin, anchor.records, root))
    return heads, expected


def _expected(found: Checked, expected: list[Anchor]) -> None:
    said = found.statement
    if said is None:
        return
    for anchor in expected:
        if anchor.records is not None and anchor.records != said.leaves:
            kind = "truncated-tail" if anchor.records > said.leaves else "rewritten"
            note = f"{anchor.label}: {anchor.records} sealed record(s) were expected, and there are {said.leaves}"
            found.add(Finding(kind, expected=str(anchor.records), found=str(said.leaves), note=note))
        elif anchor.head is not None and notekeys.head_of(anchor) != said.root:
            note = f"{anchor.label}: the root is another one"
            found.add(Finding("rewritten", expected=anchor.head, found=said.root.hex(), note=note))
        elif anchor.head is not None:
            found.anchors.append(anchor.label)
    if any(finding.breaks for finding in found.findings):
        found.verdict = BROKEN
    elif found.anchors and found.verdict == UNANCHORED:
        found.verdict = INTACT


def _stamps(found: Checked, header: sidecar.Header, call: Call) -> None:
    """What time-stamping authorities say of the seal."""
    for token in header.stamps:
        try:
            stamp = stamps.check(token, header.sealed.note, call.roots)
        except AuditrailError as error:
            found.not_checked.append(f"a timestamp of the seal: {error.message}")
            continue
        when = stamp.time.strftime("%Y-%m-%dT%H:%M:%SZ") if stamp.time else "an unknown time"
        if stamp.problem is None:
            found.anchors.append(f"stamped at {when}")
            found.notes.append(f"a time-stamping authority vouches that the seal was there at {when}")
        else:
            found.not_checked.append(f"a timestamp of the seal that says {when}: {stamp.problem} (--timestamp-root)")


def _result(shown: str, found: Checked, note: Note, strange: bool) -> Result:
    said = found.statement
    not_checked = list(found.not_checked)
    if strange:
        not_checked.append("keys that are no keys of signed notes: give the file that keygen wrote to KEY.pub")
    return Result(
        path=shown,
        kind=NAME,
        profile=FORMAT,
        chain=said.origin if said else None,
        records=found.records,
        checked=found.checked,
        verdict=found.verdict,
        anchor="; ".join(found.anchors) if found.anchors and found.verdict == INTACT else None,
        head=said.root.hex() if said else None,
        defects=tuple(
            Defect(one.kind, one.record, one.offset, None, one.expected, one.found, one.note, one.breaks)
            for one in found.findings
        ),
        not_checked=tuple(not_checked),
        notes=tuple(found.notes),
        signed=len(note.signatures),
        verified=sum(one.trusted for one in found.signed),
        defects_left_out=found.left_out,
    )


def _others(logs: list[Evidence], call: Call) -> list[Result]:
    """What other kinds say of the sealed logs; anchors that are about a seal are not theirs."""
    origins = call.cache.get(("seal", "origins"), set())
    theirs = replace(call, anchors=tuple(one for one in call.anchors if one.origin not in origins and not one.exact))
    kinds = {name: kind for name, kind in discover.modules("auditrail.verify.kinds").items() if name != NAME}
    won: dict[str, list[Evidence]] = {}
    for log in logs:
        claims = [(name, made) for name in sorted(kinds) if (made := kinds[name].claim(log, logs, theirs)) is not None]
        name, best = max(claims, key=lambda pair: pair[1].score, default=("", None))
        # Less than a hash that is reproduced is a guess, which a seal makes needless.
        if best is not None and not best.companion and best.score >= 80:
            won.setdefault(name, []).append(log)
    return [result for name in sorted(won) for result in kinds[name].verify(won[name], [], theirs)]
