"""Logs that a chain profile describes (`auditrail.chains`): walked, diagnosed and weighed.

1. Find the profile of each file (`detect`). 2. Put files that one chain runs through in the order of their links.
3. Walk them (`walk`). 4. Where links lead nowhere, read again and look for the records they name. 5. Diagnose, and
weigh against the anchors (`judge`). 6. Compare chains of several files that begin alike: do they fork?
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, zip_longest
from typing import NamedTuple

from auditrail.errors import AuditrailError
from auditrail.verify import detect, fast, grouping, judge, profiles, sealing
from auditrail.verify.anchors import Anchor, sealed
from auditrail.verify.diagnose import Diagnosis, Located, wanted
from auditrail.verify.evidence import Call, Claim, Evidence
from auditrail.verify.grouping import Identity
from auditrail.verify.plan import Plan
from auditrail.verify.records import JOURNALS, SQLITE, read
from auditrail.verify.segments import Chain
from auditrail.verify.signatures import Signer
from auditrail.verify.types import BROKEN, INTACT, UNANCHORED, UNVERIFIABLE, Defect, Result
from auditrail.verify.walk import Walker

# Each of so many files is compared with each other one; of more, with the longest only.
_PAIRS = 12
_FEW_MOVED = 3

NAME = "profile-chain"
TITLE = "hash chains and signed records that a chain profile describes"


def claim(item: Evidence, beside: Sequence[Evidence], call: Call) -> Claim | None:
    """A file whose hashes a profile reproduces; else one that looks like a profile's, or like a chain at all."""
    for ending in (*JOURNALS, "-shm"):
        database = item.shown.removesuffix(ending)
        if database != item.shown and any(one.shown == database and one.head.startswith(SQLITE) for one in beside):
            return Claim(97, companion=True)
    if not item.head:
        return None
    found = _guess(item, call)
    if found is None:
        return Claim(20) if _unknown_chain(item, call) else None
    if call.profile is not None:
        return Claim(90)
    return Claim(80 if found.reproduced else 40)


def _guess(item: Evidence, call: Call) -> detect.Guess | None:
    key = ("guess", item.path, item.shown)
    if key not in call.cache:
        known = profiles.chosen(call)
        found = detect.guess(item, known, call, forced=call.profile is not None)
        if found is not None and call.profile is None and not detect.convincing(found):
            found = None
        call.cache[key] = found
    made: detect.Guess | None = call.cache[key]
    return made


def _unknown_chain(item: Evidence, call: Call) -> tuple[str, str] | None:
    key = ("chained", item.path, item.shown)
    if key not in call.cache:
        call.cache[key] = grouping.chained_fields(item, call)
    made: tuple[str, str] | None = call.cache[key]
    return made


class _Walked(NamedTuple):
    """A walk that is done: what `judge` needs."""

    plan: Plan
    walker: Walker
    items: tuple[tuple[Evidence, detect.Guess], ...]
    diagnosed: dict[str | None, list[Defect]]
    # Whether some record is the one that another names, wherever it stands: then the hashes are of this form.
    located: bool = False


def verify(items: Sequence[Evidence], companions: Sequence[Evidence], call: Call) -> list[Result]:  # noqa: ARG001
    """Results for each chain of the files; see `kinds`."""
    results: list[Result] = []
    known: list[tuple[Evidence, detect.Guess]] = []
    for item in items:
        found = _guess(item, call)
        if found is None:
            results.append(_unknown(item, call))
        else:
            known.append((item, found))
    walks: list[_Walked] = []
    for group in grouping.groups(known, call):
        try:
            walks.append(_walk(group, call))
        except AuditrailError as error:
            results.append(_unreadable(group[-1][0], group[-1][1], error))
    results += _judged(walks, call)
    order = {item.shown: number for number, item in enumerate(items)}
    return sorted(results, key=lambda result: order.get(result.path, len(order)))


def _walk(group: tuple[tuple[Evidence, detect.Guess], ...], call: Call) -> _Walked:
    """Walks files as their profile; if that finds faults, as those that reproduce their first records just as well."""
    made = _walk_as(group, call)
    twins = group[0][1].twins if _faults(made) else ()
    others = (_walk_as(tuple((i, g._replace(profile=twin)) for i, g in group), call) for twin in twins)
    return min((made, *others), key=_faults)


