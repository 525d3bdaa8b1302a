"""Sources in a document: what verification said of them, and the list of files with their digests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from auditrail.outputs import _when
from auditrail.outputs._gaps_words import Words
from auditrail.outputs._pdf.blocks import Block, Column, Heading, Table, Text
from auditrail.report.overview_types import Overview, VerdictRow

CHAINS_SHOWN, SOURCES_SHOWN, DEFECTS_SHOWN = 60, 150, 3
_ORDER = ("BROKEN", "UNVERIFIABLE", "not verified", "NOT-CHAINED", "INTACT-UNANCHORED", "INTACT")
_MEANS = {
    "INTACT": "every record fits its chain, up to an anchor from outside of the log",
    "INTACT-UNANCHORED": "the records fit each other; nothing from outside shows that none was cut off at the end, or "
    "that the whole was not made anew",
    "BROKEN": "records do not fit their own chain: the defects say which, and how",
    "UNVERIFIABLE": "there is a chain, but it cannot be recomputed: a key is missing, or what was hashed is not there",
    "NOT-CHAINED": "nothing protects the records: a change before loading would leave no trace here",
    "not verified": "nothing was said of the file when it was loaded",
}


def sentence(overview: Overview) -> str:
    """The verdicts of all sources, counted."""
    counts = Counter(source.verdict for source in overview.sources)
    said = ", ".join(f"{counts[verdict]:,} {verdict}" for verdict in sorted(counts, key=_rank))
    return f"Integrity, by source: {said}." if said else "Integrity: no source is held."


def _rank(verdict: str) -> int:
    return _ORDER.index(verdict) if verdict in _ORDER else -1


def integrity(overview: Overview, table: str) -> Iterator[Block]:
    """The part on integrity: verdicts in words, then each chain, the broken ones first."""
    yield Heading("Integrity of the sources")
    yield Text(sentence(overview))
    held = sorted({*(s.verdict for s in overview.sources), *(row.verdict for row in overview.verdicts)}, key=_rank)
    counts = Counter(source.verdict for source in overview.sources)
    yield Table(
        (Column("verdict", 1.6, "verdict"), Column("sources", 0.7, "number"), Column("what it means", 4)),
        [(verdict, f"{counts[verdict]:,}", _MEANS.get(verdict, "")) for verdict in held],
    )
    chained = [row for row in overview.verdicts if row.verdict != "NOT-CHAINED"]
    if not chained:
        return
    chained.sort(key=lambda row: (_rank(row.verdict), row.path, row.chain or ""))
    yield Heading("Chains", 2)
    yield Table(
        (
            Column("verdict", 1.5, "verdict"), Column("file", 2.4, "mono"), Column("profile, chain", 1.6),
            Column("checked of records", 1, "number"), Column("defects, and what is not covered", 3),
        ),
        [
            (row.verdict, row.path, ", ".join(part for part in (row.profile, row.chain) if part),
             f"{row.checked:,} of {row.records:,}", _remarks(row))
            for row in chained[:CHAINS_SHOWN]
        ],
        (f"and {len(chained) - CHAINS_SHOWN:,} more in {table.format(name='verdicts')}",)
        if len(chained) > CHAINS_SHOWN
        else (),
    )  # fmt: skip


def _remarks(row: VerdictRow) -> str:
    told = []
    for defect in row.listed[:DEFECTS_SHOWN]:
        where = "" if defect.record is None else f" at record {defect.record:,}"
        told.append(f"{defect.kind}{where}{f': {defect.note}' if defect.note else ''}")
    if row.defects > DEFECTS_SHOWN:
        told.append(f"and {row.defects - DEFECTS_SHOWN:,} more defects")
    if row.uncovered_fields:
        told.append(f"no hash covers {', '.join(row.uncovered_fields[:8])}")
    told += row.not_checked[:DEFECTS_SHOWN]
    return "; ".join(told)


def appendix(overview: Overview, words: Words, table: str) -> Iterator[Block]:
    """Every source with its digest."""
    if not overview.sources:
        return
    tz = words.view.tz
    yield Heading("Appendix: sources and their digests")
    yield Text("The case digest on the first page is the blake3 over one line for each source, sorted by path: its "
               "blake3, two blanks, its path, LF.", quiet=True)  # fmt: skip
    shown = sorted(overview.sources, key=lambda source: source.path)
    yield Table(
        (
            Column("file", 2.6, "mono"), Column("format, stream", 1.6), Column("records", 0.8, "number"),
            Column("not read", 0.6, "number"), Column("from", 1), Column("until", 1), Column("blake3", 2.6, "mono"),
        ),
        [
            (
                source.path, ", ".join(part for part in (source.format or source.status, source.stream) if part),
                f"{source.records:,}", f"{source.quarantined:,}", _day(source.first_ns, tz), _day(source.last_ns, tz),
                source.blake3,
            )
            for source in shown[:SOURCES_SHOWN]
        ],
        (f"and {len(shown) - SOURCES_SHOWN:,} more in {table.format(name='sources')}",)
        if len(shown) > SOURCES_SHOWN
        else (),
    )  # fmt: skip


def _day(ns: int | None, tz: str) -> str:
    return "" if ns is None else _when.stamp(ns, tz)[:10]
