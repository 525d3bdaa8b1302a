"""Walks the records of one profile, file after file, and tells what each chain in them is worth.

The algorithm; the code carries the same numbers:

 1. Cut the file into records and parse each exactly. What is no record is a defect: `torn-tail` if it is the last line
    of the file, no newline ends it and it could be the beginning of a record; else `unparsable`. A key that stands
    twice is a defect, because readers disagree on what such a record says.
 2. Take from the record its chain, its link, its own hash and its sequence number. A record of a chained log that has
    no hash is `unchained`.
 3. Recompute the record's hash from its raw bytes. If it is not the one it declares: `edited`.
 4. Follow the link. It must be the hash of the record before it, as declared or as recomputed: after a record whose
    declared and recomputed hashes differ, it says which of the two the writer saw. If it is neither, the record
    begins a new segment; a link to the open end of an earlier segment goes on there (two writers, or records moved).
 5. Compare the sequence numbers of records that link: they must count up by one, from where the format begins.
 6. Recompute further hashes that the record stores, and check its signatures. One that does not fit is a defect; so is
    a record without one among signed ones, and a change of the key that signs.
 7. Note which fields neither a hash nor a signature covers.
 8. Compare with the anchors: what stands at the place that an anchor names, and where its head stands.
 9. At the end, tell from the segments what was done: `diagnose`.
10. Weigh it all: `judge`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auditrail.verify import parse as parsing
from auditrail.verify import signatures
from auditrail.verify.anchors import Anchor, same_hash
from auditrail.verify.coverage import Coverage
from auditrail.verify.forms import Style
from auditrail.verify.paths import get, lookup
from auditrail.verify.plan import Context, Plan
from auditrail.verify.records import Outside, Raw
from auditrail.verify.segments import Chain, Entry
from auditrail.verify.signatures import Signer
from auditrail.verify.trees import Tree
from auditrail.verify.types import Defect

# A record whose hash does not fit may have been moved: so many of them are tried against records that come later.
_WAITING = 16
_MOVED = 1000


class Walker:
    """The state of a walk; `feed` takes records, `chains` holds what was found so far."""

    def __init__(self, plan: Plan, signers: Sequence[Signer], anchors: Sequence[tuple[int, Anchor]]) -> None:
        self.plan = plan
        self.profile = plan.profile
        self.signers = signers
        self.anchors = anchors
        self.chains: dict[str | None, Chain] = {}
        self.coverage: dict[str | None, Coverage] = {}
        self.files: list[str] = []
        self.outside: dict[str, Any] = {}
        # What belongs to no chain: lines that are no records.
        self.loose: list[Defect] = []
        self.style: Style | None = None
        # (chain, record, the record before it) where a time goes back from one chain to another; see `chain.time`.
        self.moved: list[tuple[Chain, Entry, Entry]] = []
        self.clock_stepped = False
        self._latest: tuple[Any, Entry, Chain] | None = None
        self._times: dict[str | None, Any] = {}
        self.records = 0
        self.holes: list[tuple[int, int]] = []
        self._current: Chain | None = None
        self._waiting: dict[str | None, list[tuple[Context, Entry, int]]] = {}

    @property
    def current(self) -> Chain | None:
        """The chain of the record that was fed last."""
        return self._current

    def file(self, path: str) -> None:
        """Begins the next file."""
        self.files.append(path)

    def feed(self, part: Raw | Outside) -> None:
        """Takes one record through steps 1 to 8."""
        if isinstance(part, Outside):
            self.outside |= part.members
            if not part.complete:
                self.loose.append(Defect("unparsable", note="the object around the records is damaged or not closed"))
            return
        value = self._parsed(part)  # step 1
        if value is None:
            return
        item = self.plan.object_of(value)
        if not isinstance(item, dict):
            self._no_record(part, "a JSON value, but no record of this format")
            return
        self.records += 1
        chain = self._chain_of(item)
        own, link = self._hashes(item)  # step 2
        if self._is_unchained(item, own, link):
            self._unchained(chain, part)
            return
        entry, context = self._recomputed(chain, item, part, own, link)  # step 3
        self._follow(chain, entry)  # steps 4 and 5
        self._signatures(chain, entry, context)  # step 6
        coverage = self.coverage.get(chain.key)
        if coverage is None:
            coverage = self.coverage[chain.key] = Coverage(self.profile)
        coverage.see(item, value if self.profile.root else None)  # step 7
        if self.style is not None and self.style.odd(value, part.raw):
            note = "the same values as were hashed, in bytes that are not those of the other records"
            chain.defect(
                Defect("other-form", part.number, part.offset, entry.seq, note=note, breaks=False, path=self.files[-1])
            )
        if self.profile.time is not None:
            self._clock(chain, entry, get(item, self.profile.time))
        self._anchors(chain, entry)  # step 8

    # -- step 1

    def _parsed(self, part: Raw) -> Any:
        if part.value is not None:
            return part.value
        if part.defect is not None:
            self._no_record(part, part.defect)
            return None
        try:
            parsed = parsing.parse(part.raw)
        except parsing.ParseError as error:
            if error.torn and not part.ended:
                self._note(part, "torn-tail", f"the last record stops in the middle ({error.reason})", breaks=False)
            else:
                self._no_record(part, error.reason)
            return None
        if parsed.duplicates:
            names = ", ".join(repr(name) for name in parsed.duplicates[:5])
            self._note(part, "duplicate-key", f"named twice: {names}", breaks=True)
        return parsed.value

    def _no_record(self, part: Raw, reason: str) -> None:
        self.holes.append((len(self.files) - 1, part.number))
        self._note(part, "unparsable", reason, breaks=True)

    def _note(self, part: Raw, kind: str, note: str, *, breaks: bool) -> None:
        path = self.files[-1] if self.files else ""
        self.loose.append(Defect(kind, part.number, part.offset, note=note, breaks=breaks, path=path))

    # -- step 2

    def _chain_of(self, item: dict[str, Any]) -> Chain:
        key = None
        if self.profile.key is not None:
            found = get(item, self.profile.key)
            key = found if isinstance(found, str) else "" if found is None else repr(found)
        chain = self.chains.get(key)
        if chain is None:
            chain = self.chains[key] = Chain(key)
        self._current = chain
        return chain

    def _hashes(self, item: dict[str, Any]) -> tuple[str | None, str | None]:
        own = get(item, self.profile.hash) if self.profile.hash else None
        link = lookup(item, self.profile.prev) if self.profile.prev else None
        return (own if isinstance(own, str) else None), (link if isinstance(link, str) else None)

    def _is_unchained(self, item: dict[str, Any], own: str | None, link: str | None) -> bool:
        if self.profile.hash is not None:
            return own is None
        return self.profile.prev is not None and link is None and not self.plan.is_genesis(item, link)

    def _unchained(self, chain: Chain, part: Raw) -> None:
        lead = chain.count == 0 and self.profile.prechain
        chain.unchained_lead += lead
        note = "it stands before the chain begins, which this format allows" if lead else "it carries no hash"
        chain.defect(Defect("unchained", part.number, part.offset, note=note, breaks=not lead, path=self.files[-1]))
        self.holes.append((len(self.files) - 1, part.number))

    # -- step 3

    def _recomputed(
        self, chain: Chain, item: dict[str, Any], part: Raw, own: str | None, link: str | None
    ) -> tuple[Entry, Context]:
        implied = self.profile.hash is not None and self.profile.prev is None and self.profile.links
        used = self._implied_link(chain, item, part, own) if implied else link
        if not implied and used is None and self.plan.is_genesis(item, None):
            used = self.plan.genesis_text or ""
        context = Context(item, part.raw, used, own)
        computed = self.plan.compute(context)
        seq = get(item, self.profile.seq) if self.profile.seq else None
        first = self.plan.is_genesis(item, link) if not implied else used == self.plan.genesis_text
        entry = Entry(
            len(self.files) - 1,
            part.number,
            part.offset,
            seq if isinstance(seq, int) and not isinstance(seq, bool) else None,
            used if implied else link,
            own,
            computed,
            first,
            chain.count + 1,
            _text(get(item, self.profile.id)),
            _text(get(item, self.profile.parent)),
        )
        chain.count += 1
        if own is not None and computed is not None and own != computed:
            note = _EDITED_IMPLIED if implied else "the record's content does not give the hash that it declares"
            path = self.files[-1]
            chain.defect(Defect("edited", part.number, part.offset, entry.seq, own, computed, note, path=path))
            if implied:
                self._wait(chain, context, entry)
        elif own is not None and self.plan.locked(item):
            chain.lock(self.plan.key_id(item))
        elif own is not None and computed is None and self.plan.computable:
            note = "its content can't be written in the form that is hashed: this writer did not write it"
            chain.defect(Defect("edited", part.number, part.offset, entry.seq, own, None, note, path=self.files[-1]))
        elif computed is not None and (own is not None or self.profile.of == "previous"):
            chain.checked += 1
        if implied:
            self._try_waiting(chain, entry)
        return entry, context

    def _implied_link(self, chain: Chain, item: dict[str, Any], part: Raw, own: str | None) -> str | None:
        """The predecessor's hash of a record that does not store it: the one with which its own hash comes out.

        Tried: the record before it as recomputed and as declared, the open ends of other segments, what begins a
        chain, and the hashes of records shortly before (a record that was moved).
        """
        last = chain.last
        tried: dict[str, None] = {}
        for text in (last.computed, last.own) if last is not None else ():
            if text is not None:
                tried[text] = None
        default = next(iter(tried), self.plan.genesis_text)
        for text in list(chain.open_ends)[-_WAITING:]:
            tried[text] = None
        if self.plan.genesis_text is not None:
            tried[self.plan.genesis_text] = None
        for text, _entry in reversed(chain.recent):
            tried[text] = None
        for text in tried:
            if self.plan.compute(Context(item, part.raw, text, own)) == own:
                return text
        return default

    def _wait(self, chain: Chain, context: Context, entry: Entry) -> None:
        waiting = self._waiting.setdefault(chain.key, [])
        waiting.append((context, entry, len(chain.defects) - 1))
        del waiting[:-_WAITING]

    def _try_waiting(self, chain: Chain, entry: Entry) -> None:
        """Whether a record that did not fit fits behind this one: then it was moved before it."""
        waiting = self._waiting.get(chain.key)
        if not waiting or entry.own is None:
            return
        for item in waiting:
            context, moved, index = item
            if moved is entry or self.plan.compute(context._replace(prev=entry.own)) != moved.own:
                continue
            waiting.remove(item)
            if index < len(chain.defects):
                chain.defects[index] = chain.defects[index]._replace(
                    kind="reordered", found=None, note=f"it follows record {entry.number}, which stands behind it"
                )
            return

    # -- steps 4 and 5

    def _follow(self, chain: Chain, entry: Entry) -> None:
        last, current = chain.last, chain.current
        if not self.profile.links:
            if current is None:
                chain.begin(entry)
            else:
                chain.extend(current, entry)
            return
        if last is None or current is None:
            chain.begin(entry)
            return
        if entry.link is not None and entry.link in (last.ident, last.computed):
            if last.own is not None and last.computed is not None and last.own != last.computed:
                self._which(chain, entry, last)
            self._numbered(chain, last, entry)
            self._seam(chain, last, entry)
            chain.extend(current, entry)
            return
        other = chain.open_ends.get(entry.link) if entry.link is not None and not entry.first else None
        if other is not None:
            self._numbered(chain, other.last, entry)
            chain.extend(other, entry)
        else:
            chain.begin(entry)

    def _which(self, chain: Chain, entry: Entry, last: Entry) -> None:
        """The record before this one does not fit its hash: this one's link says which of the two was changed."""
        declared = entry.link == last.own
        said = "its content was changed" if declared else "its hash was changed, and not its content"
        which = "declared" if declared else "recomputed"
        for index in range(len(chain.defects) - 1, max(-1, len(chain.defects) - 4), -1):
            defect = chain.defects[index]
            if defect.kind == "edited" and defect.record == last.number and defect.path == self.files[last.file]:
                note = f"{defect.note}; record {entry.number} names the {which} one: {said}"
                chain.defects[index] = defect._replace(note=note)
                return

    def _numbered(self, chain: Chain, before: Entry, entry: Entry) -> None:
        if entry.seq is None or before.seq is None or entry.seq == before.seq + 1:
            return
        chain.defect(
            Defect(
                "edited",
                entry.number,
                entry.offset,
                entry.seq,
                str(before.seq + 1),
                str(entry.seq),
                f"it follows record {before.number} by its hash, but its sequence number does not",
                path=self.files[entry.file],
            )
        )

    def _seam(self, chain: Chain, last: Entry, entry: Entry) -> None:
        if last.file != entry.file:
            chain.defect(
                Defect(
                    "rotation-seam",
                    entry.number,
                    entry.offset,
                    entry.seq,
                    last.ident,
                    entry.link,
                    f"goes on from {self.files[last.file]}, record {last.number}: proven by its hash",
                    breaks=False,
                    path=self.files[entry.file],
                )
            )

    def _clock(self, chain: Chain, entry: Entry, time: Any) -> None:
        """Whether records of different chains were moved against each other: only their times can show it."""
        if isinstance(time, bool) or not isinstance(time, (int, float)):
            return
        before = self._times.get(chain.key)
        self.clock_stepped = self.clock_stepped or (before is not None and time < before)
        self._times[chain.key] = time
        if self._latest is not None and time < self._latest[0]:
            if self._latest[2] is not chain and len(self.moved) < _MOVED:
                self.moved.append((chain, entry, self._latest[1]))
            return
        self._latest = (time, entry, chain)

    # -- step 6

    def _signatures(self, chain: Chain, entry: Entry, context: Context) -> None:
        path = self.files[entry.file]

        def tell(kind: str, note: str, expected: str | None = None, found: str | None = None, **more: bool) -> None:
            chain.defect(Defect(kind, entry.number, entry.offset, entry.seq, expected, found, note, path=path, **more))

        for field, stored, computed in self.plan.checks(context):
            tell("edited", f"{field} is not the hash of what it stands for", stored, computed)
        for field in self.plan.unguarded(context.value):
            tell("unchained", f"it has no {field}: nothing covers what that hash would be of", breaks=False)
        if self.profile.terminal is not None:
            if chain.sealed and chain.terminal is not None:
                tell("inserted", f"record {chain.terminal.number} was marked as the last of the chain")
            name, wanted = self.profile.terminal
            if get(context.value, name) == wanted:
                chain.terminal, chain.sealed = entry, True
        for signer in self.signers:
            for kind, note, expected, found in signatures.tally(chain, signer, signer.check(context)):
                tell(kind, note, expected, found)

    # -- step 8

    def _anchors(self, chain: Chain, entry: Entry) -> None:
        if self.profile.tree is not None and self.anchors and entry.ident is not None:
            if chain.tree is None:
                chain.tree = Tree(self.profile.tree, self.profile.digest)
            chain.tree.add(entry.ident)
        for index, anchor in self.anchors:
            at, found = chain.anchored.get(index, (None, None))
            if (anchor.records is not None and entry.position == anchor.records) or (
                anchor.seq is not None and entry.seq == anchor.seq
            ):
                at = at or entry
            if anchor.head is not None and same_hash(anchor.head, entry.ident):
                found = found or entry
            if at is not None or found is not None:
                chain.anchored[index] = (at, found)


_EDITED_IMPLIED = (
    "the record's content does not give its hash behind the record before it: it was changed, or records between the "
    "two are missing (this format stores no link)"
)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