def _faults(made: _Walked) -> int:
    chains = made.walker.chains.values()
    return sum(len(chain.defects) + chain.left_out + max(len(chain.segments) - 1, 0) for chain in chains)


def _walk_as(group: tuple[tuple[Evidence, detect.Guess], ...], call: Call) -> _Walked:
    found = group[0][1]
    if len(group) == 1 and fast.possible(group[0][0], found, call):
        quick = fast.walk(group[0][0], found, call)
        if quick is not None:
            return _Walked(quick.plan, quick, group, {key: [] for key in quick.chains})
    plan = Plan(found.profile, found.secret, sealing.seals(group, call))
    anchors = tuple(enumerate(call.anchors))
    walker = Walker(plan, [Signer(spec, plan, call.keys) for spec in found.profile.signatures], anchors)
    for item, guess in group:
        walker.file(item.shown)
        walker.style = guess.style
        for part in read(item, guess.shape, call):
            walker.feed(part)
    diagnosed = {}
    looked_for = wanted(walker.chains.values()) if found.profile.links else set()
    located = _locate(group, plan, call, looked_for) if looked_for else {}
    earlier = frozenset(anchor.head for anchor in call.anchors if anchor.head is not None)
    for chain in walker.chains.values():
        diagnosis = Diagnosis(chain, found.profile, walker.files, walker.holes, located, earlier, walker.outside)
        diagnosed[chain.key] = diagnosis.run()
    for chain, defect in _moved(walker):
        diagnosed[chain.key].append(defect)
    return _Walked(plan, walker, group, diagnosed, bool(located))


