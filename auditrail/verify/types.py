"""What verification found, typed: the report of `auditrail verify`. Imports nothing, so that outputs start fast."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

INTACT = "INTACT"
UNANCHORED = "INTACT-UNANCHORED"
BROKEN = "BROKEN"
UNVERIFIABLE = "UNVERIFIABLE"
NOT_CHAINED = "NOT-CHAINED"

VERDICTS: dict[str, str] = {
    INTACT: "every hash and link fits, up to a head or count that was known from outside",
    UNANCHORED: "every hash and link fits, but nothing from outside says where the log ends or that it is this one",
    BROKEN: "records were changed, removed, added or moved after they were written, or a signature does not fit",
    UNVERIFIABLE: "it is chained or signed, but can't be checked: a key or a part of what was hashed is missing",
    NOT_CHAINED: "nothing in it protects it from changes",
}


class Meaning(NamedTuple):
    """What a kind of defect says, and what to do next."""

    title: str
    next: str


# The closed list of defect kinds; the contract of the command line names them.
DEFECTS: dict[str, Meaning] = {
    "edited": Meaning(
        "a record's content and its hash do not fit",
        "compare the record with another copy of it: a backup, the collector, the agent's own log",
    ),
    "deleted": Meaning(
        "records are missing between two that are here",
        "look for them in a backup or another stream; `auditrail reconstruct` shows what else names them",
    ),
    "inserted": Meaning(
        "records stand here that the chain around them does not know",
        "find out who could write to the file; treat these records as not written by the producer",
    ),
    "reordered": Meaning(
        "records stand in another order than they were written in",
        "the links give the true order; find out what moved the records",
    ),
    "spliced": Meaning(
        "a part of another chain stands here",
        "find the log this part was cut from; the parts before and behind it need not belong together",
    ),
    "forked": Meaning(
        "two records follow the same one: the chain has two branches",
        "find out whether two processes wrote at once; if not, one branch replaced the other",
    ),
    "truncated-tail": Meaning(
        "the log ends before the head that is known from outside",
        "get the rest from a backup; records behind this point were removed, or the log was rolled back",
    ),
    "truncated-head": Meaning(
        "the log does not begin where its chain begins",
        "give the earlier files too, or the saved result of their check (--anchor); else the beginning was removed",
    ),
    "rewritten": Meaning(
        "the log is another one than the anchor was made of: records up to it were replaced",
        "compare with a copy from before; everything from the first difference on was written anew",
    ),
    "torn-tail": Meaning(
        "the last record stops in the middle: the writer crashed, or the copy was taken while it wrote",
        "nothing, if a crash is known; else compare with a later copy",
    ),
    "bad-signature": Meaning(
        "a signature does not fit the record",
        "check that the key is the right one; if it is, the record was not written by its holder",
    ),
    "key-change": Meaning(
        "records from here on are signed with another key",
        "if the key was replaced on purpose, give both with --key; if not, another party wrote from here on",
    ),
    "unsigned": Meaning(
        "a record without a signature stands among signed ones",
        "find out why it was not signed: dropping signatures is how they are evaded",
    ),
    "duplicate-key": Meaning(
        "an object names a key twice: readers disagree on what it says",
        "read the record's raw bytes; no producer writes such a record by itself",
    ),
    "unparsable": Meaning(
        "a line is no record: damaged, or overwritten",
        "look at the bytes at this offset; restore the line from another copy",
    ),
    "unchained": Meaning(
        "a record carries no hash: nothing protects it",
        "find out why it was not chained: its content can't be relied on",
    ),
    "rotation-seam": Meaning(
        "one file goes on where another ended",
        "nothing, if it is proven; else give the file before it",
    ),
    "missing-file": Meaning(
        "a file that the chain needs is not here",
        "give the file; if it does not exist any more, its records are lost",
    ),
    "extra-file": Meaning(
        "a file is here that the list of files does not know",
        "find out who put it there; it is no part of what was handed over",
    ),
    "duplicate-file": Meaning(
        "a file stands here twice under one name",
        "do not rely on either: programs differ in which one they show",
    ),
    "unsafe-path": Meaning(
        "a file has a path that leads out of its folder, or that some systems read as another one",
        "do not unpack it; ask whoever handed it over for a bundle as it was written",
    ),
    "archive-layout": Meaning(
        "an archive holds bytes that belong to none of its files, or can be read in two ways",
        "unpack it with care, and compare it with the copy of whoever made it",
    ),
    "weak-hash": Meaning(
        "the hash is too weak or too short to stop a determined forger",
        "rely on it against accidents only",
    ),
    "other-form": Meaning(
        "a record says the same as when it was hashed, but its bytes are not as this writer writes them",
        "find out what rewrote this record alone; the values under the hash are unchanged",
    ),
}


class Defect(NamedTuple):
    """One thing that is wrong, or that has to be known, at one place.

    Attributes:
        kind: one of `DEFECTS`.
        record: 1-based number of the record in its file, None for the file as a whole.
        offset: byte offset of the record (decompressed), None if unknown.
        seq: the record's own sequence number, if its format has one.
        expected, found: hashes (or counts, for an anchor's count), as text in the encoding of the log.
        note: a sentence with the facts of this case.
        breaks: whether it makes the verdict BROKEN; else it is a remark that is listed, and not green with --strict
            where `DEFECTS` says that something is open.
        path: the file, where the result spans several; blank: the result's.
    """

    kind: str
    record: int | None = None
    offset: int | None = None
    seq: int | None = None
    expected: str | None = None
    found: str | None = None
    note: str = ""
    breaks: bool = True
    path: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """The verdict on one chain: a file, a part of a file (`chain`: its key), or files that one chain runs through.

    Attributes:
        path: as given on the command line; of several files, the last (where the head is).
        kind: NAME of the kind that judged.
        profile: the format, None if unknown.
        chain: key of the chain inside the file, None if the file is one chain.
        records: records that belong to the chain. checked: those whose hash or signature was recomputed and fits.
        verdict: one of `VERDICTS`.
        anchor: what from outside confirmed it, None if nothing.
        head: hash of the last record, as the log writes it; None if there is none.
        defects: in the order of the file. `defects_left_out` counts those beyond the limit of the list.
        uncovered_fields: paths of fields that no hash and no checked signature covers.
        not_checked: sentences on what the verdict leaves open. notes: sentences on what was found that is in order.
        signed: records with a signature. verified: those whose signature fits a key that is trusted.
        segments: the files the chain runs through, in its order, if several.
        seq: sequence number of the last record.
        lines: whether records are lines of the file, so that their numbers are line numbers.
    """

    path: str
    kind: str
    profile: str | None
    chain: str | None
    records: int
    checked: int
    verdict: str
    anchor: str | None = None
    head: str | None = None
    defects: tuple[Defect, ...] = ()
    uncovered_fields: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    signed: int = 0
    verified: int = 0
    segments: tuple[str, ...] = ()
    defects_left_out: int = 0
    seq: int | None = None
    lines: bool = True

    @property
    def breaking(self) -> tuple[Defect, ...]:
        return tuple(defect for defect in self.defects if defect.breaks)


# Remarks that leave nothing open: with --strict, too, a result that has only these is green.
_CLOSED = frozenset({"weak-hash"})


def green(result: Result, *, strict: bool) -> bool:
    """Whether a result is green; `strict` asks for an anchor, all signatures checked, and no open remark."""
    if not strict:
        return result.verdict in (INTACT, UNANCHORED)
    proven = all(d.kind in _CLOSED or (d.kind == "rotation-seam" and d.expected == d.found) for d in result.defects)
    return result.verdict == INTACT and proven and result.signed == result.verified


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What `auditrail verify` found.

    Attributes:
        results: one per chain, in the order of the files.
        strict: whether unanchored, unchained, unsigned or unverifiable counts as not green.
        unreadable: (path, reason) of what could not be read.
        not_checked: sentences that hold for the whole call.
    """

    results: tuple[Result, ...]
    strict: bool = False
    unreadable: tuple[tuple[str, str], ...] = ()
    not_checked: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def kind(self) -> str:
        return "verification"

    @property
    def exit_code(self) -> int:
        """0 intact; 1 broken; 3 nothing readable; 4 inconclusive. 1 beats 4 beats 0; nothing checked is never 0."""
        if any(result.verdict == BROKEN for result in self.results):
            return 1
        if not self.results and self.unreadable:
            return 3
        if not self.results or self.unreadable or not all(green(r, strict=self.strict) for r in self.results):
            return 4
        return 0
