"""Weighs what the walk and the diagnosis found: step 10 of `walk`. One chain -> one result.

- BROKEN: a defect that breaks. Else, in this order:
- NOT-CHAINED: there is no record.
- UNVERIFIABLE: no hash and no signature could be recomputed.
- INTACT: an anchor names a head that this chain holds, at the place that the anchor says.
- INTACT-UNANCHORED: everything else. A count alone is no anchor: a rewritten log can have as many records.
"""

from __future__ import annotations

from collections.abc import Sequence

from auditrail.verify.anchors import Anchor, same_hash
from auditrail.verify.coverage import Coverage
from auditrail.verify.plan import Plan
from auditrail.verify.segments import Chain, Entry
from auditrail.verify.types import BROKEN, INTACT, NOT_CHAINED, UNANCHORED, UNVERIFIABLE, Defect, Result

_STRANGE = (
    "the hashes: not one comes out. It is a log of another version of this format or of another format that looks like "
    "it, or every record was changed (--profile takes it for this one; auditrail chains --infer searches for another)"
)
# A flipped newline at the end of the file is such a change.
_SPACE = "white space between the records, such as the newline at the end: it is in no record, and says nothing"
NO_ANCHOR = (
    "no anchor: the end may be cut, or the whole log written anew (give --expect-head, --expect-count or --anchor)"
)


def judge(
    kind: str,
    plan: Plan,
    chain: Chain,
    coverage: Coverage | None,
    files: Sequence[str],
    anchors: Sequence[tuple[int, Anchor]],
    more: Sequence[Defect],
    outside: frozenset[str],
    *,
    lines: bool = True,
    strange: bool = False,
    spaced: bool = True,
) -> Result:
    """The result of one chain; `more` are the defects of `diagnose` and those of lines that are no records.

    `strange`: not one of its hashes comes out, so it may be of another version of the format. Then it is no proof of
    changes that a hash does not fit. `spaced`: whether the records are text, with white space between them.
    """
    profile = plan.profile
    anchored, about_anchors, anchor_defects = _anchored(chain, anchors)
    own = [defect for defect in chain.defects if not (strange and defect.kind == "edited")]
    defects = [*own, *more, *anchor_defects]
    if profile.weak:
        defects.append(Defect("weak-hash", note=profile.weak, breaks=False))
    if chain.too_many:
        defects.append(Defect("spliced", note="the chain breaks too often for each break to be told apart"))
    where = {path: number for number, path in enumerate(files)}
    defects.sort(key=lambda d: (where.get(d.path, len(files)), d.record if d.record is not None else 1 << 62))
    signed_all = 0 < chain.signed == chain.verified + chain.inline and not chain.unsigned
    only_signed = profile.hash is None and profile.of == "record"
    checked = (chain.verified + chain.inline) if only_signed else 0 if strange else chain.checked
    verdict = _verdict(chain, defects, checked, anchored, plan)
    last = _head(chain)
    open_fields = _open_fields(plan, chain, coverage, signed_all, outside)
    return Result(
        path=files[last.file] if last is not None else (files[-1] if files else ""),
        kind=kind,
        profile=profile.name,
        chain=chain.key,
        records=chain.count,
        checked=checked,
        verdict=verdict,
        anchor=anchored,
        head=None if last is None else last.ident,
        defects=tuple(defects),
        uncovered_fields=open_fields,
        not_checked=((_STRANGE,) if strange else ())
        + tuple(_not_checked(plan, chain, anchored, about_anchors, last))
        + ((_SPACE,) if spaced and chain.count else ()),
        notes=tuple(_notes(chain, anchored)),
        signed=chain.signed,
        verified=chain.verified,
        segments=tuple(files) if len(files) > 1 else (),
        defects_left_out=chain.left_out,
        seq=None if last is None else last.seq,
        lines=lines,
    )


def _head(chain: Chain) -> Entry | None:
    """The last record of the chain: the end of its first segment where two writers wrote, else that of the file."""
    return max((segment.last for segment in chain.segments), key=lambda entry: entry.place, default=None)


def _verdict(chain: Chain, defects: Sequence[Defect], checked: int, anchored: str | None, plan: Plan) -> str:
    if any(defect.breaks for defect in defects):
        return BROKEN
    if not chain.count:
        return NOT_CHAINED
    if chain.locked:
        return UNVERIFIABLE
    # A single record whose hash only the next one would hold is checked by nothing.
    unchecked = plan.profile.of == "previous" and chain.count == 1 and not chain.verified + chain.inline
    if not checked or unchecked or not plan.computable:
        return UNVERIFIABLE if anchored is None or not plan.computable else INTACT
    return INTACT if anchored is not None else UNANCHORED


def _anchored(chain: Chain, anchors: Sequence[tuple[int, Anchor]]) -> tuple[str | None, list[str], list[Defect]]:
    """What the anchors say: which one confirms the chain, what to tell about them, and what they contradict."""
    confirmed: str | None = None
    told: list[str] = []
    defects: list[Defect] = []
    last = _head(chain)
    for index, anchor in anchors:
        at, found = chain.anchored.get(index, (None, None))
        if anchor.head is None:
            _count_only(anchor, chain, last, told, defects)
            continue
        root = None if chain.tree is None else chain.tree.root()
        if root is not None and same_hash(anchor.head, root):
            confirmed = f"{anchor.label}: the Merkle root over {chain.count:,} record(s)"
            continue
        whole = found is not None and found.position == chain.count
        if whole and root is not None and anchor.root not in (None, root):
            note = f"the Merkle root over the records is not the one that {anchor.label} names"
            defects.append(Defect("rewritten", expected=anchor.root, found=root, note=note))
            continue
        if found is not None and (at is None or at.place == found.place) and not _misplaced(anchor, found, at):
            confirmed = f"{anchor.label}: record {found.number}"
            behind = chain.count - found.position
            if behind:
                told.append(f"{behind:,} record(s) behind the head that {anchor.label} names: the end may be cut")
            if anchor.exact and anchor.records is not None and chain.count != anchor.records:
                _count_only(anchor, chain, last, told, defects)
            continue
        defects.append(_contradiction(anchor, chain, at, found, last))
    return confirmed, told, defects


