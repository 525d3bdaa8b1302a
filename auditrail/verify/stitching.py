"""Stretches of a clean log: what each leaves of its chains, and how they are put together again (step 3 of `fast`)."""

from __future__ import annotations

from typing import NamedTuple

from auditrail.verify.coverage import Coverage
from auditrail.verify.segments import Chain, Entry
from auditrail.verify.walk import Walker


class Ends:
    """A chain inside one stretch: its first and its last record, and what was counted."""

    __slots__ = ("chain", "count", "coverage", "first", "hits", "last_link", "last_own", "last_place", "last_seq")

    def __init__(self, key: str | None, coverage: Coverage) -> None:
        self.chain = Chain(key)
        self.coverage = coverage
        self.count = 0
        self.first: Entry | None = None
        self.hits: list[tuple[int, bool, bool, Entry]] = []
        self.last_own = ""
        self.last_link: str | None = None
        self.last_seq: int | None = None
        self.last_place = (0, 0)


class Stretch(NamedTuple):
    """A clean stretch: its chains by key, and how many lines it has."""

    ends: dict[str | None, Ends]
    lines: int
    times: tuple[float, float] | None = None


def skips(before: int | None, after: int | None) -> bool:
    """Whether sequence numbers do not follow each other; what is no number says nothing."""
    return type(before) is int and type(after) is int and after != before + 1


def stitch(walker: Walker, stretch: Stretch, lines: int) -> bool:
    """Appends a stretch to what was read before it; False if it does not fit."""
    for key, ends in stretch.ends.items():
        first = ends.first
        assert first is not None  # noqa: S101 - a chain has a record
        chain = walker.chains.get(key)
        position = 0 if chain is None else chain.count
        number, offset = ends.last_place
        last = Entry(
            0, number + lines, offset, ends.last_seq, ends.last_link, ends.last_own, ends.last_own, False,
            position + ends.count,
        )  # fmt: skip
        if chain is None:
            if not first.first or (walker.profile.seq_start is not None and first.seq != walker.profile.seq_start):
                return False
            chain = walker.chains[key] = Chain(key)
            chain.begin(first._replace(number=first.number + lines))
        elif chain.last is None or first.link != chain.last.own or skips(chain.last.seq, first.seq):
            return False
        if not _signatures(chain, ends.chain):
            return False
        chain.segments[0].last = chain.last = last
        chain.segments[0].count += ends.count
        chain.count += ends.count
        chain.checked += ends.count
        walker.records += ends.count
        coverage = walker.coverage.setdefault(key, ends.coverage)
        coverage.by_hash |= ends.coverage.by_hash
        coverage.by_both |= ends.coverage.by_both
        _hits(chain, ends, lines, position)
    return True


def _signatures(chain: Chain, more: Chain) -> bool:
    """Adds the counts of a stretch; False where signed and unsigned records or keys change between stretches."""
    mixed = (chain.signed and more.unsigned) or (chain.unsigned and more.signed)
    keys = {key for key in (chain.signing_key, more.signing_key) if key is not None}
    if mixed or (len(keys) > 1 and chain.verified + more.verified < chain.signed + more.signed):
        return False
    chain.signed += more.signed
    chain.verified += more.verified
    chain.inline += more.inline
    chain.unsigned += more.unsigned
    chain.no_key += more.no_key
    if chain.signed > more.signed and chain.keyless != more.keyless:
        return False
    chain.keyless = more.keyless
    chain.signing_key = more.signing_key or chain.signing_key
    chain.notes.update(more.notes)
    return True


def _hits(chain: Chain, ends: Ends, lines: int, position: int) -> None:
    for index, is_at, is_found, entry in ends.hits:
        placed = entry._replace(number=entry.number + lines, position=entry.position + position)
        at, found = chain.anchored.get(index, (None, None))
        chain.anchored[index] = (at or (placed if is_at else None), found or (placed if is_found else None))