def _moved(walker: Walker) -> Iterator[tuple[Chain, Defect]]:
    """Records whose time is before that of a record of another chain that stands before them.

    A few of them were moved. Many are what a file looks like that was put together from several.
    """
    if walker.clock_stepped:
        return
    few = len(walker.moved) <= max(_FEW_MOVED, walker.records // 20)
    for chain, entry, before in walker.moved if few else walker.moved[:1]:
        note = (
            f"its time is before that of record {before.number}, of another chain, though no chain's own times go back"
        )
        note += ": records were moved" if few else "; so it is with many: the file was put together from several"
        found = Defect("reordered", entry.number, entry.offset, entry.seq, note=note, path=walker.files[entry.file])
        yield chain, found._replace(breaks=few)


def _locate(
    group: tuple[tuple[Evidence, detect.Guess], ...], plan: Plan, call: Call, looked_for: set[str]
) -> dict[str, Located]:
    """Step 4: where the records with these hashes stand."""
    found: dict[str, Located] = {}
    for file, (item, guess) in enumerate(group):
        for one in grouping.identities(item, guess.shape, plan, call):
            if one.ident is None or one.ident not in looked_for:
                continue
            known = found.get(one.ident)
            if known is None:
                found[one.ident] = Located(file, one.number, one.seq, 1)
            else:
                found[one.ident] = known._replace(copies=known.copies + 1)
    return found


def _judged(walks: list[_Walked], call: Call) -> list[Result]:
    """Step 5, over all chains: an anchor that does not say which chain it is about is for the one that holds it."""
    chains = [(walk, chain) for walk in walks for chain in walk.walker.chains.values()]
    taken: set[int] = set()
    results: list[Result] = []
    firsts: list[tuple[int, _Walked, Chain]] = []
    for walk, chain in chains:
        anchors = []
        for index, anchor in enumerate(call.anchors):
            if _about(anchor, index, walk, chain, len(chains)):
                anchors.append((index, anchor))
                taken.add(index)
        loose = walk.walker.loose if walk.plan.profile.key is None or len(walk.walker.chains) == 1 else []
        strange = call.profile is None and _strange(walk, chain)
        # Links by stored hashes show what is missing, whatever the hashes are made of.
        stored = walk.plan.profile.hash is not None and walk.plan.profile.prev is not None
        more = [*(walk.diagnosed[chain.key] if stored or not strange else ()), *loose]
        forged = [index for index, anchor in anchors if sealed(anchor, call.keys) is False]
        more += [_forged(call.anchors[index]) for index in forged]
        anchors = [(index, anchor) for index, anchor in anchors if index not in forged]
        firsts.append((len(results), walk, chain))
        results.append(
            judge.judge(
                NAME,
                walk.plan,
                chain,
                walk.walker.coverage.get(chain.key),
                walk.walker.files,
                anchors,
                more,
                frozenset(walk.walker.outside),
                lines=all(guess.shape.kind == "lines" for _, guess in walk.items),
                strange=strange,
                spaced=any(guess.shape.kind != "sqlite" for _, guess in walk.items),
            )
        )
    _stripped(results, firsts, call)
    results += [_loose(walk) for walk in walks if _has_loose(walk)]
    _compare(results, firsts, call)
    elsewhere = call.cache.get(("seal", "origins"), ())  # such an anchor is about a sealed log of this call
    left = [one for index, one in enumerate(call.anchors) if index not in taken and one.origin not in elsewhere]
    results += [_missing(anchor, walks) for anchor in left]
    return results


def _about(anchor: Anchor, index: int, walk: _Walked, chain: Chain, chains: int) -> bool:
    """Whether an anchor is about this chain."""
    if anchor.profile is not None and anchor.profile != walk.plan.profile.name:
        return False
    if anchor.path is not None:
        names = {grouping.base(path) for path in walk.walker.files}
        return anchor.chain == chain.key and grouping.base(anchor.path) in names
    if chains == 1:
        return True
    return anchor.head is not None and chain.anchored.get(index, (None, None))[1] is not None


def _strange(walk: _Walked, chain: Chain) -> bool:
    """Whether not one hash of the log comes out, and it only looks like the profile's: another version's, perhaps."""
    profile = walk.plan.profile
    if not walk.plan.computable or any(guess.reproduced or not guess.tried for _, guess in walk.items):
        return False
    if profile.of == "previous":
        return not walk.located and all(segment.count == 1 for segment in chain.segments)
    return profile.hash is not None and not chain.checked


def _stripped(results: list[Result], firsts: list[tuple[int, _Walked, Chain]], call: Call) -> None:
    """Whoever gives a key expects signatures: a log from which all were taken off must not pass for one that fits.

    Where the key was used, be it for another chain of the call, that is what it was given for. A writer that is given
    several kinds of keys may have been given one of the others: unless the key is a public one by its form.
    """
    public = any(key.public and not key.readings for key in call.keys.keys)
    used = any(chain.verified or walk.plan.secret is not None for _, walk, chain in firsts)
    for index, walk, chain in firsts if call.keys and not used else ():
        old = results[index]
        signers = walk.plan.profile.signatures
        if chain.signed or not chain.count or old.verdict not in (INTACT, UNANCHORED):
            continue
        if all(spec.optional and not public for spec in signers):  # or none
            continue
        said = f"{signers[0].field}: a key was given, and no record is signed: none ever was, or they were taken off"
        rest = tuple(text for text in old.not_checked if not text.startswith("signatures: "))
        results[index] = replace(old, verdict=UNVERIFIABLE, not_checked=(said, *rest))


def _forged(anchor: Anchor) -> Defect:
    note = f"the seal of {anchor.label} fits no key that was given: it proves nothing, and may be forged"
    return Defect("bad-signature", expected=anchor.head, note=note)


def _missing(anchor: Anchor, walks: list[_Walked]) -> Result:
    """The result for an anchor whose chain is not here."""
    files = [path for walk in walks for path in walk.walker.files]
    base = grouping.base(anchor.path) if anchor.path is not None else None
    here = anchor.path is None or base in {grouping.base(path) for path in files}
    if anchor.head is None:
        note = f"{anchor.label} gives a count, and here are several chains: it is about none of them in particular"
    elif anchor.path is None:
        note = f"no chain here holds the head that {anchor.label} names"
    elif here:
        note = f"{anchor.label} knows this chain with {anchor.records:,} record(s), and it is gone from the file"
    else:
        note = f"{anchor.label} knows this file, and it was not given"
    breaks = here and anchor.head is not None
    return Result(
        path=anchor.path or (files[0] if files else ""),
        kind=NAME,
        profile=anchor.profile,
        chain=anchor.chain,
        records=0,
        checked=0,
        verdict=BROKEN if breaks else UNVERIFIABLE,
        defects=(Defect("missing-file", expected=anchor.head, note=note, breaks=breaks),),
        not_checked=(note,),
    )


def _has_loose(walk: _Walked) -> bool:
    """Whether lines that are no records belong to no chain in particular."""
    if not walk.walker.loose:
        return not walk.walker.chains
    return len(walk.walker.chains) != 1 and (walk.plan.profile.key is not None or not walk.walker.chains)


def _loose(walk: _Walked) -> Result:
    empty = Chain(None)
    return judge.judge(NAME, walk.plan, empty, None, walk.walker.files, (), walk.walker.loose, frozenset())


def _compare(results: list[Result], firsts: list[tuple[int, _Walked, Chain]], call: Call) -> None:
    """Step 6: chains of different files that begin with the same record are copies, or they fork."""
    alike: dict[tuple[str, str | None, str], list[tuple[int, _Walked, Chain]]] = {}
    for index, walk, chain in firsts:
        ident = chain.segments[0].first.ident if chain.segments else None
        if ident is not None and walk.plan.profile.links:
            alike.setdefault((walk.plan.profile.name, chain.key, ident), []).append((index, walk, chain))
    for group in alike.values():
        longest = max(group, key=lambda item: item[2].count)
        pairs = combinations(group, 2) if len(group) <= _PAIRS else ((longest, o) for o in group if o is not longest)
        for one, other in pairs:
            first, second = sorted((one, other), key=lambda item: -item[2].count)
            _compare_two(results, first, second, call)


def _compare_two(
    results: list[Result], one: tuple[int, _Walked, Chain], other: tuple[int, _Walked, Chain], call: Call
) -> None:
    mine = (item for item in _chain_identities(one[1], call) if item.key == one[2].key)
    theirs = (item for item in _chain_identities(other[1], call) if item.key == other[2].key)
    for left, right in zip_longest(mine, theirs):
        if left is None or right is None:
            note = f"the same chain as in {results[one[0]].path}, as far as it goes: an earlier state of it, or a copy"
            results[other[0]] = replace(results[other[0]], notes=(*results[other[0]].notes, note))
            return
        if left.ident == right.ident:
            continue
        # Without stored links, a record that differs may have been changed: the walk has told that.
        implied = left.link is None and BROKEN not in (results[one[0]].verdict, results[other[0]].verdict)
        if left.link == right.link and (left.link is not None or implied):
            _fork(results, one[0], left, results[other[0]].path, right)
            _fork(results, other[0], right, results[one[0]].path, left)
        return


def _chain_identities(walk: _Walked, call: Call) -> Iterator[Identity]:
    for item, guess in walk.items:
        yield from grouping.identities(item, guess.shape, walk.plan, call)


def _fork(results: list[Result], index: int, mine: Identity, path: str, theirs: Identity) -> None:
    note = (
        f"{path}, record {theirs.number} follows the same record and is another one: the two files are branches of one "
        "chain"
    )
    defect = Defect("forked", mine.number, mine.offset, mine.seq, theirs.ident, mine.ident, note)
    old = results[index]
    results[index] = replace(old, verdict=BROKEN, defects=(*old.defects, defect))


def _unknown(item: Evidence, call: Call) -> Result:
    fields = _unknown_chain(item, call)
    own, prev = fields or ("", "")
    if call.profile is not None:
        said = f"no record of the profile {call.profile} could be read"
    else:
        said = (
            f"the hashes: records link by {prev!r} and {own!r}, but no profile reproduces them "
            "(auditrail chains --infer FILE searches for one)"
        )
    return Result(item.shown, NAME, None, None, 0, 0, UNVERIFIABLE, not_checked=(said,))


def _unreadable(item: Evidence, guess: detect.Guess, error: AuditrailError) -> Result:
    return Result(
        item.shown, NAME, guess.profile.name, None, 0, 0, UNVERIFIABLE, not_checked=(f"the file: {error.message}",)
    )