def _misplaced(anchor: Anchor, found: Entry, at: Entry | None) -> bool:
    named = anchor.records is not None or anchor.seq is not None
    return (
        named and at is None and not (anchor.exact and anchor.records is not None and found.position <= anchor.records)
    )


def _count_only(anchor: Anchor, chain: Chain, last: Entry | None, told: list[str], defects: list[Defect]) -> None:
    if anchor.records is None:
        return
    if chain.count == anchor.records:
        told.append(f"the count fits {anchor.label}, but a log that was written anew can have as many records")
        return
    fewer = chain.count < anchor.records
    defects.append(
        Defect(
            "truncated-tail" if fewer else "inserted",
            None if last is None else last.number,
            None if last is None else last.offset,
            None if last is None else last.seq,
            str(anchor.records),
            str(chain.count),
            f"{anchor.label} says {anchor.records:,} record(s), and here are {chain.count:,}",
        )
    )


def _contradiction(anchor: Anchor, chain: Chain, at: Entry | None, found: Entry | None, last: Entry | None) -> Defect:
    if found is not None:
        note = f"the head that {anchor.label} names is record {found.number} of the file, not the one it should be"
        return Defect("rewritten", found.number, found.offset, found.seq, anchor.head, found.ident, note)
    if at is not None:
        note = f"{anchor.label} names another hash for this record: the log was rewritten, or is another one"
        return Defect("rewritten", at.number, at.offset, at.seq, anchor.head, at.ident, note)
    known = anchor.records is not None or anchor.seq is not None
    note = f"the head that {anchor.label} names is not in the log: its end was cut or rolled back"
    if not known:
        note += ", or it was written anew"
    elif anchor.records is not None:
        note += f" ({anchor.records:,} record(s) then, {chain.count:,} now)"
    if last is None:
        return Defect("truncated-tail", expected=anchor.head, note=note)
    return Defect("truncated-tail", last.number, last.offset, last.seq, anchor.head, last.ident, note)


def _open_fields(
    plan: Plan, chain: Chain, coverage: Coverage | None, signed_all: bool, outside: frozenset[str]
) -> tuple[str, ...]:
    fields = set() if coverage is None else set(coverage.by_both if signed_all else coverage.by_hash)
    if plan.profile.root:
        fields = {f"{plan.profile.root}.{path}" for path in fields} | (coverage.beside if coverage else set())
    if plan.profile.of == "previous" and not signed_all and chain.count:
        fields.add("every field of the last record")
    fields |= {f"{name} (of the object around the records)" for name in outside}
    return tuple(sorted(fields))


def _not_checked(plan: Plan, chain: Chain, anchored: str | None, told: list[str], last: Entry | None) -> list[str]:
    profile = plan.profile
    made = []
    ended = chain.sealed and chain.terminal is not None and last is not None and chain.terminal.place == last.place
    if anchored is None and not ended:
        made.append(NO_ANCHOR)
    elif anchored is None:
        made.append("no anchor: the chain is marked as ended, but the whole log may be written anew (give --anchor)")
    made += told
    if not profile.verifiable:
        made.append(f"the hashes: {profile.reason}")
    elif not plan.computable:
        made.append("the hashes: they are made with a secret key; give it with --key")
    if chain.locked:
        names = ", ".join(sorted(map(repr, chain.locked))[:5])
        made.append(
            f"the hashes of {sum(chain.locked.values()):,} record(s) sealed under the key id {names}: no key was given "
            "that is for them (--key ID=…)"
        )
    if profile.of == "previous" and chain.verified + chain.inline < chain.count:
        made.append("the last record: only the next one would hold its hash")
    if chain.no_key:
        made.append(f"the signatures of {chain.no_key:,} record(s): no key was given that is for them (--key)")
    if chain.inline:
        made.append(
            f"who signed: the keys of {chain.inline:,} signature(s) stand in the records themselves; give the ones "
            "that you trust with --key"
        )
    if profile.signatures and not chain.signed and chain.count:
        made.append("signatures: this format can sign its records, and these are not signed")
    if profile.key is not None:
        made.append(f"whether whole chains were removed: a {profile.key} that is gone leaves no trace")
    if profile.scope == "file" and profile.links:
        made.append("whether whole files were removed: each file is a chain of its own")
    return [*made, *profile.limits]


def _notes(chain: Chain, anchored: str | None) -> list[str]:
    made = []
    if anchored is not None:
        made.append(f"confirmed by {anchored}")
    if chain.verified:
        made.append(f"{chain.verified:,} signature(s) fit a key that was given")
    if chain.unchained_lead:
        made.append(f"{chain.unchained_lead:,} record(s) stand before the chain begins, and nothing protects them")
    if chain.sealed and chain.terminal is not None:
        made.append(f"record {chain.terminal.number} is marked as the last of its chain")
    return [*made, *chain.notes]


def confirms(anchor: Anchor, result: Result) -> bool:
    """Whether an anchor names the head of a result: for anchors that say of no chain what they are about."""
    return anchor.head is not None and same_hash(anchor.head, result.head)
